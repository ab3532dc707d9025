//! What a rotation needs of the simulated service, and the caller's store.

use super::World;
use crate::answer::{Reply, Thing};
use crate::state::Effect;
use crate::weather::Store;
use fireworks_keys::lifecycle::{Answer, Item, KeyStore, Persisted, Rotator};

impl Rotator for World {
    fn with_key_of(&self, created: &Reply) -> Option<Self> {
        let id = created.item()?.text("keyId")?.parse().ok();
        Some(self.clone().with_token(id))
    }

    fn may_be(&self, key: &Thing) -> bool {
        let id = key.key_id.as_deref().and_then(|id| id.parse().ok());
        self.weather.tells_prefix && self.token.is_some() && self.token == id
    }
}

impl KeyStore<Self> for World {
    async fn persist(&self, created: &Reply, limit_ms: f64) -> Persisted<()> {
        let id = created.item().and_then(|key| key.text("keyId"));
        let id = id.and_then(|id| id.parse().ok()).expect("an id of ours");
        self.may_crash().await;
        let stores_at_ms = match self.weather.store {
            Store::Slow(ms) => self.now_ms() + ms,
            _ => self.now_ms() + 50.0,
        };
        if self.now_ms() >= self.abort_at_ms() {
            return Persisted::Skipped;
        }
        self.state.borrow_mut().log.asked += 1;
        let stop_ms = (self.now_ms() + limit_ms).min(self.abort_at_ms());
        self.until(stores_at_ms.min(stop_ms)).await;
        if stores_at_ms > stop_ms {
            let late = (stores_at_ms, Effect::Store { id });
            self.state.borrow_mut().due.push(late);
            return match stop_ms == self.abort_at_ms() {
                true => Persisted::Aborted,
                false => Persisted::TimedOut,
            };
        }
        if !matches!(self.weather.store, Store::Declines | Store::Loses) {
            self.store(id);
        }
        self.may_crash().await;
        match self.weather.store {
            Store::Stores | Store::Slow(_) => Persisted::Stored,
            Store::Declines => Persisted::NotStored,
            Store::Loses | Store::StoresAndThrows => Persisted::Rejected(()),
        }
    }
}
