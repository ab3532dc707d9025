//! One HTTP exchange over gloo-net: the token, the request, the deadline, the answer. The token and
//! the answer's body are handled by reference only; their characters never enter linear memory.

use crate::answer::{Record, to_record};
use crate::host::{self, Reply, Stop, Watch, ask_token, date_text, reason_of, receive};
use crate::lifecycle::time;
use crate::lifecycle::{
    Aborted, Answer, Event, Failure, Fault, Item, Limits, Mark, Payload, Persisted, Request,
    Rotator, Service, Why,
};
use crate::options::{caused, check_token};
use js_sys::{Array, Date, Function, JsString, Math, Object, Promise, Reflect};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit};

/// Why an operation over this failed.
pub type ApiFailure = Failure<Reply, JsValue>;

type ApiFault = Fault<JsValue>;

/// How to reach the service, and whom to tell.
pub struct Connection {
    /// Whom to be.
    pub token: Token,
    /// Where the service is, without a slash at the end.
    pub base_url: String,
    /// The caller's own fetch.
    pub fetch: Option<Function>,
    /// The caller's own headers.
    pub headers: Vec<(String, JsValue)>,
    /// How long and how often to try.
    pub limits: Limits,
    /// Ends everything when it is aborted.
    pub signal: Option<AbortSignal>,
    /// Keeps the runtime alive for work that goes on after the answer.
    pub wait_until: Option<Function>,
    /// Is told what happens.
    pub on_event: Option<Function>,
}

/// The credential.
#[derive(Clone)]
pub enum Token {
    /// The token itself, checked.
    Given(JsString),
    /// The caller's function that returns it.
    Asked(Function),
}

/// The API over fetch.
pub struct Api {
    connection: Rc<Connection>,
    /// Whom to be: after a rotation another than at first.
    token: Token,
    /// Ends everything when it is aborted, but what goes on after the answer.
    signal: Option<AbortSignal>,
    /// Every token that was used: what must not appear in an error.
    tokens: Array,
    /// Counts the creates that are sent.
    watch: Option<Watch>,
    /// Stores a rotation's new key.
    persist: Option<Function>,
}

