//! Checks what the caller passed against an operation's table, with a client's defaults for what is left
//! out. The first thing that is wrong is remembered. An error never repeats the value.

use super::passed::{Given, Head, Passed, THREW};
use super::table::{self, DefaultValue, Kind, Spec, Table};
use super::{InvalidOption, caused, entries};
use crate::lifecycle::duration;
use js_sys::Function;
use std::mem::take;
use wasm_bindgen::prelude::*;

/// The options of one operation. What is asked of them has the kind that the table says, unless something is
/// wrong: [`Options::end`] says what.
pub struct Options {
    table: Table,
    /// What the caller passed, or the default, in the order of the table.
    values: Vec<Given>,
    /// A client's defaults that were not needed.
    defaults: Vec<Given>,
    failure: Option<InvalidOption>,
}

const EMPTY: &str = "must not be empty";
const DURATION: &str =
    "must be a positive number of seconds, or an integer and one of s m h d w, such as 36h";

impl Options {
    /// Reads and checks every option of the table.
    pub fn read(mut passed: Passed<'_>, table: Table) -> Self {
        let mut options = Self {
            table,
            values: Vec::new(),
            defaults: Vec::new(),
            failure: None,
        };
        if passed.is_of_client() {
            options.defaults = options.object(&mut passed, "defaults");
        }
        options.values = options.object(&mut passed, "options");
        for (index, spec) in specs(table).enumerate() {
            options.check(index, spec);
        }
        options
    }

    /// The values of an object, in the order of the table. If it cannot be read, there are none.
    fn object(&mut self, passed: &mut Passed<'_>, path: &str) -> Vec<Given> {
        match passed.head() {
            Head::Fine => return specs(self.table).map(|_| passed.given()).collect(),
            Head::NoObject => self.fail(path, "must be an object", None),
            Head::Threw(cause) => self.fail(path, THREW, Some(cause)),
            Head::Unknown(Given::Text(name), _)
                if path == "defaults" && table::is_of_one_call(&name) =>
            {
                self.fail(
                    &name,
                    "belongs to one call, not to a client's defaults",
                    None,
                );
            }
            Head::Unknown(Given::Text(name), Given::Text(hint)) => self.fail(&name, &hint, None),
            Head::Unknown(name, _) => {
                self.fail(path, name.text_error().unwrap_or_default(), None);
            }
        }
        Vec::new()
    }

    fn check(&mut self, index: usize, spec: &Spec) {
        // Which of a lifetime's two options counts is for who asks for it to say.
        if matches!(spec.kind, Kind::Time | Kind::Lifetime) {
            return;
        }
        let default = self.defaults.get_mut(index).map(take);
        let Some(value) = self.values.get_mut(index) else {
            return;
        };
        if value.is_nothing()
            && let Some(default) = default
        {
            *value = default;
        }
        if value.is_nothing() && spec.required.is_none() {
            *value = match spec.default {
                DefaultValue::Nothing => Given::Nothing,
                DefaultValue::Boolean(value) => Given::Boolean(value),
                DefaultValue::Number(value) => Given::Number(value),
                DefaultValue::Text(value) => Given::Text(value.into()),
            };
            return;
        }
        let outcome = match (spec.kind, &mut *value) {
            (Kind::Headers, Given::Entries(headers)) => entries::check_headers(headers),
            (Kind::Annotations, Given::Entries(entries)) => entries::check_annotations(entries),
            (_, Given::Threw(cause)) => Err(caused(spec.name, THREW, Some(take(cause)))),
            (_, value) => error(spec, value).map_or(Ok(()), |expected| {
                let meant =
                    id_in(spec.name, value).map(|id| ["must be the bare id: ", id].concat());
                Err(caused(
                    spec.name,
                    meant.as_deref().unwrap_or(expected),
                    None,
                ))
            }),
        };
        if let Err(error) = outcome {
            self.failure.get_or_insert(error);
        }
    }

    /// Notes that an option is wrong, unless another was before.
    pub fn fail(&mut self, path: &str, expected: &str, cause: Option<JsValue>) {
        if self.failure.is_none() {
            self.failure = Some(caused(path, expected, cause));
        }
    }

    /// What was wrong first.
    pub fn end(self) -> Option<InvalidOption> {
        self.failure
    }

    /// What was given for an option, with the default if it was left out. It can be had once.
    pub fn take(&mut self, name: &str) -> Given {
        let index = specs(self.table).position(|spec| spec.name == name);
        let value = index.and_then(|index| self.values.get_mut(index));
        value.map(take).unwrap_or_default()
    }

