//! Finds the browsers for the tests, and the Redis, or installs them if that works unattended: on Debian, as
//! root.

use crate::command::{output, run};
use anyhow::{Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// A program that a test starts.
#[derive(Clone, Copy)]
pub struct Program {
    /// The environment variable with its path. The user may set it; the tests read it.
    variable: &'static str,
    /// The possible names of its file.
    names: &'static [&'static str],
    /// The Debian package that contains it.
    package: &'static str,
}

/// Chromium, driven over its own protocol.
pub const CHROMIUM: &[Program] = &[Program {
    variable: "CHROMIUM",
    names: &[
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ],
    package: "chromium",
}];

/// Every engine. WebKit needs a driver, and a virtual display to run on.
pub const ALL: &[Program] = &[
    CHROMIUM[0],
    Program {
        variable: "FIREFOX",
        names: &["firefox-esr", "firefox"],
        package: "firefox-esr",
    },
    Program {
        variable: "WEBKIT_DRIVER",
        names: &["WebKitWebDriver"],
        package: "webkit2gtk-driver",
    },
    Program {
        variable: "MINIBROWSER",
        names: &["MiniBrowser"],
        package: "libwebkit2gtk-4.1-0",
    },
    Program {
        variable: "XVFB",
        names: &["Xvfb"],
        package: "xvfb",
    },
];

/// The server of the broker's ledger in Redis.
pub const REDIS: &[Program] = &[Program {
    variable: "REDIS_SERVER",
    names: &["redis-server"],
    package: "redis-server",
}];

/// Returns the programs' variables and paths; installs the programs that are missing.
pub fn find_or_install(programs: &[Program]) -> Result<Vec<(&'static str, PathBuf)>> {
    let missing: Vec<&Program> = programs
        .iter()
        .filter(|program| program.find().is_none())
        .collect();
    if !missing.is_empty() {
        install(&missing)?;
    }
    let found = programs.iter().map(|program| match program.find() {
        Some(path) => Ok((program.variable, path)),
        None => bail!(
            "{} was installed, but its program was not found",
            program.package
        ),
    });
    found.collect()
}

fn install(missing: &[&Program]) -> Result<()> {
    let packages: Vec<&str> = missing.iter().map(|program| program.package).collect();
    let root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !root || output(Command::new("apt-get").arg("--version")).is_err() {
        let wanted = missing.iter().map(|program| {
            let (name, variable) = (program.names.first().unwrap_or(&""), program.variable);
            format!("{name} (or its path in {variable})")
        });
        bail!(
            "the tests need {}: install it; Debian's packages are {}",
            wanted.collect::<Vec<_>>().join(", "),
            packages.join(" "),
        );
    }
    println!("Installing Debian's {}", packages.join(" "));
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.arg("-qq").env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    run(apt().arg("update"))?;
    run(apt()
        .args(["install", "--yes", "--no-install-recommends"])
        .args(packages))
}

impl Program {
    fn find(&self) -> Option<PathBuf> {
        if let Some(path) = std::env::var_os(self.variable) {
            return Some(path.into());
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .chain(private_folders())
            .flat_map(|folder| self.names.iter().map(move |name| folder.join(name)))
            .find(|candidate| candidate.is_file())
    }
}

/// The folders outside `PATH` in which distributions put WebKitGTK's MiniBrowser.
fn private_folders() -> Vec<PathBuf> {
    const FOLDER: &str = "webkit2gtk-4.1";
    let library = PathBuf::from("/usr/lib");
    let of_machines = library.read_dir().into_iter().flatten().flatten();
    of_machines
        .map(|entry| entry.path().join(FOLDER))
        .chain([library.join(FOLDER), "/usr/libexec/webkit2gtk-4.1".into()])
        .collect()
}