impl Api {
    /// The API at the other end of a connection.
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
            persist: None,
        }
    }

    /// The same API for work that goes on after the caller has its answer, abort or not.
    pub fn detached(&self) -> Self {
        Self::over(self.connection.clone(), self.token.clone(), None)
    }

    /// How long and how often to try.
    pub fn limits(&self) -> Limits {
        self.connection.limits
    }

    /// Every token that was used.
    pub fn tokens(&self) -> &Array {
        &self.tokens
    }

    /// The same API for a create that is watched for its caller.
    pub fn watched(self, watch: &Watch, mark: Option<&Mark>) -> Self {
        let tag = mark.map(|mark| mark.tag.as_str());
        watch.begin(tag, self.connection.on_event.as_ref());
        Self {
            watch: Some(watch.clone()),
            ..self
        }
    }

    /// The same API for a rotation, whose key this function of the caller's stores.
    pub fn storing(self, persist: Function) -> Self {
        Self {
            persist: Some(persist),
            ..self
        }
    }

    /// What the caller aborted with.
    pub fn abort_reason(&self) -> JsValue {
        let signal = self.signal.as_ref();
        signal.map_or(JsValue::UNDEFINED, reason_of)
    }

    /// Whether the caller's runtime waits for work that goes on after the answer.
    pub fn can_hold(&self) -> bool {
        self.connection.wait_until.is_some()
    }

    /// Keeps the runtime alive until the work is done, where the caller said how.
    pub fn hold(&self, watch: &Watch, work: &Promise) {
        if let Some(wait_until) = &self.connection.wait_until {
            watch.hold(wait_until, work);
        }
    }

    async fn token(&self, stop: &Stop) -> Result<JsString, ApiFault> {
        let invalid = |invalid| unsent(Why::Invalid(invalid));
        let token = match &self.token {
            Token::Given(token) => return Ok(token.clone()),
            Token::Asked(ask) => match JsFuture::from(ask_token(stop, ask)).await {
                Ok(token) => check_token(token).map_err(invalid)?,
                Err(cause) => {
                    return Err(match stopped(stop) {
                        Some(why) => unsent(why),
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

    /// What fetch is to send.
    fn init(
        &self,
        request: &Request<'_>,
        token: &JsString,
        stop: &Stop,
    ) -> Result<RequestInit, JsValue> {
        let headers = Object::new();
        for (name, value) in &self.connection.headers {
            Reflect::set(&headers, &name.into(), value)?;
        }
        let payload = request.payload.as_ref().map(to_record).transpose()?;
        let method = request.method;
        let init = stop.init(method, token, &headers, &payload.unwrap_or_default())?;
        init.ok_or(JsValue::UNDEFINED)
    }

    /// Calls fetch. gloo-net's own `send` panics on a rejection that is no `Error` and on an answer
    /// that is no `Response`; with these imports nothing that fetch does can trap.
    fn send(&self, url: &str, init: &RequestInit) -> Result<JsValue, ApiFault> {
        if let Some(fetch) = &self.connection.fetch {
            return Ok(host::call_fetch(fetch, url, init).into());
        }
        let request = host::make_request(url, init)
            .and_then(|request| request.ok_or(JsValue::UNDEFINED))
            .map_err(|cause| unsent(Why::Unreachable(cause)))?;
        let request = gloo_net::http::Request::from(request);
        // It may have sent the request before it threw.
        host::fetch(&request.into(), &host::again(init))
            .map(JsValue::from)
            .map_err(|cause| Fault {
                sent: true,
                why: Why::Unreachable(cause),
            })
    }

    async fn attempt(&self, request: &Request<'_>, stop: &Stop) -> Result<Reply, ApiFault> {
        if stop.aborted() {
            return Err(unsent(Why::Aborted));
        }
        let token = self.token(stop).await?;
        let init = self
            .init(request, &token, stop)
            .map_err(|cause| unsent(Why::Unreachable(cause)))?;
        let url = self.connection.base_url.clone() + &request.path;
        if let (Some(watch), Some(Payload::Create { .. })) = (&self.watch, &request.payload) {
            watch.sent();
        }
        let sent = self.send(&url, &init)?;
        match JsFuture::from(receive(stop, &sent)).await {
            Ok(reply) => Ok(reply.unchecked_into()),
            Err(cause) => Err(Fault {
                sent: true,
                why: stopped(stop).unwrap_or(Why::Unreachable(cause)),
            }),
        }
    }

    fn stop(&self, limit_ms: f64) -> Result<Stop, JsValue> {
        let stop = host::start_stop(limit_ms, self.signal.as_ref())?;
        stop.ok_or(JsValue::UNDEFINED)
    }
}

fn unsent(why: Why<JsValue>) -> ApiFault {
    Fault { sent: false, why }
}

fn stopped(stop: &Stop) -> Option<Why<JsValue>> {
    if stop.aborted() {
        Some(Why::Aborted)
    } else if stop.timed_out() {
        Some(Why::TimedOut)
    } else {
        None
    }
}

impl Service for Api {
    type Answer = Reply;
    type Cause = JsValue;

    async fn exchange(&self, request: &Request<'_>, limit_ms: f64) -> Result<Reply, ApiFault> {
        let stop = self
            .stop(limit_ms)
            .map_err(|cause| unsent(Why::Unreachable(cause)))?;
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

    fn random(&self) -> f64 {
        Math::random()
    }

    fn resends(&self) -> bool {
        host::fetch_repeats()
    }

    fn notify(&self, event: &Event<'_>) {
        if let (Some(listener), Ok(event)) = (&self.connection.on_event, to_record(event)) {
            host::notify(listener, &event, &self.tokens);
        }
    }
}

impl Rotator for Api {
    fn holding(&self, created: &Reply) -> Option<Self> {
        let key = created.item()?.get("key");
        let key: JsString = key.is_string().then(|| key.unchecked_into())?;
        // Before anything can go wrong with it.
        self.tokens.push(&key);
        host::is_header_token(&key).then(|| Self {
            connection: self.connection.clone(),
            token: Token::Given(key),
            signal: self.signal.clone(),
            tokens: self.tokens.clone(),
            watch: None,
            persist: None,
        })
    }

    fn may_be(&self, key: &Record) -> bool {
        host::any_begins_with(&self.tokens, &key.get("prefix"))
    }

    async fn persist(&self, created: &Reply, limit_ms: f64) -> Persisted<JsValue> {
        let Some(persist) = &self.persist else {
            return Persisted::NotStored;
        };
        let stop = match self.stop(limit_ms) {
            Ok(stop) => stop,
            Err(cause) => return Persisted::Rejected(cause),
        };
        if stopped(&stop).is_some() {
            stop.end();
            return Persisted::Skipped;
        }
        if let Some(watch) = &self.watch {
            let key_id = created.item().and_then(|key| key.text("keyId"));
            watch.keep(key_id.as_deref());
        }
        let outcome = JsFuture::from(host::call_persist(&stop, persist, &created.value())).await;
        stop.end();
        match (outcome, stopped(&stop)) {
            (Ok(stored), _) if stored.as_bool() == Some(false) => Persisted::NotStored,
            (Ok(_), _) => Persisted::Stored,
            (Err(_), Some(Why::Aborted)) => Persisted::Aborted,
            (Err(_), Some(_)) => Persisted::TimedOut,
            (Err(cause), None) => Persisted::Rejected(cause),
        }
    }

    fn time_text(&self, ms: f64) -> Option<String> {
        let text = date_text(&Date::new(&ms.into())).ok()?;
        // Beyond the year 9999 it is none that the reference knows.
        time::parse_rfc3339(&text).map(|_| text)
    }
}
