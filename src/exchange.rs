//! Sends one HTTP request over gloo-net and reads its answer, within a deadline. The token and the
//! answer's body are passed by reference only: their characters never enter linear memory.

use crate::answer::{Reply, to_js};
use crate::connection::{Connection, Token};
use crate::host::{self, Stop, Watch, ask_token, reason_of};
use crate::lifecycle::{
    Aborted, Error, Event, Limits, Mark, Payload, Request, Service, TransportError,
    TransportErrorKind, time,
};
use crate::options::{caused, check_token};
use crate::request;
use crate::tape::describe;
use js_sys::{Array, JsString, Math, Object, Promise};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

/// Why an operation of this API failed.
pub type ApiError = Error<Reply, JsValue>;

type ApiTransportError = TransportError<JsValue>;

/// The API, called over fetch.
pub struct Api {
    connection: Rc<Connection>,
    /// The credential. A rotation uses its new key here instead of the connection's token.
    token: Token,
    /// Ends the operation when it is aborted. Work that goes on after the answer has no signal.
    signal: Option<AbortSignal>,
    /// Every token that was used. None of them may appear in an error.
    tokens: Array,
    /// Counts the creates that are sent.
    watch: Option<Watch>,
    /// Whether this is work that goes on after the answer, and that no process is to live on for.
    is_late: bool,
}

impl Api {
    /// The API that a connection reaches.
    pub fn new(connection: Connection) -> Self {
        let (token, signal) = (connection.token.clone(), connection.signal.clone());
        Self::over(Rc::new(connection), token, signal)
    }

    fn over(connection: Rc<Connection>, token: Token, signal: Option<AbortSignal>) -> Self {
        let tokens = Array::new();
        if let Token::Given(token) = &token {
            tokens.push(token);
        }
        Self {
            connection,
            token,
            signal,
            tokens,
            watch: None,
            is_late: false,
        }
    }

    /// The same API for work that goes on after the caller has its answer. An abort does not end it.
    pub fn detached(&self) -> Self {
        Self {
            is_late: !self.waits_for_work(),
            ..Self::over(self.connection.clone(), self.token.clone(), None)
        }
    }

    /// The timeouts and the number of retries.
    pub fn limits(&self) -> Limits {
        self.connection.limits
    }

    /// Every token that was used.
    pub fn tokens(&self) -> &Array {
        &self.tokens
    }

    /// What no error may repeat: every token that was used, and the values of the caller's own headers.
    pub fn secrets(&self) -> (Array, Array) {
        let headers = self.connection.headers.iter();
        (
            self.tokens.clone(),
            headers.map(|(_, value)| value).collect(),
        )
    }

    /// Has a watch tell the caller of a create's orphans if this module fails.
    pub fn watch(&mut self, watch: &Watch, mark: Option<&Mark>) {
        let tag = mark.map(|mark| mark.tag.as_str());
        watch.begin(tag, self.connection.on_event.as_ref());
        self.watch = Some(watch.clone());
    }

    /// The same API with another token.
    pub fn with_token(&self, token: JsString) -> Self {
        Self {
            connection: self.connection.clone(),
            token: Token::Given(token),
            signal: self.signal.clone(),
            tokens: self.tokens.clone(),
            watch: None,
            is_late: self.is_late,
        }
    }

    /// The reason that the caller's signal was aborted with.
    pub fn abort_reason(&self) -> JsValue {
        let signal = self.signal.as_ref();
        signal.map_or(JsValue::UNDEFINED, reason_of)
    }

    /// Keeps the runtime alive until the work is done, if the caller gave a `waitUntil`.
    pub fn hold(&self, watch: &Watch, work: &Promise) {
        if let Some(wait_until) = &self.connection.wait_until {
            watch.hold(wait_until, work);
        }
    }

    async fn token(&self, stop: &Stop) -> Result<JsString, ApiTransportError> {
        let invalid = |invalid| unsent(TransportErrorKind::InvalidOption(invalid));
        let token = match &self.token {
            Token::Given(token) => return Ok(token.clone()),
            Token::Asked(ask) => match JsFuture::from(ask_token(stop, ask)).await {
                Ok(token) => check_token(token).map_err(invalid)?,
                Err(cause) => {
                    return Err(match ended(stop) {
                        Some(kind) => unsent(kind),
                        None => invalid(caused(
                            "token",
                            "could not be had: the function threw or rejected",
                            Some(cause),
                        )),
                    });
                }
            },
        };
        if !self.tokens.includes(&token, 0) {
            self.tokens.push(&token);
        }
        Ok(token)
    }

