//! Reads what a caller passed, and names the path of what is wrong with it. Every value is a
//! stranger here: a getter may throw and a proxy may lie, so each option is read once, with
//! everything it can throw caught. A value never appears in what is said about it.

use crate::exchange::{Connection, Token};
use crate::lifecycle::{self, NewKey, time::parse_rfc3339};
use js_sys::{Array, Date, Function, JsString, Object, Reflect};
use std::collections::BTreeMap;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "#host")]
extern "C" {
    #[wasm_bindgen(catch, js_name = namesOf)]
    fn names_of(object: &Object) -> Result<Array, JsValue>;
    #[wasm_bindgen(catch, js_name = isRecord)]
    fn is_record(object: &Object) -> Result<bool, JsValue>;
    #[wasm_bindgen(catch, js_name = dateText)]
    fn date_text(value: &JsValue) -> Result<String, JsValue>;
    #[wasm_bindgen(js_name = pageAddress)]
    fn page_address() -> Option<String>;
}

/// What is wrong with an option.
pub type Invalid = lifecycle::Invalid<JsValue>;

/// Where the real service is.
const DEFAULT_BASE_URL: &str = "https://api.fireworks.ai";

/// The longest text taken as an option, in UTF-16 units: far above any use, far below what memory
/// could not hold.
const LONGEST_TEXT: u32 = 1 << 20;

/// The options of a create.
pub struct Create {
    /// How to reach the service.
    pub connection: Connection,
    /// The account's id.
    pub account: String,
    /// The user's id.
    pub user: String,
    /// The key to be.
    pub key: NewKey,
}

impl Create {
    /// Reads and checks them all; the first that is wrong is the error.
    pub fn read(options: &JsValue) -> Result<Self, Invalid> {
        let options = Options::read(
            options,
            &[
                "token",
                "accountId",
                "userId",
                "baseUrl",
                "displayName",
                "expireTime",
                "annotations",
            ],
        )?;
        Ok(Self {
            connection: Connection {
                token: token(&options)?,
                base_url: base_url(&options)?,
            },
            account: id(&options, "accountId")?,
            user: id(&options, "userId")?,
            key: NewKey {
                display_name: options.text("displayName")?,
                expire_time: expire_time(&options)?,
                annotations: annotations(&options)?,
            },
        })
    }
}

/// The caller's options object, known to hold no name that we do not know.
struct Options(Object);

impl Options {
    fn read(value: &JsValue, known: &[&str]) -> Result<Self, Invalid> {
        if !value.is_object() || Array::is_array(value) {
            return Err(invalid("options", "must be an object"));
        }
        let object = value.unchecked_ref::<Object>();
        let names = names_of(object).map_err(|cause| threw("options", cause))?;
        for name in names.iter().filter_map(|name| name.as_string()) {
            if !known.contains(&name.as_str()) {
                return Err(invalid(&name, "is not an option"));
            }
        }
        Ok(Self(object.clone()))
    }

    /// The option's value, unless it is left out or undefined.
    fn get(&self, name: &str) -> Result<Option<JsValue>, Invalid> {
        get(&self.0, name, name)
    }

    /// The option as text, if it is there.
    fn text(&self, name: &str) -> Result<Option<String>, Invalid> {
        self.get(name)?.map(|value| text(value, name)).transpose()
    }
}

fn get(object: &Object, name: &str, path: &str) -> Result<Option<JsValue>, Invalid> {
    let value = Reflect::get(object, &name.into()).map_err(|cause| threw(path, cause))?;
    Ok((!value.is_undefined()).then_some(value))
}

