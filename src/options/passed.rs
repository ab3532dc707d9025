//! What the caller passed, in the one piece that `src/js/options.ts` makes of it: text, with the numbers and
//! the values that it refers to in their order.

use crate::tape::Tape;
use std::vec::IntoIter;
use wasm_bindgen::prelude::*;

/// What the caller passed.
pub struct Passed<'a> {
    text: Tape<'a>,
    numbers: IntoIter<f64>,
    values: IntoIter<JsValue>,
}

/// A value, as it was given.
#[derive(Default)]
pub enum Given {
    /// There is none, and the option is not named.
    #[default]
    Nothing,
    /// There is none, although the option is named.
    Valueless,
    /// Well-formed text.
    Text(String),
    /// Text that is too long.
    TooLong,
    /// Text with a lone surrogate.
    IllFormed,
    /// A number.
    Number(f64),
    /// A boolean.
    Boolean(bool),
    /// A value of its kind, which stays in JavaScript.
    Value(JsValue),
    /// A function that returns the token.
    Callback(JsValue),
    /// A token that is empty.
    Empty,
    /// A token that no header can carry, or the value of a header whose name is none.
    WrongCharacters,
    /// The names and values of an object.
    Entries(Vec<(Given, Given)>),
    /// Something of another kind.
    Wrong,
    /// Reading it threw this.
    Threw(JsValue),
}

impl Given {
    /// Whether there is no value.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing | Self::Valueless)
    }

    /// What is wrong with it, if it should be text.
    pub fn text_error(&self) -> Option<&'static str> {
        match self {
            Self::Text(_) => None,
            Self::TooLong => Some("must not be longer than 1 MiB"),
            Self::IllFormed => Some("must be well-formed text, without a lone surrogate"),
            _ => Some("must be a string"),
        }
    }
}

/// What is wrong with an option that could not be read.
pub const THREW: &str = "could not be read: a getter or a proxy threw";

/// The object that holds the options.
pub enum Head {
    /// It can be read.
    Fine,
    /// It is no object.
    NoObject,
    /// It has a field of this name that is no option, and this is what is wrong.
    Unknown(Given, Given),
    /// Reading its names threw this.
    Threw(JsValue),
}

impl<'a> Passed<'a> {
    pub fn new(text: &'a str, numbers: Vec<f64>, values: Vec<JsValue>) -> Self {
        Self {
            text: Tape::new(text),
            numbers: numbers.into_iter(),
            values: values.into_iter(),
        }
    }

    /// Whether a client's defaults come first.
    pub fn is_of_client(&mut self) -> bool {
        self.text.letter() == Some('c')
    }

    pub fn head(&mut self) -> Head {
        match self.text.letter() {
            Some('.') => Head::Fine,
            Some('?') => Head::Unknown(self.given(), self.given()),
            Some('!') => Head::Threw(self.value()),
            _ => Head::NoObject,
        }
    }

    /// The next value.
    pub fn given(&mut self) -> Given {
        match self.text.letter() {
            Some('u') => Given::Nothing,
            Some('v') => Given::Valueless,
            Some('s') => Given::Text(self.text.text().into()),
            Some('l') => Given::TooLong,
            Some('i') => Given::IllFormed,
            Some('#') => Given::Number(self.numbers.next().unwrap_or(f64::NAN)),
            Some('0') => Given::Boolean(false),
            Some('1') => Given::Boolean(true),
            Some('*') => Given::Value(self.value()),
            Some('(') => Given::Callback(self.value()),
            Some('e') => Given::Empty,
            Some('w') => Given::WrongCharacters,
            Some('{') => self.entries(),
            Some('!') => Given::Threw(self.value()),
            _ => Given::Wrong,
        }
    }

    fn value(&mut self) -> JsValue {
        self.values.next().unwrap_or_default()
    }

    fn entries(&mut self) -> Given {
        let mut entries = Vec::new();
        while !self.text.skips('}') && !self.text.is_empty() {
            entries.push((self.given(), self.given()));
        }
        Given::Entries(entries)
    }
}
