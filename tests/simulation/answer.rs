//! The answers of the simulated service.

use crate::state::{START_MS, time_text};
use fireworks_keys::lifecycle::retry::Hints;
use fireworks_keys::lifecycle::{Answer, Item};

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub retry_after: Option<&'static str>,
    pub item: Option<Thing>,
    pub items: Vec<Thing>,
}

impl Reply {
    pub fn ok(item: Thing) -> Self {
        Self {
            item: Some(item),
            ..Self::status(200)
        }
    }

    pub fn status(status: u16) -> Self {
        Self {
            status,
            retry_after: None,
            item: None,
            items: Vec::new(),
        }
    }

    pub fn busy(seconds: &'static str) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::status(429)
        }
    }
}

impl Answer for Reply {
    type Item = Thing;

    fn status(&self) -> u16 {
        self.status
    }

    fn hints(&self) -> Hints {
        Hints {
            retry_after: self.retry_after.map(Into::into),
            ..Hints::default()
        }
    }

    fn item(&self) -> Option<Thing> {
        self.item.clone()
    }

    fn items(&self, _: &'static str) -> Option<impl Iterator<Item = Thing>> {
        Some(self.items.iter().cloned())
    }
}

/// What an answer holds: a key, or a page of keys.
#[derive(Debug, Clone, Default)]
pub struct Thing {
    pub key_id: Option<String>,
    pub annotations: Vec<(String, String)>,
    pub created_at_ms: Option<f64>,
    pub lifetime_ms: Option<f64>,
    pub secret: bool,
    pub next: Option<String>,
}

impl Item for Thing {
    fn text(&self, field: &'static str) -> Option<String> {
        match field {
            "keyId" => self.key_id.clone(),
            "nextPageToken" => self.next.clone(),
            "createTime" => time_text(START_MS + self.created_at_ms?),
            "expireTime" => time_text(START_MS + self.created_at_ms? + self.lifetime_ms?),
            _ => None,
        }
    }

    fn is_blank(&self, field: &'static str) -> bool {
        self.text(field).is_none()
    }

    fn holds(&self, field: &'static str) -> bool {
        match field {
            "key" => self.secret,
            _ => self.text(field).is_some(),
        }
    }

    fn is_false(&self, _: &'static str) -> bool {
        false
    }

    fn same(&self, field: &'static str, other: &'static str) -> bool {
        field == other
    }

    fn annotation(&self, name: &'static str) -> Option<String> {
        let mut annotations = self.annotations.iter();
        let (_, value) = annotations.find(|(known, _)| known == name)?;
        Some(value.clone())
    }

    fn annotations(&self) -> Vec<(String, String)> {
        self.annotations.clone()
    }
}
