//! A simulated service: keys, a virtual clock, and faults drawn from a seed. Time passes only when
//! every future waits, so that hours take no time and each seed replays exactly.

use crate::answer::{Reply, Thing};
use crate::state::{Effect, Key, Log, START_MS, State, time_text};
use fireworks_keys::lifecycle::{
    ATTEMPT, Aborted, Answer, CALL, Event, Item, KeyStore, Limits, Payload, Persisted, Request,
    Rotator, Service, Stage, TransportError, TransportErrorKind,
};
use std::cell::RefCell;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// How likely each trouble is, and what else differs between schedules.
#[derive(Debug, Clone)]
pub struct Weather {
    /// The share of requests that something happens to.
    pub faults: f64,
    /// The share of those that drag on for longer than most timeouts.
    pub slow: f64,
    /// Whether the transport repeats what was lost, unseen.
    pub resends: bool,
    /// Whether the server keeps annotations.
    pub keeps_annotations: bool,
    /// How long a list may lag behind, in milliseconds.
    pub stale_ms: f64,
    /// How many keys a page holds.
    pub page_size: usize,
    /// When the caller aborts.
    pub abort_at_ms: Option<f64>,
    /// The stage of a rotation whose event makes the caller abort.
    pub abort_at_stage: Option<Stage>,
    /// How long a new key may be refused as unknown, in milliseconds.
    pub activation_ms: f64,
    /// What becomes of a key that the caller is to store.
    pub store: Store,
    /// Whether the service tells how each key begins.
    pub tells_prefix: bool,
    /// The status that a delete with this token is refused with, if it is; [`None`] is the
    /// administrator's token.
    pub refuses_delete: fn(token: Option<usize>) -> Option<u16>,
}

/// What a caller's store does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Store {
    Stores,
    /// Says that it has not.
    Declines,
    /// Throws, and has not stored.
    Loses,
    /// Throws, and has stored.
    StoresAndThrows,
    /// Takes this long, in milliseconds.
    Slow(f64),
}

/// Nothing ever goes wrong.
pub const CALM: Weather = Weather {
    faults: 0.0,
    slow: 0.0,
    resends: false,
    keeps_annotations: true,
    stale_ms: 0.0,
    page_size: 3,
    abort_at_ms: None,
    abort_at_stage: None,
    activation_ms: 0.0,
    store: Store::Stores,
    tells_prefix: true,
    refuses_delete: |_| None,
};

/// What a request comes to.
enum Fate {
    Answered(Reply),
    Broken,
    Hangs,
}

/// The service, as one caller sees it.
#[derive(Debug, Clone)]
pub struct World {
    weather: Weather,
    state: Rc<RefCell<State>>,
    /// Which key is the token; an administrator's that is none of these otherwise.
    token: Option<usize>,
    /// How far the caller's clock is ahead of the service's, in milliseconds.
    ahead_ms: f64,
}

impl World {
    pub fn new(weather: Weather, rng: fastrand::Rng) -> Self {
        Self {
            weather,
            token: None,
            ahead_ms: 0.0,
            state: Rc::new(RefCell::new(State {
                now_ms: 0.0,
                wake_at_ms: f64::INFINITY,
                rng,
                keys: Vec::new(),
                next_id: 0,
                due: Vec::new(),
                log: Log::default(),
                aborted_at_ms: f64::INFINITY,
                stored: None,
                ever_stored: Vec::new(),
                steps: 0,
                crash_at: None,
                crashed: false,
            })),
        }
    }

    /// The same service in other weather.
    pub fn under(self, weather: Weather) -> Self {
        Self { weather, ..self }
    }

    pub fn weather(&self) -> &Weather {
        &self.weather
    }

    /// The same service with this key as the token.
    pub fn with_token(self, token: Option<usize>) -> Self {
        Self { token, ..self }
    }

    /// Adds a key that a create made, and which others hold.
    pub fn plant(&self, tag: &str, call: Option<&str>) -> usize {
        let call = call.map(|call| (CALL.into(), call.into()));
        let annotations = [(ATTEMPT.into(), tag.into())].into_iter().chain(call);
        self.plant_with(annotations.collect())
    }

    /// Adds a key with these annotations.
    pub fn plant_with(&self, annotations: Vec<(String, String)>) -> usize {
        let mut state = self.state.borrow_mut();
        let key = state.new_key(annotations);
        let id = key.id;
        state.apply(Effect::Create(key), 0.0);
        id
    }

