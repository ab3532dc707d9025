//! Mutations of src/lifecycle, made by cargo-mutants as `.cargo/mutants.toml` says.

use super::Options;
use crate::command;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::process::Command;

/// The release that is installed where there is none: its folder of results is read again later.
const VERSION: &str = "27.1.0";

/// What cargo-mutants exits with where mutations survive, or where tests take too long because of one.
const SURVIVORS: [i32; 2] = [2, 3];

/// Runs those that were not caught before, and returns whether none is left.
pub fn run(workspace: &Workspace, options: &Options) -> Result<bool> {
    let tools = workspace.target.join("tools");
    let program = tools
        .join("bin")
        .join(format!("cargo-mutants{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        println!("Installing cargo-mutants {VERSION}");
        command::run(
            Command::new("cargo")
                .args([
                    "install",
                    "--quiet",
                    "cargo-mutants",
                    "--version",
                    VERSION,
                    "--root",
                ])
                .arg(&tools),
        )?;
    }
    let mut command = Command::new(program);
    let shard = format!("{}/{}", options.shard.index, options.shard.count);
    command
        .args([
            "mutants",
            "--package",
            "fireworks-keys",
            "--iterate",
            "--no-shuffle",
        ])
        .args(["--shard", &shard, "--output"])
        .arg(workspace.target.join("mutants"))
        .env("SEEDS", options.seeds.to_string())
        // A parser that a mutation has broken is noticed by the first few texts.
        .env("PROPTEST_CASES", "16")
        .current_dir(&workspace.root);
    let status = command
        .status()
        .map_err(|error| command::not_run(&command, &error))?;
    match status.code().context("cargo-mutants was ended")? {
        0 => Ok(true),
        code if SURVIVORS.contains(&code) => Ok(false),
        _ => bail!("cargo-mutants failed ({status})"),
    }
}
