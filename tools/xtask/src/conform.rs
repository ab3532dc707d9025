//! `cargo xtask conform`: asks a service whether it is as believed. A script in tools/conform does so.

use crate::workspace::Workspace;
use crate::{build, command, emulator};
use anyhow::{Context, Result};
use clap::Args;
use std::process::Command;

/// Options of `cargo xtask conform`.
#[derive(Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub struct Options {
    /// Ask the real service, with a key of yours: FIREWORKS_API_KEY, FIREWORKS_ACCOUNT_ID and
    /// FIREWORKS_USER_ID, and if set FIREWORKS_SERVICE_ACCOUNT_ID and FIREWORKS_ADMIN_API_KEY. It makes
    /// keys that end within ten minutes, and deletes them at the end.
    #[arg(long)]
    live: bool,
    /// Ask this service instead of an emulator of its own. One on another machine needs --live.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Also ask what needs a key that never ends and one for ten years; each is deleted at once.
    #[arg(long)]
    long: bool,
    /// Print the result as JSON on standard output, and everything else on standard error.
    #[arg(long)]
    json: bool,
    /// Write docs/service.md from the table of beliefs, and ask nothing.
    #[arg(long)]
    docs: bool,
}

/// Runs the script, and waits for it after Ctrl-C too: it deletes the keys that it made.
pub fn run(options: &Options) -> Result<()> {
    let workspace = Workspace::find()?;
    let mut node = Command::new("node");
    node.arg(workspace.root.join("tools/conform/main.mjs"))
        .current_dir(&workspace.root);
    let flags = [
        ("--live", options.live),
        ("--long", options.long),
        ("--json", options.json),
        ("--docs", options.docs),
    ];
    node.args(
        flags
            .iter()
            .filter(|(_, given)| *given)
            .map(|(flag, _)| flag),
    );
    if let Some(url) = &options.base_url {
        node.arg("--base-url").arg(url);
    }
    build::build(&workspace)?;
    if !options.live && options.base_url.is_none() && !options.docs {
        node.env("FIREWORKS_EMULATOR", emulator::build(&workspace)?);
    }
    ctrlc::set_handler(|| ()).context("Ctrl-C cannot be caught")?;
    command::run(&mut node)
}