    /// Puts a key into the caller's store.
    pub fn store(&self, id: usize) {
        self.state.borrow_mut().store(id);
    }

    /// The key in the caller's store.
    pub fn stored(&self) -> usize {
        self.state.borrow().stored.expect("there is one")
    }

    /// Every key that ever was in the caller's store.
    pub fn ever_stored(&self) -> Vec<usize> {
        self.state.borrow().ever_stored.clone()
    }

    /// Says how long this key was given to live.
    pub fn give_lifetime(&self, id: usize, lifetime_ms: Option<f64>) {
        let mut state = self.state.borrow_mut();
        for key in state.keys.iter_mut().filter(|key| key.id == id) {
            key.lifetime_ms = lifetime_ms;
        }
    }

    /// Deletes a key as somebody else would.
    pub fn delete(&self, id: usize) {
        self.state.borrow_mut().apply(Effect::Delete { id }, 0.0);
    }

    /// The same service for a caller whose clock is ahead.
    pub fn with_clock(self, ahead_ms: f64) -> Self {
        Self { ahead_ms, ..self }
    }

    /// From here on nothing is aborted: what goes on after the answer has no signal.
    pub fn detach(self) -> Self {
        self.state.borrow_mut().aborted_at_ms = f64::INFINITY;
        self.under(CALM)
    }

    /// Waits, whoever aborts.
    pub async fn pause(&self, ms: f64) {
        self.until(self.now_ms() + ms).await;
    }

    /// From here on the process crashes at this point, counted from here.
    pub fn crash_at(&self, step: Option<u32>) {
        let mut state = self.state.borrow_mut();
        state.steps = 0;
        state.crash_at = step;
        state.crashed = false;
    }

    /// How many points there were where the process could have crashed.
    pub fn steps(&self) -> u32 {
        self.state.borrow().steps
    }

    /// Runs a future to its end; the clock jumps to whatever comes next.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        self.run_until_crash(future).expect("nothing crashes here")
    }

    /// Runs a future to its end, or until the process crashes.
    pub fn run_until_crash<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        loop {
            self.state.borrow_mut().wake_at_ms = f64::INFINITY;
            let mut context = Context::from_waker(Waker::noop());
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return Some(output);
            }
            if self.state.borrow().crashed {
                return None;
            }
            let wake_at_ms = self.state.borrow().wake_at_ms;
            assert!(
                wake_at_ms.is_finite(),
                "everything waits, and nothing will ever happen"
            );
            self.advance(wake_at_ms);
        }
    }

    /// A point where the process may crash.
    async fn may_crash(&self) {
        let crashes = {
            let mut state = self.state.borrow_mut();
            state.steps += 1;
            state.crashed |= state.crash_at == Some(state.steps);
            state.crashed
        };
        if crashes {
            pending().await
        }
    }

    /// Lets the clock reach a time, and everything happen that is due by then.
    pub fn advance(&self, until_ms: f64) {
        let mut state = self.state.borrow_mut();
        let mut due = std::mem::take(&mut state.due);
        due.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        for (at_ms, effect) in due {
            if at_ms <= until_ms {
                state.now_ms = at_ms.max(state.now_ms);
                let lag = self.weather.stale_ms * state.rng.f64();
                state.apply(effect, lag);
            } else {
                state.due.push((at_ms, effect));
            }
        }
        state.now_ms = until_ms.max(state.now_ms);
    }

    /// Lets everything happen that ever will.
    pub fn drain(&self) {
        let last_ms = self
            .state
            .borrow()
            .due
            .iter()
            .map(|(at_ms, _)| *at_ms)
            .fold(0.0, f64::max);
        self.advance(last_ms);
    }

    pub fn now_ms(&self) -> f64 {
        self.state.borrow().now_ms
    }

    pub fn keys(&self) -> Vec<Key> {
        self.state.borrow().keys.clone()
    }

    pub fn log(&self) -> Log {
        self.state.borrow().log.clone()
    }

    async fn until(&self, at_ms: f64) {
        poll_fn(|_| {
            let mut state = self.state.borrow_mut();
            if state.now_ms >= at_ms {
                return Poll::Ready(());
            }
            state.wake_at_ms = state.wake_at_ms.min(at_ms);
            Poll::Pending
        })
        .await;
    }

    fn abort_at_ms(&self) -> f64 {
        let at_ms = self.weather.abort_at_ms.unwrap_or(f64::INFINITY);
        at_ms.min(self.state.borrow().aborted_at_ms)
    }
}

