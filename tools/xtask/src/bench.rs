//! `cargo xtask bench`: measures the package and its peers side by side, and writes BENCHMARKS.md and
//! BENCHMARKS.json.

use crate::browsers::{self, CHROMIUM};
use crate::command::{self, node_tool};
use crate::workspace::Workspace;
use crate::{build, emulator};
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use std::process::Command;

/// Options of `cargo xtask bench`.
#[derive(Args)]
pub struct Options {
    /// Measure only sizes and memory, write nothing, and fail if they exceed their budgets.
    #[arg(long)]
    budget: bool,
}

/// Runs every benchmark.
pub fn run(Options { budget }: &Options) -> Result<()> {
    let workspace = Workspace::find()?;
    build::build(&workspace)?;
    let mut node = Command::new("node");
    node.arg("--expose-gc")
        .arg(workspace.root.join("tests/benchmarks/main.mjs"))
        .current_dir(&workspace.root);
    if *budget {
        return command::run(node.arg("--budget"));
    }
    command::run(
        node.arg(python(&workspace)?)
            .env("FIREWORKS_EMULATOR", emulator::build(&workspace)?)
            .envs(browsers::find_or_install(CHROMIUM)?),
    )?;
    // As `cargo xtask check` wants it.
    command::run(node_tool(&workspace, "biome").args(["format", "--write", "BENCHMARKS.md"]))
}

/// Returns a Python with the official SDK, from a virtual environment in cargo's target folder.
fn python(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("python");
    let bin = if cfg!(windows) { "Scripts" } else { "bin" };
    let python = folder.join(bin).join("python");
    if !python.exists() {
        println!("Creating a Python environment with the official SDK");
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
