//! `cargo xtask demo --edge`: the example of an edge broker in workerd, as wrangler runs it, against the
//! emulator.

use crate::command::{self, Running};
use crate::emulator::{Emulator, TOKEN};
use crate::setup;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

/// What members are hashed with here, where there is nobody to be protected.
const MEMBER_SECRET: &str = "a secret for trying things out alone";

/// The broker and the service behind it, which end with this.
pub struct Edge {
    /// Where its page is, without a slash at the end.
    pub address: String,
    wrangler: Running,
    emulator: Emulator,
}

impl Edge {
    /// Which of the two has ended, and how.
    pub fn ended(&mut self) -> Result<Option<(&'static str, ExitStatus)>> {
        if let Some(status) = self.wrangler.ended()? {
            return Ok(Some(("wrangler", status)));
        }
        Ok(self
            .emulator
            .ended()?
            .map(|status| ("the emulator", status)))
    }
}

/// Makes sure that the example's packages are there.
pub fn install(workspace: &Workspace) -> Result<()> {
    setup::npm_packages_in(
        &example(workspace),
        "examples/edge-broker/package-lock.json",
    )
}

/// Starts both, has a member sign in and fetch a key.
pub fn start(workspace: &Workspace, emulator: PathBuf, port: u16) -> Result<Edge> {
    let port = free_port(port)?;
    let address = format!("http://127.0.0.1:{port}");
    let state = workspace.target.join("edge-broker");
    std::fs::create_dir_all(&state).with_context(|| state.display().to_string())?;
    let emulator = Emulator::start(
        Command::new(emulator)
            .args(["--port", "0", "--db"])
            .arg(state.join("keys.sqlite"))
            .args(["--account", "acme", "--user", "me:admin", "--token", TOKEN])
            .args(["--user", "broker:inference-user:service-account"]),
    )?;
    let example = example(workspace);
    let key = command::output(
        Command::new("node")
            .arg("test-key.mjs")
            .current_dir(&example),
    )?;
    let wrangler = command::start(
        Command::new("node")
            .arg("node_modules/wrangler/bin/wrangler.js")
            .args(["dev", "--ip", "127.0.0.1", "--port", &port.to_string()])
            .args([
                "--log-level",
                "error",
                "--show-interactive-dev-session=false",
            ])
            .arg("--test-scheduled")
            .arg("--persist-to")
            .arg(&state)
            .args(variables(&[
                ("FIREWORKS_API_KEY", TOKEN),
                ("FIREWORKS_BASE_URL", &emulator.address),
                ("MEMBER_SECRET", MEMBER_SECRET),
                (
                    "ALLOWED_ORIGINS",
                    &format!("{address} http://localhost:{port}"),
                ),
                ("ALGORITHMS", "ES256"),
                ("TEST_SIGNING_KEY", key.trim()),
            ]))
            .env("WRANGLER_SEND_METRICS", "false")
            .current_dir(&example),
    )?;
    let edge = Edge {
        address,
        wrangler,
        emulator,
    };
    command::run(
        Command::new("node")
            .arg(workspace.root.join("tools/xtask/src/edge.mjs"))
            .arg(&edge.address),
    )
    .context("no key was minted")?;
    Ok(edge)
}

fn example(workspace: &Workspace) -> PathBuf {
    workspace.root.join("examples/edge-broker")
}

fn variables(variables: &[(&str, &str)]) -> Vec<String> {
    variables
        .iter()
        .flat_map(|(name, value)| ["--var".to_owned(), format!("{name}:{value}")])
        .collect()
}

/// The port, or one that is free where it is 0. Wrangler takes another where it is in use, without a word.
fn free_port(port: u16) -> Result<u16> {
    let listener =
        TcpListener::bind(("127.0.0.1", port)).with_context(|| format!("127.0.0.1:{port}"))?;
    Ok(listener.local_addr()?.port())
}
