//! Where things are, and which version this is.

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;
use std::path::{Path, PathBuf};

/// The workspace's folders.
pub struct Workspace {
    /// The repository.
    pub root: PathBuf,
    /// Where cargo builds.
    pub target: PathBuf,
    /// The version of Cargo.toml, which is the only one that is ever edited.
    version: String,
}

impl Workspace {
    /// Asks cargo where the workspace is.
    pub fn find() -> Result<Self> {
        // Cargo sets this as it runs the task. A path that was compiled in would be wrong in a copy.
        let here = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
        let metadata = MetadataCommand::new()
            .current_dir(here)
            .no_deps()
            .exec()
            .context("cargo metadata")?;
        let root: PathBuf = metadata.workspace_root.into();
        let version = metadata
            .packages
            .iter()
            .find(|package| package.name == "fireworks-keys")
            .context("the workspace has no package fireworks-keys")?
            .version
            .to_string();
        Ok(Self {
            root,
            target: metadata.target_directory.into(),
            version,
        })
    }

    /// The package with names and source maps, to be debugged with.
    pub fn debug_package(&self) -> PathBuf {
        self.target.join("debug-package")
    }

    /// The publishable files.
    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The module and its glue, before they are bundled. Fixed, because tsconfig.json names it.
    pub fn module(&self) -> PathBuf {
        self.root.join("target/module")
    }

    /// The demo page together with the package that it imports, for any static host.
    pub fn www(&self) -> PathBuf {
        self.target.join("www")
    }

    /// Makes package.json say the version of Cargo.toml.
    pub fn write_version(&self) -> Result<()> {
        write_version(&self.root.join("package.json"), &self.version)
    }
}

fn write_version(manifest: &Path, version: &str) -> Result<()> {
    const FIELD: &str = "\"version\": \"";
    let text = std::fs::read_to_string(manifest).context("package.json")?;
    let (before, rest) = text
        .split_once(FIELD)
        .context("package.json has no version")?;
    let (old, after) = rest
        .split_once('"')
        .context("package.json has no version")?;
    if old != version {
        println!("Writing the version {version} of Cargo.toml into package.json");
        let text = [before, FIELD, version, "\"", after].concat();
        std::fs::write(manifest, text).context("package.json")?;
    }
    Ok(())
}
