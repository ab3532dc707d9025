//! One operation: its requests, each tried until it succeeds or another try cannot help, all of them
//! within one total timeout.

use super::effect::{Effect, Effects};
use super::{
    Answer, Error, ErrorOf, Event, Limit, Outcome, Request, RetryReason, Service, TransportError,
    TransportErrorKind, retry,
};
use std::cell::Cell;
use std::rc::Rc;

/// How long and how often an operation may try.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// One attempt with its whole answer, in milliseconds; may be infinite.
    pub timeout_ms: f64,
    /// The whole operation with its waits, in milliseconds; may be infinite.
    pub total_timeout_ms: f64,
    /// How many times each request is tried again.
    pub max_retries: u32,
}

/// One operation under way.
pub struct Call<'a, S> {
    service: &'a S,
    limits: Limits,
    deadline_ms: f64,
    attempts: Rc<Cell<u32>>,
}

/// What came of trying a request.
pub struct Tried<S: Service> {
    /// What the last attempt came to.
    pub outcome: Outcome<S>,
    /// What all attempts may have left at the service.
    pub effects: Effects,
}

impl<'a, S: Service> Call<'a, S> {
    /// Starts an operation whose total timeout counts from now.
    pub fn new(service: &'a S, limits: Limits) -> Self {
        Self::since(service.elapsed_ms(), service, limits)
    }

    /// Starts an operation whose total timeout counts from this time of [`Service::elapsed_ms`].
    pub fn since(started_ms: f64, service: &'a S, limits: Limits) -> Self {
        Self {
            service,
            limits,
            deadline_ms: started_ms + limits.total_timeout_ms,
            attempts: Rc::default(),
        }
    }

