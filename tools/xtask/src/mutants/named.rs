//! Runs the named mutations: each is made in a copy of the sources, the bundles are made again, and its
//! tests are run until one fails. A test that hangs has noticed, too.

use super::table::Mutant;
use crate::build::{self, Flavour};
use crate::workspace::Workspace;
use crate::{command, emulator, stage};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The folders that the copy holds.
const FOLDERS: [&str; 4] = ["src/js", "tests", "tools/conform", "tools/package"];

/// The files that it holds beside them. The README is packed with the package.
const FILES: [&str; 2] = ["package.json", "README.md"];

/// How long a test may take without a mutation.
const LONGEST: Duration = Duration::from_secs(600);

/// How much longer than three times that it may take with one, before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs those that were not caught before, and returns the names of those that no test notices.
pub fn run<'m>(workspace: &Workspace, mutants: &[&'m Mutant]) -> Result<Vec<&'m str>> {
    build::build(workspace)?;
    let copy = Copy::of(workspace)?;
    let mut caught = Caught::read(workspace);
    let mut limits = BTreeMap::new();
    let mut survivors = Vec::new();
    for mutant in mutants {
        let name = &mutant.name;
        if let Some(why) = mutant.removed.as_ref().or(mutant.survives.as_ref()) {
            println!("{name}: not run: {why}");
            continue;
        }
        let print = fingerprint(&copy.root, mutant)?;
        if caught.holds(name, &print) {
            println!("{name}: was caught before");
            continue;
        }
        for test in &mutant.tests {
            if !limits.contains_key(test.as_str()) {
                let limit = copy.measure(test)? * 3 + PATIENCE;
                limits.insert(test.as_str(), limit);
            }
        }
        let started = Instant::now();
        let failed = copy
            .first_failure(mutant, &limits)
            .with_context(|| name.clone())?;
        let seconds = started.elapsed().as_secs_f64();
        if let Some(test) = failed {
            println!("{name}: caught by {test} ({seconds:.1} s)");
            caught.add(name, print)?;
        } else {
            println!("{name}: SURVIVES ({seconds:.1} s): {}", mutant.breaks);
            survivors.push(name.as_str());
        }
    }
    Ok(survivors)
}

/// A copy of the sources, from which bundles are made with the module that is compiled already.
struct Copy<'a> {
    workspace: &'a Workspace,
    root: PathBuf,
    emulator: PathBuf,
}

impl<'a> Copy<'a> {
    fn of(workspace: &'a Workspace) -> Result<Self> {
        // Within the repository, so that Node finds what is installed there.
        let root = workspace.root.join("target/mutants/copy");
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        for folder in FOLDERS {
            stage::copy_folder(&workspace.root.join(folder), &root.join(folder))?;
        }
        for file in FILES {
            fs::copy(workspace.root.join(file), root.join(file))?;
        }
        Ok(Self {
            workspace,
            root,
            emulator: emulator::build(workspace)?,
        })
    }

    /// Makes the bundles from what the sources hold now.
    fn bundle(&self) -> Result<()> {
        let flavour = Flavour::release(self.workspace).with_sources(&self.root);
        build::bundle_scripts(self.workspace, &flavour)
    }

    /// Measures how long a test takes without a mutation. It is an error if it fails even so.
    fn measure(&self, test: &str) -> Result<Duration> {
        self.bundle()?;
        let started = Instant::now();
        let passed = self.passes(test, LONGEST)?;
        ensure!(passed, "{test} fails without a mutation");
        Ok(started.elapsed())
    }

    /// Finds the first of a mutation's tests that fails because of it.
    fn first_failure<'m>(
        &self,
        mutant: &'m Mutant,
        limits: &BTreeMap<&str, Duration>,
    ) -> Result<Option<&'m str>> {
        let path = self.root.join(&mutant.file);
        let text = fs::read_to_string(&path)?;
        fs::write(&path, mutant.apply(&text)?)?;
        self.bundle().context("it cannot be bundled")?;
        let mut failed = None;
        for test in &mutant.tests {
            if !self.passes(test, limits[test.as_str()])? {
                failed = Some(test.as_str());
                break;
            }
        }
        fs::write(&path, text)?;
        Ok(failed)
    }

    /// Runs a test file, and returns whether it passes within this time.
    fn passes(&self, test: &str, limit: Duration) -> Result<bool> {
        let mut running = command::start(
            Command::new("node")
                .args(["--test-force-exit", test])
                .env("FIREWORKS_EMULATOR", &self.emulator)
                // The package that is tested is the copy's own.
                .env_remove("FIREWORKS_TARBALL")
                .current_dir(&self.root)
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        let ended = running.wait_for(limit)?;
        Ok(ended.is_some_and(|status| status.success()))
    }
}

/// The mutations that were caught before, each with a fingerprint of everything that matters to it.
struct Caught {
    path: PathBuf,
    prints: BTreeMap<String, String>,
}

impl Caught {
    fn read(workspace: &Workspace) -> Self {
        let path = workspace.root.join("target/mutants/caught.toml");
        let text = fs::read_to_string(&path).unwrap_or_default();
        // A file that was cut short is no loss: the mutations are run again.
        let prints = toml::from_str(&text).unwrap_or_default();
        Self { path, prints }
    }

    fn holds(&self, name: &str, print: &str) -> bool {
        self.prints.get(name).is_some_and(|known| known == print)
    }

    fn add(&mut self, name: &str, print: String) -> Result<()> {
        self.prints.insert(name.into(), print);
        fs::write(&self.path, toml::to_string(&self.prints)?).context("target/mutants/caught.toml")
    }
}

/// A hash of the mutation, its file and its tests: where none of them has changed, neither has the outcome.
fn fingerprint(root: &Path, mutant: &Mutant) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    mutant.hash(&mut hasher);
    let mut hash = |path: &Path| -> Result<()> {
        fs::read(path)
            .with_context(|| path.display().to_string())?
            .hash(&mut hasher);
        Ok(())
    };
    hash(&root.join(&mutant.file))?;
    for test in &mutant.tests {
        hash(&root.join(test))?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}
