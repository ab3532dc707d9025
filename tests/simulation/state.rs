//! What the simulated service stores and does, without faults.

use crate::answer::{Reply, Thing};
use crate::weather::Weather;
use fireworks_keys::lifecycle::{ATTEMPT, CALL, Payload, Request, time};

/// When the simulation begins, in milliseconds since 1970.
pub const START_MS: f64 = 1_700_000_000_000.0;

/// A time in milliseconds since 1970, as the API's reference writes it.
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
    /// When lists begin to show it.
    pub visible_at_ms: f64,
    /// When the service begins to accept it as a token.
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

    /// The key as the service shows it.
    fn shown(&self, secret: bool) -> Thing {
        Thing {
            key_id: Some(self.id.to_string()),
            annotations: self.annotations.clone(),
            created_at_ms: Some(self.created_at_ms),
            lifetime_ms: self.lifetime_ms,
            secret,
            ..Thing::default()
        }
    }
}

/// What the service does at some time, even if nobody waits for it any more.
#[derive(Debug, Clone)]
pub enum Effect {
    Create(Key),
    Delete {
        id: usize,
    },
    /// The caller's store stores a key, although the rotation no longer waits for it.
    Store {
        id: usize,
    },
}

/// The state of the service and of the caller's store.
#[derive(Debug)]
pub struct State {
    pub now_ms: f64,
    pub wake_at_ms: f64,
    /// How often a clock was read.
    pub readings: f64,
    pub rng: fastrand::Rng,
    pub keys: Vec<Key>,
    pub next_id: usize,
    pub due: Vec<(f64, Effect)>,
    pub log: Log,
    /// When the caller aborted because of the event of a stage.
    pub aborted_at_ms: f64,
    /// The id of the key in the caller's store.
    pub stored: Option<usize>,
    /// The ids of all keys that have ever been in the caller's store.
    pub ever_stored: Vec<usize>,
    /// How many points the process has passed where it may crash.
    pub steps: u32,
    /// The point at which it crashes.
    pub crash_at: Option<u32>,
    pub crashed: bool,
}

/// What has happened, for the checks.
#[derive(Debug, Default, Clone)]
pub struct Log {
    pub creates: u32,
    pub requests: u32,
    /// How many creates may have made a key that the caller did not get.
    pub unsure: usize,
    /// How many lists and deletes failed.
    pub sweep_troubles: u32,
    /// When the first page of the last list was served.
    pub last_list_ms: Option<f64>,
    /// Whether one of those may have made several.
    pub uncounted: bool,
    pub gave_up: u32,
    /// How often it was told that all is accounted for.
    pub swept: u32,
    /// How often it was told that fewer orphans were found than there may be.
    pub unaccounted: u32,
    /// How often it was told that looks go on.
    pub opened: u32,
    pub unprotected: u32,
    /// How many answers named a key but had neither its secret nor its annotations.
    pub unmarked: u32,
    pub deleted: Vec<String>,
    /// How many keys were deleted while the caller's store held them.
    pub stored_deleted: u32,
    /// How many rotations did not know whether their new key was stored.
    pub unknown: u32,
    /// How often the caller's store was called.
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

    /// Puts a key into the caller's store.
    pub fn store(&mut self, id: usize) {
        self.stored = Some(id);
        self.ever_stored.push(id);
    }

    /// Makes a key, without adding it to the service.
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

    /// What the service does and answers, without faults, to a request with this token. The token [`None`]
    /// is an administrator's.
    pub fn serve(
        &mut self,
        request: &Request<'_>,
        token: Option<usize>,
        weather: &Weather,
    ) -> (Option<Effect>, Reply) {
        if token.is_some_and(|token| !self.is_known(token)) {
            return (None, Reply::refusal(401));
        }
        match &request.payload {
            Some(Payload::Create { api_key }) => {
                let kept = api_key.annotations.unwrap_or_default().iter();
                let kept = kept.filter(|_| weather.keeps_annotations).cloned();
                let mut key = self.new_key(kept.collect());
                let ends_ms = api_key.expire_time.as_deref().and_then(time::parse_rfc3339);
                let asked_ms = ends_ms.map(|ms| ms - START_MS - self.now_ms);
                if asked_ms.is_some_and(|ms| ms <= 0.0) {
                    return (None, Reply::refusal(400));
                }
                key.lifetime_ms = (weather.lifetime)(asked_ms);
                key.usable_at_ms += weather.activation_ms * self.rng.f64();
                let shown = key.shown(true);
                (Some(Effect::Create(key)), Reply::ok(shown))
            }
            Some(Payload::Delete { key_id }) => {
                let id = key_id.parse().expect("an id of ours");
                self.log.deleted_by = token;
                if let Some(status) = (weather.refuses_delete)(token) {
                    return (None, Reply::refusal(status));
                }
                match self.keys.iter().any(|key| key.id == id && key.live) {
                    true => (Some(Effect::Delete { id }), Reply::deleted()),
                    false => (None, Reply::missing()),
                }
            }
            None if !request.path.contains("/apiKeys") => {
                let name = Some("accounts/a".into());
                let account = Thing {
                    name,
                    ..Thing::default()
                };
                (None, Reply::ok(account))
            }
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
