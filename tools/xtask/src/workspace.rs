//! Where things are, and which version this is.

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use std::path::PathBuf;

/// The workspace's folders.
pub struct Workspace {
    /// The repository.
    pub root: PathBuf,
    /// Where cargo builds.
    pub target: PathBuf,
}

impl Workspace {
    /// Asks cargo where the workspace is, and makes sure that it has one version.
    pub fn find() -> Result<Self> {
        let metadata = MetadataCommand::new()
            .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))
            .no_deps()
            .exec()
            .context("cargo metadata")?;
        let root: PathBuf = metadata.workspace_root.into();
        let version = &metadata
            .packages
            .iter()
            .find(|package| package.name == "fireworks-keys")
            .context("the workspace has no package fireworks-keys")?
            .version;
        let manifest =
            std::fs::read_to_string(root.join("package.json")).context("package.json")?;
        ensure!(
            manifest.contains(&format!("\"version\": \"{version}\"")),
            "package.json has another version than Cargo.toml, which says {version}: change it there"
        );
        Ok(Self {
            root,
            target: metadata.target_directory.into(),
        })
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
}
