//! Reads and checks the caller's options, with a client's defaults for those left out. Each option is read
//! once. An error never repeats the value.

use super::{InvalidOption, names};
use crate::host::{self, is_array, is_plain_object, names_of};
use crate::lifecycle::{self, duration};
use js_sys::{Array, JsString, Object};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

/// The longest text that an option may hold, in UTF-16 units: far more than anybody needs, and far less
/// than would exhaust the memory.
pub const LONGEST_TEXT: u32 = 1 << 20;

/// The caller's options and the client's defaults, without unknown names. Each option is read once, all
/// of them in one call to JavaScript.
pub struct Options {
    known: Known,
    given: Values,
    defaults: Option<Values>,
}

/// The names of an operation's options.
type Known = &'static [&'static [&'static str]];

/// The values of options, in the order of their names.
#[derive(Clone)]
struct Values {
    object: Object,
    values: Array,
    /// A bit mask of the values that are defined.
    given: u32,
    /// Whether reading any of them threw.
    threw: bool,
}

thread_local! {
    /// The names as JavaScript strings, so that each is converted only once.
    static NAMES: RefCell<Vec<(Known, Array)>> = const { RefCell::new(Vec::new()) };
}

impl Options {
    pub fn read(given: &JsValue, defaults: &JsValue, known: Known) -> Result<Self, InvalidOption> {
        let client = !defaults.is_undefined();
        if client {
            check_names(
                object_of(defaults, "defaults")?,
                names::DEFAULTS,
                "defaults",
            )?;
        }
        let nothing: JsValue;
        // A client's method may be called without options, as the defaults may be enough.
        let given = if client && given.is_undefined() {
            nothing = Object::new().into();
            &nothing
        } else {
            given
        };
        let given = object_of(given, "options")?;
        check_names(given, known, "options")?;
        Ok(Self {
            known,
            given: Values::read(given, known),
            defaults: client.then(|| Values::read(defaults.unchecked_ref(), known)),
        })
    }

    /// The option's value, unless it is left out or undefined.
    pub fn get(&self, name: &str) -> Result<Option<JsValue>, InvalidOption> {
        Ok(match self.given(name)? {
            None => self.default(name)?,
            given => given,
        })
    }

    fn given(&self, name: &str) -> Result<Option<JsValue>, InvalidOption> {
        self.given.get(name, self.known)
    }

    fn default(&self, name: &str) -> Result<Option<JsValue>, InvalidOption> {
        match &self.defaults {
            Some(defaults) => defaults.get(name, self.known),
            None => Ok(None),
        }
    }

    /// The same options without the client's defaults.
    pub fn without_defaults(&self) -> Self {
        Self {
            known: self.known,
            given: self.given.clone(),
            defaults: None,
        }
    }

    /// Whether the option is named, with or without a value.
    pub fn names(&self, name: &str) -> bool {
        let named = |values: &Values| host::is_named(&values.object, name).unwrap_or(true);
        named(&self.given) || self.defaults.as_ref().is_some_and(named)
    }

    /// The values of two options of which only one may be given. If the caller gives either, the defaults
    /// for both are ignored.
    pub fn either(
        &self,
        first: &str,
        second: &str,
    ) -> Result<(Option<JsValue>, Option<JsValue>), InvalidOption> {
        let given = (self.given(first)?, self.given(second)?);
        let chosen = match given {
            (None, None) => (self.default(first)?, self.default(second)?),
            given => given,
        };
        if let (Some(_), Some(_)) = chosen {
            return Err(invalid(
                second,
                &(String::from("cannot be combined with ") + first),
            ));
        }
        Ok(chosen)
    }

    /// The option as text, if it is there.
    pub fn text(&self, name: &str) -> Result<Option<String>, InvalidOption> {
        self.get(name)?.map(|value| text(value, name)).transpose()
    }

    /// The option as text that is not empty, if it is there.
    pub fn name(&self, name: &str) -> Result<Option<String>, InvalidOption> {
        match self.text(name)? {
            Some(text) if text.is_empty() => Err(invalid(name, "must not be empty")),
            text => Ok(text),
        }
    }

    /// The option as text that is not empty.
    pub fn required(&self, name: &str) -> Result<String, InvalidOption> {
        self.name(name)?.ok_or_else(|| invalid(name, "is required"))
    }

    /// The option as a number, if it is there.
    pub fn number(&self, name: &str) -> Result<Option<f64>, InvalidOption> {
        self.get(name)?
            .map(|value| {
                value
                    .as_f64()
                    .ok_or_else(|| invalid(name, "must be a number"))
            })
            .transpose()
    }

    /// The option as an integer that is not negative, if it is there.
    pub fn count(&self, name: &str) -> Result<Option<u32>, InvalidOption> {
        match self.number(name)? {
            Some(count)
                if count.fract() != 0.0 || !(0.0..=f64::from(u32::MAX)).contains(&count) =>
            {
                Err(invalid(name, "must be an integer that is not negative"))
            }
            count => Ok(count.map(|count| count as u32)),
        }
    }

    /// The option as a boolean, if it is there.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, InvalidOption> {
        self.get(name)?
            .map(|value| {
                value
                    .as_bool()
                    .ok_or_else(|| invalid(name, "must be true or false"))
            })
            .transpose()
    }

    /// The option as a function, if it is there.
    pub fn function(&self, name: &str) -> Result<Option<js_sys::Function>, InvalidOption> {
        self.get(name)?
            .map(|value| {
                // `is_function` only looks at `typeof`, so it accepts functions of any realm.
                if value.is_function() {
                    Ok(value.unchecked_into())
                } else {
                    Err(invalid(name, "must be a function"))
                }
            })
            .transpose()
    }

    /// The id of an account or a user: one path segment.
    pub fn id(&self, name: &str) -> Result<String, InvalidOption> {
        let id = self.required(name)?;
        check_id(name, &id)?;
        Ok(id)
    }
}

