//! `cargo xtask check`: everything that can be said of the sources without running them. Each check says
//! all that it finds, so that one run is enough.

mod files;
mod licences;
mod links;

use crate::command::{self, node_tool};
use crate::setup::{self, WASM_TARGET};
use crate::workspace::Workspace;
use crate::{build, mutants};
use anyhow::{Result, bail};
use std::path::PathBuf;
use std::process::Command;

type Check = fn(&Workspace) -> Result<()>;

/// Runs every check, and fails if one of them finds something.
pub fn run() -> Result<()> {
    let workspace = Workspace::find()?;
    setup::wasm_target()?;
    let checks: [(&str, Check); 8] = [
        ("formatting of Rust", rustfmt),
        ("lints of Rust", clippy),
        ("documentation", documentation),
        ("types, formatting and lints of everything else", scripts),
        ("lengths of files and lines", files::check),
        ("links", links::check),
        ("licences", licences::check),
        ("mutations", |workspace| mutants::check(workspace).map(drop)),
    ];
    let mut failed = Vec::new();
    for (name, check) in checks {
        println!("Checking {name}");
        if let Err(error) = check(&workspace) {
            eprintln!("{error:#}");
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("to be mended: {}", failed.join("; "));
    }
    Ok(())
}

fn rustfmt(workspace: &Workspace) -> Result<()> {
    cargo(workspace, &["fmt", "--all", "--check"], &[])
}

fn clippy(workspace: &Workspace) -> Result<()> {
    let strict = ["--", "-D", "warnings"];
    cargo(
        workspace,
        &["clippy", "--quiet", "--workspace", "--all-targets"],
        &strict,
    )?;
    let module = ["--package", "fireworks-keys", "--target", WASM_TARGET];
    cargo(
        workspace,
        &[&["clippy", "--quiet"], &module[..]].concat(),
        &strict,
    )
}

fn documentation(workspace: &Workspace) -> Result<()> {
    command::run(
        Command::new("cargo")
            .args(["doc", "--quiet", "--workspace", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings")
            .current_dir(&workspace.root),
    )
}

fn cargo(workspace: &Workspace, arguments: &[&str], more: &[&str]) -> Result<()> {
    command::run(
        Command::new("cargo")
            .args(arguments)
            .args(more)
            .current_dir(&workspace.root),
    )
}

/// TypeScript is compiled as the package is built.
fn scripts(workspace: &Workspace) -> Result<()> {
    build::build(workspace)?;
    command::run(node_tool(workspace, "biome").args(["ci", "--error-on-warnings", "."]))
}

/// The files that are kept in the repository, relative to its root.
fn kept_files(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let list = command::output(
        Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(&workspace.root),
    )?;
    let paths = list.split_terminator('\0').map(PathBuf::from);
    // A file that was deleted is listed until that is committed.
    Ok(paths
        .filter(|path| workspace.root.join(path).is_file())
        .collect())
}
