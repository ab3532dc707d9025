//! Why a request brought no answer, and why an operation did not succeed.

use super::{Answer, Service};
use serde::Serialize;

/// Why an operation over a service did not succeed; boxed, as every function hands it on.
pub type ErrorOf<S> = Box<Error<<S as Service>::Answer, <S as Service>::Cause>>;

/// What an operation over a service comes to.
pub type Outcome<S, T = <S as Service>::Answer> = Result<T, ErrorOf<S>>;

/// Why a request brought no answer.
#[derive(Debug)]
pub struct TransportError<C> {
    /// Whether the request may have reached the server.
    pub sent: bool,
    /// What went wrong.
    pub kind: TransportErrorKind<C>,
}

/// What went wrong with a request.
#[derive(Debug)]
pub enum TransportErrorKind<C> {
    /// The caller gave a function for an option, and what it returned cannot be used.
    InvalidOption(Box<InvalidOption<C>>),
    /// The connection failed, or the answer broke off.
    Unreachable(C),
    /// The limit passed.
    TimedOut,
    /// The caller's signal was aborted.
    Aborted,
}

/// Why an operation did not succeed.
#[derive(Debug)]
pub enum Error<A, C> {
    /// An option cannot be used.
    InvalidOption(Box<InvalidOption<C>>),
    /// The server answered with a status that is no success.
    Refused {
        /// The answer.
        answer: A,
        /// How long the server asks to wait, in milliseconds.
        retry_after_ms: Option<f64>,
    },
    /// No answer arrived, or its body broke off.
    Unreachable(C),
    /// It took longer than it may.
    TimedOut {
        /// Which limit passed.
        limit: Limit,
        /// That limit, in milliseconds.
        limit_ms: f64,
    },
    /// The caller's signal was aborted.
    Aborted,
    /// The status is a success, and the body is not what the reference promises.
    Unreadable {
        /// The answer.
        answer: A,
        /// What is wrong with its body, as the end of a sentence.
        reason: &'static str,
    },
}

impl<A: Answer, C> Error<A, C> {
    /// Whether the API itself refused the request, and with this status.
    pub fn is_refusal(&self, status: u16) -> bool {
        matches!(self, Self::Refused { answer, .. }
            if answer.status() == status && answer.body().is_refusal())
    }
}

impl<A, C> Error<A, C> {
    /// Whether the operation has to end here, without another request: the caller aborted it, or its
    /// total timeout has passed.
    pub fn interrupts(&self) -> bool {
        matches!(
            self,
            Self::Aborted
                | Self::TimedOut {
                    limit: Limit::Total,
                    ..
                }
        )
    }
}

/// The limits on an operation's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Limit {
    /// On one request with its answer.
    Attempt,
    /// On the whole operation with its waits.
    Total,
}

/// Which option is wrong, and what is expected of it; never the value itself.
#[derive(Debug)]
pub struct InvalidOption<C> {
    /// Where the value stands, such as `annotations.team`.
    pub path: String,
    /// What is expected there, as the end of a sentence: `must be a string`.
    pub expected: String,
    /// What the caller's own code threw, if that is what went wrong.
    pub cause: Option<C>,
}
