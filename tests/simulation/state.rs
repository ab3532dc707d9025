//! What the simulated service stores and does, undisturbed.

use crate::answer::{Reply, Thing};
use crate::world::Weather;
use fireworks_keys::lifecycle::{ATTEMPT, CALL, Payload, Request};

/// A key as the service stores it.
#[derive(Debug, Clone)]
pub struct Key {
    pub id: usize,
    pub tag: Option<String>,
    pub call: Option<String>,
    pub live: bool,
    /// From when on a list shows it.
    pub visible_at_ms: f64,
}

/// What the service will do at some time, whoever still waits for it.
#[derive(Debug, Clone)]
pub enum Effect {
    Create {
        id: usize,
        tag: Option<String>,
        call: Option<String>,
    },
    Delete {
        id: usize,
    },
}

/// The service.
#[derive(Debug)]
pub struct State {
    pub now_ms: f64,
    pub wake_at_ms: f64,
    pub rng: fastrand::Rng,
    pub keys: Vec<Key>,
    pub next_id: usize,
    pub due: Vec<(f64, Effect)>,
    pub log: Log,
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
}

impl State {
    pub fn apply(&mut self, effect: Effect, lag_ms: f64) {
        match effect {
            Effect::Create { id, tag, call } => self.keys.push(Key {
                id,
                tag,
                call,
                live: true,
                visible_at_ms: self.now_ms + lag_ms,
            }),
            Effect::Delete { id } => {
                for key in self.keys.iter_mut().filter(|key| key.id == id) {
                    key.live = false;
                }
            }
        }
    }

    /// What an undisturbed service does and answers, some time after the request was sent.
    pub fn serve(&mut self, request: &Request<'_>, weather: &Weather) -> (Option<Effect>, Reply) {
        match &request.payload {
            Some(Payload::Create { api_key }) => {
                let id = self.next_id;
                self.next_id += 1;
                let annotation = |wanted: &str| {
                    let mut annotations = api_key.annotations.iter().flatten();
                    annotations
                        .find(|(name, _)| name == wanted && weather.keeps_annotations)
                        .map(|(_, value)| value.clone())
                };
                let (tag, call) = (annotation(ATTEMPT), annotation(CALL));
                let item = Thing {
                    key_id: Some(id.to_string()),
                    tag: tag.clone(),
                    call: call.clone(),
                    secret: true,
                    next: None,
                };
                (Some(Effect::Create { id, tag, call }), Reply::ok(item))
            }
            Some(Payload::Delete { key_id }) => {
                let id = key_id.parse().expect("an id of ours");
                match self.keys.iter().any(|key| key.id == id && key.live) {
                    true => (Some(Effect::Delete { id }), Reply::ok(Thing::default())),
                    false => (None, Reply::status(404)),
                }
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
                let items = keys.iter().take(weather.page_size).map(|key| Thing {
                    key_id: Some(key.id.to_string()),
                    tag: key.tag.clone(),
                    call: key.call.clone(),
                    ..Thing::default()
                });
                let items = items.collect();
                (
                    None,
                    Reply {
                        items,
                        ..Reply::ok(Thing {
                            next,
                            ..Thing::default()
                        })
                    },
                )
            }
        }
    }
}
