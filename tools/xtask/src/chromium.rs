//! Finds Chromium, or installs it where that can be done unattended: on Debian, as root.

use crate::command::{output, run};
use anyhow::{Result, bail};
use std::path::PathBuf;
use std::process::Command;

const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// The browser to test with: `CHROMIUM` where that is set, or one of the usual names on the path.
pub fn find_or_install() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Ok(path.into());
    }
    if let Some(path) = find() {
        return Ok(path);
    }
    let root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !root || output(Command::new("apt-get").arg("--version")).is_err() {
        bail!("the browser tests need Chromium: install it, or set CHROMIUM to its path");
    }
    println!("Installing Debian's chromium");
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.arg("-qq").env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    run(apt().arg("update"))?;
    run(apt().args(["install", "--yes", "--no-install-recommends", "chromium"]))?;
    match find() {
        Some(path) => Ok(path),
        None => bail!("chromium was installed and is not on the path"),
    }
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|candidate| candidate.is_file())
}
