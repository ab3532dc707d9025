//! Reads the caller's options and names the path of the first wrong one. The values are untrusted: a
//! getter may throw and a proxy may lie, so each option is read once and every exception is caught. An
//! error never repeats the value.

mod connection;
mod defaults;
mod key;
mod names;
mod reader;

pub use connection::check_token;
pub use reader::{caused, invalid};

use crate::connection::Connection;
use crate::host::random_tag;
use crate::lifecycle::{self, End, Mark, NewKey, Thresholds};
use js_sys::Function;
use reader::{Options, check_id, seconds};
use wasm_bindgen::prelude::*;

/// Which option is wrong, and why. Boxed to keep the many `Result`s that carry it small.
pub type InvalidOption = Box<lifecycle::InvalidOption<JsValue>>;

/// What every operation needs.
pub struct Common {
    /// How to reach the service.
    pub connection: Connection,
    /// The account's id.
    pub account: String,
}

impl Common {
    fn read(options: &Options) -> Result<Self, InvalidOption> {
        Ok(Self {
            connection: connection::read(options)?,
            account: options.id("accountId")?,
        })
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
    pub fn read(given: &JsValue, defaults: &JsValue) -> Result<Self, InvalidOption> {
        let options = Options::read(given, defaults, names::CREATE)?;
        let mark = match (
            options
                .boolean("orphanProtection")?
                .unwrap_or(defaults::ORPHAN_PROTECTION),
            options.name("attemptTag")?,
        ) {
            (true, None) => Some(Mark {
                tag: random()?,
                call: None,
            }),
            (true, Some(tag)) => Some(Mark {
                tag,
                call: Some(random()?),
            }),
            (false, None) => None,
            (false, Some(_)) => {
                return Err(invalid(
                    "attemptTag",
                    "is of no use without orphanProtection",
                ));
            }
        };
        Ok(Self {
            common: Common::read(&options)?,
            user: options.id("userId")?,
            key: key::read(&options, mark.as_ref())?,
            mark,
        })
    }
}

fn random() -> Result<String, InvalidOption> {
    const NO_RANDOM: &str =
        "cannot be drawn here: a Worker has no random numbers outside of its handlers";
    random_tag().map_err(|cause| caused("attemptTag", NO_RANDOM, Some(cause)))
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
    pub fn read(given: &JsValue, defaults: &JsValue) -> Result<Self, InvalidOption> {
        let options = Options::read(given, defaults, names::DELETE)?;
        Ok(Self {
            common: Common::read(&options)?,
            user: options.id("userId")?,
            key_id: options.required("keyId")?,
            missing_ok: options
                .boolean("missingOk")?
                .unwrap_or(defaults::MISSING_OK),
        })
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
    pub fn read(given: &JsValue, defaults: &JsValue) -> Result<Self, InvalidOption> {
        let options = Options::read(given, defaults, names::DELETE_ORPHANS)?;
        Ok(Self {
            common: Common::read(&options)?,
            user: options.id("userId")?,
            mark: Mark {
                tag: options.required("attemptTag")?,
                call: None,
            },
            keep: options.name("keepKeyId")?,
        })
    }
}

/// The options of `listApiKeys` and `listUsers`.
pub struct List {
    /// What every operation needs.
    pub common: Common,
    /// The id of the keys' owner; `-` for everybody's keys. Empty for a list of users.
    pub user: String,
    /// The query parameters that the options ask for.
    pub query: Vec<(&'static str, String)>,
}

impl List {
    /// Reads the options of `listApiKeys`.
    pub fn keys(given: &JsValue, defaults: &JsValue) -> Result<Self, InvalidOption> {
        let options = Options::read(given, defaults, names::LIST)?;
        let user = owner(&options)?;
        Self::read(&options, user)
    }

    /// Reads the options of `listUsers`.
    pub fn users(given: &JsValue, defaults: &JsValue) -> Result<Self, InvalidOption> {
        Self::read(&Options::read(given, defaults, names::LIST)?, String::new())
    }

    fn read(options: &Options, user: String) -> Result<Self, InvalidOption> {
        Ok(Self {
            query: query(options, &["pageToken", "filter", "orderBy", "readMask"])?,
            common: Common::read(options)?,
            user,
        })
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
    pub fn read(given: &JsValue, defaults: &JsValue) -> Result<Self, InvalidOption> {
        let options = Options::read(given, defaults, names::AUDIT)?;
        let milliseconds = |name: &str, days: f64| -> Result<f64, InvalidOption> {
            match options.get(name)? {
                Some(value) => Ok(seconds(value, name)? * 1_000.0),
                None => Ok(days * 86_400_000.0),
            }
        };
        Ok(Self {
            user: owner(&options)?,
            query: query(&options, &["filter"])?,
            thresholds: Thresholds {
                stale_after_ms: milliseconds("staleAfter", defaults::STALE_AFTER_DAYS)?,
                expiring_within_ms: milliseconds("expiringWithin", defaults::EXPIRING_WITHIN_DAYS)?,
            },
            common: Common::read(&options)?,
        })
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
    pub fn read(given: &JsValue, defaults: &JsValue) -> Result<Self, InvalidOption> {
        let options = Options::read(given, defaults, names::ROTATE)?;
        let delete_unfinished = match options.text("onUnfinished")?.as_deref() {
            None | Some(defaults::ON_UNFINISHED) => false,
            Some("delete") => true,
            Some(_) => {
                return Err(invalid("onUnfinished", "must be \"error\" or \"delete\""));
            }
        };
        Ok(Self {
            common: Common::read(&options)?,
            user: options.id("userId")?,
            key_id: options.required("keyId")?,
            mark: Mark {
                tag: random()?,
                call: None,
            },
            // A client's default is for keys without a predecessor, so it does not apply.
            end: key::end(&options.without_defaults())?,
            persist: options.function("persist")?.ok_or_else(|| {
                invalid("persist", "is required: a function that stores the new key")
            })?,
            verify: options.boolean("verify")?.unwrap_or(defaults::VERIFY),
            keep: options.count("keep")?.unwrap_or(defaults::KEEP),
            delete_unfinished,
        })
    }
}

/// The owner of the keys to list.
fn owner(options: &Options) -> Result<String, InvalidOption> {
    let user = options.required("userId")?;
    if user != "-" {
        check_id("userId", &user)?;
    }
    Ok(user)
}

/// A list's query parameters: the page size, and each of these texts that is given.
fn query(
    options: &Options,
    texts: &[&'static str],
) -> Result<Vec<(&'static str, String)>, InvalidOption> {
    let mut query = Vec::new();
    if let Some(size) = options.number("pageSize")? {
        // The API's reference says int32.
        if size.fract() != 0.0 || !(1.0..=2_147_483_647.0).contains(&size) {
            return Err(invalid("pageSize", "must be a positive integer"));
        }
        query.push(("pageSize", (size as u32).to_string()));
    }
    for name in texts {
        if let Some(value) = options.text(name)? {
            query.push((*name, value));
        }
    }
    Ok(query)
}
