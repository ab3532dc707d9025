//! `cargo xtask test`: runs all tests, or the named parts. It skips nothing silently.

use crate::browsers::{self, CHROMIUM, Program};
use crate::workspace::Workspace;
use crate::{build, command, emulator};
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// A part of the tests.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Rust tests without a JavaScript runtime, including a short simulation.
    Native,
    /// Only the simulation, optimised; `--seeds` sets its length.
    Simulation,
    /// The emulator over HTTP.
    Emulator,
    /// The packed package in every runtime and browser.
    Runtimes,
    /// The packed package through every bundler.
    Bundlers,
    /// The packed package itself: its contents, its types, its export map.
    Package,
    /// The key broker, in Node and in workerd.
    Broker,
    /// The code in the README, in the runtimes that it names.
    Readme,
    /// The built package in Node: lost answers, hostile input, memory and secrets.
    Resilience,
    /// The demo page in every browser.
    Browsers,
    /// The README's two commands, as a user would run them.
    Commands,
}

/// Options of `cargo xtask test`.
#[derive(Args)]
pub struct Options {
    /// Which parts to run; all if none is named.
    parts: Vec<Part>,
    /// How many fault schedules the simulation runs.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    seeds: u64,
}

/// Runs the parts in their fixed order.
pub fn run(Options { parts, seeds }: &Options) -> Result<()> {
    let workspace = Workspace::find()?;
    let all = Part::value_variants();
    for part in all
        .iter()
        .filter(|part| parts.is_empty() || parts.contains(part))
    {
        let started = Instant::now();
        let outcome = match part {
            Part::Simulation => command::run(
                Command::new("cargo")
                    .args(["test", "--quiet", "--package", "fireworks-keys"])
                    .args(["--profile", "simulation", "--test", "simulation"])
                    .args(["--", "--nocapture"])
                    .env("SEEDS", seeds.to_string())
                    .current_dir(&workspace.root),
            ),
            Part::Native => command::run(
                Command::new("cargo")
                    .args(["test", "--quiet", "--workspace"])
                    .current_dir(&workspace.root),
            ),
            Part::Emulator => node_tests(&workspace, "emulator", &[]),
            Part::Runtimes => package_tests(&workspace, "runtimes", browsers::ALL),
            Part::Bundlers => package_tests(&workspace, "bundlers", CHROMIUM),
            Part::Package => package_tests(&workspace, "package", &[]),
            Part::Broker => package_tests(&workspace, "broker", &[]),
            Part::Readme => package_tests(&workspace, "readme", CHROMIUM),
            Part::Resilience => package_tests(&workspace, "resilience", &[]),
            Part::Browsers => package_tests(&workspace, "browsers", browsers::ALL),
            Part::Commands => node_tests(&workspace, "commands", &[]),
        };
        let name = part.to_possible_value();
        let name = name.as_ref().map_or("", |name| name.get_name());
        println!("{name}: {:.0} s", started.elapsed().as_secs_f64());
        outcome?;
    }
    Ok(())
}

/// Builds the package, finds these browsers, and runs a folder's tests.
fn package_tests(workspace: &Workspace, folder: &str, programs: &[Program]) -> Result<()> {
    build::build(workspace)?;
    let mut environment = browsers::find_or_install(programs)?;
    environment.push(("FIREWORKS_WWW", workspace.www()));
    node_tests(workspace, folder, &environment)
}

/// Runs `tests/<folder>/*.test.mjs` with Node's test runner, one file at a time, as the machine may be
/// small. Environment variables tell the tests where the emulator and the browsers are.
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
