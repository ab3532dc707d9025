//! `cargo xtask bench`: measures the package and its peers side by side, and writes BENCHMARKS.md.

use crate::workspace::Workspace;
use crate::{build, command, emulator};
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

/// Runs every benchmark.
pub fn run() -> Result<()> {
    let workspace = Workspace::find()?;
    build::build(&workspace)?;
    command::run(
        Command::new("node")
            .arg(workspace.root.join("tests/benchmarks/main.mjs"))
            .arg(python(&workspace)?)
            .env("FIREWORKS_EMULATOR", emulator::build(&workspace)?)
            .current_dir(&workspace.root),
    )
}

/// A Python of our own with the official SDK, in cargo's target folder.
fn python(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("python");
    let bin = if cfg!(windows) { "Scripts" } else { "bin" };
    let python = folder.join(bin).join("python");
    if !python.exists() {
        println!("Making a Python environment with the official SDK");
        command::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    command::run(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .arg("--requirement")
            .arg(workspace.root.join("tests/benchmarks/requirements.txt")),
    )?;
    Ok(python)
}
