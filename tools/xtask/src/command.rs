//! Runs other programs. If one is missing or fails, the error says which and why.

use crate::workspace::Workspace;
use anyhow::{Result, bail};
use std::io::{ErrorKind, IsTerminal};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// Runs a command to its end and shows its output.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| not_run(command, &error))?;
    if status.success() {
        return Ok(());
    }
    bail!("{} failed ({status})", name(command));
}

/// The option that keeps cargo quiet: a person at a terminal sees how far it has come, and a file does not.
pub fn quiet() -> Option<&'static str> {
    (!std::io::stderr().is_terminal()).then_some("--quiet")
}

/// How long a program may take to end once it is asked to. The emulator takes up to three seconds.
pub const GRACE: Duration = Duration::from_secs(10);

/// A program that runs in the background and is stopped when this is dropped.
pub struct Running(pub Child);

impl Running {
    /// How the program ended, if it has ended.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.0.try_wait()?)
    }

    /// How it ended; [`None`] if it still runs after this time.
    pub fn wait_for(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let started = Instant::now();
        loop {
            let ended = self.ended()?;
            if ended.is_some() || started.elapsed() >= limit {
                return Ok(ended);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGTERM lets the program finish what it is writing.
        #[cfg(unix)]
        if let (Ok(None), Some(id)) = (
            self.0.try_wait(),
            rustix::process::Pid::from_raw(self.0.id().cast_signed()),
        ) {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
            let _ = self.wait_for(GRACE);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a command in the background and shows its output.
pub fn start(command: &mut Command) -> Result<Running> {
    let child = command.spawn().map_err(|error| not_run(command, &error))?;
    Ok(Running(child))
}

/// Runs a command to its end and returns what it wrote to standard output.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.output().map_err(|error| not_run(command, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    bail!(
        "{} failed ({}): {}",
        name(command),
        output.status,
        errors.trim()
    );
}

/// A command that runs a program of a development dependency, such as `esbuild`.
pub fn node_tool(workspace: &Workspace, name: &str) -> Command {
    let name = if cfg!(windows) {
        format!("{name}.cmd")
    } else {
        name.to_owned()
    };
    let mut command = Command::new(workspace.root.join("node_modules/.bin").join(name));
    command.current_dir(&workspace.root);
    command
}

/// The error for a command that could not be started.
pub fn not_run(command: &Command, error: &std::io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::NotFound => {
            anyhow::anyhow!("{} is not installed", command.get_program().display())
        }
        _ => anyhow::anyhow!("{} could not be started: {error}", name(command)),
    }
}

fn name(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words = words.map(|word| word.to_string_lossy());
    words.take(3).collect::<Vec<_>>().join(" ")
}
