//! The answers of the simulated service.

use crate::state::{START_MS, time_text};
use fireworks_keys::lifecycle::retry::Hints;
use fireworks_keys::lifecycle::{Answer, Body, Item};

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub retry_after: Option<&'static str>,
    pub item: Option<Thing>,
    pub items: Vec<Thing>,
    /// The list's name, where it matters.
    pub list: Option<&'static str>,
    /// How many items the whole list has, as a page says.
    pub total: Option<f64>,
    /// When it was sent, by the server's clock.
    pub date_ms: Option<f64>,
    /// What the body says of the request.
    pub body: Body,
}

impl Reply {
    pub fn ok(item: Thing) -> Self {
        Self {
            item: Some(item),
            body: Body::Resource,
            ..Self::status(200)
        }
    }

    /// How the service confirms a deletion.
    pub fn deleted() -> Self {
        Self {
            body: Body::Empty,
            ..Self::ok(Thing::default())
        }
    }

    /// How the service says that there is no such thing.
    pub fn missing() -> Self {
        Self {
            body: Body::NotFound,
            ..Self::status(404)
        }
    }

    /// A page that is not the service's, such as a guest network's sign-in page.
    pub fn portal() -> Self {
        Self::status(200)
    }

    /// A refusal, in an answer with this status.
    pub fn refusal(status: u16) -> Self {
        Self {
            item: Some(Thing::default()),
            body: Body::Refusal,
            ..Self::status(status)
        }
    }

    /// A refusal that a gateway may have made up.
    pub fn fault(status: u16) -> Self {
        Self {
            body: Body::Fault,
            ..Self::refusal(status)
        }
    }

    pub fn status(status: u16) -> Self {
        Self {
            status,
            retry_after: None,
            item: None,
            items: Vec::new(),
            list: None,
            total: None,
            date_ms: None,
            body: Body::Foreign,
        }
    }

    /// The same as a refusal of a token that is known.
    pub fn denied() -> Self {
        Self {
            body: Body::Denied,
            ..Self::refusal(403)
        }
    }

    pub fn after(self, seconds: &'static str) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
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

    fn date_ms(&self) -> Option<f64> {
        self.date_ms
    }

    fn item(&self) -> Option<Thing> {
        self.item.clone()
    }

    fn is_page(&self, name: &'static str) -> bool {
        assert!(["apiKeys", "users"].contains(&name), "{name}");
        self.body == Body::Resource && self.list.is_none_or(|list| list == name)
    }

    fn items(&self, _: &'static str) -> impl Iterator<Item = Thing> {
        self.items.iter().cloned()
    }

    fn total_size(&self) -> Option<f64> {
        self.total
    }

    fn body(&self) -> Body {
        self.body
    }
}

/// What an answer holds: a key, or a page of keys.
#[derive(Debug, Clone, Default)]
pub struct Thing {
    pub key_id: Option<String>,
    pub annotations: Vec<(String, String)>,
    pub created_at_ms: Option<f64>,
    pub lifetime_ms: Option<f64>,
    /// Its end, where that does not follow from its lifetime.
    pub expires_at_ms: Option<f64>,
    pub secret: bool,
    pub next: Option<String>,
    /// An account's name.
    pub name: Option<String>,
    /// A field that holds something that is no text.
    pub odd: Option<&'static str>,
    /// A field that holds the secret, too.
    pub repeats: Option<&'static str>,
}

impl Item for Thing {
    fn text(&self, field: &'static str) -> Option<String> {
        match field {
            _ if [self.odd, self.repeats].contains(&Some(field)) => None,
            "keyId" => self.key_id.clone(),
            "nextPageToken" => self.next.clone(),
            "name" => self.name.clone(),
            "createTime" => time_text(START_MS + self.created_at_ms?),
            "expireTime" if self.expires_at_ms.is_some() => {
                time_text(START_MS + self.expires_at_ms?)
            }
            "expireTime" => time_text(START_MS + self.created_at_ms? + self.lifetime_ms?),
            _ => None,
        }
    }

    fn is_blank(&self, field: &'static str) -> bool {
        self.text(field).is_none() && ![self.odd, self.repeats].contains(&Some(field))
    }

    fn holds(&self, field: &'static str) -> bool {
        self.text(field).is_some() || self.is_secret(field)
    }

    fn is_false(&self, _: &'static str) -> bool {
        false
    }

    fn has_secret(&self) -> bool {
        self.secret
    }

    fn is_secret(&self, field: &'static str) -> bool {
        self.repeats == Some(field)
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
