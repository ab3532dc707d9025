//! The options that describe the new key.

use super::InvalidOption;
use super::reader::{Options, entries, invalid, path_of, seconds, text};
use crate::host::date_text;
use crate::lifecycle::{Mark, NewKey, RESERVED, time};
use js_sys::Date;

/// Reads the new key and adds the mark, if there is one, to its annotations.
pub fn read(options: &Options, mark: Option<&Mark>) -> Result<NewKey, InvalidOption> {
    let mut annotations = annotations(options)?;
    if let Some(mark) = mark {
        mark.put(annotations.get_or_insert_default());
    }
    Ok(NewKey {
        display_name: options.text("displayName")?,
        expire_time: end(options)?.time(),
        annotations,
    })
}

/// When a key expires, as the caller says it.
pub enum End {
    /// The caller does not say.
    Unsaid,
    /// Never, in so many words.
    Never,
    /// At this time, in RFC 3339.
    At(String),
}

impl End {
    /// The expiry time of a key without a predecessor.
    fn time(self) -> Option<String> {
        match self {
            Self::Unsaid | Self::Never => None,
            Self::At(time) => Some(time),
        }
    }
}

/// When the key expires, read from `expireTime` or `expiresIn`.
pub fn end(options: &Options) -> Result<End, InvalidOption> {
    const TIME: &str = "expireTime";
    const LIFETIME: &str = "expiresIn";
    let (path, time) = match options.either(TIME, LIFETIME)? {
        (Some(value), _) if value.is_string() => (TIME, text(value, TIME)?),
        (Some(value), _) => match date_text(&value) {
            Ok(time) => (TIME, time),
            Err(_) => return Err(invalid(TIME, "must be an RFC 3339 string or a valid Date")),
        },
        (None, Some(value)) if value == "never" => return Ok(End::Never),
        (None, Some(value)) => {
            let end = Date::new(&(Date::now() + seconds(value, LIFETIME)? * 1_000.0).into());
            match date_text(&end) {
                Ok(time) => (LIFETIME, time),
                Err(_) => return Err(invalid(LIFETIME, "must end before the year 10000")),
            }
        }
        // A lifetime from a variable that is not set must not make a key that never expires.
        (None, None) => {
            let named = [TIME, LIFETIME]
                .into_iter()
                .find(|name| options.names(name));
            return named.map_or(Ok(End::Unsaid), |name| {
                let expected = "has no value: leave it out, or say expiresIn: \"never\"";
                Err(invalid(name, expected))
            });
        }
    };
    match time::parse_rfc3339(&time) {
        None if path == LIFETIME => Err(invalid(path, "must end before the year 10000")),
        None => Err(invalid(
            path,
            "must be an RFC 3339 time, such as 2030-01-31T12:00:00Z",
        )),
        Some(millis) if millis <= Date::now() => Err(invalid(path, "must be in the future")),
        Some(_) => Ok(End::At(time)),
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
