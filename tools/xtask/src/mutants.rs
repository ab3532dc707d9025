//! `cargo xtask mutants`: the named mutations of src/js, each a change that breaks what a user was
//! promised and that a test must catch (`tests/mutants/*.toml`).

use crate::workspace::Workspace;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde::Deserialize;
use std::collections::HashSet;
use std::path::Path;

/// Options of `cargo xtask mutants`.
#[derive(Args)]
pub struct Options {
    /// Check that every mutation of the table still applies exactly once, and run nothing.
    #[arg(long, required = true)]
    check: bool,
}

/// A file of the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    mutant: Vec<Mutant>,
}

/// A mutation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutant {
    name: String,
    file: String,
    /// What a user was promised and loses.
    breaks: String,
    /// What it replaces, which stands exactly once in the file.
    find: Option<String>,
    replace: Option<String>,
    /// The test files that must fail.
    #[serde(default)]
    tests: Vec<String>,
    /// Why no test can catch it.
    survives: Option<String>,
    /// Why it is no longer possible.
    removed: Option<String>,
}

/// Checks the table.
pub fn run(_: &Options) -> Result<()> {
    let root = Workspace::find()?.root;
    let folder = root.join("tests/mutants");
    let mut names = HashSet::new();
    let mut wrong = Vec::new();
    for entry in folder.read_dir().context("tests/mutants")? {
        let path = entry?.path();
        let text = std::fs::read_to_string(&path)?;
        let table: Table = toml::from_str(&text).with_context(|| path.display().to_string())?;
        for mutant in table.mutant {
            if let Err(error) = check(&root, &mutant) {
                wrong.push(format!("{}: {error:#}", mutant.name));
            }
            if !names.insert(mutant.name.clone()) {
                wrong.push(format!("{}: the name stands twice", mutant.name));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("tests/mutants:\n{}", wrong.join("\n"));
    }
    println!("{} mutations, each of which still applies", names.len());
    Ok(())
}

fn check(root: &Path, mutant: &Mutant) -> Result<()> {
    ensure!(!mutant.breaks.is_empty(), "says not what it breaks");
    if let Some(why) = &mutant.removed {
        ensure!(!why.is_empty(), "says not why it was removed");
        return Ok(());
    }
    let (Some(find), Some(replace)) = (&mutant.find, &mutant.replace) else {
        bail!("has neither find and replace nor removed");
    };
    ensure!(find != replace, "changes nothing");
    let text = std::fs::read_to_string(root.join(&mutant.file)).context(mutant.file.clone())?;
    let count = text.matches(find.as_str()).count();
    ensure!(count == 1, "applies {count} times to {}", mutant.file);
    match &mutant.survives {
        Some(why) => ensure!(!why.is_empty(), "says not why it survives"),
        None => ensure!(!mutant.tests.is_empty(), "names no test that catches it"),
    }
    for test in &mutant.tests {
        ensure!(root.join(test).is_file(), "there is no {test}");
    }
    Ok(())
}
