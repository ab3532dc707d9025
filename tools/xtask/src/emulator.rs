//! The emulator as a child process, which never outlives the task that started it.

use crate::command::{self, Running, not_run};
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read, sink};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

/// What a server prints when it is ready, between its name and its address.
const READY: &str = " listening on ";

/// The administrator's token in the emulators that a demo starts.
pub const TOKEN: &str = "fw_local_admin";

/// Compiles the emulator and returns its path. As a part of the workspace it shares its dependencies with
/// the tests and the lints; alone it would get some of them with other features.
pub fn build(workspace: &Workspace) -> Result<PathBuf> {
    let name = format!("fireworks-emulator{}", std::env::consts::EXE_SUFFIX);
    let program = workspace.target.join("debug").join(name);
    if !program.exists() {
        eprintln!("Building the emulator: a minute or two, the first time");
    }
    command::run(
        Command::new("cargo")
            .args(["build", "--workspace"])
            .args(command::quiet())
            .args(["--bin", "fireworks-emulator"])
            .current_dir(&workspace.root),
    )?;
    Ok(program)
}

/// A running emulator, or another server of a demo, stopped when it is dropped.
pub struct Emulator {
    /// Its address, such as `http://127.0.0.1:8787`.
    pub address: String,
    child: Running,
}

impl Emulator {
    /// Starts one and waits until it is ready. Does not show its access log.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| not_run(command, &error))?;
        let stdout = child.stdout.take().context("the emulator has no output")?;
        let mut stderr = child.stderr.take().context("the emulator has no output")?;
        let mut emulator = Self {
            address: String::new(),
            child: Running(child),
        };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let Some((_, address)) = line.trim().split_once(READY) else {
            let mut reason = String::new();
            stderr.read_to_string(&mut reason)?;
            bail!("{}", reason.trim());
        };
        address.clone_into(&mut emulator.address);
        // If nothing read this pipe, the emulator would block as soon as it is full.
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut sink()));
        Ok(emulator)
    }

    /// How it ended, if it has ended.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.ended()
    }
}
