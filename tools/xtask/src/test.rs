//! `cargo xtask test`: every test, or the parts named. Nothing is skipped in silence.

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
    /// Rust tests, without a JavaScript runtime: a short simulation among them.
    Native,
    /// The simulation alone, optimised; `--seeds` says how long.
    Simulation,
    /// The emulator over HTTP.
    Emulator,
    /// The packed package in every runtime and browser.
    Runtimes,
    /// The packed package through every bundler.
    Bundlers,
    /// The packed package itself: what is in it, its types, its export map.
    Package,
    /// The key broker, in Node and in workerd.
    Broker,
    /// The code in the README, where it says that it runs.
    Readme,
    /// The built package in Node: lost answers, hostile input, memory and secrets.
    Resilience,
    /// The demo page in every browser.
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
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
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
        let started = Instant::now();
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
            Part::Runtimes => package_tests(&workspace, "runtimes", browsers::ALL)?,
            Part::Bundlers => package_tests(&workspace, "bundlers", CHROMIUM)?,
            Part::Package => package_tests(&workspace, "package", &[])?,
            Part::Broker => package_tests(&workspace, "broker", &[])?,
            Part::Readme => package_tests(&workspace, "readme", CHROMIUM)?,
            Part::Resilience => package_tests(&workspace, "resilience", &[])?,
            Part::Browsers => package_tests(&workspace, "browsers", browsers::ALL)?,
            Part::Commands => node_tests(&workspace, "commands", &[])?,
        }
        let name = part.to_possible_value();
        let name = name.as_ref().map_or("", |name| name.get_name());
        println!("{name}: {:.0} s", started.elapsed().as_secs_f64());
    }
    Ok(())
}

/// Runs tests of the built package, which need these browsers.
fn package_tests(workspace: &Workspace, folder: &str, programs: &[Program]) -> Result<()> {
    build::build(workspace)?;
    let mut environment = browsers::find_or_install(programs)?;
    environment.push(("FIREWORKS_WWW", workspace.www()));
    node_tests(workspace, folder, &environment)
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
