//! A local Fireworks AI API-keys service: what a product's own tests can run against.
//!
//! It keeps what it acknowledges (SQLite), checks what the real service is known to check, and with
//! `--faults` gets into the trouble that a network can make.

mod arguments;
mod auth;
mod cursor;
mod extract;
mod failure;
mod fault;
mod filter;
mod keys;
mod log;
mod openapi;
mod operation;
mod order;
mod page;
mod secret;
mod server;
mod store;
mod trouble;
mod users;
mod www;

use arguments::Arguments;
use std::io::Write;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use store::Store;
use tokio::net::TcpListener;

/// What a command line that cannot be understood exits with, as is usual.
const USAGE: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let (reason, code) = match Arguments::read() {
        Err(reason) => (reason, ExitCode::from(USAGE)),
        Ok(arguments) => match run(&arguments).await {
            Ok(()) => return ExitCode::SUCCESS,
            Err(reason) => (reason, ExitCode::FAILURE),
        },
    };
    // Who closed standard error wants no reason.
    let line: Vec<&str> = reason.split_whitespace().collect();
    let _ = writeln!(std::io::stderr(), "fireworks-emulator: {}", line.join(" "));
    code
}

async fn run(arguments: &Arguments) -> Result<(), String> {
    // Before the line that says it is ready: whoever has read it may ask to stop at once.
    let stop = server::stop().map_err(|error| format!("cannot catch signals: {error}"))?;
    if let Some(folder) = arguments.www.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(format!("{} is no folder", folder.display()));
    }
    let address = (Ipv4Addr::LOCALHOST, arguments.port);
    let in_use = |error| format!("cannot listen on 127.0.0.1:{}: {error}", arguments.port);
    let listener = TcpListener::bind(address).await.map_err(in_use)?;
    let address = listener.local_addr().map_err(in_use)?;
    // After the port: a second one must not change the users of the one that holds it.
    let file = arguments.db.as_deref();
    let store = Store::open(file, arguments).map_err(|error| {
        let file = file.map_or("memory".into(), |file| file.display().to_string());
        format!("{file} cannot be used as the database: {error}")
    })?;
    // Whoever waits for the line may read it through a pipe, and who closed it needs no line.
    let mut output = std::io::stdout();
    let _ = writeln!(output, "fireworks-emulator listening on http://{address}");
    let _ = output.flush();
    server::serve(listener, arguments, store, stop).await;
    Ok(())
}