impl Service for World {
    type Answer = Reply;
    type Cause = ();

    async fn exchange(
        &self,
        request: &Request<'_>,
        limit_ms: f64,
    ) -> Result<Reply, TransportError<()>> {
        let is_create = matches!(request.payload, Some(Payload::Create { .. }));
        if self.now_ms() >= self.abort_at_ms() {
            return Err(TransportError {
                sent: false,
                kind: TransportErrorKind::Aborted,
            });
        }
        self.may_crash().await;
        let started_ms = self.now_ms();
        let ends_ms = started_ms + limit_ms;
        let (served_ms, answered_ms, trouble) = {
            let mut state = self.state.borrow_mut();
            state.log.requests += 1;
            state.log.creates += u32::from(is_create);
            let slow = if state.rng.f64() < self.weather.slow {
                300.0
            } else {
                1.0
            };
            let served_ms = started_ms + 200.0 * state.rng.f64() * slow;
            let answered_ms = served_ms + 200.0 * state.rng.f64() * slow;
            let trouble = (state.rng.f64() < self.weather.faults).then(|| state.rng.u32(0..13));
            (served_ms, answered_ms, trouble)
        };
        let stop_ms = ends_ms.min(self.abort_at_ms());
        self.until(served_ms.min(stop_ms)).await;
        let fate = {
            let mut state = self.state.borrow_mut();
            // Served before its time only where nobody waits any longer: then it happens late.
            let (effect, reply) = state.serve(request, self.token, &self.weather);
            let late_ms = served_ms + 30_000.0 * state.rng.f64();
            let status = *state.rng.choice(&[500_u16, 502, 503, 408]).unwrap_or(&500);
            let (effect, fate) = match trouble {
                // Lost on the way back, and repeated by a transport that tells nobody.
                Some(0 | 2) if self.weather.resends => {
                    if let Some(effect) = effect {
                        state.due.push((served_ms, effect));
                    }
                    // The second may be one too many for the service.
                    if is_create && state.rng.f64() < 0.3 {
                        let status = *state.rng.choice(&[403, 409, 429]).unwrap_or(&403);
                        (None, Fate::Answered(Reply::status(status)))
                    } else {
                        let (effect, reply) = state.serve(request, self.token, &self.weather);
                        (effect, Fate::Answered(reply))
                    }
                }
                // Lost on the way there.
                Some(0) => (None, Fate::Broken),
                Some(1) => (None, Fate::Hangs),
                // Lost on the way back, or cut off.
                Some(2) => (effect, Fate::Broken),
                Some(3) => (effect, Fate::Hangs),
                // The server lets go of the connection and does it later.
                Some(4) => {
                    state.due.extend(effect.map(|effect| (late_ms, effect)));
                    (None, Fate::Broken)
                }
                Some(5) => (effect, Fate::Answered(Reply::status(status))),
                Some(6) => (None, Fate::Answered(Reply::status(status))),
                Some(7) => {
                    let seconds = *state
                        .rng
                        .choice(&["0", "1", "7", "61", "soon"])
                        .unwrap_or(&"0");
                    (None, Fate::Answered(Reply::busy(seconds)))
                }
                // Done, and the answer is no JSON, or lacks what it must have.
                Some(8) => (
                    effect,
                    Fate::Answered(Reply {
                        item: None,
                        ..reply
                    }),
                ),
                Some(9) if is_create => (effect, Fate::Answered(Reply::ok(Thing::default()))),
                // It names the key, and keeps the secret to itself.
                Some(11 | 12) if is_create => {
                    let key_id = reply.item.and_then(|item| item.key_id);
                    let named = Thing {
                        key_id,
                        ..Thing::default()
                    };
                    (effect, Fate::Answered(Reply::ok(named)))
                }
                Some(10) => (None, Fate::Answered(Reply::status(403))),
                _ => (effect, Fate::Answered(reply)),
            };
            if let Some(effect) = effect {
                match served_ms <= stop_ms {
                    true => {
                        let lag = self.weather.stale_ms * state.rng.f64();
                        state.apply(effect, lag);
                    }
                    false => state.due.push((served_ms, effect)),
                }
            }
            fate
        };
        self.may_crash().await;
        let at_ms = if matches!(fate, Fate::Hangs) {
            f64::INFINITY
        } else {
            answered_ms
        };
        self.until(at_ms.min(stop_ms)).await;
        let outcome = match fate {
            _ if at_ms > stop_ms && stop_ms < ends_ms => Err(TransportErrorKind::Aborted),
            _ if at_ms > stop_ms => Err(TransportErrorKind::TimedOut),
            Fate::Answered(reply) => Ok(reply),
            Fate::Broken | Fate::Hangs => Err(TransportErrorKind::Unreachable(())),
        };
        let good = outcome
            .as_ref()
            .is_ok_and(|reply| reply.status == 200 && reply.item.is_some() || reply.status == 404);
        let unsure = match &outcome {
            Ok(reply) if reply.status == 200 => reply.item.as_ref().is_none_or(|item| !item.secret),
            Ok(reply) => matches!(reply.status, 408 | 500..),
            Err(_) => true,
        };
        let named = |item: &Thing| item.key_id.is_some() && !item.secret;
        let unmarked = outcome
            .as_ref()
            .is_ok_and(|reply| reply.item.as_ref().is_some_and(named));
        let log = &mut self.state.borrow_mut().log;
        if is_create {
            log.unmarked += u32::from(unmarked);
            log.unsure += usize::from(unsure);
        } else if !good {
            log.sweep_troubles += 1;
        }
        outcome.map_err(|kind| TransportError { sent: true, kind })
    }