    /// A client's default for an option that is not merged with what was given.
    pub fn default(&mut self, name: &str) -> Given {
        let index = specs(self.table).position(|spec| spec.name == name);
        let value = index.and_then(|index| self.defaults.get_mut(index));
        value.map(take).unwrap_or_default()
    }

    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name) {
            Given::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn name(&mut self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    pub fn number(&mut self, name: &str) -> Option<f64> {
        match self.take(name) {
            Given::Number(number) => Some(number),
            _ => None,
        }
    }

    /// A number that has a default.
    pub fn amount(&mut self, name: &str) -> f64 {
        self.number(name).unwrap_or_default()
    }

    pub fn boolean(&mut self, name: &str) -> bool {
        matches!(self.take(name), Given::Boolean(true))
    }

    pub fn value(&mut self, name: &str) -> Option<JsValue> {
        match self.take(name) {
            Given::Value(value) => Some(value),
            _ => None,
        }
    }

    pub fn function(&mut self, name: &str) -> Option<Function> {
        self.value(name).map(JsValue::unchecked_into)
    }

    /// A list's query parameters: the page size, and each of these texts that is given.
    pub fn query(&mut self, texts: &[&'static str]) -> Vec<(&'static str, String)> {
        let size = self.number("pageSize");
        let mut query = Vec::new();
        query.extend(size.map(|size| ("pageSize", (size as u32).to_string())));
        for name in texts {
            query.extend(self.text(name).map(|value| (*name, value)));
        }
        query
    }
}

fn specs(table: Table) -> impl Iterator<Item = &'static Spec> {
    table.iter().flat_map(|specs| specs.iter())
}

/// What is wrong with a value that the table describes. A duration becomes a number of seconds.
fn error(spec: &Spec, value: &mut Given) -> Option<&'static str> {
    if value.is_nothing() {
        return spec.required;
    }
    match (spec.kind, &mut *value) {
        (Kind::Ignored | Kind::Text, Given::Text(_))
        | (Kind::Boolean, Given::Boolean(_))
        | (Kind::Function | Kind::Signal, Given::Value(_))
        | (Kind::Token, Given::Value(_) | Given::Callback(_)) => None,
        (Kind::Name, Given::Text(text)) => text.is_empty().then_some(EMPTY),
        (kind @ (Kind::Id | Kind::Owner), Given::Text(id)) => id_error(kind, id),
        (Kind::OnUnfinished, Given::Text(word)) => (!matches!(word.as_str(), "error" | "delete"))
            .then_some("must be \"error\" or \"delete\""),
        (Kind::Milliseconds, Given::Number(ms)) => (ms.is_nan() || *ms <= 0.0)
            .then_some("must be a positive number of milliseconds; Infinity means no limit"),
        (Kind::Count, Given::Number(count)) => (!is_integer(*count, 0.0, f64::from(u32::MAX)))
            .then_some("must be an integer that is not negative"),
        // The API's reference says int32.
        (Kind::PageSize, Given::Number(size)) => {
            (!is_integer(*size, 1.0, f64::from(i32::MAX))).then_some("must be a positive integer")
        }
        (Kind::Duration, Given::Number(_) | Given::Text(_)) => match seconds(value) {
            Ok(seconds) => {
                *value = Given::Number(seconds);
                None
            }
            Err(expected) => Some(expected),
        },
        (Kind::Token, Given::Empty) => Some(EMPTY),
        (Kind::Token, Given::WrongCharacters) => Some(WRONG_CHARACTERS),
        (Kind::Token, _) => Some("must be a string, or a function that returns one"),
        (Kind::Boolean, _) => Some("must be true or false"),
        (Kind::Function, _) => Some("must be a function"),
        (Kind::Signal, _) => Some("must be an AbortSignal"),
        (Kind::Headers | Kind::Annotations, _) => Some("must be a plain object of strings"),
        (Kind::Milliseconds | Kind::Count | Kind::PageSize, _) => Some("must be a number"),
        (Kind::Duration, Given::Wrong) => Some(DURATION),
        (_, value) => value.text_error(),
    }
}

/// What is wrong with a token that no header can carry.
pub const WRONG_CHARACTERS: &str =
    "must be visible ASCII characters only: no space, no line break, no other script";

fn is_integer(number: f64, least: f64, most: f64) -> bool {
    number.fract() == 0.0 && (least..=most).contains(&number)
}

fn id_error(kind: Kind, id: &str) -> Option<&'static str> {
    match id {
        "" => Some(EMPTY),
        "." | ".." => Some("must not be a dot segment"),
        "-" if kind != Kind::Owner => {
            Some("must be one id: \"-\" is for the userId of a list only")
        }
        id if id.bytes().any(|byte| byte == b'/') => Some("must be the bare id, without a slash"),
        id if id.bytes().any(|byte| byte == b'@') => {
            Some("must be an id, not an e-mail: listUsers and listAccounts tell ids")
        }
        _ => None,
    }
}

/// The id that a resource name (`accounts/acme/users/me`) or the e-mail of a service account holds. What may
/// be a secret is none.
fn id_in<'a>(option: &str, value: &'a Given) -> Option<&'a str> {
    let Given::Text(text) = value else {
        return None;
    };
    let is_account = option == "accountId";
    let of_email = || {
        let (user, domain) = text.split_once('@')?;
        // The reference has the ids in the e-mail of a service account, and only there.
        let account = domain.strip_suffix(".sa.fireworks.ai")?;
        Some(if is_account { account } else { user })
    };
    let of_name = || {
        let collection = if is_account { "accounts" } else { "users" };
        let mut segments = text.split('/').skip_while(|segment| *segment != collection);
        segments.nth(1)
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (of_email().or_else(of_name)).filter(|id| !id.is_empty() && id.bytes().all(is_plain))
}

/// A duration in seconds, or what is wrong with it.
pub fn seconds(value: &Given) -> Result<f64, &'static str> {
    let seconds = match value {
        Given::Number(seconds) => Some(*seconds),
        Given::Text(text) => duration::parse_seconds(text),
        Given::TooLong | Given::IllFormed => return value.text_error().map_or(Ok(0.0), Err),
        _ => None,
    };
    seconds
        .filter(|seconds| *seconds > 0.0 && seconds.is_finite())
        .ok_or(DURATION)
}
