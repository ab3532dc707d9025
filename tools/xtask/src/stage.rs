//! The demo page's folder, and how folders are copied.

use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// Lays the page and the package side by side, as a static host would serve them.
pub fn www(workspace: &Workspace) -> Result<()> {
    let www = workspace.www();
    if www.exists() {
        fs::remove_dir_all(&www)?;
    }
    copy_folder(&workspace.root.join("www"), &www)?;
    copy_folder(&workspace.dist(), &www.join("fireworks-keys"))
}

/// Copies a folder with all that it holds.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
