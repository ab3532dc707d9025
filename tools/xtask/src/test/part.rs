//! The parts of the tests: how each is run, and what it needs.

use crate::browsers::{self, CHROMIUM, Program};
use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use std::process::Command;

/// A part of the tests.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Rust tests without a JavaScript runtime, including a short simulation.
    Native,
    /// Only the simulation; `--seeds` sets its length.
    Simulation,
    /// The emulator over HTTP.
    Emulator,
    /// The packed package in every runtime and browser.
    Runtimes,
    /// The packed package through every bundler.
    Bundlers,
    /// The service in memory for a product's tests, beside the emulator and in test runners.
    Testing,
    /// The check of a service, against the emulator and services that differ.
    Conform,
    /// The packed package itself: its contents, its types, its export map.
    Package,
    /// The key broker, in Node and in workerd, and its ledgers.
    Broker,
    /// The page's half of a broker, in Node and in Chromium.
    Member,
    /// The code in the README and in docs/, in the runtimes that they name.
    Readme,
    /// The built package in Node: lost answers, hostile input, memory and secrets.
    Resilience,
    /// The program for the terminal.
    Cli,
    /// The demo page in every browser.
    Browsers,
    /// The README's two commands, as a user would run them.
    Commands,
    /// The packed package in frameworks and test tools. Only runs if it is named: it installs a lot.
    Frameworks,
}

impl Part {
    /// All parts in the order in which they start: the longest first, so that all lanes end together, but
    /// cargo's before those that need a preparation.
    pub const IN_ORDER: [Self; 16] = [
        Self::Native,
        Self::Simulation,
        Self::Browsers,
        Self::Resilience,
        Self::Broker,
        Self::Testing,
        Self::Conform,
        Self::Member,
        Self::Package,
        Self::Runtimes,
        Self::Bundlers,
        Self::Readme,
        Self::Cli,
        Self::Emulator,
        Self::Commands,
        Self::Frameworks,
    ];

    /// Its name on the command line.
    pub fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether it runs if no part is named.
    pub fn is_default(self) -> bool {
        self != Self::Frameworks
    }

    /// Its folder in `tests/`, if Node runs it.
    pub fn folder(self) -> Option<String> {
        let native = matches!(self, Self::Native | Self::Simulation);
        (!native).then(|| self.name())
    }

    /// Whether it reads the package that was built.
    pub fn uses_package(self) -> bool {
        self.installs_package()
            || matches!(
                self,
                Self::Resilience | Self::Testing | Self::Conform | Self::Cli
            )
    }

    /// Whether it uses the project that has the packed package installed.
    pub fn installs_package(self) -> bool {
        match self {
            Self::Native
            | Self::Simulation
            | Self::Emulator
            | Self::Resilience
            | Self::Testing
            | Self::Conform
            | Self::Cli
            | Self::Commands => false,
            Self::Runtimes
            | Self::Bundlers
            | Self::Package
            | Self::Broker
            | Self::Member
            | Self::Readme
            | Self::Browsers
            | Self::Frameworks => true,
        }
    }

    /// The browsers that it starts.
    pub fn programs(self) -> &'static [Program] {
        match self {
            Self::Runtimes | Self::Browsers => browsers::ALL,
            Self::Bundlers | Self::Member | Self::Readme | Self::Frameworks => CHROMIUM,
            _ => &[],
        }
    }

    /// Whether it starts a Redis.
    pub fn uses_redis(self) -> bool {
        matches!(self, Self::Broker | Self::Readme)
    }

    /// What runs it.
    pub fn command(self, workspace: &Workspace, seeds: u64) -> Result<Command> {
        let mut command = match self.folder() {
            Some(folder) => node_tests(workspace, &folder)?,
            None => Command::new("cargo"),
        };
        match self {
            Self::Native => {
                command.args(["test", "--quiet", "--workspace"]);
            }
            Self::Simulation => {
                command
                    .args(["test", "--quiet", "--package", "fireworks-keys"])
                    .args(["--test", "simulation", "--", "--nocapture"])
                    .env("SEEDS", seeds.to_string());
            }
            _ => {}
        }
        command.current_dir(&workspace.root);
        Ok(command)
    }
}

/// Runs `tests/<folder>/*.test.mjs` with Node's test runner, one file at a time: files of one part share
/// folders.
fn node_tests(workspace: &Workspace, folder: &str) -> Result<Command> {
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
    let mut command = Command::new("node");
    command
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .args(files);
    Ok(command)
}
