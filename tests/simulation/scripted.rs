//! A service that does to each attempt what a test has written, so that one case can be looked at alone.

use crate::answer::{Reply, Thing};
use crate::state::time_text;
use fireworks_keys::lifecycle::{
    Aborted, Answer, Event, Item, KeyStore, Payload, Persisted, Request, Rotator, Service,
    TransportError, TransportErrorKind,
};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// When the first request is sent, by the clock that never goes back and by ours.
pub const BEGIN_MS: f64 = 1_000_000_000.0;

/// What an attempt meets.
#[derive(Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are only ever a few of them"
)]
pub enum Fate {
    /// It takes 10 ms until the connection breaks.
    Breaks,
    /// It takes as long as it may.
    Hangs,
    /// The caller aborts.
    Aborts,
    /// It takes 10 ms until this is answered.
    Answers(Reply),
}

impl Fate {
    /// The API's own refusal with this status.
    pub fn refused(status: u16) -> Self {
        Self::Answers(Reply::refusal(status))
    }

    /// Answers with this object.
    pub fn holds(thing: Thing) -> Self {
        Self::Answers(Reply::ok(thing))
    }

    /// Answers with a page of these keys.
    pub fn lists(items: Vec<Thing>) -> Self {
        Self::Answers(Reply {
            items,
            ..Reply::ok(Thing::default())
        })
    }
}

/// The service. After the end of the script, what it says last comes again.
#[derive(Clone)]
pub struct Scripted {
    resends: bool,
    waits_for_work: bool,
    /// Whether the caller aborts in the middle of a wait.
    aborts_waits: bool,
    /// Whether a rotation's new key is the token.
    is_new: bool,
    shared: Rc<Shared>,
}

/// What is the same for every token.
struct Shared {
    script: Vec<Fate>,
    now_ms: Cell<f64>,
    requests: RefCell<Vec<String>>,
    /// The ends that creates asked for.
    ends: RefCell<Vec<Option<String>>>,
    waits: RefCell<Vec<f64>>,
    told: RefCell<Vec<String>>,
}

impl Scripted {
    pub fn new(script: &[Fate]) -> Self {
        Self {
            resends: false,
            waits_for_work: false,
            aborts_waits: false,
            is_new: false,
            shared: Rc::new(Shared {
                script: script.to_vec(),
                now_ms: Cell::new(BEGIN_MS),
                requests: RefCell::default(),
                ends: RefCell::default(),
                waits: RefCell::default(),
                told: RefCell::default(),
            }),
        }
    }

    /// The same over a transport that repeats requests unseen.
    pub fn that_resends(self) -> Self {
        Self {
            resends: true,
            ..self
        }
    }

    /// The same in a runtime that waits for work after the answer.
    pub fn that_waits(self) -> Self {
        Self {
            waits_for_work: true,
            ..self
        }
    }

    /// The same where the caller aborts in the middle of every wait.
    pub fn that_aborts_waits(self) -> Self {
        Self {
            aborts_waits: true,
            ..self
        }
    }

    /// The requests so far: `create`, `list`, `delete` or the path of another, and with which token.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.borrow().clone()
    }

    /// The ends that creates asked for so far.
    pub fn ends(&self) -> Vec<Option<String>> {
        self.shared.ends.borrow().clone()
    }

    /// The waits so far, in milliseconds.
    pub fn waits(&self) -> Vec<f64> {
        self.shared.waits.borrow().clone()
    }

    /// What the caller was told so far.
    pub fn told(&self) -> Vec<String> {
        self.shared.told.borrow().clone()
    }
}

/// What is told, with the key that the caller holds.
fn beside(told: &str, keep: Option<&str>) -> String {
    keep.map_or_else(|| told.into(), |id| format!("{told} beside {id}"))
}

/// The result of work that waits for nothing.
pub fn now<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("it waits"),
    }
}

impl Service for Scripted {
    type Answer = Reply;
    type Cause = ();

