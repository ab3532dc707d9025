//! `cargo xtask demo`: creates a key through the built package, then serves the demo page.

use crate::command::{self};
use crate::emulator::{self, Emulator, TOKEN};
use crate::workspace::Workspace;
use crate::{build, edge};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// The environment variables that `--live` needs.
const LIVE: [&str; 3] = [
    "FIREWORKS_API_KEY",
    "FIREWORKS_ACCOUNT_ID",
    "FIREWORKS_USER_ID",
];

/// The environment variable with the service's address; if it is unset, the live service is used.
const BASE_URL: &str = "FIREWORKS_BASE_URL";

/// The real service, and the environment variable with another in its place, for tests.
const SERVICE: &str = "https://api.fireworks.ai";
const RELAYED: &str = "FIREWORKS_RELAYED_URL";

/// Options of `cargo xtask demo`.
#[derive(Args)]
pub struct Options {
    /// The page's port on 127.0.0.1; 0 picks a free port.
    #[arg(long, default_value_t = 8787, conflicts_with = "live")]
    port: u16,
    /// The emulator's SQLite file [default: demo.sqlite in cargo's target folder, with keys to look at].
    #[arg(long, value_name = "FILE", conflicts_with = "live")]
    db: Option<PathBuf>,
    /// Exit after creating the key, without serving the page.
    #[arg(long)]
    once: bool,
    /// Run the edge broker of examples/edge-broker in workerd instead, against the emulator.
    #[arg(long, conflicts_with_all = ["live", "db"])]
    edge: bool,
    /// Also relay the path /fireworks of the page to the real service, for a browser that may not talk to it.
    #[arg(long, conflicts_with_all = ["live", "edge", "once"])]
    proxy: bool,
    /// Create a key that lives ten minutes at the real service instead, using FIREWORKS_API_KEY,
    /// FIREWORKS_ACCOUNT_ID and FIREWORKS_USER_ID, and exit.
    #[arg(long)]
    live: bool,
}

/// Runs the demo to its end.
pub fn run(options: &Options) -> Result<()> {
    let workspace = Workspace::find()?;
    if options.live {
        if let Some(name) = LIVE
            .iter()
            .find(|name| std::env::var_os(name).is_none_or(|value| value.is_empty()))
        {
            bail!("--live needs the environment variable {name}");
        }
        build::build(&workspace)?;
        return create(&workspace, &[]);
    }
    build::build(&workspace)?;
    let program = emulator::build(&workspace)?;
    if options.edge {
        edge::install(&workspace)?;
    }
    // The handler is set only now: until there is an emulator to stop, Ctrl-C may end the task at once.
    let (interrupt, interrupted) = channel();
    ctrlc::set_handler(move || interrupt.send(()).unwrap_or_default())
        .context("Ctrl-C cannot be caught")?;
    if options.edge {
        let mut edge = edge::start(&workspace, program, options.port)?;
        if options.once {
            return Ok(());
        }
        let address = &edge.address;
        println!("\nThe edge broker's page: {address}/");
        println!("Its scheduled run: curl {address}/__scheduled\nCtrl-C ends it.");
        return wait(&interrupted, || edge.ended());
    }
    let own = workspace.target.join("demo.sqlite");
    let mut emulator = Emulator::start(
        Command::new(program)
            .arg("--port")
            .arg(if options.proxy { 0 } else { options.port }.to_string())
            .arg("--db")
            .arg(options.db.as_ref().unwrap_or(&own))
            // A file that somebody has named gets no keys but theirs.
            .args(options.db.is_none().then_some("--seed"))
            .arg("--www")
            .arg(workspace.www())
            // The page's switches for a bad network need `--faults`.
            .args(["--faults", "--account", "local", "--user", "me:admin"])
            .args(["--user", "ci-bot:user:service-account", "--token", TOKEN])
            // Other owners of the keys to look at.
            .args([
                "--user",
                "ada:user",
                "--user",
                "nightly:user:service-account",
            ]),
    )?;
    let address = emulator.address.clone();
    create(
        &workspace,
        &[
            (BASE_URL, &address),
            ("FIREWORKS_API_KEY", TOKEN),
            ("FIREWORKS_ACCOUNT_ID", "local"),
            ("FIREWORKS_USER_ID", "ci-bot"),
        ],
    )?;
    if options.once {
        return Ok(());
    }
    let mut relay = if options.proxy {
        Some(relay(&workspace, options.port, &address)?)
    } else {
        None
    };
    let address = relay.as_ref().map_or(&address, |relay| &relay.address);
    println!("\nThe demo page: {address}/");
    if options.proxy {
        println!("Its way to the real service: /fireworks, as the address to connect to");
    }
    println!("Open it and see a create survive a lost answer. Ctrl-C ends it.");
    wait(&interrupted, || {
        if let Some(status) = relay.as_mut().map(Emulator::ended).transpose()?.flatten() {
            return Ok(Some(("the relay", status)));
        }
        Ok(emulator.ended()?.map(|status| ("the emulator", status)))
    })
}

/// Starts the relay, with the page of the emulator at this address.
fn relay(workspace: &Workspace, port: u16, page: &str) -> Result<Emulator> {
    let service = std::env::var(RELAYED).unwrap_or_else(|_| SERVICE.into());
    Emulator::start(
        Command::new("node")
            .arg(workspace.root.join("tools/xtask/src/proxy.mjs"))
            .args([&port.to_string(), page, &service]),
    )
}

/// Waits for Ctrl-C. Fails if a background program ends before that.
fn wait(
    interrupted: &Receiver<()>,
    mut ended: impl FnMut() -> Result<Option<(&'static str, ExitStatus)>>,
) -> Result<()> {
    loop {
        match interrupted.recv_timeout(Duration::from_millis(200)) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some((what, status)) = ended()? {
            bail!("{what} ended ({status})");
        }
    }
}

/// Creates a key in Node, with these environment variables, and prints it.
fn create(workspace: &Workspace, environment: &[(&str, &str)]) -> Result<()> {
    command::run(
        Command::new("node")
            .arg(workspace.root.join("tools/xtask/src/demo.mjs"))
            // A variable from the user's shell must not redirect `--live` to another service.
            .env_remove(BASE_URL)
            .envs(environment.iter().copied())
            .current_dir(&workspace.root),
    )
    .context("the create has failed")
}
