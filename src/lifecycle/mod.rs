//! What happens to a key, with no JavaScript type in it: which requests are made, and what their
//! answers mean. It reaches the world only through [`Service`], so that it runs natively under
//! test; it must never see a token or the secret of a key.

mod create;
mod path;
pub mod time;

pub use create::{NewKey, create};

use serde::Serialize;

/// The API as the lifecycle sees it.
#[expect(
    async_fn_in_trait,
    reason = "a JavaScript realm has one thread: no future here is Send"
)]
pub trait Service {
    /// A whole answer. It stays with the service, because its body may hold a secret.
    type Answer: Answer;
    /// Something that the service's own world threw.
    type Cause;

    /// Sends one request and waits for its whole answer, whatever the status.
    async fn exchange(&self, request: &Request<'_>) -> Outcome<Self>;
}

/// What an operation over a service comes to.
pub type Outcome<S, T = <S as Service>::Answer> =
    Result<T, Failure<<S as Service>::Answer, <S as Service>::Cause>>;

/// What the lifecycle needs to know of an answer.
pub trait Answer {
    /// The HTTP status.
    fn status(&self) -> u16;
    /// Whether the body is a JSON object.
    fn is_object(&self) -> bool;
    /// Whether the body holds a non-empty string of this name.
    fn holds(&self, field: &str) -> bool;
}

/// One request of the reference.
pub struct Request<'a> {
    /// The HTTP method.
    pub method: &'static str,
    /// The path below the base URL, percent-encoded.
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
}

/// Why an operation did not succeed.
#[derive(Debug)]
pub enum Failure<A, C> {
    /// A value of the caller's cannot be used.
    Invalid(Invalid<C>),
    /// The server answered with a status that is no success.
    Refused(A),
    /// No answer arrived, or its body broke off.
    Unreachable(C),
    /// The attempt took longer than its limit.
    TimedOut {
        /// The limit, in milliseconds.
        limit_ms: f64,
    },
    /// The status is a success, and the body is not what the reference promises.
    Unreadable {
        /// The answer.
        answer: A,
        /// What is wrong with its body.
        reason: &'static str,
    },
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

/// Sends one request and turns every status but a success into a failure.
async fn succeed<S: Service>(service: &S, request: &Request<'_>) -> Outcome<S> {
    let answer = service.exchange(request).await?;
    if matches!(answer.status(), 200..=299) {
        Ok(answer)
    } else {
        Err(Failure::Refused(answer))
    }
}
