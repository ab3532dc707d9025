//! Answers as the lifecycle reads them: what was parsed stays a JavaScript value, so that a secret in it
//! is never copied.

use crate::host::{self, Reply};
use crate::lifecycle::retry::Hints;
use crate::lifecycle::{Answer, Item};
use js_sys::{Array, JsString, Object};
use serde::Serialize;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

thread_local! {
    /// The names of fields as JavaScript strings, so that each crosses the boundary once.
    static NAMES: RefCell<Vec<(&'static str, JsString)>> = const { RefCell::new(Vec::new()) };
}

fn in_javascript(name: &'static str) -> JsString {
    NAMES.with_borrow_mut(|names| {
        // The same literal may stand at two addresses; then it has two entries, which does no harm.
        let known = names.iter().find(|(known, _)| std::ptr::eq(*known, name));
        if let Some((_, known)) = known {
            return known.clone();
        }
        let new = JsString::from(name);
        names.push((name, new.clone()));
        new
    })
}

impl Answer for Reply {
    type Item = Json;

    fn status(&self) -> u16 {
        Reply::status(self)
    }

    fn hints(&self) -> Hints {
        Hints {
            should_retry: self.should_retry(),
            retry_after_ms: self.retry_after_ms(),
            retry_after: self.retry_after(),
        }
    }

    fn item(&self) -> Option<Json> {
        let value = self.value();
        host::is_resource(&value).then_some(Json(value))
    }

    fn items(&self, name: &'static str) -> Option<impl Iterator<Item = Json>> {
        let list = self.item()?.get(name);
        let list: Array = if list.is_undefined() || list.is_null() {
            Array::new()
        } else {
            list.dyn_into().ok()?
        };
        Some(list.into_iter().map(Json))
    }
}

/// What a JSON parser made; reading it cannot throw.
pub struct Json(JsValue);

impl Json {
    /// As it was parsed.
    pub fn value(&self) -> &JsValue {
        &self.0
    }

    /// The field of this name, whatever it is.
    pub fn get(&self, name: &'static str) -> JsValue {
        host::field(&self.0, &in_javascript(name))
    }
}

impl Item for Json {
    fn text(&self, field: &'static str) -> Option<String> {
        host::text_of(&self.0, &in_javascript(field))
    }

    fn is_blank(&self, field: &'static str) -> bool {
        host::is_blank(&self.0, &in_javascript(field))
    }

    fn holds(&self, field: &'static str) -> bool {
        host::holds_text(&self.0, &in_javascript(field))
    }

    fn is_false(&self, field: &'static str) -> bool {
        self.get(field).as_bool() == Some(false)
    }

    fn same(&self, field: &'static str, other: &'static str) -> bool {
        self.get(field) == self.get(other)
    }

    fn annotation(&self, name: &'static str) -> Option<String> {
        Json(self.get("annotations")).text(name)
    }

    fn annotations(&self) -> Vec<(String, String)> {
        let Ok(annotations) = self.get("annotations").dyn_into::<Object>() else {
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

/// A value of ours in JavaScript, as JSON would have it: structs as plain objects.
pub fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    Ok(value.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?)
}
