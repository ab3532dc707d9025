//! One HTTP exchange over gloo-net: the token, the request, the deadline, the answer. The token and
//! the answer's body are handled by reference only; their characters never enter linear memory.

use crate::lifecycle::{self, Failure, Request, Service};
use crate::options::{Invalid, invalid};
use js_sys::{Array, Function, JSON, JsString, Object, Promise, Reflect};
use serde::Serialize;
use std::cell::Cell;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, RequestRedirect};

#[wasm_bindgen(raw_module = "#host")]
extern "C" {
    type Stop;
    #[wasm_bindgen(constructor, catch)]
    fn new(limit_ms: f64) -> Result<Stop, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn fired(this: &Stop) -> bool;
    #[wasm_bindgen(method, getter)]
    fn signal(this: &Stop) -> AbortSignal;
    #[wasm_bindgen(method)]
    fn end(this: &Stop);

    #[wasm_bindgen(js_name = isHeaderToken)]
    fn is_header_token(text: &JsString) -> bool;
    #[wasm_bindgen(js_name = askToken)]
    fn ask_token(stop: &Stop, token: &Function) -> Promise;
    fn receive(stop: &Stop, sent: &JsValue, token: &JsString) -> Promise;

    /// An answer, read to its end by `receive`: a record of ours, safe to read.
    #[derive(Debug)]
    pub type Reply;
    #[wasm_bindgen(method, getter)]
    fn status(this: &Reply) -> u16;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn value(this: &Reply) -> JsValue;
}

#[wasm_bindgen]
extern "C" {
    // Declared as an object, because a bare value that is thrown past `catch` leaks a table slot.
    #[wasm_bindgen(catch)]
    fn fetch(request: &web_sys::Request) -> Result<Option<Object>, JsValue>;
}

/// How long one attempt may take, its body included, in milliseconds.
const ATTEMPT_TIMEOUT_MS: f64 = 30_000.0;

/// Why an exchange, or an operation over it, failed.
pub type ExchangeFailure = Failure<Reply, JsValue>;

/// How to reach the service.
pub struct Connection {
    /// Whom to be.
    pub token: Token,
    /// Where the service is, without a slash at the end.
    pub base_url: String,
}

/// The credential.
pub enum Token {
    /// The token itself, checked.
    Given(JsString),
    /// The caller's function that returns it.
    Asked(Function),
}

impl Token {
    /// The token, if a header can carry it.
    pub fn check(token: JsValue) -> Result<JsString, Invalid> {
        const PATH: &str = "token";
        let token: JsString = token
            .dyn_into()
            .map_err(|_| invalid(PATH, "must be a string, or a function that returns one"))?;
        if token.length() == 0 {
            Err(invalid(PATH, "must not be empty"))
        } else if token.length() > 1 << 20 || !is_header_token(&token) {
            Err(invalid(
                PATH,
                "must be visible ASCII characters only: no space, no line break, no other script",
            ))
        } else {
            Ok(token)
        }
    }

    async fn get(&self, stop: &Stop) -> Result<JsString, ExchangeFailure> {
        match self {
            Self::Given(token) => Ok(token.clone()),
            Self::Asked(ask) => match JsFuture::from(ask_token(stop, ask)).await {
                Ok(token) => Self::check(token).map_err(Failure::Invalid),
                Err(_) if stop.fired() => Err(timed_out()),
                Err(cause) => Err(Failure::Invalid(Invalid {
                    cause: Some(cause),
                    ..invalid("token", "could not be had: the function threw or rejected")
                })),
            },
        }
    }
}

/// The API over fetch, counting what it sends.
pub struct Api {
    connection: Connection,
    sent: Cell<u32>,
}

impl Api {
    /// The API at the other end of a connection.
    pub fn new(connection: Connection) -> Self {
        Self {
            connection,
            sent: Cell::new(0),
        }
    }

    /// How many requests were sent so far.
    pub fn sent(&self) -> u32 {
        self.sent.get()
    }

    fn request(
        &self,
        request: &Request<'_>,
        token: &JsString,
        stop: &Stop,
    ) -> Result<gloo_net::http::Request, JsValue> {
        let headers = Object::new();
        let set = |name: &str, value: &JsValue| Reflect::set(&headers, &name.into(), value);
        set("accept", &"application/json".into())?;
        set("authorization", &JsString::from("Bearer ").concat(token))?;
        let init = RequestInit::new();
        if let Some(payload) = &request.payload {
            set("content-type", &"application/json".into())?;
            let payload = to_record(payload)?;
            init.set_body(&JSON::stringify(&payload)?.into());
        }
        init.set_method(request.method);
        init.set_headers(&headers);
        // A request that mints a key is never replayed elsewhere. `"error"` would say so too, but
        // older Workers refuse it.
        init.set_redirect(RequestRedirect::Manual);
        init.set_signal(Some(&stop.signal()));
        let url = format!("{}{}", self.connection.base_url, request.path);
        Ok(web_sys::Request::new_with_str_and_init(&url, &init)?.into())
    }

    async fn attempt(&self, request: &Request<'_>, stop: &Stop) -> Result<Reply, ExchangeFailure> {
        let token = self.connection.token.get(stop).await?;
        let request = self
            .request(request, &token, stop)
            .map_err(Failure::Unreachable)?;
        self.sent.set(self.sent.get().saturating_add(1));
        // gloo-net's own `send` panics on a rejection that is no `Error` and on an answer that is
        // no `Response`; with our import nothing that fetch does can trap.
        let sent = fetch(&request.into()).map_err(Failure::Unreachable)?;
        match JsFuture::from(receive(stop, &sent.into(), &token)).await {
            Ok(reply) => Ok(reply.unchecked_into()),
            Err(_) if stop.fired() => Err(timed_out()),
            Err(cause) => Err(Failure::Unreachable(cause)),
        }
    }
}

fn timed_out() -> ExchangeFailure {
    Failure::TimedOut {
        limit_ms: ATTEMPT_TIMEOUT_MS,
    }
}

impl Service for Api {
    type Answer = Reply;
    type Cause = JsValue;

    async fn exchange(&self, request: &Request<'_>) -> Result<Reply, ExchangeFailure> {
        let stop = Stop::new(ATTEMPT_TIMEOUT_MS).map_err(Failure::Unreachable)?;
        let outcome = self.attempt(request, &stop).await;
        stop.end();
        outcome
    }
}

impl lifecycle::Answer for Reply {
    fn status(&self) -> u16 {
        Reply::status(self)
    }

    fn is_object(&self) -> bool {
        let value = self.value();
        value.is_object() && !Array::is_array(&value)
    }

    fn holds(&self, field: &str) -> bool {
        Reflect::get(&self.value(), &field.into()).is_ok_and(|value| {
            value
                .dyn_ref::<JsString>()
                .is_some_and(|text| text.length() > 0)
        })
    }
}

/// A value as JSON would have it: records as plain objects.
pub fn to_record(value: &impl Serialize) -> Result<JsValue, JsValue> {
    Ok(value.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?)
}
