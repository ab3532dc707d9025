//! What the simulated service stores and does, undisturbed.

use crate::answer::{Reply, Thing};
use crate::weather::Weather;
use fireworks_keys::lifecycle::{ATTEMPT, CALL, Payload, Request, time};

/// When the simulation begins, in milliseconds since 1970.
pub const START_MS: f64 = 1_700_000_000_000.0;

/// A time in milliseconds since 1970 as the reference writes it.
pub fn time_text(ms: f64) -> Option<String> {
    let timestamp = jiff::Timestamp::from_millisecond(ms as i64).ok()?;
    Some(timestamp.to_string())
}

/// A key as the service stores it.
#[derive(Debug, Clone)]
pub struct Key {
    pub id: usize,
    pub annotations: Vec<(String, String)>,
    pub live: bool,
    pub created_at_ms: f64,
    pub lifetime_ms: Option<f64>,
    /// From when on a list shows it.
    pub visible_at_ms: f64,
    /// From when on it is known as a token.
    pub usable_at_ms: f64,
}

impl Key {
    pub fn annotation(&self, name: &str) -> Option<&str> {
        let mut annotations = self.annotations.iter();
        let (_, value) = annotations.find(|(known, _)| known == name)?;
        Some(value)
    }

    pub fn tag(&self) -> Option<&str> {
        self.annotation(ATTEMPT)
    }

    pub fn call(&self) -> Option<&str> {
        self.annotation(CALL)
    }

    /// As the service shows it.
    fn shown(&self, secret: bool) -> Thing {
        Thing {
            key_id: Some(self.id.to_string()),
            annotations: self.annotations.clone(),
            created_at_ms: Some(self.created_at_ms),
            lifetime_ms: self.lifetime_ms,
            secret,
            next: None,
        }
    }
}

/// What the service will do at some time, whoever still waits for it.
#[derive(Debug, Clone)]
pub enum Effect {
    Create(Key),
    Delete {
        id: usize,
    },
    /// The caller's store, which nobody waits for any longer.
    Store {
        id: usize,
    },
}

/// The service, and what a caller keeps outside of it.
#[derive(Debug)]
pub struct State {
    pub now_ms: f64,
    pub wake_at_ms: f64,
    pub rng: fastrand::Rng,
    pub keys: Vec<Key>,
    pub next_id: usize,
    pub due: Vec<(f64, Effect)>,
    pub log: Log,
    /// When the caller aborted as an event told it of a stage.
    pub aborted_at_ms: f64,
    /// The key in the caller's store.
    pub stored: Option<usize>,
    /// Every key that ever was in the caller's store.
    pub ever_stored: Vec<usize>,
    /// How many points there were where the process may crash, and at which it does.
    pub steps: u32,
    pub crash_at: Option<u32>,
    pub crashed: bool,
}

/// What happened, for the invariants.
#[derive(Debug, Default, Clone)]
pub struct Log {
    pub creates: u32,
    pub requests: u32,
    /// How many creates may have made a key that nobody was given.
    pub unsure: usize,
    /// How many lists and deletes brought no good answer.
    pub sweep_troubles: u32,
    /// When the first page of the last list was served.
    pub last_list_ms: Option<f64>,
    pub gave_up: u32,
    pub unprotected: u32,
    /// How many answers named a key and told neither its secret nor its annotations.
    pub unmarked: u32,
    pub deleted: Vec<String>,
    /// How many keys were deleted while the caller's store held them.
    pub stored_deleted: u32,
    /// How many rotations did not know what became of their keys.
    pub unknown: u32,
    /// How often a caller's store was asked.
    pub asked: u32,
    /// The token of the last delete.
    pub deleted_by: Option<usize>,
}

impl State {
    pub fn apply(&mut self, effect: Effect, lag_ms: f64) {
        match effect {
            Effect::Create(key) => self.keys.push(Key {
                created_at_ms: self.now_ms,
                visible_at_ms: self.now_ms + lag_ms,
                ..key
            }),
            Effect::Store { id } => self.store(id),
            Effect::Delete { id } => {
                self.log.stored_deleted += u32::from(self.stored == Some(id));
                for key in self.keys.iter_mut().filter(|key| key.id == id) {
                    key.live = false;
                }
            }
        }
    }

    /// Notes a new key in the caller's store.
    pub fn store(&mut self, id: usize) {
        self.stored = Some(id);
        self.ever_stored.push(id);
    }

    /// A key that is about to be.
    pub fn new_key(&mut self, annotations: Vec<(String, String)>) -> Key {
        self.next_id += 1;
        Key {
            id: self.next_id - 1,
            annotations,
            live: true,
            created_at_ms: self.now_ms,
            lifetime_ms: None,
            visible_at_ms: self.now_ms,
            usable_at_ms: self.now_ms,
        }
    }

    fn is_known(&self, token: usize) -> bool {
        let known = |key: &Key| key.id == token && key.live && key.usable_at_ms <= self.now_ms;
        self.keys.iter().any(known)
    }

    /// What an undisturbed service does and answers, some time after the request was sent with this
    /// token; without one, with an administrator's.
    pub fn serve(
        &mut self,
        request: &Request<'_>,
        token: Option<usize>,
        weather: &Weather,
    ) -> (Option<Effect>, Reply) {
        if token.is_some_and(|token| !self.is_known(token)) {
            return (None, Reply::status(401));
        }
        match &request.payload {
            Some(Payload::Create { api_key }) => {
                let kept = api_key.annotations.iter().flatten();
                let kept = kept.filter(|_| weather.keeps_annotations).cloned();
                let mut key = self.new_key(kept.collect());
                let ends_ms = api_key.expire_time.as_deref().and_then(time::parse_rfc3339);
                key.lifetime_ms = ends_ms.map(|ms| ms - START_MS - self.now_ms);
                key.usable_at_ms += weather.activation_ms * self.rng.f64();
                let shown = key.shown(true);
                (Some(Effect::Create(key)), Reply::ok(shown))
            }
            Some(Payload::Delete { key_id }) => {
                let id = key_id.parse().expect("an id of ours");
                self.log.deleted_by = token;
                if let Some(status) = (weather.refuses_delete)(token) {
                    return (None, Reply::status(status));
                }
                match self.keys.iter().any(|key| key.id == id && key.live) {
                    true => (Some(Effect::Delete { id }), Reply::ok(Thing::default())),
                    false => (None, Reply::status(404)),
                }
            }
            None if !request.path.contains("/apiKeys") => (None, Reply::ok(Thing::default())),
            None => {
                let from = match request.path.split_once("pageToken=") {
                    Some((_, token)) => token.parse().expect("a token of ours"),
                    None => {
                        self.log.last_list_ms = Some(self.now_ms);
                        0
                    }
                };
                let visible =
                    |key: &&Key| key.live && key.visible_at_ms <= self.now_ms && key.id >= from;
                let mut keys: Vec<&Key> = self.keys.iter().filter(visible).collect();
                keys.sort_by_key(|key| key.id);
                let next = keys.get(weather.page_size).map(|key| key.id.to_string());
                let items = keys.iter().take(weather.page_size);
                let items = items.map(|key| key.shown(false)).collect();
                let page = Thing {
                    next,
                    ..Thing::default()
                };
                (
                    None,
                    Reply {
                        items,
                        ..Reply::ok(page)
                    },
                )
            }
        }
    }
}
