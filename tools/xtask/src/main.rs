//! `cargo xtask`: builds, demonstrates and tests the package. It installs missing tools and says so.
//! If a task fails, it prints one line and exits with a non-zero code.

mod bench;
mod browsers;
mod build;
mod check;
mod command;
mod conform;
mod demo;
mod docs;
mod edge;
mod emulator;
mod glue;
mod mutants;
mod setup;
mod sizes;
mod stage;
mod test;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Builds, demonstrates and tests fireworks-keys.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the npm package into dist/ and print the size of each file.
    Build(build::Options),
    /// Check formatting, lints, documentation, types, lengths, links, licences and mutations.
    Check,
    /// Create a key through the built package, then serve the demo page until Ctrl-C.
    Demo(demo::Options),
    /// Write the API reference, which is made from the types.
    Docs(docs::Options),
    /// Compare the package with its peers, and write BENCHMARKS.md and BENCHMARKS.json.
    Bench(bench::Options),
    /// Ask a service, by default the emulator, whether it is as docs/service.md says.
    Conform(conform::Options),
    /// Break the code on purpose, one change at a time, and look whether a test notices.
    Mutants(mutants::Options),
    /// Run all tests, or the named parts.
    Test(test::Options),
}

impl Task {
    fn run(&self) -> Result<()> {
        match self {
            Self::Build(options) => build::run(options),
            Self::Check => check::run(),
            Self::Bench(options) => bench::run(options),
            Self::Conform(options) => conform::run(options),
            Self::Demo(options) => demo::run(options),
            Self::Docs(options) => docs::run(options),
            Self::Mutants(options) => mutants::run(options),
            Self::Test(options) => test::run(options),
        }
    }

    /// What there is to do next, once it has succeeded.
    const fn next(&self) -> &'static str {
        match self {
            Self::Build(_) => {
                "Built. Next: cargo xtask demo, or npm install with the package's folder"
            }
            Self::Check => "Everything holds. Next: cargo xtask test",
            Self::Bench(_) => "Measured. Next: read BENCHMARKS.md, and commit it if it has changed",
            Self::Conform(_) => "Asked. What differs from docs/service.md stands above",
            Self::Demo(_) => {
                "Ended. Next: cargo xtask demo serves the page again; docs/ has what else there is"
            }
            Self::Docs(_) => "docs/api is as the types say",
            Self::Mutants(_) => "Every mutation that was run is caught. Next: cargo xtask test",
            Self::Test(_) => "Every test that was run passes. Next: cargo xtask check",
        }
    }
}

fn main() -> ExitCode {
    let task = Arguments::parse().task;
    match task.run() {
        Ok(()) => {
            // Standard output is for programs.
            eprintln!("{}", task.next());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
