//! `cargo xtask`: builds, demonstrates and tests the package. It installs what it lacks and says
//! so; what it cannot do ends with one line and a non-zero exit.

mod bench;
mod browsers;
mod build;
mod command;
mod demo;
mod edge;
mod emulator;
mod mutants;
mod setup;
mod sizes;
mod test;
mod workspace;

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
    /// Create a key through the built package, then serve the demo page until Ctrl-C.
    Demo(demo::Options),
    /// Measure the package beside its peers, and write BENCHMARKS.md and BENCHMARKS.json.
    Bench(bench::Options),
    /// Check the table of mutations: changes to src/js that a test must catch.
    Mutants(mutants::Options),
    /// Run the tests, all of them or the parts named.
    Test(test::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Build(options) => build::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Demo(options) => demo::run(&options),
        Task::Mutants(options) => mutants::run(&options),
        Task::Test(options) => test::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
