//! One operation: its requests, each tried until it succeeds or there is no use in trying on, all
//! of them within one total timeout.

use super::{
    Answer, Event, Failed, Failure, Fault, Limit, Outcome, Request, RetryReason, Service, Why,
    retry,
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
    /// How many attempts may have had an effect that we do not know of: no answer, a timeout, an
    /// abort in flight, 408, 5xx.
    pub ambiguous: u32,
    /// Whether an attempt was refused in a way that does not rule out that it was done before: see
    /// [`retry::is_final`].
    pub doubtful: bool,
}

impl<'a, S: Service> Call<'a, S> {
    /// Starts an operation: its total timeout counts from here.
    pub fn new(service: &'a S, limits: Limits) -> Self {
        Self {
            service,
            limits,
            deadline_ms: service.elapsed_ms() + limits.total_timeout_ms,
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

    /// The failure of an operation that took too long.
    pub(super) fn out_of_time(&self) -> Failed<S> {
        Box::new(Failure::TimedOut {
            limit: Limit::Total,
            limit_ms: self.limits.total_timeout_ms,
        })
    }

    /// Sends a request, and again while that may help.
    pub(super) async fn send(&self, request: &Request<'_>) -> Tried<S> {
        let mut ambiguous = 0;
        let mut doubtful = false;
        let mut failed = 0;
        loop {
            let (failure, unsure) = match self.attempt(request).await {
                Ok(answer) => {
                    return Tried {
                        outcome: Ok(answer),
                        ambiguous,
                        doubtful,
                    };
                }
                Err(attempt) => attempt,
            };
            ambiguous += u32::from(unsure);
            doubtful |= matches!(&*failure, Failure::Refused { answer, .. } if !retry::is_final(answer.status()));
            failed += 1;
            let wait = match self.wait(&failure, failed) {
                Some((delay_ms, event)) if failed <= self.limits.max_retries => {
                    self.service.notify(&event);
                    self.service.sleep(delay_ms).await
                }
                _ => {
                    return Tried {
                        outcome: Err(failure),
                        ambiguous,
                        doubtful,
                    };
                }
            };
            if wait.is_err() {
                return Tried {
                    outcome: Err(Box::new(Failure::Aborted)),
                    ambiguous,
                    doubtful,
                };
            }
        }
    }

    /// One attempt. A failure comes with whether the attempt may have had an effect all the same.
    async fn attempt(&self, request: &Request<'_>) -> Result<S::Answer, (Failed<S>, bool)> {
        let left_ms = self.left_ms();
        let timed_out = if left_ms < self.limits.timeout_ms {
            self.out_of_time()
        } else {
            Box::new(Failure::TimedOut {
                limit: Limit::Attempt,
                limit_ms: self.limits.timeout_ms,
            })
        };
        if left_ms <= 0.0 {
            return Err((timed_out, false));
        }
        let outcome = self
            .service
            .exchange(request, left_ms.min(self.limits.timeout_ms))
            .await;
        let sent = match &outcome {
            Ok(_) => true,
            Err(fault) => fault.sent,
        };
        self.attempts
            .update(|attempts| attempts.saturating_add(u32::from(sent)));
        let answer = match outcome {
            Ok(answer) => answer,
            Err(Fault { sent, why }) => {
                let failure = match why {
                    Why::Invalid(invalid) => Failure::Invalid(invalid),
                    Why::Unreachable(cause) => Failure::Unreachable(cause),
                    Why::TimedOut => return Err((timed_out, sent)),
                    Why::Aborted => Failure::Aborted,
                };
                return Err((Box::new(failure), sent));
            }
        };
        match answer.status() {
            200..=299 => Ok(answer),
            status => {
                let retry_after_ms = retry::retry_after_ms(&answer.hints(), self.service.now_ms());
                let unsure = matches!(status, 408 | 500..);
                let refused = Failure::Refused {
                    answer,
                    retry_after_ms,
                };
                Err((Box::new(refused), unsure))
            }
        }
    }

    /// How long to wait before trying again, if that may help and the wait is bearable.
    fn wait(
        &self,
        failure: &Failure<S::Answer, S::Cause>,
        failed: u32,
    ) -> Option<(f64, Event<'static>)> {
        let (reason, status, asked) = match failure {
            Failure::Refused {
                answer,
                retry_after_ms,
            } if retry::is_retryable(answer.status(), &answer.hints()) => {
                (RetryReason::Status, Some(answer.status()), *retry_after_ms)
            }
            Failure::Unreachable(_) => (RetryReason::Connection, None, None),
            Failure::TimedOut {
                limit: Limit::Attempt,
                ..
            } => (RetryReason::Timeout, None, None),
            _ => return None,
        };
        let delay_ms = asked.unwrap_or_else(|| retry::backoff_ms(failed, self.service.random()));
        let left_ms = self.left_ms();
        let event = Event::Retry {
            attempt: failed,
            delay_ms,
            reason,
            status,
        };
        (delay_ms <= retry::LONGEST_WAIT_MS && delay_ms < left_ms).then_some((delay_ms, event))
    }
}
