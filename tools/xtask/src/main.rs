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

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Build(options) => build::run(&options),
        Task::Check => check::run(),
        Task::Bench(options) => bench::run(&options),
        Task::Conform(options) => conform::run(&options),
        Task::Demo(options) => demo::run(&options),
        Task::Docs(options) => docs::run(&options),
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
