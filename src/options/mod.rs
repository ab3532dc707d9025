//! Reads what a caller passed, and names the path of what is wrong with it. Every value is a
//! stranger here: a getter may throw and a proxy may lie, so each option is read once, with
//! everything it can throw caught. A value never appears in what is said about it.

mod connection;
mod key;
mod names;

pub use connection::check_token;

use crate::exchange::Connection;
use crate::host::{self, is_array, is_record, names_of, random_tag};
use crate::lifecycle::{self, Mark, NewKey};
use js_sys::{JsString, Object};
use wasm_bindgen::prelude::*;

/// What is wrong with an option.
pub type Invalid = lifecycle::Invalid<JsValue>;

/// The longest text taken as an option, in UTF-16 units: far above any use, far below what memory
/// could not hold.
const LONGEST_TEXT: u32 = 1 << 20;

/// What every operation needs.
pub struct Common {
    /// How to reach the service.
    pub connection: Connection,
    /// The account's id.
    pub account: String,
}

impl Common {
    fn read(options: &Options) -> Result<Self, Invalid> {
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
    /// The key to be, its mark among its annotations.
    pub key: NewKey,
    /// What its attempts carry; nothing where the caller wants no protection from orphans.
    pub mark: Option<Mark>,
}

impl Create {
    /// Reads and checks them; the first that is wrong is the error.
    pub fn read(given: &JsValue, defaults: &JsValue) -> Result<Self, Invalid> {
        let options = Options::read(given, defaults, names::CREATE)?;
        let mark = match (
            options.boolean("orphanProtection")?.unwrap_or(true),
            options.name("attemptTag")?,
        ) {
            (true, None) => Some(Mark {
                tag: random_tag(),
                call: None,
            }),
            (true, Some(tag)) => Some(Mark {
                tag,
                call: Some(random_tag()),
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

/// The options of `deleteApiKey`.
pub struct Delete {
    /// What every operation needs.
    pub common: Common,
    /// The user's id.
    pub user: String,
    /// Which key.
    pub key_id: String,
    /// Whether a key that is not there counts as deleted.
    pub missing_ok: bool,
}

impl Delete {
    /// Reads and checks them; the first that is wrong is the error.
    pub fn read(given: &JsValue, defaults: &JsValue) -> Result<Self, Invalid> {
        let options = Options::read(given, defaults, names::DELETE)?;
        Ok(Self {
            common: Common::read(&options)?,
            user: options.id("userId")?,
            key_id: options.required("keyId")?,
            missing_ok: options.boolean("missingOk")?.unwrap_or(false),
        })
    }
}

/// The options of `deleteOrphans`.
pub struct DeleteOrphans {
    /// What every operation needs.
    pub common: Common,
    /// The user's id.
    pub user: String,
    /// What the orphans carry.
    pub mark: Mark,
    /// The key with that mark that is no orphan.
    pub keep: Option<String>,
}

impl DeleteOrphans {
    /// Reads and checks them; the first that is wrong is the error.
    pub fn read(given: &JsValue, defaults: &JsValue) -> Result<Self, Invalid> {
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
    /// Whose keys; everybody's is `-`. Empty where users are listed.
    pub user: String,
    /// The query, but for a later page's token.
    pub query: Vec<(&'static str, String)>,
}

impl List {
    /// Reads the options of `listApiKeys`.
    pub fn keys(given: &JsValue, defaults: &JsValue) -> Result<Self, Invalid> {
        let options = Options::read(given, defaults, names::LIST)?;
        let user = options.required("userId")?;
        if user != "-" {
            check_id("userId", &user)?;
        }
        Self::read(&options, user)
    }

    /// Reads the options of `listUsers`.
    pub fn users(given: &JsValue, defaults: &JsValue) -> Result<Self, Invalid> {
        Self::read(&Options::read(given, defaults, names::LIST)?, String::new())
    }

    fn read(options: &Options, user: String) -> Result<Self, Invalid> {
        let mut query = Vec::new();
        if let Some(size) = options.number("pageSize")? {
            // An int32 of the reference.
            if size.fract() != 0.0 || !(1.0..=2_147_483_647.0).contains(&size) {
                return Err(invalid("pageSize", "must be a positive integer"));
            }
            query.push(("pageSize", (size as u32).to_string()));
        }
        for name in ["pageToken", "filter", "orderBy", "readMask"] {
            if let Some(value) = options.text(name)? {
                query.push((name, value));
            }
        }
        Ok(Self {
            common: Common::read(options)?,
            user,
            query,
        })
    }
}

/// The caller's options over the client's defaults, known to hold no name that we do not know.
pub struct Options {
    given: Object,
    defaults: Option<Object>,
}

impl Options {
    fn read(given: &JsValue, defaults: &JsValue, known: &[&[&str]]) -> Result<Self, Invalid> {
        let client = !defaults.is_undefined();
        if client {
            check_names(record(defaults, "defaults")?, names::DEFAULTS)?;
        }
        let nothing: JsValue;
        // A client's methods may be called with nothing: the defaults may say it all.
        let given = if client && given.is_undefined() {
            nothing = Object::new().into();
            &nothing
        } else {
            given
        };
        let given = record(given, "options")?;
        check_names(given, known)?;
        Ok(Self {
            given: given.clone(),
            defaults: client.then(|| defaults.unchecked_ref::<Object>().clone()),
        })
    }

    /// The option's value, unless it is left out or undefined.
    fn get(&self, name: &str) -> Result<Option<JsValue>, Invalid> {
        Ok(match get(&self.given, name, name)? {
            None => self.default(name)?,
            given => given,
        })
    }

    fn default(&self, name: &str) -> Result<Option<JsValue>, Invalid> {
        match &self.defaults {
            Some(defaults) => get(defaults, name, name),
            None => Ok(None),
        }
    }

    /// The one of two options that exclude each other. What the caller gives of either comes before
    /// what the defaults say of both.
    fn either(
        &self,
        first: &str,
        second: &str,
    ) -> Result<(Option<JsValue>, Option<JsValue>), Invalid> {
        let given = (
            get(&self.given, first, first)?,
            get(&self.given, second, second)?,
        );
        let chosen = match given {
            (None, None) => (self.default(first)?, self.default(second)?),
            given => given,
        };
        if let (Some(_), Some(_)) = chosen {
            return Err(invalid(
                second,
                &["cannot be combined with ", first].concat(),
            ));
        }
        Ok(chosen)
    }

    /// The option as text, if it is there.
    fn text(&self, name: &str) -> Result<Option<String>, Invalid> {
        self.get(name)?.map(|value| text(value, name)).transpose()
    }

    /// The option as text that is not empty, if it is there.
    fn name(&self, name: &str) -> Result<Option<String>, Invalid> {
        match self.text(name)? {
            Some(text) if text.is_empty() => Err(invalid(name, "must not be empty")),
            text => Ok(text),
        }
    }

    /// The option as text that is not empty.
    fn required(&self, name: &str) -> Result<String, Invalid> {
        self.name(name)?.ok_or_else(|| invalid(name, "is required"))
    }

    /// The option as a number, if it is there.
    fn number(&self, name: &str) -> Result<Option<f64>, Invalid> {
        self.get(name)?
            .map(|value| {
                value
                    .as_f64()
                    .ok_or_else(|| invalid(name, "must be a number"))
            })
            .transpose()
    }

    /// The option as a boolean, if it is there.
    fn boolean(&self, name: &str) -> Result<Option<bool>, Invalid> {
        self.get(name)?
            .map(|value| {
                value
                    .as_bool()
                    .ok_or_else(|| invalid(name, "must be true or false"))
            })
            .transpose()
    }

    /// The option as a function, if it is there.
    fn function(&self, name: &str) -> Result<Option<js_sys::Function>, Invalid> {
        self.get(name)?
            .map(|value| {
                // The cast looks at `typeof` alone, so it takes functions of any realm.
                if value.is_function() {
                    Ok(value.unchecked_into())
                } else {
                    Err(invalid(name, "must be a function"))
                }
            })
            .transpose()
    }

    /// The id of an account or a user: one path segment.
    fn id(&self, name: &str) -> Result<String, Invalid> {
        let id = self.required(name)?;
        check_id(name, &id)?;
        Ok(id)
    }
}

fn check_id(name: &str, id: &str) -> Result<(), Invalid> {
    let wrong = match id {
        "." | ".." => "must not be a dot segment",
        "-" => "must be one id: \"-\" is for the userId of a list only",
        id if id.contains('/') => "must be the bare id, without a slash",
        _ => return Ok(()),
    };
    Err(invalid(name, wrong))
}

/// The value as an object whose fields can be options.
fn record<'a>(value: &'a JsValue, path: &str) -> Result<&'a Object, Invalid> {
    // A proxy that was revoked throws when it is asked what it is.
    if value.is_object() && !is_array(value).map_err(|cause| threw(path, cause))? {
        Ok(value.unchecked_ref())
    } else {
        Err(invalid(path, "must be an object"))
    }
}

fn check_names(object: &Object, known: &[&[&str]]) -> Result<(), Invalid> {
    let names = names_of(object).map_err(|cause| threw("options", cause))?;
    for name in names.iter().flat_map(|names| names.iter()) {
        let name = text(name, "options")?;
        if !known.iter().any(|known| known.contains(&name.as_str())) {
            if known == names::DEFAULTS && names::is_option(&name) {
                return Err(invalid(
                    &name,
                    "belongs to one call, not to a client's defaults",
                ));
            }
            let hint = names::hint(&name, known);
            return Err(invalid(&name, &["is not an option", &hint].concat()));
        }
    }
    Ok(())
}

fn get(object: &Object, name: &str, path: &str) -> Result<Option<JsValue>, Invalid> {
    let boxed = host::get(object, name).map_err(|cause| threw(path, cause))?;
    Ok(boxed.map(|boxed| boxed.get(0)))
}

/// Well-formed text of a bearable length. It is checked before it is copied.
fn text(value: JsValue, path: &str) -> Result<String, Invalid> {
    if !value.is_string() {
        return Err(invalid(path, "must be a string"));
    }
    let value: JsString = value.unchecked_into();
    if value.length() > LONGEST_TEXT {
        return Err(invalid(path, "must not be longer than 1 MiB"));
    }
    let copy = String::from(&value);
    // A lone surrogate becomes U+FFFD in the copy, so only then is there anything to look for.
    if copy.contains(char::REPLACEMENT_CHARACTER) && !value.is_valid_utf16() {
        return Err(invalid(
            path,
            "must be well-formed text, without a lone surrogate",
        ));
    }
    Ok(copy)
}

/// The names and values of a plain object.
fn entries(value: &JsValue, path: &str) -> Result<Vec<(String, JsValue)>, Invalid> {
    let wrong = || invalid(path, "must be a plain object of strings");
    if !value.is_object() {
        return Err(wrong());
    }
    let object = value.unchecked_ref::<Object>();
    if !is_record(object).map_err(|cause| threw(path, cause))? {
        return Err(wrong());
    }
    let names = names_of(object).map_err(|cause| threw(path, cause))?;
    let mut entries = Vec::new();
    for name in names.iter().flat_map(|names| names.iter()) {
        let name = text(name, path)?;
        let path = [path, ".", &name].concat();
        // Setting this name on an object changes its prototype, and the entry would be lost.
        if name == "__proto__" {
            return Err(invalid(&path, "cannot be a name"));
        }
        let value = get(object, &name, &path)?.unwrap_or(JsValue::UNDEFINED);
        entries.push((name, value));
    }
    Ok(entries)
}

/// An option that is wrong, and what is expected of it.
pub fn invalid(path: &str, expected: &str) -> Invalid {
    Invalid {
        path: path.into(),
        expected: expected.into(),
        cause: None,
    }
}

/// Reading the option ran code of the caller's, and that threw.
fn threw(path: &str, cause: JsValue) -> Invalid {
    Invalid {
        cause: Some(cause),
        ..invalid(path, "could not be read: a getter or a proxy threw")
    }
}
