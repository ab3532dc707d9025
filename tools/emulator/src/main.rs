//! A local Fireworks AI API-keys service: what a product's own tests can run against.
//!
//! It keeps what it acknowledges (SQLite), checks what the real service is known to check, and with
//! `--faults` gets into the trouble that a network can make.

mod arguments;
mod auth;
mod extract;
mod failure;
mod fault;
mod filter;
mod keys;
mod log;
mod openapi;
mod operation;
mod page;
mod secret;
mod server;
mod store;
mod users;
mod www;

use arguments::Arguments;
use clap::Parser;
use std::io::Write;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use store::Store;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("fireworks-emulator: {reason}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), String> {
    if let Some(folder) = arguments.www.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(format!("{} is no folder", folder.display()));
    }
    let file = arguments.db.as_deref();
    let store = Store::open(file, arguments).map_err(|error| {
        let file = file.map_or("memory".into(), |file| file.display().to_string());
        format!("{file} cannot be used as the database: {error}")
    })?;
    let address = (Ipv4Addr::LOCALHOST, arguments.port);
    let in_use = |error| format!("cannot listen on 127.0.0.1:{}: {error}", arguments.port);
    let listener = TcpListener::bind(address).await.map_err(in_use)?;
    let address = listener.local_addr().map_err(in_use)?;
    println!("fireworks-emulator listening on http://{address}");
    // Whoever waits for the line may read it through a pipe.
    let _ = std::io::stdout().flush();
    server::serve(listener, arguments, store)
        .await
        .map_err(|error| error.to_string())
}
