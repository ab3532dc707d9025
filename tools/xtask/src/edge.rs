//! `cargo xtask demo --edge`: runs the example edge broker in workerd, through wrangler, against the
//! emulator.

use crate::command::{self, Running};
use crate::emulator::{Emulator, TOKEN};
use crate::setup;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

/// The secret for hashing members' ids. It may be public, since the demo has no real members.
const MEMBER_SECRET: &str = "a secret for trying things out alone";

/// The broker, the service behind it and a stand-in for the inference host; all stop when this is dropped.
pub struct Edge {
    /// The address of the broker's page, without a trailing slash.
    pub address: String,
    wrangler: Running,
    emulator: Emulator,
    inference: Emulator,
}

impl Edge {
    /// Which of them has ended, and how, if one has.
    pub fn ended(&mut self) -> Result<Option<(&'static str, ExitStatus)>> {
        if let Some(status) = self.wrangler.ended()? {
            return Ok(Some(("wrangler", status)));
        }
        let emulator = self.emulator.ended()?;
        let inference = self.inference.ended()?;
        Ok(emulator
            .map(|status| ("the emulator", status))
            .or(inference.map(|status| ("the inference stand-in", status))))
    }
}

/// Installs the example's npm packages if they are missing.
pub fn install(workspace: &Workspace) -> Result<()> {
    setup::npm_packages_in(
        &example(workspace),
        "examples/edge-broker/package-lock.json",
    )
}

/// Starts them, signs in a member and fetches a key.
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
    let inference = Emulator::start(
        Command::new("node")
            .args(["inference.mjs", &emulator.address, "acme"])
            .current_dir(&example),
    )?;
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
                (
                    "INFERENCE_URL",
                    &format!("{}/inference/", inference.address),
                ),
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
        inference,
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

/// Returns the port, or a free one if it is 0. Fails if the port is in use: wrangler would silently use
/// another.
fn free_port(port: u16) -> Result<u16> {
    let listener =
        TcpListener::bind(("127.0.0.1", port)).with_context(|| format!("127.0.0.1:{port}"))?;
    Ok(listener.local_addr()?.port())
}
