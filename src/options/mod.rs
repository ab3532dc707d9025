//! What each operation takes, read from what the caller passed. The values are untrusted: a getter may
//! throw and a proxy may lie, so `js/options.ts` reads each option once and describes what it found.

pub mod connection;
mod entries;
pub mod key;
mod passed;
mod reader;
mod table;

pub use connection::check_token;
pub use passed::{Given, Passed};
pub use reader::Options;

use crate::lifecycle;
use wasm_bindgen::prelude::*;

/// Which option is wrong, and why. Boxed to keep the many `Result`s that carry it small.
pub type InvalidOption = Box<lifecycle::InvalidOption<JsValue>>;

/// The error for a wrong option: its path, what was expected, and the exception that caused it, if any.
pub fn caused(path: &str, expected: &str, cause: Option<JsValue>) -> InvalidOption {
    Box::new(lifecycle::InvalidOption {
        path: path.into(),
        expected: expected.into(),
        cause,
    })
}

/// A function that JavaScript can call, and what it takes.
pub struct Operation {
    /// Its public name.
    pub name: &'static str,
    /// Its options.
    pub table: table::Table,
    /// What it does.
    pub kind: Kind,
}

/// What an operation does.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Creates a key.
    Create,
    /// Deletes a key.
    Delete,
    /// Deletes the orphans of a create.
    DeleteOrphans,
    /// Lists one page of keys.
    ListKeys,
    /// Lists one page of users.
    ListUsers,
    /// Lists one page of accounts.
    ListAccounts,
    /// Checks every key for risks.
    Audit,
    /// Rotates a key.
    Rotate,
    /// Nothing: these are a client's defaults.
    Client,
}

const fn operation(name: &'static str, table: table::Table, kind: Kind) -> Operation {
    Operation { name, table, kind }
}

static CLIENT: Operation = operation("FireworksKeys", table::DEFAULTS, Kind::Client);

static OPERATIONS: [Operation; 8] = [
    operation("createApiKey", table::CREATE, Kind::Create),
    operation("deleteApiKey", table::DELETE, Kind::Delete),
    operation("deleteOrphans", table::DELETE_ORPHANS, Kind::DeleteOrphans),
    operation("listApiKeys", table::LIST_KEYS, Kind::ListKeys),
    operation("listUsers", table::LIST_USERS, Kind::ListUsers),
    operation("listAccounts", table::LIST_ACCOUNTS, Kind::ListAccounts),
    operation("auditApiKeys", table::AUDIT, Kind::Audit),
    operation("rotateApiKey", table::ROTATE, Kind::Rotate),
];

impl Operation {
    /// The one of this public name; a client, for any other.
    pub fn named(function: &str) -> &'static Self {
        let mut operations = OPERATIONS.iter();
        let found = operations.find(|operation| operation.name == function);
        found.unwrap_or(&CLIENT)
    }

    /// The table of its options, as JavaScript reads it.
    pub fn described(&self) -> String {
        table::described(self.table)
    }
}
