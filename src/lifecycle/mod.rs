//! What happens to a key, with no JavaScript type in it: which requests are made, and what their
//! answers mean. It reaches the world only through [`Service`], so that it runs natively under
//! test; it must never see a token or the secret of a key.

mod audit;
mod call;
mod create;
mod delete;
pub mod duration;
mod event;
mod lineage;
mod list;
mod mark;
pub mod number;
mod path;
pub mod retry;
mod rotate;
mod sweep;
pub mod time;

pub use audit::{Audited, Counts, Finding, Thresholds, audit};
pub use call::{Call, Limits};
pub use create::{Create, Created, NewKey, Orphans};
pub use delete::delete;
pub use event::{Event, RetryReason, Stage};
pub use lineage::Successor;
pub use list::{Collection, Page, page};
pub use mark::{ATTEMPT, CALL, LIFETIME, Mark, RESERVED, REVOKES, ROTATES};
pub use rotate::{Aftermath, Hindrance, Pending, Persisted, Rotate, Rotated, Rotation, Stopped};
pub use sweep::{Sweep, Unfinished};

use serde::Serialize;

/// The API, the clock and chance, as the lifecycle sees them.
#[expect(
    async_fn_in_trait,
    reason = "a JavaScript realm has one thread: no future here is Send"
)]
pub trait Service {
    /// A whole answer. It stays with the service, because its body may hold a secret.
    type Answer: Answer;
    /// Something that the service's own world threw.
    type Cause;

    /// Sends one request and waits for its whole answer, whatever the status, but not longer than
    /// `limit_ms` and not past an abort.
    async fn exchange(
        &self,
        request: &Request<'_>,
        limit_ms: f64,
    ) -> Result<Self::Answer, Fault<Self::Cause>>;

    /// Waits. An abort ends the wait at once, as an error.
    async fn sleep(&self, ms: f64) -> Result<(), Aborted>;

    /// Milliseconds of a clock that never goes back.
    fn elapsed_ms(&self) -> f64;

    /// The time of day, in milliseconds since 1970.
    fn now_ms(&self) -> f64;

    /// A number in `[0, 1)`.
    fn random(&self) -> f64;

    /// Whether the transport may repeat a request by itself, unseen. Browsers and Deno do, on a
    /// connection that was used before and breaks before the answer begins: a POST, too.
    fn resends(&self) -> bool;

    /// Tells the caller what happens.
    fn notify(&self, event: &Event<'_>);
}

/// What a rotation needs of the world beside the service.
#[expect(
    async_fn_in_trait,
    reason = "a JavaScript realm has one thread: no future here is Send"
)]
pub trait Rotator: Service + Sized {
    /// The same service for whoever holds the key that an answer tells; [`None`] if that can be
    /// nobody's token.
    fn holding(&self, created: &Self::Answer) -> Option<Self>;

    /// Whether the token that is used may be this key, as far as its prefix tells.
    fn may_be(&self, key: &<Self::Answer as Answer>::Item) -> bool;

    /// Has the caller store the new key, but waits no longer than `limit_ms` and not past an abort.
    async fn persist(&self, created: &Self::Answer, limit_ms: f64) -> Persisted<Self::Cause>;

    /// A time in milliseconds since 1970 as the reference writes it; [`None`] if it cannot.
    fn time_text(&self, ms: f64) -> Option<String>;
}

/// Why an operation over a service failed; in a box, as it is handed on through all of them.
pub type Failed<S> = Box<Failure<<S as Service>::Answer, <S as Service>::Cause>>;

/// What an operation over a service comes to.
pub type Outcome<S, T = <S as Service>::Answer> = Result<T, Failed<S>>;

/// What the lifecycle needs to know of an answer.
pub trait Answer {
    /// A member of a list.
    type Item: Item;

    /// The HTTP status.
    fn status(&self) -> u16;
    /// What the server said of a retry.
    fn hints(&self) -> retry::Hints;
    /// The body as one resource; [`None`] if it is no JSON object.
    fn item(&self) -> Option<Self::Item>;
    /// The body's list of this name, empty if it is left out; [`None`] if it is something else.
    fn items(&self, name: &'static str) -> Option<impl Iterator<Item = Self::Item>>;
}

/// A JSON object of an answer.
pub trait Item {
    /// The field of this name, if it is a string that is not empty. Never asked for a secret.
    fn text(&self, field: &'static str) -> Option<String>;
    /// Whether the field is left out, null or an empty string.
    fn is_blank(&self, field: &'static str) -> bool;
    /// Whether the field is a string that is not empty.
    fn holds(&self, field: &'static str) -> bool;
    /// Whether the field is `false`.
    fn is_false(&self, field: &'static str) -> bool;
    /// Whether two fields hold the same.
    fn same(&self, field: &'static str, other: &'static str) -> bool;
    /// The annotation of this name.
    fn annotation(&self, name: &'static str) -> Option<String>;
    /// All annotations that are text.
    fn annotations(&self) -> Vec<(String, String)>;
}

/// One request of the reference.
pub struct Request<'a> {
    /// The HTTP method.
    pub method: &'static str,
    /// The path below the base URL and the query, percent-encoded.
    pub path: String,
    /// The JSON body.
    pub payload: Option<Payload<'a>>,
}

/// The JSON bodies of the reference.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Payload<'a> {
    /// Create API Key.
    Create {
        /// The key to be.
        #[serde(rename = "apiKey")]
        api_key: &'a NewKey,
    },
    /// Delete API Key.
    Delete {
        /// Which.
        #[serde(rename = "keyId")]
        key_id: &'a str,
    },
}

/// The caller's signal was aborted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aborted;

/// Why a request brought no answer.
#[derive(Debug)]
pub struct Fault<C> {
    /// Whether the request may have reached the server.
    pub sent: bool,
    /// Why.
    pub why: Why<C>,
}

/// The reasons of a [`Fault`].
#[derive(Debug)]
pub enum Why<C> {
    /// A value that the caller supplies when it is needed cannot be used.
    Invalid(Box<Invalid<C>>),
    /// The connection failed, or the answer broke off.
    Unreachable(C),
    /// The limit passed.
    TimedOut,
    /// The caller's signal was aborted.
    Aborted,
}

/// Why an operation did not succeed.
#[derive(Debug)]
pub enum Failure<A, C> {
    /// A value of the caller's cannot be used.
    Invalid(Box<Invalid<C>>),
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

impl<A, C> Failure<A, C> {
    /// Whether the caller wants to be answered at once: nothing more may be awaited.
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
    /// Of one request with its answer.
    Attempt,
    /// Of the whole operation with its waits.
    Total,
}

/// Which option is wrong, and how to put it right; never the value itself.
#[derive(Debug)]
pub struct Invalid<C> {
    /// Where the value stands, such as `annotations.team`.
    pub path: String,
    /// What is expected there, as the end of a sentence: `must be a string`.
    pub expected: String,
    /// What the caller's own code threw, if that is what went wrong.
    pub cause: Option<C>,
}
