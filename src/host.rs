//! The JavaScript functions that this module calls: those of `js/host.ts`. Only the functions that are marked
//! `catch` may throw.
//!
//! A function that may throw returns an `Option` even if it always has a value: with a bare value,
//! wasm-bindgen 0.2.130 leaks a slot of its table of JavaScript values at each exception.

use js_sys::{Array, Function, JsString, Object, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Headers, Request, RequestInit};

#[wasm_bindgen(raw_module = "#host")]
extern "C" {
    /// Gives an object a field of its own, whatever the object inherits.
    pub fn define(object: &Object, name: &str, value: &JsValue);
    /// Whether a header can carry the text as a token.
    #[wasm_bindgen(js_name = isHeaderToken)]
    pub fn is_header_token(text: &JsString) -> bool;
    /// The service's base URL, without a slash at its end; otherwise what is wrong with it.
    #[wasm_bindgen(js_name = baseOf)]
    pub fn base_of(given: &str, allow_http: bool) -> String;
    /// Whether the runtime lives on after an answer.
    #[wasm_bindgen(js_name = livesOn)]
    pub fn lives_on() -> bool;
    /// Whether the platform's own fetch repeats requests by itself.
    #[wasm_bindgen(js_name = fetchRepeats)]
    pub fn fetch_repeats() -> bool;
    /// A time in milliseconds since 1970 as RFC 3339 text.
    #[wasm_bindgen(js_name = timeText)]
    pub fn time_text(ms: f64) -> Option<String>;
    /// Milliseconds of a clock that never goes back.
    #[wasm_bindgen(js_name = elapsedMs)]
    pub fn elapsed_ms() -> f64;
    /// What a signal was aborted with.
    #[wasm_bindgen(js_name = reasonOf)]
    pub fn reason_of(signal: &AbortSignal) -> JsValue;
    /// Tells a caller's listener of an event, with the tokens redacted.
    pub fn notify(listener: &Function, event: &JsValue, tokens: &Array);

    /// Watches a create or its sweep, and tells the caller of orphans if this module fails.
    #[derive(Clone)]
    pub type Watch;
    /// Starts the watch: from now on, keys may be left behind.
    #[wasm_bindgen(method)]
    pub fn begin(this: &Watch, attempt_tag: Option<&str>, listener: Option<&Function>);
    /// Counts a request that may create a key.
    #[wasm_bindgen(method)]
    pub fn sent(this: &Watch);
    /// Notes the key that the caller gets, if there is one.
    #[wasm_bindgen(method)]
    pub fn keep(this: &Watch, key_id: Option<&str>);
    /// Hands the work that goes on to the caller's `waitUntil`.
    #[wasm_bindgen(method)]
    pub fn hold(this: &Watch, wait_until: &Function, work: &Promise);
    /// Ends the watch: no more keys can be left behind.
    #[wasm_bindgen(method, js_name = end)]
    pub fn end_watch(this: &Watch);

    /// Ends an attempt or a wait, at its limit or when the caller aborts.
    pub type Stop;
    /// Starts a [`Stop`].
    #[wasm_bindgen(catch, js_name = startStop)]
    pub fn start_stop(
        limit_ms: f64,
        signal: Option<&AbortSignal>,
        is_late: bool,
    ) -> Result<Option<Stop>, JsValue>;
    #[wasm_bindgen(method, getter, js_name = timedOut)]
    pub fn timed_out(this: &Stop) -> bool;
    #[wasm_bindgen(method, getter)]
    pub fn aborted(this: &Stop) -> bool;
    #[wasm_bindgen(method)]
    pub fn wait(this: &Stop) -> Promise;
    #[wasm_bindgen(method)]
    pub fn end(this: &Stop);

    /// Calls the caller's function that returns the token.
    #[wasm_bindgen(js_name = askToken)]
    pub fn ask_token(stop: &Stop, token: &Function) -> Promise;
    /// Whether one of the tokens begins with this text.
    #[wasm_bindgen(js_name = anyBeginsWith)]
    pub fn any_begins_with(tokens: &Array, prefix: &JsValue) -> bool;
    /// Calls the caller's function that stores the new key.
    #[wasm_bindgen(js_name = callPersist)]
    pub fn call_persist(stop: &Stop, persist: &Function, created: &JsValue) -> Promise;
    /// The init for fetch. Its signal ends the request together with the attempt.
    #[wasm_bindgen(js_name = initOf)]
    pub fn init_of(
        stop: &Stop,
        method: &str,
        token: &JsString,
        own: &JsValue,
        body: Option<&JsString>,
    ) -> RequestInit;
    /// A request's body as JSON, from its description.
    #[wasm_bindgen(js_name = bodyOf)]
    pub fn body_of(description: &str) -> JsString;
    /// Whether a request is built for this fetch of the caller's, or else for the global one.
    #[wasm_bindgen(js_name = takesRequest)]
    pub fn takes_request(own: Option<&Function>) -> bool;
    /// Whether requests know the option `cache`.
    #[wasm_bindgen(js_name = knowsCache)]
    pub fn knows_cache() -> bool;
    /// The headers of an init.
    #[wasm_bindgen(catch, js_name = headersOf)]
    pub fn headers_of(init: &RequestInit) -> Result<Option<Headers>, JsValue>;
    /// Calls fetch, the caller's own or else the global one, and reads its answer into a [`Received`].
    pub fn send(
        stop: &Stop,
        own: Option<&Function>,
        url: &str,
        init: &RequestInit,
        request: Option<&Request>,
    ) -> Promise;

    /// An answer, read to its end. Reading its fields cannot throw.
    #[derive(Debug, Clone)]
    pub type Received;
    #[wasm_bindgen(method, getter)]
    pub fn date(this: &Received) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub fn value(this: &Received) -> JsValue;
    /// What an answer says, with these fields of its body; see [`crate::answer`].
    #[wasm_bindgen(js_name = describeAnswer)]
    pub fn describe_answer(received: &Received, fields: &JsString) -> String;
    /// The same fields of each item of a page's list.
    #[wasm_bindgen(js_name = describeList)]
    pub fn describe_list(received: &Received, name: &str, fields: &JsString) -> String;
    /// An item of a page's list.
    #[wasm_bindgen(js_name = itemOf)]
    pub fn item_of(received: &Received, name: &str, index: u32) -> JsValue;
    /// Whether an answer is a page with a list of this name.
    #[wasm_bindgen(js_name = isPage)]
    pub fn is_page(received: &Received, name: &str) -> bool;
    /// A field of a parsed JSON value.
    pub fn field(value: &JsValue, name: &str) -> JsValue;

    /// Makes an audit's entry for a key.
    pub fn audited(key: &JsValue, findings: &JsValue) -> JsValue;
    /// Makes a rotation's entry for a key that could not be revoked.
    pub fn pending(key_id: &str, error: &JsValue) -> JsValue;
    /// Makes a rotation.
    pub fn rotation(created: &JsValue, revoked: &JsValue, pending: &Array) -> JsValue;

    /// Makes an audit.
    pub fn audit(keys: &Array, counts: &JsValue) -> JsValue;

    /// Makes the error for a failure.
    #[wasm_bindgen(js_name = toError)]
    pub fn to_error(
        failure: &JsValue,
        answer: Option<&Received>,
        cause: &JsValue,
        tokens: &Array,
        headers: &Array,
    ) -> JsValue;
}
