//! A simulated service with keys, a virtual clock, and faults drawn from a seed. The clock only moves when
//! every future waits, so simulated hours take no time and each seed replays exactly.

mod rotator;
mod service;

use crate::state::{Effect, Key, Log, State};
use crate::weather::{CALM, Weather};
use fireworks_keys::lifecycle::{ATTEMPT, CALL};
use std::cell::RefCell;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// The service as one caller sees it.
#[derive(Debug, Clone)]
pub struct World {
    weather: Weather,
    state: Rc<RefCell<State>>,
    /// The key that is the token; [`None`] is an administrator's token, which is not among the keys.
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
                readings: 0.0,
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

    /// The same service in different weather.
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

    /// Adds a key that another create made and whose caller holds it.
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

    /// The id of the key in the caller's store.
    pub fn stored(&self) -> usize {
        self.state.borrow().stored.expect("there is one")
    }

    /// The ids of all keys that have ever been in the caller's store.
    pub fn ever_stored(&self) -> Vec<usize> {
        self.state.borrow().ever_stored.clone()
    }

    /// Sets how long this key was given to live.
    pub fn give_lifetime(&self, id: usize, lifetime_ms: Option<f64>) {
        let mut state = self.state.borrow_mut();
        for key in state.keys.iter_mut().filter(|key| key.id == id) {
            key.lifetime_ms = lifetime_ms;
        }
    }

    /// Deletes a key, as if somebody else had.
    pub fn delete(&self, id: usize) {
        self.state.borrow_mut().apply(Effect::Delete { id }, 0.0);
    }

    /// The same service for a caller whose clock is ahead.
    pub fn with_clock(self, ahead_ms: f64) -> Self {
        Self { ahead_ms, ..self }
    }

    /// The same service without aborts or faults, because work that goes on after the answer has no signal.
    pub fn detach(self) -> Self {
        self.state.borrow_mut().aborted_at_ms = f64::INFINITY;
        self.under(CALM)
    }

    /// Waits, even if the caller aborts.
    pub async fn pause(&self, ms: f64) {
        self.until(self.now_ms() + ms).await;
    }

    /// Makes the process crash at this point, counted from now on.
    pub fn crash_at(&self, step: Option<u32>) {
        let mut state = self.state.borrow_mut();
        state.steps = 0;
        state.crash_at = step;
        state.crashed = false;
    }

    /// How many points the process has passed where it could have crashed.
    pub fn steps(&self) -> u32 {
        self.state.borrow().steps
    }

    /// Runs a future to its end. The clock jumps to the next event.
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

    /// Marks a point where the process may crash.
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

    /// Moves the clock to this time and applies all effects that are due by then.
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

    /// Applies all effects that are still due.
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
