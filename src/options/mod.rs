//! What each operation takes, read from what the caller passed. The values are untrusted: a getter may
//! throw and a proxy may lie, so `js/options.ts` reads each option once and describes what it found.

mod connection;
mod entries;
mod key;
mod passed;
mod reader;
mod table;

pub use connection::check_token;
pub use passed::Passed;

use crate::connection::Connection;
use crate::lifecycle::{self, End, Mark, NewKey, Thresholds};
use js_sys::Function;
use passed::Given;
use reader::Options;
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

/// The table of a public function's options, as JavaScript reads it; that of a client's defaults for any
/// other name.
pub fn described(function: &str) -> String {
    table::described(match function {
        "createApiKey" => table::CREATE,
        "deleteApiKey" => table::DELETE,
        "deleteOrphans" => table::DELETE_ORPHANS,
        "listApiKeys" | "listUsers" | "listAccounts" => Listed::by(function).table(),
        "auditApiKeys" => table::AUDIT,
        "rotateApiKey" => table::ROTATE,
        _ => table::DEFAULTS,
    })
}

/// What every operation needs.
pub struct Common {
    /// How to reach the service.
    pub connection: Connection,
    /// The account's id.
    pub account: String,
}

impl Common {
    fn read(options: &mut Options) -> Self {
        Self {
            connection: connection::read(options),
            account: options.name("accountId"),
        }
    }
}

/// The options of `createApiKey`.
pub struct Create {
    /// What every operation needs.
    pub common: Common,
    /// The user's id.
    pub user: String,
    /// The new key, with the mark among its annotations.
    pub key: NewKey,
    /// The mark that all attempts carry; [`None`] without orphan protection.
    pub mark: Option<Mark>,
}

impl Create {
    /// Reads and checks the options. The first wrong one is the error.
    pub fn read(mut passed: Passed<'_>) -> Result<Self, InvalidOption> {
        let drawn = passed.given();
        let mut options = Options::read(passed, table::CREATE);
        let tag = options.text("attemptTag");
        let mark = if options.boolean("orphanProtection") {
            let drawn = random(&mut options, drawn);
            let (tag, call) = match tag {
                Some(tag) => (tag, Some(drawn)),
                None => (drawn, None),
            };
            Some(Mark { tag, call })
        } else {
            if tag.is_some() {
                options.fail("attemptTag", "is of no use without orphanProtection", None);
            }
            None
        };
        let create = Self {
            common: Common::read(&mut options),
            user: options.name("userId"),
            key: key::read(&mut options, mark.as_ref()),
            mark,
        };
        options.end(create)
    }
}

/// The random bits that were drawn for a mark.
fn random(options: &mut Options, drawn: Given) -> String {
    const NO_RANDOM: &str =
        "cannot be drawn here: a Worker has no random numbers outside of its handlers";
    match drawn {
        Given::Text(drawn) => drawn,
        Given::Threw(cause) => {
            options.fail("attemptTag", NO_RANDOM, Some(cause));
            String::new()
        }
        _ => String::new(),
    }
}

/// The options of `deleteApiKey`.
pub struct Delete {
    /// What every operation needs.
    pub common: Common,
    /// The user's id.
    pub user: String,
    /// The id of the key to delete.
    pub key_id: String,
    /// Whether a missing key counts as deleted.
    pub missing_ok: bool,
}

impl Delete {
    /// Reads and checks the options. The first wrong one is the error.
    pub fn read(passed: Passed<'_>) -> Result<Self, InvalidOption> {
        let mut options = Options::read(passed, table::DELETE);
        let delete = Self {
            common: Common::read(&mut options),
            user: options.name("userId"),
            key_id: options.name("keyId"),
            missing_ok: options.boolean("missingOk"),
        };
        options.end(delete)
    }
}

/// The options of `deleteOrphans`.
pub struct DeleteOrphans {
    /// What every operation needs.
    pub common: Common,
    /// The user's id.
    pub user: String,
    /// The mark that the orphans carry.
    pub mark: Mark,
    /// The id of the key with that mark that is not an orphan.
    pub keep: Option<String>,
}

impl DeleteOrphans {
    /// Reads and checks the options. The first wrong one is the error.
    pub fn read(passed: Passed<'_>) -> Result<Self, InvalidOption> {
        let mut options = Options::read(passed, table::DELETE_ORPHANS);
        let delete = Self {
            common: Common::read(&mut options),
            user: options.name("userId"),
            mark: Mark {
                tag: options.name("attemptTag"),
                call: None,
            },
            keep: options.text("keepKeyId"),
        };
        options.end(delete)
    }
}

