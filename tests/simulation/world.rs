//! A simulated service: keys, a virtual clock, and faults drawn from a seed. Time passes only when
//! every future waits, so that hours take no time and each seed replays exactly.

use crate::answer::{Reply, Thing};
use crate::state::{Effect, Key, Log, State};
use fireworks_keys::lifecycle::{Aborted, Event, Fault, Limits, Payload, Request, Service, Why};
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
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
}

/// What a request comes to.
enum Fate {
    Answered(Reply),
    Broken,
    Hangs,
}

/// The service, as one caller sees it.
#[derive(Debug)]
pub struct World {
    weather: Weather,
    state: RefCell<State>,
}

impl World {
    pub fn new(weather: Weather, rng: fastrand::Rng) -> Self {
        Self {
            weather,
            state: RefCell::new(State {
                now_ms: 0.0,
                wake_at_ms: f64::INFINITY,
                rng,
                keys: Vec::new(),
                next_id: 0,
                due: Vec::new(),
                log: Log::default(),
            }),
        }
    }

    /// The same service in other weather.
    pub fn under(self, weather: Weather) -> Self {
        Self { weather, ..self }
    }

    pub fn weather(&self) -> &Weather {
        &self.weather
    }

    /// Stores a key that this caller did not create.
    pub fn plant(&self, tag: &str, call: Option<&str>) {
        let mut state = self.state.borrow_mut();
        let id = state.next_id;
        state.next_id += 1;
        state.apply(
            Effect::Create {
                id,
                tag: Some(tag.into()),
                call: call.map(Into::into),
            },
            0.0,
        );
    }

    /// Runs a future to its end; the clock jumps to whatever comes next.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        loop {
            self.state.borrow_mut().wake_at_ms = f64::INFINITY;
            if let Poll::Ready(output) = future
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
            {
                return output;
            }
            let wake_at_ms = self.state.borrow().wake_at_ms;
            assert!(
                wake_at_ms.is_finite(),
                "everything waits, and nothing will ever happen"
            );
            self.advance(wake_at_ms);
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
        self.weather.abort_at_ms.unwrap_or(f64::INFINITY)
    }
}

impl Service for World {
    type Answer = Reply;
    type Cause = ();

    async fn exchange(&self, request: &Request<'_>, limit_ms: f64) -> Result<Reply, Fault<()>> {
        let is_create = matches!(request.payload, Some(Payload::Create { .. }));
        if self.now_ms() >= self.abort_at_ms() {
            return Err(Fault {
                sent: false,
                why: Why::Aborted,
            });
        }
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
            let (effect, reply) = state.serve(request, &self.weather);
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
                        let (effect, reply) = state.serve(request, &self.weather);
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
        let at_ms = if matches!(fate, Fate::Hangs) {
            f64::INFINITY
        } else {
            answered_ms
        };
        self.until(at_ms.min(stop_ms)).await;
        let outcome = match fate {
            _ if at_ms > stop_ms && stop_ms < ends_ms => Err(Why::Aborted),
            _ if at_ms > stop_ms => Err(Why::TimedOut),
            Fate::Answered(reply) => Ok(reply),
            Fate::Broken | Fate::Hangs => Err(Why::Unreachable(())),
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
        outcome.map_err(|why| Fault { sent: true, why })
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
        1_700_000_000_000.0 + self.now_ms()
    }

    fn random(&self) -> f64 {
        self.state.borrow_mut().rng.f64()
    }

    fn resends(&self) -> bool {
        self.weather.resends
    }

    fn notify(&self, event: &Event<'_>) {
        let log = &mut self.state.borrow_mut().log;
        match event {
            Event::OrphanDeleted { key_id, .. } => log.deleted.push((*key_id).into()),
            Event::OrphansUnknown { .. } => log.gave_up += 1,
            Event::Unprotected { .. } => log.unprotected += 1,
            Event::Retry { .. } => {}
        }
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
