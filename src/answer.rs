//! Answers as the lifecycle reads them: what was parsed stays a JavaScript value, so that a secret in it
//! is never copied.

use crate::host::Reply;
use crate::lifecycle::retry::Hints;
use crate::lifecycle::{Answer, Item};
use js_sys::{Array, JsString, Object, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;

impl Answer for Reply {
    type Item = Record;

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

    fn item(&self) -> Option<Record> {
        let value = self.value();
        (value.is_object() && !Array::is_array(&value)).then_some(Record(value))
    }

    fn items(&self, name: &str) -> Option<impl Iterator<Item = Record>> {
        let list = self.item()?.get(name);
        let list: Array = if list.is_undefined() || list.is_null() {
            Array::new()
        } else {
            list.dyn_into().ok()?
        };
        Some(list.into_iter().map(Record))
    }
}

/// Something that a JSON parser made; reading it cannot throw.
pub struct Record(JsValue);

impl Record {
    /// As it was parsed.
    pub fn value(&self) -> &JsValue {
        &self.0
    }

    /// The field of this name, whatever it is.
    pub fn get(&self, name: &str) -> JsValue {
        if self.0.is_object() {
            Reflect::get(&self.0, &name.into()).unwrap_or_default()
        } else {
            JsValue::UNDEFINED
        }
    }
}

impl Item for Record {
    fn text(&self, field: &str) -> Option<String> {
        self.get(field).as_string().filter(|text| !text.is_empty())
    }

    fn is_blank(&self, field: &str) -> bool {
        let value = self.get(field);
        value.is_undefined()
            || value.is_null()
            || value.as_string().is_some_and(|text| text.is_empty())
    }

    fn holds(&self, field: &str) -> bool {
        let value = self.get(field);
        value
            .dyn_ref::<JsString>()
            .is_some_and(|text| text.length() > 0)
    }

    fn is_false(&self, field: &str) -> bool {
        self.get(field).as_bool() == Some(false)
    }

    fn same(&self, field: &str, other: &str) -> bool {
        self.get(field) == self.get(other)
    }

    fn annotation(&self, name: &str) -> Option<String> {
        Record(self.get("annotations")).text(name)
    }

    fn annotations(&self) -> Vec<(String, String)> {
        let Ok(annotations) = self.get("annotations").dyn_into::<Object>() else {
            return Vec::new();
        };
        let names = Object::keys(&annotations);
        let names = names.iter().filter_map(|name| name.as_string());
        let annotations = Record(annotations.into());
        names
            .filter_map(|name| {
                annotations
                    .get(&name)
                    .as_string()
                    .map(|value| (name, value))
            })
            .collect()
    }
}

/// A value as JSON would have it: records as plain objects.
pub fn to_record(value: &impl Serialize) -> Result<JsValue, JsValue> {
    Ok(value.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?)
}