/// Well-formed text of a bearable length. It is checked before it is copied.
fn text(value: JsValue, path: &str) -> Result<String, Invalid> {
    let value: JsString = value
        .dyn_into()
        .map_err(|_| invalid(path, "must be a string"))?;
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

fn token(options: &Options) -> Result<Token, Invalid> {
    let value = options
        .get("token")?
        .ok_or_else(|| invalid("token", "is required: an existing Fireworks API key"))?;
    if value.is_function() {
        return Ok(Token::Asked(value.unchecked_into::<Function>()));
    }
    Token::check(value).map(Token::Given)
}

/// The id of an account or a user: one path segment.
fn id(options: &Options, name: &'static str) -> Result<String, Invalid> {
    let id = options
        .text(name)?
        .ok_or_else(|| invalid(name, "is required"))?;
    let wrong = match id.as_str() {
        "" => "must not be empty",
        "." | ".." => "must not be a dot segment",
        "-" => "must be one id: \"-\" is for lists only",
        _ if id.contains('/') => "must be the bare id, without a slash (not accounts/… or users/…)",
        _ => return Ok(id),
    };
    Err(invalid(name, wrong))
}

fn expire_time(options: &Options) -> Result<Option<String>, Invalid> {
    const PATH: &str = "expireTime";
    let Some(value) = options.get(PATH)? else {
        return Ok(None);
    };
    let time = if value.is_string() {
        text(value, PATH)?
    } else {
        date_text(&value)
            .map_err(|_| invalid(PATH, "must be an RFC 3339 string or a valid Date"))?
    };
    match parse_rfc3339(&time) {
        None => Err(invalid(
            PATH,
            "must be an RFC 3339 time, such as 2030-01-31T12:00:00Z",
        )),
        Some(millis) if millis <= Date::now() => Err(invalid(PATH, "must be in the future")),
        Some(_) => Ok(Some(time)),
    }
}

fn annotations(options: &Options) -> Result<Option<BTreeMap<String, String>>, Invalid> {
    const PATH: &str = "annotations";
    let Some(value) = options.get(PATH)? else {
        return Ok(None);
    };
    let wrong = || invalid(PATH, "must be a plain object of strings");
    if !value.is_object() {
        return Err(wrong());
    }
    let object = value.unchecked_into::<Object>();
    if !is_record(&object).map_err(|cause| threw(PATH, cause))? {
        return Err(wrong());
    }
    let names = names_of(&object).map_err(|cause| threw(PATH, cause))?;
    let mut annotations = BTreeMap::new();
    for name in names.iter() {
        let name = text(name, PATH)?;
        let path = format!("{PATH}.{name}");
        // Setting this name on an object changes its prototype and would lose the annotation.
        if name == "__proto__" {
            return Err(invalid(&path, "cannot be the name of an annotation"));
        }
        let value =
            get(&object, &name, &path)?.ok_or_else(|| invalid(&path, "must be a string"))?;
        let value = text(value, &path)?;
        annotations.insert(name, value);
    }
    Ok(Some(annotations))
}

/// Where the service is, without a slash at its end.
fn base_url(options: &Options) -> Result<String, Invalid> {
    const PATH: &str = "baseUrl";
    let Some(given) = options.text(PATH)? else {
        return Ok(DEFAULT_BASE_URL.into());
    };
    let wrong = |expected| invalid(PATH, expected);
    let url = match web_sys::Url::new(&given) {
        Ok(url) => url,
        Err(_) => on_page(&given).ok_or_else(|| {
            wrong("must be an absolute URL, or on a page a path of its own origin")
        })?,
    };
    let local = is_loopback(&url.hostname());
    match url.protocol().as_str() {
        "https:" => {}
        "http:" if local => {}
        "http:" => {
            return Err(wrong(
                "must be https: a token never goes out in the clear, but to this machine",
            ));
        }
        _ => return Err(wrong("must be an https: URL")),
    }
    if !url.username().is_empty() || !url.password().is_empty() {
        return Err(wrong("must not hold credentials"));
    }
    // `search` and `hash` are empty for a bare `?` or `#`, which `href` keeps.
    let href = url.href();
    if href.contains(['?', '#']) {
        return Err(wrong("must not hold a query or a fragment"));
    }
    Ok(href.trim_end_matches('/').into())
}

/// A path on the origin of the page that this runs in. Checked after resolution, because `//host`
/// and `/\host` lead elsewhere.
fn on_page(path: &str) -> Option<web_sys::Url> {
    let page = web_sys::Url::new(&page_address()?).ok()?;
    let url = web_sys::Url::new_with_base(path, &page.href()).ok()?;
    (path.starts_with('/') && url.origin() == page.origin()).then_some(url)
}

/// Whether a URL's host is this machine. The URL parser has normalised it: `127.1` and
/// `0x7f000001` are `127.0.0.1` here.
fn is_loopback(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let v4 = || {
        host.parse::<std::net::Ipv4Addr>()
            .is_ok_and(|ip| ip.is_loopback())
    };
    host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || v4()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in [
            "localhost",
            "a.localhost",
            "localhost.",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "10.0.0.1",
            "[::2]",
            "128.0.0.1",
            "",
            ".",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
