//! A service whose whole list a test has written, for audits.

use crate::state::time_text;
use fireworks_keys::lifecycle::retry::Hints;
use fireworks_keys::lifecycle::{
    Aborted, Answer, Body, Event, Item, Request, Service, TransportError, time,
};
use std::cell::RefCell;

/// The time of day by our own clock.
pub const NOW: &str = "2030-01-31T12:00:00Z";

/// A JSON object: its text fields, and its annotations.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    pub texts: Vec<(&'static str, String)>,
    pub annotations: Vec<(String, String)>,
    pub plaintext: bool,
}

/// A page of keys, the token of the next one, and when it was made by the server's clock.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    pub keys: Vec<Fields>,
    pub next: Option<String>,
    pub date_ms: Option<f64>,
}

/// A service that answers with these pages, the last one first, and notes the paths of the requests.
pub struct Pages {
    pub pages: RefCell<Vec<Listing>>,
    pub asked: RefCell<Vec<String>>,
}

impl Item for Fields {
    fn text(&self, field: &'static str) -> Option<String> {
        let (_, text) = self.texts.iter().find(|(name, _)| *name == field)?;
        (!text.is_empty()).then(|| text.clone())
    }

    fn is_blank(&self, field: &'static str) -> bool {
        self.text(field).is_none()
    }

    fn holds(&self, field: &'static str) -> bool {
        self.text(field).is_some()
    }

    fn is_false(&self, field: &'static str) -> bool {
        field == "secure" && self.plaintext
    }

    fn has_secret(&self) -> bool {
        false
    }

    fn is_secret(&self, _: &'static str) -> bool {
        false
    }

    fn annotation(&self, name: &'static str) -> Option<String> {
        let (_, value) = self.annotations.iter().find(|(known, _)| known == name)?;
        Some(value.clone())
    }

    fn annotations(&self) -> Vec<(String, String)> {
        self.annotations.clone()
    }
}

impl Answer for Listing {
    type Item = Fields;

    fn status(&self) -> u16 {
        200
    }

    fn hints(&self) -> Hints {
        Hints::default()
    }

    fn item(&self) -> Option<Fields> {
        let next = self.next.clone().map(|next| ("nextPageToken", next));
        Some(Fields {
            texts: next.into_iter().collect(),
            ..Fields::default()
        })
    }

    fn is_page(&self, _: &'static str) -> bool {
        true
    }

    fn items(&self, _: &'static str) -> impl Iterator<Item = Fields> {
        self.keys.iter().cloned()
    }

    fn total_size(&self) -> Option<f64> {
        None
    }

    fn date_ms(&self) -> Option<f64> {
        self.date_ms
    }

    fn body(&self) -> Body {
        Body::Resource
    }
}

impl Service for Pages {
    type Answer = Listing;
    type Cause = ();

    async fn exchange(&self, request: &Request<'_>, _: f64) -> Result<Listing, TransportError<()>> {
        assert_eq!(request.method, "GET", "an audit only reads");
        self.asked.borrow_mut().push(request.path.clone());
        Ok(self.pages.borrow_mut().pop().expect("there is a page"))
    }

    async fn sleep(&self, _: f64) -> Result<(), Aborted> {
        Ok(())
    }

    fn elapsed_ms(&self) -> f64 {
        0.0
    }

    fn now_ms(&self) -> f64 {
        time::parse_rfc3339(NOW).expect("a time")
    }

    fn time_text(&self, ms: f64) -> Option<String> {
        time_text(ms)
    }

    fn random(&self) -> f64 {
        0.0
    }

    fn waits_for_work(&self) -> bool {
        false
    }

    fn resends(&self) -> bool {
        false
    }

    fn notify(&self, _: &Event<'_>) {}
}
