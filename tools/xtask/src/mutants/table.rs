//! The named mutations, as they stand in `tests/mutants/*.toml`.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// A file of the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    mutant: Vec<Mutant>,
}

/// A mutation.
#[derive(Deserialize, Hash)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// What it is called.
    pub name: String,
    /// The file that it changes.
    pub file: String,
    /// What a user was promised and loses.
    pub breaks: String,
    /// What it replaces, which stands exactly once in the file.
    find: Option<String>,
    replace: Option<String>,
    /// The test files of which one must fail.
    #[serde(default)]
    pub tests: Vec<String>,
    /// Why no test can catch it.
    pub survives: Option<String>,
    /// Why it is no longer possible.
    pub removed: Option<String>,
}

impl Mutant {
    /// The file's text with the mutation.
    pub fn apply(&self, text: &str) -> Result<String> {
        let (Some(find), Some(replace)) = (&self.find, &self.replace) else {
            bail!("has neither find and replace nor removed");
        };
        ensure!(find != replace, "changes nothing");
        let count = text.matches(find.as_str()).count();
        ensure!(count == 1, "applies {count} times to {}", self.file);
        Ok(text.replace(find, replace))
    }

    fn check(&self, root: &Path) -> Result<()> {
        ensure!(!self.breaks.is_empty(), "does not say what it breaks");
        if let Some(why) = &self.removed {
            ensure!(!why.is_empty(), "does not say why it was removed");
            return Ok(());
        }
        self.apply(&fs::read_to_string(root.join(&self.file)).context(self.file.clone())?)?;
        match &self.survives {
            Some(why) => ensure!(!why.is_empty(), "does not say why it survives"),
            None => ensure!(!self.tests.is_empty(), "names no test that catches it"),
        }
        for test in &self.tests {
            ensure!(root.join(test).is_file(), "there is no {test}");
        }
        Ok(())
    }
}

/// Reads and checks the table.
pub fn read(root: &Path) -> Result<Vec<Mutant>> {
    let folder = root.join("tests/mutants");
    let mut files: Vec<_> = folder
        .read_dir()
        .context("tests/mutants")?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    files.sort();
    let mut mutants = Vec::new();
    for path in files {
        let table: Table = toml::from_str(&fs::read_to_string(&path)?)
            .with_context(|| path.display().to_string())?;
        mutants.extend(table.mutant);
    }
    let mut names = HashSet::new();
    let mut wrong = Vec::new();
    for mutant in &mutants {
        if let Err(error) = mutant.check(root) {
            wrong.push(format!("{}: {error:#}", mutant.name));
        }
        if !names.insert(&mutant.name) {
            wrong.push(format!("{}: the name stands twice", mutant.name));
        }
    }
    ensure!(wrong.is_empty(), "tests/mutants:\n{}", wrong.join("\n"));
    Ok(mutants)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(find: &str, replace: &str) -> Mutant {
        let text = format!(
            "[[mutant]]\nname = 'a'\nfile = 'a.ts'\nbreaks = 'it'\nfind = '{find}'\nreplace = '{replace}'"
        );
        let table: Table = toml::from_str(&text).unwrap();
        table.mutant.into_iter().next().unwrap()
    }

    #[test]
    fn a_mutation_applies_exactly_once_or_is_an_error() {
        assert_eq!(mutant("b", "x").apply("abc").unwrap(), "axc");
        assert!(mutant("b", "x").apply("ac").is_err());
        assert!(mutant("b", "x").apply("abbc").is_err());
        assert!(mutant("b", "b").apply("abc").is_err());
    }

    #[test]
    fn a_file_without_mutations_is_empty() {
        assert!(toml::from_str::<Table>("").unwrap().mutant.is_empty());
    }
}
