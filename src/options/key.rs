//! The options that describe the new key.

use super::entries;
use super::passed::{Given, THREW};
use super::reader::{Options, seconds};
use crate::lifecycle::{End, Mark, NewKey, time};
use js_sys::Date;
use std::mem::take;

/// The year 10000 in milliseconds since 1970: the API's times end before it.
const END_OF_TIME_MS: f64 = 253_402_300_800_000.0;

const TIME: &str = "expireTime";
const LIFETIME: &str = "expiresIn";

/// Reads the mark that all attempts of a create carry, if they are to; `drawn` are its random bits.
pub fn mark(options: &mut Options, drawn: Given) -> Option<Mark> {
    let tag = options.text("attemptTag");
    if !options.boolean("orphanProtection") {
        if tag.is_some() {
            options.fail("attemptTag", "is of no use without orphanProtection", None);
        }
        return None;
    }
    let drawn = random(options, drawn);
    let (tag, call) = match tag {
        Some(tag) => (tag, Some(drawn)),
        None => (drawn, None),
    };
    Some(Mark { tag, call })
}

/// The random bits that were drawn for a mark.
pub fn random(options: &mut Options, drawn: Given) -> String {
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

/// Reads the new key and adds the mark, if there is one, to its annotations.
pub fn read(options: &mut Options, mark: Option<&Mark>) -> NewKey {
    let mut annotations = entries::texts(options.take("annotations"));
    if let Some(mark) = mark {
        mark.put(annotations.get_or_insert_default());
    }
    NewKey {
        display_name: options.text("displayName"),
        end: end(options, true).unwrap_or_default(),
        annotations,
    }
}

/// When the key ends, of which the caller says one or the other. If neither is given, a client's defaults
/// count, where they may. [`None`] if nobody says.
pub fn end(options: &mut Options, with_defaults: bool) -> Option<End> {
    let mut given = [TIME, LIFETIME].map(|name| options.take(name));
    // A lifetime from a variable that is not set must not make a key that never expires.
    let mut valueless = given.each_ref().map(is_valueless);
    if with_defaults && given.iter().all(Given::is_nothing) {
        given = [TIME, LIFETIME].map(|name| options.default(name));
        for (valueless, given) in valueless.iter_mut().zip(&given) {
            *valueless |= is_valueless(given);
        }
    }
    for (name, given) in [TIME, LIFETIME].into_iter().zip(&mut given) {
        if let Given::Threw(cause) = given {
            options.fail(name, THREW, Some(take(cause)));
            return None;
        }
    }
    let [time, lifetime] = given;
    let end = match (time.is_nothing(), lifetime.is_nothing()) {
        (true, true) => {
            let name = match valueless {
                [true, _] => TIME,
                [_, true] => LIFETIME,
                _ => return None,
            };
            Err((
                name,
                "has no value: leave it out, or say expiresIn: \"never\"",
            ))
        }
        (true, false) => after(&lifetime).map_err(|expected| (LIFETIME, expected)),
        (false, true) => at(time).map_err(|expected| (TIME, expected)),
        (false, false) => Err((LIFETIME, "cannot be combined with expireTime")),
    };
    end.map_err(|(name, expected)| options.fail(name, expected, None))
        .ok()
}

fn is_valueless(given: &Given) -> bool {
    matches!(given, Given::Valueless)
}

fn after(lifetime: &Given) -> Result<End, &'static str> {
    if matches!(lifetime, Given::Text(text) if text == "never") {
        return Ok(End::Never);
    }
    let ms = seconds(lifetime)? * 1_000.0;
    if Date::now() + ms >= END_OF_TIME_MS {
        return Err("must end before the year 10000");
    }
    Ok(End::After(ms))
}

fn at(time: Given) -> Result<End, &'static str> {
    let Given::Text(text) = time else {
        return Err(match time {
            Given::Wrong => "must be an RFC 3339 string or a valid Date",
            time => time.text_error().unwrap_or_default(),
        });
    };
    match time::parse_rfc3339(&text) {
        None => Err("must be an RFC 3339 time, such as 2030-01-31T12:00:00Z"),
        Some(ms) if ms <= Date::now() => Err("must be in the future"),
        Some(ms) => Ok(End::At { text, ms }),
    }
}
