//! Installs what a fresh machine lacks, and says so: the wasm target with rustup, the npm packages from
//! the lock file. The user installs rustup, Node and npm.

use crate::command::{output, run};
use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

/// The Rust target of the module.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

const OLDEST_NODE: u32 = 20;

/// Installs [`WASM_TARGET`] if rustc lacks it.
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

/// Installs the packages of the lock file if node_modules is missing or older.
pub fn npm_packages(workspace: &Workspace) -> Result<()> {
    npm_packages_in(&workspace.root, "package-lock.json")
}

/// Does the same for the project in this folder; `lock` is the name of its lock file in messages.
pub fn npm_packages_in(folder: &Path, lock: &str) -> Result<()> {
    node()?;
    let wanted = modified(&folder.join("package-lock.json"));
    let installed = modified(&folder.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= wanted {
        return Ok(());
    }
    println!("Installing the npm packages of {lock}");
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    // No package needs its install script, so npm runs none.
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

/// When a file was last changed; [`None`] if there is no such file.
pub fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata()
        .and_then(|metadata| metadata.modified())
        .ok()
}
