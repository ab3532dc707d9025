//! What every operation needs of the simulated service: requests with their faults, and waits.

use super::World;
use crate::answer::{Reply, Thing};
use crate::state::{Key, START_MS, time_text};
use fireworks_keys::lifecycle::{
    Aborted, Body, Event, Payload, Request, Service, TransportError, TransportErrorKind,
};

/// How a request ends.
#[expect(
    clippy::large_enum_variant,
    reason = "there are only ever a few of them"
)]
enum Fate {
    Answered(Reply),
    Broken,
    Hangs,
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
            let trouble = (state.rng.f64() < self.weather.faults).then(|| {
                let impostor = state.rng.f64() < 0.15;
                state.rng.u32(if impostor { 13..17 } else { 0..13 })
            });
            (served_ms, answered_ms, trouble)
        };
        let stop_ms = ends_ms.min(self.abort_at_ms());
        self.until(served_ms.min(stop_ms)).await;
        let fate = {
            let mut state = self.state.borrow_mut();
            // If the caller has stopped waiting, this serves the request early; its effect comes on time.
            let (effect, reply) = state.serve(request, self.token, &self.weather);
            let late_ms = served_ms + 120_000.0 * state.rng.f64().powi(3);
            let status = *state.rng.choice(&[500_u16, 502, 503, 408]).unwrap_or(&500);
            // The API itself refuses the request, or something on the way does.
            let is_api = state.rng.bool();
            let is_fault = state.rng.bool();
            let refusal = |status| match (is_api, is_fault) {
                (true, _) => Reply::refusal(status),
                (false, true) => Reply::fault(status),
                (false, false) => Reply::status(status),
            };
            let (effect, fate) = match trouble {
                // The answer is lost, and the transport silently repeats the request.
                Some(0 | 2) if self.weather.resends => {
                    if let Some(effect) = effect {
                        state.due.push((served_ms, effect));
                    }
                    // The service may refuse the second request.
                    if is_create && state.rng.f64() < 0.3 {
                        let status = *state.rng.choice(&[403, 409, 429]).unwrap_or(&403);
                        (None, Fate::Answered(refusal(status)))
                    } else {
                        let (effect, reply) = state.serve(request, self.token, &self.weather);
                        (effect, Fate::Answered(reply))
                    }
                }
                // The request is lost.
                Some(0) => (None, Fate::Broken),
                Some(1) => (None, Fate::Hangs),
                // The answer is lost or cut off.
                Some(2) => (effect, Fate::Broken),
                Some(3) => (effect, Fate::Hangs),
                // The server drops the connection and does the work later.
                Some(4) => {
                    state.due.extend(effect.map(|effect| (late_ms, effect)));
                    (None, Fate::Broken)
                }
                Some(5) => (effect, Fate::Answered(refusal(status))),
                // A gateway gives up waiting, or has sent the request twice: its answer is what tells.
                Some(6) if !is_api => {
                    let again = state.serve(request, self.token, &self.weather).0;
                    let again = again.filter(|_| status == 502 && answered_ms <= stop_ms);
                    let effects = effect.into_iter().chain(again);
                    state.due.extend(effects.map(|effect| (late_ms, effect)));
                    (None, Fate::Answered(refusal(status)))
                }
                Some(6) => (None, Fate::Answered(refusal(status))),
                Some(7) => {
                    let seconds = *state
                        .rng
                        .choice(&["0", "1", "7", "61", "soon"])
                        .unwrap_or(&"0");
                    (None, Fate::Answered(refusal(429).after(seconds)))
                }
                // The work is done, but the answer is not JSON or lacks a required field.
                Some(8) => (effect, Fate::Answered(Reply::portal())),
                // Something on the way answers, and the request never arrives.
                Some(13) => (None, Fate::Answered(Reply::portal())),
                Some(14) => (None, Fate::Answered(Reply::refusal(200))),
                Some(15) => (None, Fate::Answered(Reply::status(404))),
                // The service answers a wrong path as if there were no such user.
                Some(16) if !is_create => (None, Fate::Answered(Reply::missing())),
                Some(9) if is_create => (effect, Fate::Answered(Reply::ok(Thing::default()))),
                // The answer names the key but lacks its secret.
                Some(11 | 12) if is_create => {
                    let key_id = reply.item.and_then(|item| item.key_id);
                    let named = Thing {
                        key_id,
                        ..Thing::default()
                    };
                    (effect, Fate::Answered(Reply::ok(named)))
                }
                Some(10) if is_api => (None, Fate::Answered(Reply::denied())),
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
        let good = outcome.as_ref().is_ok_and(|reply| match reply.body {
            Body::Resource | Body::Empty => reply.status == 200,
            Body::NotFound => trouble != Some(16),
            Body::Denied | Body::Refusal | Body::Fault | Body::ForeignRefusal | Body::Foreign => {
                false
            }
        });
        let is_foreign = outcome.as_ref().is_ok_and(|reply| match reply.body {
            Body::Fault => matches!(reply.status, 408 | 500..),
            body => reply.status != 200 && !body.is_refusal(),
        });
        let unsure = match &outcome {
            Ok(reply) if reply.status == 200 => reply.item.as_ref().is_none_or(|item| !item.secret),
            Ok(reply) => matches!(reply.status, 408 | 500..) || !reply.body.is_refusal(),
            Err(_) => true,
        };
        let named = |item: &Thing| item.key_id.is_some() && !item.secret;
        let unmarked = outcome
            .as_ref()
            .is_ok_and(|reply| reply.item.as_ref().is_some_and(named));
        let log = &mut self.state.borrow_mut().log;
        if is_create {
            log.uncounted |= is_foreign;
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
        // No two readings of a real clock are alike.
        let state = &mut *self.state.borrow_mut();
        state.readings += 1.0;
        state.now_ms + 1e-9 * state.readings
    }

    fn now_ms(&self) -> f64 {
        START_MS + self.now_ms() + self.ahead_ms
    }

    fn time_text(&self, ms: f64) -> Option<String> {
        time_text(ms)
    }

    fn random(&self) -> f64 {
        self.state.borrow_mut().rng.f64()
    }

    fn resends(&self) -> bool {
        self.weather.resends
    }

    fn waits_for_work(&self) -> bool {
        self.weather.waits_for_work
    }

    fn notify(&self, event: &Event<'_>) {
        let state = &mut *self.state.borrow_mut();
        let log = &mut state.log;
        match event {
            Event::OrphanDeleted { key_id, .. } => {
                let live = |key: &Key| key.live && key.id.to_string() == *key_id;
                assert!(
                    !state.keys.iter().any(live),
                    "{key_id} lives, and is told as deleted"
                );
                log.deleted.push((*key_id).into());
            }
            Event::OrphansUnknown { .. } => log.gave_up += 1,
            Event::OrphansOpen { .. } => log.opened += 1,
            Event::OrphansSwept { .. } => log.swept += 1,
            Event::OrphansUnaccounted { .. } => log.unaccounted += 1,
            Event::Unprotected { .. } => log.unprotected += 1,
            Event::RotationUnknown { .. } => log.unknown += 1,
            Event::Rotation { stage, .. } if Some(*stage) == self.weather.abort_at_stage => {
                state.aborted_at_ms = state.now_ms;
            }
            Event::Rotation { .. }
            | Event::Retry { .. }
            | Event::ShorterLifetime { .. }
            | Event::UnknownLifetime { .. } => {}
        }
    }
}
