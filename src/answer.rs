//! Lets the lifecycle read answers. JavaScript describes each in one piece; the parsed body stays a
//! JavaScript value, so that the secret in it is never copied into linear memory.

use crate::host::{self, Received};
use crate::lifecycle::number::number;
use crate::lifecycle::retry::Hints;
use crate::lifecycle::{Answer, Body, Item, time};
use crate::tape::Tape;
use js_sys::{Array, JsString, Object};
use serde::Serialize;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// The fields that the lifecycle asks for.
const FIELDS: &str =
    "keyId createTime expireTime lastUsed secure displayName name nextPageToken totalSize";

thread_local! {
    /// The same as a JavaScript string, which is made once.
    static ASKED: JsString = FIELDS.into();
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    of: Rc<Described>,
    status: u16,
    body: Body,
}

/// An answer's body, or the items of its list, one after another.
#[derive(Debug)]
struct Described {
    description: String,
    received: Received,
    /// The list's name; [`None`] for the body itself.
    list: Option<&'static str>,
}

impl Reply {
    /// Reads what was received.
    pub fn new(received: Received) -> Self {
        let description = ASKED.with(|fields| host::describe_answer(&received, fields));
        let mut tape = Tape::new(&description);
        let body = match tape.letter() {
            Some('0') => Body::Empty,
            Some('1') => Body::Resource,
            Some('2') => Body::NotFound,
            Some('3') => Body::Refusal,
            Some('5') => Body::Denied,
            Some('6') => Body::Fault,
            Some('7') => Body::ForeignRefusal,
            _ => Body::Foreign,
        };
        let status = tape.number() as u16;
        let list = None;
        Self {
            of: Rc::new(Described {
                description,
                received,
                list,
            }),
            status,
            body,
        }
    }

    /// The answer itself.
    pub fn received(&self) -> &Received {
        &self.of.received
    }

    /// The parsed body.
    pub fn value(&self) -> JsValue {
        self.received().value()
    }

    /// What its headers say of a retry, and the description of its body.
    fn hints_and_rest(&self) -> (Hints, Tape<'_>) {
        let mut tape = Tape::new(&self.of.description);
        tape.letter();
        tape.number();
        let mut hint = || match Field::read(&mut tape) {
            Field::Text(hint) => Some(hint.to_owned()),
            _ => None,
        };
        let hints = Hints {
            should_retry: hint(),
            retry_after_ms: hint(),
            retry_after: hint(),
        };
        (hints, tape)
    }
}

impl Answer for Reply {
    type Item = Json;

    fn status(&self) -> u16 {
        self.status
    }

    fn hints(&self) -> Hints {
        self.hints_and_rest().0
    }

    fn date_ms(&self) -> Option<f64> {
        time::parse_http_date(&self.received().date()?)
    }

    fn item(&self) -> Option<Json> {
        let (_, rest) = self.hints_and_rest();
        let start = self.of.description.len() - rest.rest().len();
        let of = self.of.clone();
        (!rest.is_empty()).then_some(Json {
            of,
            start,
            index: 0,
        })
    }

    fn is_page(&self, name: &'static str) -> bool {
        host::is_page(self.received(), name)
    }

    fn items(&self, name: &'static str) -> impl Iterator<Item = Json> {
        let description = ASKED.with(|fields| host::describe_list(self.received(), name, fields));
        let of = Rc::new(Described {
            description,
            received: self.received().clone(),
            list: Some(name),
        });
        let mut next = Json {
            of,
            start: 0,
            index: 0,
        };
        std::iter::from_fn(move || {
            let start = next.of.description.len() - next.end()?.len();
            let index = next.index + 1;
            let after = Json {
                of: next.of.clone(),
                start,
                index,
            };
            Some(std::mem::replace(&mut next, after))
        })
    }

    fn total_size(&self) -> Option<f64> {
        // A number that cannot be read is one that no list is known to reach.
        match self.item()?.field("totalSize") {
            Field::Blank => None,
            Field::Text(digits) | Field::Number(digits) => {
                Some(number(digits.as_bytes()).map_or(f64::INFINITY, f64::from))
            }
            _ => Some(f64::INFINITY),
        }
    }

