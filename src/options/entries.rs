//! Options that hold names and values: headers and annotations.

use super::passed::{Given, THREW};
use super::{InvalidOption, caused};
use crate::lifecycle::RESERVED;
use std::mem::take;
use wasm_bindgen::prelude::*;

/// The headers that only this package sets.
const OUR_HEADERS: [&str; 3] = ["accept", "authorization", "content-type"];

type Entries = [(Given, Given)];

/// Checks the caller's own headers.
pub fn check_headers(headers: &mut Entries) -> Result<(), InvalidOption> {
    check("headers", headers, |name, value| {
        let wrong = if matches!(value, Given::WrongCharacters) {
            "is no header name"
        } else if OUR_HEADERS
            .iter()
            .any(|ours| name.eq_ignore_ascii_case(ours))
        {
            "is set by this package; the token goes into token"
        } else if !matches!(value, Given::Value(_)) {
            "must be a string that a header can carry"
        } else {
            return None;
        };
        Some(wrong)
    })
}

/// Checks a key's annotations.
pub fn check_annotations(annotations: &mut Entries) -> Result<(), InvalidOption> {
    check("annotations", annotations, |name, value| {
        if name.starts_with(RESERVED) {
            Some("is a name that this package keeps for itself")
        } else {
            value.text_error()
        }
    })
}

fn check(
    path: &str,
    entries: &mut Entries,
    wrong: fn(&str, &Given) -> Option<&'static str>,
) -> Result<(), InvalidOption> {
    for (name, value) in entries {
        let Given::Text(name) = name else {
            return Err(caused(path, name.text_error().unwrap_or_default(), None));
        };
        let path = String::from(path) + "." + name;
        // Setting this field would change the object's prototype, and the entry would be lost.
        if name == "__proto__" {
            return Err(caused(&path, "cannot be a name", None));
        }
        if let Given::Threw(cause) = value {
            return Err(caused(&path, THREW, Some(take(cause))));
        }
        if let Some(expected) = wrong(name, value) {
            return Err(caused(&path, expected, None));
        }
    }
    Ok(())
}

/// The entries as text.
pub fn texts(given: Given) -> Option<Vec<(String, String)>> {
    let Given::Entries(entries) = given else {
        return None;
    };
    let text = |given| match given {
        Given::Text(text) => text,
        _ => String::new(),
    };
    let entries = entries.into_iter();
    Some(
        entries
            .map(|(name, value)| (text(name), text(value)))
            .collect(),
    )
}

/// The entries, whose values stay in JavaScript.
pub fn values(given: Given) -> Vec<(String, JsValue)> {
    let Given::Entries(entries) = given else {
        return Vec::new();
    };
    let entries = entries.into_iter().filter_map(|entry| match entry {
        (Given::Text(name), Given::Value(value)) => Some((name, value)),
        _ => None,
    });
    entries.collect()
}