    async fn attempt(
        &self,
        request: &Request<'_>,
        stop: &Stop,
    ) -> Result<Reply, ApiTransportError> {
        if stop.aborted() {
            return Err(unsent(TransportErrorKind::Aborted));
        }
        let token = self.token(stop).await?;
        let body = request.payload.as_ref().map(body_of);
        let (method, body) = (request.method, body.as_ref());
        let init = host::init_of(stop, method, &token, &self.headers(), body);
        let url = self.connection.base_url.clone() + &request.path;
        if let (Some(watch), Some(Payload::Create { .. })) = (&self.watch, &request.payload) {
            watch.sent();
        }
        let fetch = self.connection.fetch.as_ref();
        let built = request::build(fetch, &url, &init, method, body);
        let received = host::send(stop, fetch, &url, &init, built.as_ref());
        drop(built);
        match JsFuture::from(received).await {
            Ok(received) => Ok(Reply::new(received.unchecked_into())),
            Err(cause) => Err(TransportError {
                // fetch may have sent the request before it threw.
                sent: true,
                kind: ended(stop).unwrap_or(TransportErrorKind::Unreachable(cause)),
            }),
        }
    }

    /// The caller's own headers as an object; undefined without one.
    fn headers(&self) -> JsValue {
        if self.connection.headers.is_empty() {
            return JsValue::UNDEFINED;
        }
        let headers = Object::new();
        for (name, value) in &self.connection.headers {
            host::define(&headers, name, value);
        }
        headers.into()
    }

    /// Starts a time limit. An abort ends it early.
    pub fn stop(&self, limit_ms: f64) -> Result<Stop, JsValue> {
        let stop = host::start_stop(limit_ms, self.signal.as_ref(), self.is_late)?;
        stop.ok_or(JsValue::UNDEFINED)
    }
}

/// A request's body, as JSON.
fn body_of(payload: &Payload<'_>) -> JsString {
    let mut description = String::new();
    match payload {
        Payload::Delete { key_id } => describe(Some(key_id), &mut description),
        Payload::Create { api_key } => {
            // There is no id.
            describe(None, &mut description);
            describe(api_key.display_name, &mut description);
            describe(api_key.expire_time.as_deref(), &mut description);
            if let Some(annotations) = api_key.annotations {
                description.push('{');
                for (name, value) in annotations {
                    describe(Some(name), &mut description);
                    describe(Some(value), &mut description);
                }
            }
        }
    }
    host::body_of(&description)
}

fn unsent(kind: TransportErrorKind<JsValue>) -> ApiTransportError {
    TransportError { sent: false, kind }
}

/// Why an attempt or a wait has ended; [`None`] if it has not.
pub fn ended(stop: &Stop) -> Option<TransportErrorKind<JsValue>> {
    if stop.aborted() {
        Some(TransportErrorKind::Aborted)
    } else if stop.timed_out() {
        Some(TransportErrorKind::TimedOut)
    } else {
        None
    }
}

impl Service for Api {
    type Answer = Reply;
    type Cause = JsValue;

    async fn exchange(
        &self,
        request: &Request<'_>,
        limit_ms: f64,
    ) -> Result<Reply, ApiTransportError> {
        let stop = self
            .stop(limit_ms)
            .map_err(|cause| unsent(TransportErrorKind::Unreachable(cause)))?;
        let outcome = self.attempt(request, &stop).await;
        stop.end();
        outcome
    }

    async fn sleep(&self, ms: f64) -> Result<(), Aborted> {
        let Ok(stop) = self.stop(ms) else {
            return Ok(());
        };
        let _ = JsFuture::from(stop.wait()).await;
        stop.end();
        if stop.aborted() { Err(Aborted) } else { Ok(()) }
    }

    fn elapsed_ms(&self) -> f64 {
        host::elapsed_ms()
    }

    fn now_ms(&self) -> f64 {
        js_sys::Date::now()
    }

    fn time_text(&self, ms: f64) -> Option<String> {
        // The API's times end with the year 9999.
        host::time_text(ms).filter(|text| time::parse_rfc3339(text).is_some())
    }

    fn random(&self) -> f64 {
        Math::random()
    }

    fn resends(&self) -> bool {
        // A fetch of the caller's ends in the platform's own, as far as anybody knows.
        host::fetch_repeats()
    }

    fn waits_for_work(&self) -> bool {
        self.connection.wait_until.is_some()
    }

    fn notify(&self, event: &Event<'_>) {
        if let (Some(listener), Ok(event)) = (&self.connection.on_event, to_js(event)) {
            host::notify(listener, &event, &self.tokens);
        }
    }
}