    fn body(&self) -> Body {
        self.body
    }
}

/// A JSON object of an answer. Its fields are read where they stand in its description.
#[derive(Debug, Clone)]
pub struct Json {
    of: Rc<Described>,
    /// Where its description begins.
    start: usize,
    /// Its place in the list.
    index: u32,
}

/// A field, as it is described.
enum Field<'a> {
    /// Left out, null or an empty string.
    Blank,
    /// A string.
    Text(&'a str),
    /// A number, as JavaScript writes it.
    Number(&'a str),
    /// `false`.
    False,
    /// The secret.
    Secret,
    /// Something else.
    Other,
}

impl<'a> Field<'a> {
    fn read(tape: &mut Tape<'a>) -> Self {
        match tape.letter() {
            Some('u') => Self::Blank,
            Some('s') => Self::Text(tape.text()),
            Some('#') => Self::Number(tape.text()),
            Some('f') => Self::False,
            Some('h') => Self::Secret,
            _ => Self::Other,
        }
    }
}

impl Json {
    /// The JavaScript value itself.
    pub fn value(&self) -> JsValue {
        let Described { received, list, .. } = &*self.of;
        list.map_or_else(
            || received.value(),
            |list| host::item_of(received, list, self.index),
        )
    }

    fn tape(&self) -> Tape<'_> {
        Tape::new(self.of.description.get(self.start..).unwrap_or_default())
    }

    /// What follows its description; [`None`] if there is none.
    fn end(&self) -> Option<&str> {
        let mut tape = self.tape();
        tape.letter()?;
        for _ in FIELDS.split(' ') {
            Field::read(&mut tape);
        }
        while !tape.skips('.') && !tape.is_empty() {
            Field::read(&mut tape);
        }
        Some(tape.rest())
    }

    fn field(&self, name: &str) -> Field<'_> {
        let mut tape = self.tape();
        tape.letter();
        for field in FIELDS.split(' ') {
            let value = Field::read(&mut tape);
            if field == name {
                return value;
            }
        }
        Field::Blank
    }
}

impl Item for Json {
    fn text(&self, field: &'static str) -> Option<String> {
        match self.field(field) {
            Field::Text(text) => Some(text.into()),
            _ => None,
        }
    }

    fn is_blank(&self, field: &'static str) -> bool {
        matches!(self.field(field), Field::Blank)
    }

    fn holds(&self, field: &'static str) -> bool {
        matches!(self.field(field), Field::Text(_) | Field::Secret)
    }

    fn is_false(&self, field: &'static str) -> bool {
        matches!(self.field(field), Field::False)
    }

    fn has_secret(&self) -> bool {
        !self.tape().skips('-')
    }

    fn is_secret(&self, field: &'static str) -> bool {
        matches!(self.field(field), Field::Secret)
    }

    fn annotation(&self, name: &'static str) -> Option<String> {
        let mut tape = self.tape();
        tape.letter();
        for _ in FIELDS.split(' ') {
            Field::read(&mut tape);
        }
        while tape.skips('s') {
            let is_it = tape.text() == name;
            if let Field::Text(value) = Field::read(&mut tape)
                && is_it
            {
                return Some(value.into());
            }
        }
        None
    }

    fn annotations(&self) -> Vec<(String, String)> {
        let annotations = host::field(&self.value(), "annotations");
        let Ok(annotations) = annotations.dyn_into::<Object>() else {
            return Vec::new();
        };
        let entries = Object::entries(&annotations).into_iter();
        let text = |entry: &Array, index| entry.get(index).as_string();
        entries
            .map(|entry| entry.unchecked_into::<Array>())
            .filter_map(|entry| Some((text(&entry, 0)?, text(&entry, 1)?)))
            .collect()
    }
}

/// Converts a Rust value to a JavaScript value as JSON would: a struct becomes a plain object.
pub fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    Ok(value.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?)
}
