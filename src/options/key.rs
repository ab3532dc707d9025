//! The options that describe the new key.

use super::InvalidOption;
use super::reader::{Options, entries, invalid, path_of, seconds, text};
use crate::host::date_text;
use crate::lifecycle::{End, Mark, NewKey, RESERVED, time};
use js_sys::Date;

/// The year 10000 in milliseconds since 1970: the API's times end before it.
const END_OF_TIME_MS: f64 = 253_402_300_800_000.0;

/// Reads the new key and adds the mark, if there is one, to its annotations.
pub fn read(options: &Options, mark: Option<&Mark>) -> Result<NewKey, InvalidOption> {
    let mut annotations = annotations(options)?;
    if let Some(mark) = mark {
        mark.put(annotations.get_or_insert_default());
    }
    Ok(NewKey {
        display_name: options.text("displayName")?,
        end: end(options)?.unwrap_or_default(),
        annotations,
    })
}

/// When the key expires, read from `expireTime` or `expiresIn`; [`None`] if the caller does not say.
pub fn end(options: &Options) -> Result<Option<End>, InvalidOption> {
    const TIME: &str = "expireTime";
    const LIFETIME: &str = "expiresIn";
    let text = match options.either(TIME, LIFETIME)? {
        (Some(value), _) if value.is_string() => text(value, TIME)?,
        (Some(value), _) => date_text(&value)
            .map_err(|_| invalid(TIME, "must be an RFC 3339 string or a valid Date"))?,
        (None, Some(value)) if value == "never" => return Ok(Some(End::Never)),
        (None, Some(value)) => {
            let ms = seconds(value, LIFETIME)? * 1_000.0;
            if ms <= 0.0 {
                return Err(invalid(LIFETIME, "must be in the future"));
            }
            if Date::now() + ms >= END_OF_TIME_MS {
                return Err(invalid(LIFETIME, "must end before the year 10000"));
            }
            return Ok(Some(End::After(ms)));
        }
        // A lifetime from a variable that is not set must not make a key that never expires.
        (None, None) => {
            let named = [TIME, LIFETIME]
                .into_iter()
                .find(|name| options.names(name));
            return named.map_or(Ok(None), |name| {
                let expected = "has no value: leave it out, or say expiresIn: \"never\"";
                Err(invalid(name, expected))
            });
        }
    };
    match time::parse_rfc3339(&text) {
        None => Err(invalid(
            TIME,
            "must be an RFC 3339 time, such as 2030-01-31T12:00:00Z",
        )),
        Some(ms) if ms <= Date::now() => Err(invalid(TIME, "must be in the future")),
        Some(ms) => Ok(Some(End::At { text, ms })),
    }
}

fn annotations(options: &Options) -> Result<Option<Vec<(String, String)>>, InvalidOption> {
    const PATH: &str = "annotations";
    let Some(value) = options.get(PATH)? else {
        return Ok(None);
    };
    let mut annotations = Vec::new();
    for (name, value) in entries(&value, PATH)? {
        let path = path_of(PATH, &name);
        if name.starts_with(RESERVED) {
            return Err(invalid(
                &path,
                "is a name that this package keeps for itself",
            ));
        }
        let value = text(value, &path)?;
        annotations.push((name, value));
    }
    Ok(Some(annotations))
}