    async fn sleep(&self, ms: f64) -> Result<(), Aborted> {
        assert!(ms <= 60_000.0, "nobody waits for longer than a minute");
        let at_ms = self.now_ms() + ms;
        let abort_at_ms = self.abort_at_ms();
        self.until(at_ms.min(abort_at_ms)).await;
        if abort_at_ms < at_ms {
            Err(Aborted)
        } else {
            Ok(())
        }
    }

    fn elapsed_ms(&self) -> f64 {
        self.now_ms()
    }

    fn now_ms(&self) -> f64 {
        START_MS + self.now_ms() + self.ahead_ms
    }

    fn random(&self) -> f64 {
        self.state.borrow_mut().rng.f64()
    }

    fn resends(&self) -> bool {
        self.weather.resends
    }

    fn notify(&self, event: &Event<'_>) {
        let state = &mut *self.state.borrow_mut();
        let log = &mut state.log;
        match event {
            Event::OrphanDeleted { key_id, .. } => log.deleted.push((*key_id).into()),
            Event::OrphansUnknown { .. } => log.gave_up += 1,
            Event::Unprotected { .. } => log.unprotected += 1,
            Event::RotationUnknown { .. } => log.unknown += 1,
            Event::Rotation { stage, .. } if Some(*stage) == self.weather.abort_at_stage => {
                state.aborted_at_ms = state.now_ms;
            }
            Event::Rotation { .. } | Event::Retry { .. } => {}
        }
    }
}

impl Rotator for World {
    fn with_key_of(&self, created: &Reply) -> Option<Self> {
        let id = created.item()?.text("keyId")?.parse().ok();
        Some(self.clone().with_token(id))
    }

    fn may_be(&self, key: &Thing) -> bool {
        let id = key.key_id.as_deref().and_then(|id| id.parse().ok());
        self.weather.tells_prefix && self.token.is_some() && self.token == id
    }

    fn time_text(&self, ms: f64) -> Option<String> {
        time_text(ms)
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

/// Limits that nothing comes near.
pub fn calm_limits() -> Limits {
    Limits {
        timeout_ms: 30_000.0,
        total_timeout_ms: f64::INFINITY,
        max_retries: 0,
    }
}

/// Limits as callers set them.
pub fn limits(rng: &mut fastrand::Rng) -> Limits {
    Limits {
        timeout_ms: *rng.choice(&[100.0, 1_000.0, 30_000.0]).unwrap_or(&1_000.0),
        total_timeout_ms: *rng.choice(&[500.0, 5_000.0, 120_000.0]).unwrap_or(&5_000.0),
        max_retries: rng.u32(0..4),
    }
}