pub fn check_id(name: &str, id: &str) -> Result<(), InvalidOption> {
    let wrong = match id {
        "." | ".." => "must not be a dot segment",
        "-" => "must be one id: \"-\" is for the userId of a list only",
        id if id.bytes().any(|byte| byte == b'/') => "must be the bare id, without a slash",
        _ => return Ok(()),
    };
    Err(invalid(name, wrong))
}

/// The value as an object whose fields can be options.
fn object_of<'a>(value: &'a JsValue, path: &str) -> Result<&'a Object, InvalidOption> {
    // `Array.isArray` throws for a revoked proxy.
    if value.is_object() && !is_array(value).map_err(|cause| threw(path, cause))? {
        Ok(value.unchecked_ref())
    } else {
        Err(invalid(path, "must be an object"))
    }
}

impl Values {
    fn read(object: &Object, known: Known) -> Self {
        let values = host::values_of(object, &names_in_javascript(known));
        Self {
            given: host::given_of(&values),
            threw: values.length() as usize > count(known),
            object: object.clone(),
            values,
        }
    }

    fn get(&self, name: &str, known: Known) -> Result<Option<JsValue>, InvalidOption> {
        let mut names = known.iter().flat_map(|names| names.iter());
        let Some(index) = names.position(|known| *known == name) else {
            return Ok(None);
        };
        if self.threw {
            let thrown = self.values.get((count(known) + index) as u32);
            if let Ok(boxed) = thrown.dyn_into::<Array>() {
                return Err(threw(name, boxed.get(0)));
            }
        }
        let given = self.given >> index & 1 == 1;
        Ok(given.then(|| self.values.get(index as u32)))
    }
}

fn count(known: Known) -> usize {
    known.iter().map(|names| names.len()).sum()
}

fn names_in_javascript(known: Known) -> Array {
    NAMES.with_borrow_mut(|cache| {
        if let Some((_, names)) = cache
            .iter()
            .find(|(cached, _)| std::ptr::eq(*cached, known))
        {
            return names.clone();
        }
        let names = known.iter().flat_map(|names| names.iter());
        let names: Array = names.map(|name| JsValue::from(*name)).collect();
        cache.push((known, names.clone()));
        names
    })
}

