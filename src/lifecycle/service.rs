//! What the lifecycle needs of the world: one trait for every operation, two more for rotations.

use super::{Event, KeyFields, TransportError, retry};

/// The API, the clock and chance, as the lifecycle sees them.
#[expect(
    async_fn_in_trait,
    reason = "a JavaScript realm has one thread: no future here is Send"
)]
pub trait Service {
    /// A whole answer. It stays with the service, because its body may hold a secret.
    type Answer: Answer;
    /// What code outside of the lifecycle threw.
    type Cause;

    /// Sends one request and waits for its whole answer, whatever the status, but not longer than
    /// `limit_ms` and not past an abort.
    async fn exchange(
        &self,
        request: &Request<'_>,
        limit_ms: f64,
    ) -> Result<Self::Answer, TransportError<Self::Cause>>;

    /// Waits. An abort ends the wait at once, as an error.
    async fn sleep(&self, ms: f64) -> Result<(), Aborted>;

    /// Milliseconds of a clock that never goes back.
    fn elapsed_ms(&self) -> f64;

    /// The time of day by our own clock, in milliseconds since 1970.
    fn now_ms(&self) -> f64;

    /// A time in milliseconds since 1970 as the reference writes it; [`None`] if it cannot.
    fn time_text(&self, ms: f64) -> Option<String>;

    /// A number in `[0, 1)`.
    fn random(&self) -> f64;

    /// Whether the transport may repeat a request by itself, unseen. Browsers and Deno do, on a
    /// connection that was used before and breaks before the answer begins: a POST, too.
    fn resends(&self) -> bool;

    /// Whether the runtime waits for work that goes on after the answer.
    fn waits_for_work(&self) -> bool;

    /// Tells the caller what happens.
    fn notify(&self, event: &Event<'_>);
}

/// What a rotation needs beside the service.
pub trait Rotator: Service + Sized {
    /// The same service with the key of this answer as the token; [`None`] if no header can carry it.
    fn with_key_of(&self, created: &Self::Answer) -> Option<Self>;

    /// Whether the token in use may be this key, as far as its prefix tells.
    fn may_be(&self, key: &<Self::Answer as Answer>::Item) -> bool;
}

/// Where the caller keeps its key.
#[expect(
    async_fn_in_trait,
    reason = "a JavaScript realm has one thread: no future here is Send"
)]
pub trait KeyStore<S: Service> {
    /// Has the caller store the key of this answer, but waits no longer than `limit_ms` and not past an
    /// abort.
    async fn persist(&self, created: &S::Answer, limit_ms: f64) -> Persisted<S::Cause>;
}

/// What became of a key that the caller was to store.
#[derive(Debug)]
pub enum Persisted<C> {
    /// It is stored.
    Stored,
    /// It is not stored: the caller says so.
    NotStored,
    /// It is not stored: the signal was aborted before the caller's code was asked.
    Skipped,
    /// It may be stored: the caller's code threw this.
    Rejected(C),
    /// It may be stored: the caller's code took too long.
    TimedOut,
    /// It may be stored: the signal was aborted while the caller's code ran.
    Aborted,
}

/// What the lifecycle needs to know of an answer.
pub trait Answer {
    /// A member of a list.
    type Item: Item;

    /// The HTTP status.
    fn status(&self) -> u16;
    /// What the server said of a retry.
    fn hints(&self) -> retry::Hints;
    /// The time of the answer by the server's clock, as its `Date` header says, in milliseconds since 1970.
    fn date_ms(&self) -> Option<f64>;
    /// The body as one resource; [`None`] if it is no JSON object.
    fn item(&self) -> Option<Self::Item>;
    /// Whether the body is a page with a list of this name. A list that is left out is empty if the body
    /// holds nothing else than a page does.
    fn is_page(&self, name: &'static str) -> bool;
    /// The items of the body's list of this name.
    fn items(&self, name: &'static str) -> impl Iterator<Item = Self::Item>;
    /// How many items the whole list has, if the body says so.
    fn total_size(&self) -> Option<f64>;
    /// What kind of body it is, as far as the API's own are known.
    fn body(&self) -> Body;
}

/// What an answer's body says of the request, whatever the status: gateways, sign-in pages and wrong paths
/// answer 200 and 404, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// An object without a field, which is how the API answers a deletion.
    Empty,
    /// Another JSON object that does not say that the request was refused.
    Resource,
    /// A refusal by the API: there is no such thing.
    NotFound,
    /// A refusal by the API: the token is known, and may not do that.
    Denied,
    /// Another refusal with the code of a gRPC status.
    Refusal,
    /// A refusal without such a code: an `error` or a `fault`. The API refuses like this, but what stands
    /// before it does so, too.
    Fault,
    /// A refusal in a shape that the API does not use.
    ForeignRefusal,
    /// No JSON object.
    Foreign,
}

impl Body {
    /// Whether it has the shape in which the API refuses a request.
    pub fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::NotFound | Self::Denied | Self::Refusal | Self::Fault
        )
    }
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
    /// Whether it holds a secret: a key that is a string and not empty.
    fn has_secret(&self) -> bool;
    /// Whether the field holds the secret.
    fn is_secret(&self, field: &'static str) -> bool;
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
pub enum Payload<'a> {
    /// Create API Key.
    Create {
        /// The key to be.
        api_key: KeyFields<'a>,
    },
    /// Delete API Key.
    Delete {
        /// The id of the key.
        key_id: &'a str,
    },
}

/// The caller's signal was aborted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aborted;
