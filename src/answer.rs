//! Lets the lifecycle read answers. A parsed body stays a JavaScript value, so that the secret in it is
//! never copied into linear memory.

use crate::host::{self, Reply};
use crate::lifecycle::number::number;
use crate::lifecycle::retry::Hints;
use crate::lifecycle::{Answer, Body, Item, time};
use js_sys::{Array, JsString, Object};
use serde::Serialize;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

thread_local! {
    /// Field names as JavaScript strings, so that each is converted only once.
    static NAMES: RefCell<Vec<(&'static str, JsString)>> = const { RefCell::new(Vec::new()) };
}

fn in_javascript(name: &'static str) -> JsString {
    NAMES.with_borrow_mut(|names| {
        // A literal may be stored at two addresses. Its name then has two entries, which is harmless.
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

    fn date_ms(&self) -> Option<f64> {
        time::parse_http_date(&self.date()?)
    }

    fn item(&self) -> Option<Json> {
        let value = self.value();
        host::is_resource(&value).then_some(Json(value))
    }

    fn items(&self, name: &'static str) -> Option<impl Iterator<Item = Json>> {
        let list = host::list_in(&self.value(), &in_javascript(name));
        let list: Array = list.dyn_into().ok()?;
        Some(list.into_iter().map(Json))
    }

    fn total_size(&self) -> Option<f64> {
        let size = self.item()?.get("totalSize");
        // A number that cannot be read is one that no list is known to reach.
        let size = (!size.is_null() && !size.is_undefined()).then_some(size)?;
        let text = size.as_string();
        let number = text.map_or_else(
            || size.as_f64(),
            |text| number(text.as_bytes()).map(f64::from),
        );
        Some(number.unwrap_or(f64::INFINITY))
    }

    fn body(&self) -> Body {
        match host::kind_of(&self.value()) {
            0 => Body::Empty,
            1 => Body::Resource,
            2 => Body::NotFound,
            3 => Body::Refusal,
            5 => Body::Denied,
            6 => Body::Fault,
            _ => Body::Foreign,
        }
    }
}

/// A value that a JSON parser returned. Reading it cannot throw.
pub struct Json(JsValue);

impl Json {
    /// The JavaScript value itself.
    pub fn value(&self) -> &JsValue {
        &self.0
    }

    /// The field of this name; undefined if there is none.
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

/// Converts a Rust value to a JavaScript value as JSON would: a struct becomes a plain object.
pub fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    Ok(value.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?)
}
