//! `cargo xtask test`: runs all tests, or the named parts. It skips nothing silently.

mod lanes;
mod part;

use crate::browsers;
use crate::workspace::Workspace;
use crate::{build, command, emulator};
use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use lanes::{Job, Lanes};
use part::Part;
use std::ffi::OsString;
use std::process::Command;
use std::thread;

/// Options of `cargo xtask test`.
#[derive(Args)]
pub struct Options {
    /// Which parts to run; all but `frameworks` if none is named.
    parts: Vec<Part>,
    /// How many fault schedules the simulation runs.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    seeds: u64,
    /// Write what the part frameworks was tried with into docs/tried.md.
    #[arg(long)]
    record: bool,
}

/// Runs the parts, a few at a time. A part that fails stops no other.
pub fn run(
    Options {
        parts,
        seeds,
        record,
    }: &Options,
) -> Result<()> {
    let workspace = Workspace::find()?;
    let all = Part::IN_ORDER.iter().copied();
    let parts: Vec<Part> = all
        .filter(|part| parts.contains(part) || (parts.is_empty() && part.is_default()))
        .collect();
    ensure!(
        !record || parts == [Part::Frameworks],
        "--record goes with the part frameworks alone"
    );
    let lanes = Lanes::new(&workspace.target.join("tests"), parts.len() > 1)?;
    let run = |which: fn(Part) -> bool, environment: &Environment| {
        let chosen = parts.iter().copied().filter(|part| which(*part));
        let jobs = chosen.map(|part| {
            let mut command = part.command(&workspace, *seeds)?;
            command.envs(environment.iter().cloned());
            let name = part.name();
            Ok(Job { name, command })
        });
        lanes.run(jobs.collect::<Result<_>>()?)
    };
    // Much of the preparation is npm's waiting, and cargo's parts need none of it.
    let (failed, environment) = thread::scope(|scope| {
        let preparing = scope.spawn(|| prepare(&workspace, &parts));
        let failed = run(|part| part.folder().is_none(), &Vec::new());
        (failed, preparing.join())
    });
    let mut failed = failed?;
    let environment = environment.map_err(|_| anyhow!("the preparation panicked"))??;
    failed.extend(run(
        |part| part.folder().is_some() && part != Part::Commands,
        &environment,
    )?);
    // The commands make the package anew, so nothing that reads it runs beside them.
    failed.extend(run(|part| part == Part::Commands, &Vec::new())?);
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    if *record {
        let script = workspace.root.join("tests/frameworks/record.mjs");
        command::run(Command::new("node").arg(script))?;
    }
    Ok(())
}

/// Environment variables.
type Environment = Vec<(&'static str, OsString)>;

/// Makes once what these parts share, so that none of them changes it while another reads it, and returns
/// the environment variables that say where it is.
fn prepare(workspace: &Workspace, parts: &[Part]) -> Result<Environment> {
    let mut environment = Environment::new();
    if parts.iter().any(|part| part.folder().is_some()) {
        environment.push(("FIREWORKS_EMULATOR", emulator::build(workspace)?.into()));
    }
    if parts.iter().any(|part| part.uses_package()) {
        build::build(workspace)?;
        environment.push((build::DONE, "yes".into()));
        environment.push(("FIREWORKS_WWW", workspace.www().into()));
    }
    if parts.iter().any(|part| part.installs_package()) {
        println!("Installing the packed package, the runtimes and the bundlers in target/matrix");
        let script = workspace.root.join("tests/matrix/prepare.mjs");
        let printed = command::output(Command::new("node").arg(script))?;
        let tarball = printed.lines().last().context("it prints no path")?;
        environment.push(("FIREWORKS_TARBALL", tarball.into()));
    }
    let programs = parts.iter().map(|part| part.programs());
    let programs = programs
        .max_by_key(|programs| programs.len())
        .unwrap_or(&[]);
    let redis = parts.iter().any(|part| part.uses_redis());
    let servers = if redis { browsers::REDIS } else { &[] };
    for (name, path) in browsers::find_or_install(&[programs, servers].concat())? {
        environment.push((name, path.into()));
    }
    Ok(environment)
}
