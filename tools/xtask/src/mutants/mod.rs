//! `cargo xtask mutants`: breaks the code on purpose, one change at a time, and looks whether a test
//! notices. In src/lifecycle cargo-mutants makes the changes; elsewhere they are named by hand, each with
//! what a user was promised and loses (`tests/mutants/*.toml`).

mod lifecycle;
mod named;
mod table;

use crate::workspace::Workspace;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use std::str::FromStr;

/// Options of `cargo xtask mutants`.
#[derive(Args)]
pub struct Options {
    /// Check that every named mutation still applies exactly once, and run nothing.
    #[arg(long)]
    check: bool,
    /// Run the k-th of n parts, such as 0/4: of the named mutations, and of those of the lifecycle.
    #[arg(long, value_name = "K/N", default_value = "0/1")]
    shard: Shard,
    /// How many schedules the simulation runs against each mutation of the lifecycle.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    seeds: u64,
    /// Only the named mutations whose name holds this.
    #[arg(long, value_name = "TEXT")]
    named: Option<String>,
}

/// A part of the mutations, counted from zero as cargo-mutants does.
#[derive(Clone, Copy)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl FromStr for Shard {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (index, count) = text.split_once('/').context("is no K/N, such as 0/4")?;
        let (index, count) = (index.parse()?, count.parse()?);
        ensure!(index < count, "the parts of {count} count from 0");
        Ok(Self { index, count })
    }
}

impl Shard {
    /// Whether the mutation at this place of the table belongs to the part.
    fn holds(self, place: usize) -> bool {
        place % self.count == self.index
    }
}

/// Checks that every named mutation still applies exactly once, and returns them.
pub fn check(workspace: &Workspace) -> Result<Vec<table::Mutant>> {
    let mutants = table::read(&workspace.root)?;
    println!("{} mutations, each of which still applies", mutants.len());
    Ok(mutants)
}

/// Checks the table, and runs the mutations. What was caught before is not run again, unless what it is
/// about has changed.
pub fn run(options: &Options) -> Result<()> {
    let workspace = Workspace::find()?;
    let mutants = check(&workspace)?;
    if options.check {
        return Ok(());
    }
    let part: Vec<_> = mutants
        .iter()
        .enumerate()
        .filter(|(place, _)| options.shard.holds(*place))
        .map(|(_, mutant)| mutant)
        .filter(|mutant| match &options.named {
            Some(text) => mutant.name.contains(text),
            None => true,
        })
        .collect();
    let survivors = named::run(&workspace, &part)?;
    // Looking for some by name is for working on them.
    let whole = options.named.is_some() || lifecycle::run(&workspace, options)?;
    if !survivors.is_empty() {
        bail!("no test notices:\n{}", survivors.join("\n"));
    }
    ensure!(whole, "mutations of src/lifecycle survive: see above");
    Ok(())
}
