//! A local Fireworks AI API-keys service, which the tests of a product can run against.
//!
//! It stores users and keys in SQLite and checks what the real service is known to check. With `--faults`,
//! tests can make it fail the way a network does.

mod accounts;
mod api_error;
mod api_key;
mod arguments;
mod auth;
mod behaviour;
mod body;
mod clock;
mod control;
mod cors;
mod cursor;
mod duration;
mod extract;
mod fault;
mod filter;
mod inject;
mod keys;
mod log;
mod mask;
mod openapi;
mod operation;
mod origin;
mod page;
mod policy;
mod queries;
mod rate;
mod schema;
mod secret;
mod seed;
mod server;
mod sort;
mod state;
mod store;
mod table;
mod users;
mod www;

use arguments::Arguments;
use std::io::Write;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use store::Store;
use tokio::net::TcpListener;

/// The exit code for an invalid command line.
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
    // If standard error is closed, there is nowhere to report that.
    let line: Vec<&str> = reason.split_whitespace().collect();
    let _ = writeln!(std::io::stderr(), "fireworks-emulator: {}", line.join(" "));
    code
}

async fn run(arguments: &Arguments) -> Result<(), String> {
    // Before the line that says it is ready, as a signal to stop may follow that line at once.
    let stop = server::stop().map_err(|error| format!("cannot catch signals: {error}"))?;
    if let Some(folder) = arguments.www.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(format!("{} is not a folder", folder.display()));
    }
    let address = (Ipv4Addr::LOCALHOST, arguments.port);
    let in_use = |error| format!("cannot listen on 127.0.0.1:{}: {error}", arguments.port);
    let listener = TcpListener::bind(address).await.map_err(in_use)?;
    let address = listener.local_addr().map_err(in_use)?;
    // After taking the port, so that a second emulator does not change the users of the first.
    let file = arguments.db.as_deref();
    let store = Store::open(file, arguments).map_err(|error| {
        let file = file.map_or("memory".into(), |file| file.display().to_string());
        format!("{file} cannot be used as the database: {error}")
    })?;
    // Flushed because it may be read through a pipe. If standard output is closed, the line is not needed.
    let mut output = std::io::stdout();
    let _ = writeln!(output, "fireworks-emulator listening on http://{address}");
    let _ = output.flush();
    server::serve(listener, arguments, store, stop).await;
    Ok(())
}