    /// The same operation where it goes on over another service, such as that of another token.
    pub(super) fn over<'b>(&self, service: &'b S) -> Call<'b, S> {
        Call {
            service,
            limits: self.limits,
            deadline_ms: self.deadline_ms,
            attempts: self.attempts.clone(),
        }
    }

    /// How many requests were sent so far.
    pub fn attempts(&self) -> u32 {
        self.attempts.get()
    }

    pub(super) fn service(&self) -> &'a S {
        self.service
    }

    /// How long the operation may still take, in milliseconds.
    pub(super) fn left_ms(&self) -> f64 {
        self.deadline_ms - self.service.elapsed_ms()
    }

    /// The error of an operation that took too long.
    pub(super) fn out_of_time(&self) -> ErrorOf<S> {
        Box::new(Error::TimedOut {
            limit: Limit::Total,
            limit_ms: self.limits.total_timeout_ms,
        })
    }

    /// Waits, if that leaves time for more.
    pub(super) async fn pause(&self, ms: f64) -> Outcome<S, ()> {
        if ms >= self.left_ms() {
            return Err(self.out_of_time());
        }
        let waited = self.service.sleep(ms).await;
        waited.map_err(|_| Box::new(Error::Aborted))
    }

    /// Waits, and returns whether there was time for it. Only an abort is an error.
    pub(super) async fn waits(&self, ms: f64) -> Outcome<S, bool> {
        match self.pause(ms).await {
            Ok(()) => Ok(true),
            Err(aborted) if matches!(*aborted, Error::Aborted) => Err(aborted),
            Err(_) => Ok(false),
        }
    }

    /// Sends a request, and again while that may help.
    pub(super) async fn send(&self, request: Request<'_>) -> Tried<S> {
        self.send_anew(request, 0.0, &|_| Ok(())).await
    }

    /// Sends a request, which `renew` brings up to date before each attempt. Where the service may not know
    /// the token yet, a 401 is worth another try for `activation_ms` from now, in milliseconds, however many
    /// there were.
    pub(super) async fn send_anew<'r>(
        &self,
        mut request: Request<'r>,
        activation_ms: f64,
        renew: &dyn Fn(&mut Request<'r>) -> Outcome<S, ()>,
    ) -> Tried<S> {
        let known_at_ms = self.service.elapsed_ms() + activation_ms;
        let mut effects = Effects::default();
        let mut tries = Tries::default();
        let outcome = loop {
            if let Err(error) = renew(&mut request) {
                break Err(error);
            }
            let (error, effect) = match self.attempt(&request).await {
                Ok(answer) => break Ok(answer),
                Err(attempt) => attempt,
            };
            effects.add(effect);
            let Some(delay_ms) = self.retry(&error, &mut tries, known_at_ms) else {
                break Err(error);
            };
            if self.service.sleep(delay_ms).await.is_err() {
                break Err(Box::new(Error::Aborted));
            }
        };
        Tried { outcome, effects }
    }

    /// One attempt. An error comes with the effect that the attempt may have had all the same.
    async fn attempt(&self, request: &Request<'_>) -> Result<S::Answer, (ErrorOf<S>, Effect)> {
        let left_ms = self.left_ms();
        let timed_out = if left_ms < self.limits.timeout_ms {
            self.out_of_time()
        } else {
            Box::new(Error::TimedOut {
                limit: Limit::Attempt,
                limit_ms: self.limits.timeout_ms,
            })
        };
        if left_ms <= 0.0 {
            return Err((timed_out, Effect::None));
        }
        let limit_ms = left_ms.min(self.limits.timeout_ms);
        let outcome = self.service.exchange(request, limit_ms).await;
        let sent = outcome.as_ref().map_or_else(|error| error.sent, |_| true);
        self.attempts
            .update(|attempts| attempts.saturating_add(u32::from(sent)));
        let (error, effect) = match outcome {
            Err(TransportError { sent, kind }) => {
                let error = match kind {
                    TransportErrorKind::InvalidOption(invalid) => Error::InvalidOption(invalid),
                    TransportErrorKind::Unreachable(cause) => Error::Unreachable(cause),
                    TransportErrorKind::TimedOut => *timed_out,
                    TransportErrorKind::Aborted => Error::Aborted,
                };
                (error, Effect::of_unanswered(sent))
            }
            Ok(answer) => match Effect::of_answer(answer.status(), answer.body()) {
                Effect::Done => return Ok(answer),
                effect => {
                    let now_ms = self.service.now_ms();
                    let retry_after_ms = retry::retry_after_ms(&answer.hints(), now_ms);
                    let refused = Error::Refused {
                        answer,
                        retry_after_ms,
                    };
                    (refused, effect)
                }
            },
        };
        Err((Box::new(error), effect))
    }

    /// How long to wait before another try, in milliseconds, if one may help after this error and the
    /// wait is bearable. Tells the caller of it.
    fn retry(
        &self,
        error: &Error<S::Answer, S::Cause>,
        tries: &mut Tries,
        known_at_ms: f64,
    ) -> Option<f64> {
        let (reason, status, asked_ms, helps) = match error {
            Error::Refused {
                answer,
                retry_after_ms,
            } => {
                let status = answer.status();
                let helps = retry::is_retryable(status, &answer.hints());
                (RetryReason::Status, Some(status), *retry_after_ms, helps)
            }
            Error::Unreachable(_) => (RetryReason::Connection, None, None, true),
            Error::TimedOut { limit, .. } => {
                let helps = matches!(limit, Limit::Attempt);
                (RetryReason::Timeout, None, None, helps)
            }
            _ => return None,
        };
        tries.failed += 1;
        let mut attempt = tries.failed;
        let mut longest_ms = retry::LONGEST_WAIT_MS;
        let mut asked_ms = asked_ms;
        if !helps || attempt > self.limits.max_retries {
            // Only that the token is not known yet is worth another try.
            longest_ms = known_at_ms - self.service.elapsed_ms();
            if status != Some(401) || longest_ms <= 0.0 {
                return None;
            }
            tries.failed = 0;
            tries.unknown += 1;
            attempt = tries.unknown;
            asked_ms = None;
        }
        let delay_ms =
            asked_ms.unwrap_or_else(|| retry::backoff_ms(attempt, self.service.random()));
        if delay_ms > longest_ms || delay_ms >= self.left_ms() {
            return None;
        }
        self.service.notify(&Event::Retry {
            attempt,
            delay_ms,
            reason,
            status,
        });
        Some(delay_ms)
    }
}

/// How many attempts of one request have failed.
#[derive(Default)]
struct Tries {
    /// Since the last 401 of a token that was not known yet.
    failed: u32,
    /// With such a 401.
    unknown: u32,
}
