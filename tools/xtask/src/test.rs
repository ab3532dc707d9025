//! `cargo xtask test`: every test, or the parts named. Nothing is skipped in silence.

use crate::workspace::Workspace;
use crate::{build, chromium, command, emulator};
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::process::Command;

/// A part of the tests.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Rust tests, without a JavaScript runtime: a short simulation among them.
    Native,
    /// The simulation alone, optimised; `--seeds` says how long.
    Simulation,
    /// The emulator over HTTP.
    Emulator,
    /// The built package in Node and in workerd.
    Runtimes,
    /// The built package in Node: lost answers, hostile input, memory and secrets.
    Resilience,
    /// The built package and the demo page in browsers.
    Browsers,
    /// The two commands of the README, as a person would run them.
    Commands,
}

/// Options of `cargo xtask test`.
#[derive(Args)]
pub struct Options {
    /// Which parts; all when none is named.
    parts: Vec<Part>,
    /// How many schedules the simulation runs.
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    seeds: u64,
}

/// Runs the parts, in their order.
pub fn run(Options { parts, seeds }: &Options) -> Result<()> {
    let workspace = Workspace::find()?;
    let all = Part::value_variants();
    for part in all
        .iter()
        .filter(|part| parts.is_empty() || parts.contains(part))
    {
        match part {
            Part::Simulation => command::run(
                Command::new("cargo")
                    .args(["test", "--quiet", "--package", "fireworks-keys"])
                    .args(["--profile", "simulation", "--test", "simulation"])
                    .args(["--", "--nocapture"])
                    .env("SEEDS", seeds.to_string())
                    .current_dir(&workspace.root),
            )?,
            Part::Native => command::run(
                Command::new("cargo")
                    .args(["test", "--quiet", "--workspace"])
                    .current_dir(&workspace.root),
            )?,
            Part::Emulator => node_tests(&workspace, "emulator", &[])?,
            Part::Runtimes => {
                build::build(&workspace)?;
                node_tests(&workspace, "runtimes", &[])?;
            }
            Part::Resilience => {
                build::build(&workspace)?;
                node_tests(&workspace, "resilience", &[])?;
            }
            Part::Browsers => {
                build::build(&workspace)?;
                let environment = [
                    ("CHROMIUM", chromium::find_or_install()?),
                    ("FIREWORKS_WWW", workspace.www()),
                ];
                node_tests(&workspace, "browsers", &environment)?;
            }
            Part::Commands => node_tests(&workspace, "commands", &[])?,
        }
    }
    Ok(())
}

/// Runs `tests/<folder>/*.test.mjs` with Node's test runner, one file after the other: the machine
/// may be small. They find the emulator and the browser through the environment.
fn node_tests(workspace: &Workspace, folder: &str, environment: &[(&str, PathBuf)]) -> Result<()> {
    let path = workspace.root.join("tests").join(folder);
    let mut files = Vec::new();
    for entry in path
        .read_dir()
        .with_context(|| path.display().to_string())?
    {
        let file = entry?.path();
        if file.to_string_lossy().ends_with(".test.mjs") {
            files.push(file);
        }
    }
    ensure!(!files.is_empty(), "tests/{folder} holds no test");
    files.sort();
    command::run(
        Command::new("node")
            .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
            .args(files)
            .env("FIREWORKS_EMULATOR", emulator::build(workspace)?)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&workspace.root),
    )
}
