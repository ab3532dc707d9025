//! `cargo xtask docs`: writes the API reference in docs/api, which is made from the package's types.

use crate::command;
use crate::workspace::Workspace;
use crate::{build, setup};
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Options of `cargo xtask docs`.
#[derive(Args)]
pub struct Options {
    /// Write nothing, and fail if the reference is not what the types say.
    #[arg(long)]
    check: bool,
}

/// Runs `cargo xtask docs`.
pub fn run(Options { check }: &Options) -> Result<()> {
    let workspace = Workspace::find()?;
    build::build(&workspace)?;
    let tool = workspace.root.join("tools/docs");
    setup::npm_packages_in(&tool, "tools/docs/package-lock.json")?;
    let reference = workspace.root.join("docs/api");
    let out = if *check {
        workspace.target.join("docs/api")
    } else {
        reference.clone()
    };
    command::run(Command::new("node").arg(tool.join("write.mjs")).arg(&out))?;
    ensure!(
        !check || pages(&reference)? == pages(&out)?,
        "docs/api is not what the types say; write it anew with cargo xtask docs"
    );
    Ok(())
}

/// Every page below a folder, by its path from there.
fn pages(folder: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let mut pages = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).with_context(|| at.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            pages.insert(path.strip_prefix(folder)?.to_path_buf(), text);
        }
    }
    Ok(pages)
}
