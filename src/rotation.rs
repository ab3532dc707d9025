//! What only a rotation needs: the new key as a token, and the caller's store.

use crate::answer::{Json, Reply};
use crate::exchange::{Api, ended};
use crate::host::{self, Watch};
use crate::lifecycle::{Answer, Item, KeyStore, Persisted, Rotator, TransportErrorKind};
use js_sys::{Function, JsString};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

impl Rotator for Api {
    fn with_key_of(&self, created: &Reply) -> Option<Self> {
        let key = host::field(&created.value(), "key");
        let key: JsString = key.is_string().then(|| key.unchecked_into())?;
        // Redact the new key from now on, even if a header cannot carry it.
        self.tokens().push(&key);
        host::is_header_token(&key).then(|| self.with_token(key))
    }

    fn may_be(&self, key: &Json) -> bool {
        host::any_begins_with(self.tokens(), &host::field(&key.value(), "prefix"))
    }
}

/// The caller's store, behind its `persist` function.
pub struct CallerStore<'a> {
    /// The API, whose signal can end the wait.
    pub api: &'a Api,
    /// Notes the key that the caller may have stored.
    pub watch: &'a Watch,
    /// Stores the new key.
    pub persist: Function,
}

impl KeyStore<Api> for CallerStore<'_> {
    async fn persist(&self, created: &Reply, limit_ms: f64) -> Persisted<JsValue> {
        let stop = match self.api.stop(limit_ms) {
            Ok(stop) => stop,
            Err(cause) => return Persisted::Rejected(cause),
        };
        if ended(&stop).is_some() {
            stop.end();
            return Persisted::Skipped;
        }
        let key_id = created.item().and_then(|key| key.text("keyId"));
        self.watch.keep(key_id.as_deref());
        let asked = host::call_persist(&stop, &self.persist, &created.value());
        let outcome = JsFuture::from(asked).await;
        stop.end();
        match (outcome, ended(&stop)) {
            (Ok(stored), _) if stored.as_bool() == Some(false) => Persisted::NotStored,
            (Ok(_), _) => Persisted::Stored,
            (Err(_), Some(TransportErrorKind::Aborted)) => Persisted::Aborted,
            (Err(_), Some(_)) => Persisted::TimedOut,
            (Err(cause), None) => Persisted::Rejected(cause),
        }
    }
}
