//! The licences of all dependencies, as their authors state them.

use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};
use std::collections::BTreeMap;
use std::fs;

/// What may become part of what is built: nothing that asks for more than its notice to be kept.
const OF_CRATES: [&str; 5] = ["Apache-2.0", "BSD-3-Clause", "MIT", "Unicode-3.0", "Zlib"];

/// What tools may have beside: they are run, and nothing of them is shipped.
const OF_TOOLS: [&str; 9] = [
    "0BSD",
    "BSD-2-Clause",
    "BlueOak-1.0.0",
    "CC-BY-4.0",
    "CC0-1.0",
    "ISC",
    "LGPL-3.0-or-later",
    "MPL-2.0",
    "Unlicense",
];

/// npm's lock files. Each belongs to tools alone, but for `jose`, which users install themselves.
const LOCKS: [&str; 3] = [
    "package-lock.json",
    "tests/matrix/package-lock.json",
    "examples/edge-broker/package-lock.json",
];

/// Finds every dependency whose licence is not among those.
pub fn check(workspace: &Workspace) -> Result<()> {
    let crates = allowed(&OF_CRATES)?;
    let tools = allowed(&[&OF_CRATES[..], &OF_TOOLS].concat())?;
    let mut wrong = Vec::new();
    let metadata = MetadataCommand::new()
        .current_dir(&workspace.root)
        .exec()
        .context("cargo metadata")?;
    for package in metadata.packages {
        if !is_allowed(package.license.as_deref(), &crates) {
            wrong.push(format!("{} {:?}", package.name, package.license));
        }
    }
    for lock in LOCKS {
        let text = fs::read_to_string(workspace.root.join(lock)).context(lock)?;
        let Lock { packages } = serde_json::from_str(&text).context(lock)?;
        for (name, Package { license, link }) in packages {
            let own = !name.starts_with("node_modules/") || link;
            if !own && !is_allowed(license.as_deref(), &tools) {
                wrong.push(format!("{lock}: {name} {license:?}"));
            }
        }
    }
    ensure!(wrong.is_empty(), "not allowed:\n{}", wrong.join("\n"));
    Ok(())
}

/// What matters of a lock file of npm's.
#[derive(Deserialize)]
struct Lock {
    packages: BTreeMap<String, Package>,
}

#[derive(Deserialize)]
struct Package {
    license: Option<String>,
    /// Whether it is a folder of this repository.
    #[serde(default)]
    link: bool,
}

fn allowed(licences: &[&str]) -> Result<Vec<Licensee>> {
    licences
        .iter()
        .map(|licence| Licensee::parse(licence).with_context(|| (*licence).to_owned()))
        .collect()
}

/// Whether a package can be had under these licences alone.
fn is_allowed(stated: Option<&str>, allowed: &[Licensee]) -> bool {
    let Some(expression) =
        stated.and_then(|text| Expression::parse_mode(text, ParseMode::LAX).ok())
    else {
        return false;
    };
    expression.evaluate(|wanted| allowed.iter().any(|licence| licence.satisfies(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_more_than_its_notice_is_not_allowed() {
        let allowed = allowed(&OF_CRATES).unwrap();
        for stated in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "BSD-3-Clause AND MIT",
        ] {
            assert!(is_allowed(Some(stated), &allowed), "{stated}");
        }
        for stated in [
            None,
            Some(""),
            Some("GPL-3.0"),
            Some("MIT AND GPL-3.0"),
            Some("SEE LICENSE IN LICENSE"),
        ] {
            assert!(!is_allowed(stated, &allowed), "{stated:?}");
        }
    }
}