    async fn exchange(
        &self,
        request: &Request<'_>,
        limit_ms: f64,
    ) -> Result<Reply, TransportError<()>> {
        let turn = self.shared.requests.borrow().len();
        let name = match (request.method, request.path.ends_with(":delete")) {
            ("GET", _) if request.path.contains("/apiKeys") => "list",
            ("GET", _) => request.path.as_str(),
            (_, true) => "delete",
            _ => "create",
        };
        let by = if self.is_new { " by the new key" } else { "" };
        self.shared.requests.borrow_mut().push(name.to_owned() + by);
        if let Some(Payload::Create { api_key }) = &request.payload {
            self.shared
                .ends
                .borrow_mut()
                .push(api_key.expire_time.clone());
        }
        let fate = self
            .shared
            .script
            .get(turn)
            .or(self.shared.script.last())
            .cloned();
        let (ms, outcome) = match fate {
            Some(Fate::Breaks) => (10.0, Err(TransportErrorKind::Unreachable(()))),
            Some(Fate::Answers(reply)) => (10.0, Ok(reply)),
            Some(Fate::Aborts) => (10.0, Err(TransportErrorKind::Aborted)),
            Some(Fate::Hangs) | None => (limit_ms, Err(TransportErrorKind::TimedOut)),
        };
        self.shared.now_ms.update(|now_ms| now_ms + ms);
        outcome.map_err(|kind| TransportError { sent: true, kind })
    }

    async fn sleep(&self, ms: f64) -> Result<(), Aborted> {
        self.shared.waits.borrow_mut().push(ms);
        self.shared.now_ms.update(|now_ms| now_ms + ms);
        if self.aborts_waits {
            Err(Aborted)
        } else {
            Ok(())
        }
    }

    fn elapsed_ms(&self) -> f64 {
        self.shared.now_ms.get()
    }

    fn now_ms(&self) -> f64 {
        self.shared.now_ms.get()
    }

    fn time_text(&self, ms: f64) -> Option<String> {
        time_text(ms)
    }

    fn random(&self) -> f64 {
        1.0
    }

    fn resends(&self) -> bool {
        self.resends
    }

    fn waits_for_work(&self) -> bool {
        self.waits_for_work
    }

    fn notify(&self, event: &Event<'_>) {
        if let Event::OrphanDeleted { attempt_tag, .. }
        | Event::OrphansOpen { attempt_tag, .. }
        | Event::OrphansSwept { attempt_tag, .. }
        | Event::OrphansUnaccounted { attempt_tag, .. }
        | Event::OrphansUnknown { attempt_tag, .. } = event
        {
            assert_eq!(*attempt_tag, Some("tag"), "the tag of every test");
        }
        let told = match event {
            Event::Retry {
                attempt,
                delay_ms,
                reason,
                status,
            } => {
                let status = status.map_or_else(String::new, |status| format!(" {status}"));
                format!("retry {attempt}: {delay_ms} {reason:?}{status}")
            }
            Event::OrphanDeleted { key_id, .. } => format!("deleted {key_id}"),
            Event::OrphansOpen {
                last_look_ms,
                keep_key_id,
                ..
            } => beside(&format!("open until {last_look_ms}"), *keep_key_id),
            Event::OrphansSwept { keep_key_id, .. } => beside("swept", *keep_key_id),
            Event::OrphansUnaccounted { keep_key_id, .. } => beside("unaccounted", *keep_key_id),
            Event::OrphansUnknown { keep_key_id, .. } => beside("unknown", *keep_key_id),
            Event::Unprotected { .. } => "unprotected".into(),
            Event::ShorterLifetime { .. } => "shorter".into(),
            Event::UnknownLifetime { .. } => "no lifetime".into(),
            Event::Rotation {
                stage,
                key_id,
                successor_id,
            } => {
                let of = key_id.map_or_else(String::new, |id| format!(" of {id}"));
                let by = successor_id.map_or_else(String::new, |id| format!(" by {id}"));
                format!("{stage:?}{of}{by}")
            }
            Event::RotationUnknown { .. } => "rotation unknown".into(),
        };
        self.shared.told.borrow_mut().push(told);
    }
}

impl Rotator for Scripted {
    fn with_key_of(&self, created: &Reply) -> Option<Self> {
        // As where the key is nothing that a header can carry.
        (created.item()?.text("name").is_none()).then(|| Self {
            is_new: true,
            ..self.clone()
        })
    }

    fn may_be(&self, _: &Thing) -> bool {
        false
    }
}

/// A store that does this with a new key.
pub struct Store(pub fn() -> Persisted<()>);

impl KeyStore<Scripted> for Store {
    async fn persist(&self, _: &Reply, _: f64) -> Persisted<()> {
        (self.0)()
    }
}
