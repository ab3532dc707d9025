//! Installs what a fresh machine lacks, and says so: the wasm target through rustup, npm's packages
//! through the lock file. Rustup, Node and npm themselves are the user's to install.

use crate::command::{output, run};
use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

/// The target that the module is built for.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

const OLDEST_NODE: u32 = 20;

/// Makes sure that rustc can build for [`WASM_TARGET`].
pub fn wasm_target() -> Result<()> {
    let installed =
        output(Command::new("rustc").args(["--print", "target-libdir", "--target", WASM_TARGET]))?;
    if Path::new(installed.trim()).is_dir() {
        return Ok(());
    }
    println!("Installing the Rust target {WASM_TARGET}");
    run(Command::new("rustup").args(["target", "add", WASM_TARGET]))
        .with_context(|| format!("the Rust target {WASM_TARGET} is needed"))
}

/// Makes sure that node_modules holds what the lock file says.
pub fn npm_packages(workspace: &Workspace) -> Result<()> {
    npm_packages_in(&workspace.root, "package-lock.json")
}

/// The same for the project in a folder; `lock` is what its lock file is called when it is told of.
pub fn npm_packages_in(folder: &Path, lock: &str) -> Result<()> {
    node()?;
    let wanted = modified(&folder.join("package-lock.json"));
    let installed = modified(&folder.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= wanted {
        return Ok(());
    }
    println!("Installing the npm packages of {lock}");
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    // No package's install script is needed, so none is run.
    run(Command::new(npm)
        .args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ])
        .current_dir(folder))
}

fn node() -> Result<()> {
    let version = output(Command::new("node").arg("--version"))
        .with_context(|| format!("Node {OLDEST_NODE} or newer is needed"))?;
    let major = version.trim().trim_start_matches('v').split('.').next();
    let major: u32 = major.and_then(|major| major.parse().ok()).unwrap_or(0);
    ensure!(
        major >= OLDEST_NODE,
        "Node {OLDEST_NODE} or newer is needed; node is {}",
        version.trim()
    );
    Ok(())
}

/// When a file was last changed; [`None`] where there is none.
pub fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata()
        .and_then(|metadata| metadata.modified())
        .ok()
}