/// What a list is of.
#[derive(Clone, Copy)]
pub enum Listed {
    /// The keys of a user, or of everybody.
    Keys,
    /// The users of an account.
    Users,
    /// The accounts that the token may see.
    Accounts,
}

impl Listed {
    /// What the public function of this name lists.
    pub fn by(function: &str) -> Self {
        match function {
            "listApiKeys" => Self::Keys,
            "listUsers" => Self::Users,
            _ => Self::Accounts,
        }
    }

    /// The name of the public function.
    pub fn operation(self) -> &'static str {
        match self {
            Self::Keys => "listApiKeys",
            Self::Users => "listUsers",
            Self::Accounts => "listAccounts",
        }
    }

    fn table(self) -> table::Table {
        match self {
            Self::Keys => table::LIST_KEYS,
            Self::Users => table::LIST_USERS,
            Self::Accounts => table::LIST_ACCOUNTS,
        }
    }
}

/// The options of a list.
pub struct List {
    /// What every operation needs. The account is empty for a list of accounts.
    pub common: Common,
    /// The id of the keys' owner; `-` for everybody's keys. Empty for other lists.
    pub user: String,
    /// The query parameters that the options ask for.
    pub query: Vec<(&'static str, String)>,
}

impl List {
    /// Reads and checks the options. The first wrong one is the error.
    pub fn read(listed: Listed, passed: Passed<'_>) -> Result<Self, InvalidOption> {
        let mut options = Options::read(passed, listed.table());
        let list = Self {
            query: query(
                &mut options,
                &["pageToken", "filter", "orderBy", "readMask"],
            ),
            common: Common::read(&mut options),
            user: options.name("userId"),
        };
        options.end(list)
    }
}

/// The options of `auditApiKeys`.
pub struct Audit {
    /// What every operation needs.
    pub common: Common,
    /// The id of the keys' owner; `-` for everybody's keys.
    pub user: String,
    /// The query parameters of every page.
    pub query: Vec<(&'static str, String)>,
    /// When a key counts as stale or as expiring soon.
    pub thresholds: Thresholds,
}

impl Audit {
    /// Reads and checks the options. The first wrong one is the error.
    pub fn read(passed: Passed<'_>) -> Result<Self, InvalidOption> {
        let mut options = Options::read(passed, table::AUDIT);
        let audit = Self {
            user: options.name("userId"),
            query: query(&mut options, &["filter"]),
            thresholds: Thresholds {
                stale_after_ms: options.amount("staleAfter") * 1_000.0,
                expiring_within_ms: options.amount("expiringWithin") * 1_000.0,
            },
            common: Common::read(&mut options),
        };
        options.end(audit)
    }
}

/// The options of `rotateApiKey`.
pub struct Rotate {
    /// What every operation needs.
    pub common: Common,
    /// The user's id.
    pub user: String,
    /// The id of the key to rotate.
    pub key_id: String,
    /// The mark of the create that makes the successor.
    pub mark: Mark,
    /// When the successor ends; [`None`] if the caller does not say.
    pub end: Option<End>,
    /// Stores the new key.
    pub persist: Function,
    /// Whether the successor is used before it is stored.
    pub verify: bool,
    /// How many earlier generations stay alive.
    pub keep: u32,
    /// Whether successors that a crash left behind are deleted.
    pub delete_unfinished: bool,
}

impl Rotate {
    /// Reads and checks the options. The first wrong one is the error.
    pub fn read(mut passed: Passed<'_>) -> Result<Self, InvalidOption> {
        let drawn = passed.given();
        let mut options = Options::read(passed, table::ROTATE);
        let rotate = Self {
            common: Common::read(&mut options),
            user: options.name("userId"),
            key_id: options.name("keyId"),
            mark: Mark {
                tag: random(&mut options, drawn),
                call: None,
            },
            // A client's default is for keys without a predecessor, so it does not apply.
            end: key::end(&mut options, false),
            persist: options
                .value("persist")
                .unwrap_or_default()
                .unchecked_into(),
            verify: options.boolean("verify"),
            keep: options.amount("keep") as u32,
            delete_unfinished: options.name("onUnfinished") == "delete",
        };
        options.end(rotate)
    }
}

/// A list's query parameters: the page size, and each of these texts that is given.
fn query(options: &mut Options, texts: &[&'static str]) -> Vec<(&'static str, String)> {
    let size = options.number("pageSize");
    let mut query = Vec::new();
    query.extend(size.map(|size| ("pageSize", (size as u32).to_string())));
    for name in texts {
        query.extend(options.text(name).map(|value| (*name, value)));
    }
    query
}