fn check_names(object: &Object, known: Known, path: &str) -> Result<(), InvalidOption> {
    let names = names_in_javascript(known);
    let stranger = host::stranger_in(object, &names).map_err(|cause| threw(path, cause))?;
    let Some(stranger) = stranger else {
        return Ok(());
    };
    let name = text(stranger.clone().into(), path)?;
    if known == names::DEFAULTS && names::is_of_one_call(&name) {
        return Err(invalid(
            &name,
            "belongs to one call, not to a client's defaults",
        ));
    }
    Err(invalid(&name, &host::unknown_option(&stranger, &names)))
}

fn get(object: &Object, name: &str, path: &str) -> Result<Option<JsValue>, InvalidOption> {
    let boxed = host::get(object, name).map_err(|cause| threw(path, cause))?;
    Ok(boxed.map(|boxed| boxed.get(0)))
}

/// Reads a value as well-formed text. Its length is checked before it is copied.
pub fn text(value: JsValue, path: &str) -> Result<String, InvalidOption> {
    match host::length_of(&value) {
        None => return Err(invalid(path, "must be a string")),
        Some(length) if length > LONGEST_TEXT => {
            return Err(invalid(path, "must not be longer than 1 MiB"));
        }
        Some(_) => {}
    }
    let value: JsString = value.unchecked_into();
    let copy = String::from(&value);
    // A lone surrogate becomes U+FFFD in the copy, so text without U+FFFD needs no further check.
    let replaced = |each| each == char::REPLACEMENT_CHARACTER;
    if copy.chars().any(replaced) && !value.is_valid_utf16() {
        return Err(invalid(
            path,
            "must be well-formed text, without a lone surrogate",
        ));
    }
    Ok(copy)
}

/// A duration in seconds: a positive number of them, or text such as `36h`.
pub fn seconds(value: JsValue, path: &str) -> Result<f64, InvalidOption> {
    let seconds = if value.is_string() {
        duration::parse_seconds(&text(value, path)?)
    } else {
        value.as_f64()
    };
    seconds
        .filter(|seconds| *seconds > 0.0 && seconds.is_finite())
        .ok_or_else(|| {
            invalid(
                path,
                "must be a positive number of seconds, or an integer and one of s m h d w, such as 36h",
            )
        })
}

/// The path of a field of an option.
pub fn path_of(option: &str, name: &str) -> String {
    String::from(option) + "." + name
}

/// The names and values of a plain object.
pub fn entries(value: &JsValue, path: &str) -> Result<Vec<(String, JsValue)>, InvalidOption> {
    let wrong = || invalid(path, "must be a plain object of strings");
    if !value.is_object() {
        return Err(wrong());
    }
    let object = value.unchecked_ref::<Object>();
    if !is_plain_object(object).map_err(|cause| threw(path, cause))? {
        return Err(wrong());
    }
    let names = names_of(object).map_err(|cause| threw(path, cause))?;
    let mut entries = Vec::new();
    for name in names.iter().flat_map(|names| names.iter()) {
        let name = text(name, path)?;
        let path = path_of(path, &name);
        // Setting this field would change the object's prototype, and the entry would be lost.
        if name == "__proto__" {
            return Err(invalid(&path, "cannot be a name"));
        }
        let value = get(object, &name, &path)?.unwrap_or(JsValue::UNDEFINED);
        entries.push((name, value));
    }
    Ok(entries)
}

/// The error for a wrong option: its path, and what was expected.
pub fn invalid(path: &str, expected: &str) -> InvalidOption {
    caused(path, expected, None)
}

/// The error for an option that could not be read because the caller's own code threw.
pub fn threw(path: &str, cause: JsValue) -> InvalidOption {
    let expected = "could not be read: a getter or a proxy threw";
    caused(path, expected, Some(cause))
}

/// The error for a wrong option, and the exception that caused it, if any.
pub fn caused(path: &str, expected: &str, cause: Option<JsValue>) -> InvalidOption {
    Box::new(lifecycle::InvalidOption {
        path: path.into(),
        expected: expected.into(),
        cause,
    })
}
