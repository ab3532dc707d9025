//! The JavaScript functions that this module calls: those of `js/host.ts`, and the global fetch. Only
//! the functions that are marked `catch` may throw.
//!
//! A function that may throw returns an `Option` even if it always has a value: with a bare value,
//! wasm-bindgen 0.2.130 leaks a slot of its table of JavaScript values at each exception.

use js_sys::{Array, Function, JsString, Object, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Request, RequestInit, Url};

#[wasm_bindgen(raw_module = "#host")]
extern "C" {
    /// Gives an object a field of its own, whatever the object inherits.
    pub fn define(object: &Object, name: &str, value: &JsValue);
    /// The enumerable names of an object, inherited ones included.
    #[wasm_bindgen(catch, js_name = namesOf)]
    pub fn names_of(object: &Object) -> Result<Option<Array>, JsValue>;
    /// The value of this field, alone in an array; [`None`] if it is undefined.
    #[wasm_bindgen(catch)]
    pub fn get(object: &Object, name: &str) -> Result<Option<Array>, JsValue>;
    /// The name of the object's first field that is not among these names.
    #[wasm_bindgen(catch, js_name = strangerIn)]
    pub fn stranger_in(object: &Object, names: &Array) -> Result<Option<JsString>, JsValue>;
    /// The error text for an unknown name. It suggests the known name that is most like it.
    #[wasm_bindgen(js_name = unknownOption)]
    pub fn unknown_option(name: &JsString, names: &Array) -> String;
    /// The values of these fields. If reading any of them threw, the exceptions follow in the same order.
    #[wasm_bindgen(js_name = valuesOf)]
    pub fn values_of(object: &Object, names: &Array) -> Array;
    /// Whether an object has a field of this name, with or without a value.
    #[wasm_bindgen(catch, js_name = isNamed)]
    pub fn is_named(object: &Object, name: &str) -> Result<bool, JsValue>;
    /// A bit mask of the values that are defined; the lowest bit is for the first value.
    #[wasm_bindgen(js_name = givenOf)]
    pub fn given_of(values: &Array) -> u32;
    /// The length of a string in UTF-16 units; [`None`] if the value is not a string.
    #[wasm_bindgen(js_name = lengthOf)]
    pub fn length_of(value: &JsValue) -> Option<u32>;
    /// Whether a value is an array.
    #[wasm_bindgen(catch, js_name = isArray)]
    pub fn is_array(value: &JsValue) -> Result<bool, JsValue>;
    /// Whether an object is a plain one, like an object literal.
    #[wasm_bindgen(catch, js_name = isPlainObject)]
    pub fn is_plain_object(object: &Object) -> Result<bool, JsValue>;
    /// A Date as RFC 3339 text; anything else throws.
    #[wasm_bindgen(catch, js_name = dateText)]
    pub fn date_text(value: &JsValue) -> Result<String, JsValue>;
    /// Whether a value can be used as an AbortSignal.
    #[wasm_bindgen(catch, js_name = isAbortSignal)]
    pub fn is_abort_signal(value: &JsValue) -> Result<bool, JsValue>;
    /// Whether a header can carry the text as a token.
    #[wasm_bindgen(js_name = isHeaderToken)]
    pub fn is_header_token(text: &JsString) -> bool;
    /// Whether the text is a header's name.
    #[wasm_bindgen(js_name = isHeaderName)]
    pub fn is_header_name(text: &str) -> bool;
    /// Whether the value is text that a header can carry.
    #[wasm_bindgen(js_name = isHeaderValue)]
    pub fn is_header_value(text: &JsValue) -> bool;
    /// A URL, if the text is one.
    #[wasm_bindgen(js_name = parseUrl)]
    pub fn parse_url(text: &str, base: Option<&str>) -> Option<Url>;
    /// The address of the page, if there is one.
    #[wasm_bindgen(js_name = pageAddress)]
    pub fn page_address() -> Option<String>;
    /// Whether the runtime lives on after an answer.
    #[wasm_bindgen(js_name = livesOn)]
    pub fn lives_on() -> bool;
    /// Whether the platform's own fetch repeats requests by itself.
    #[wasm_bindgen(js_name = fetchRepeats)]
    pub fn fetch_repeats() -> bool;
    /// 128 random bits as text.
    #[wasm_bindgen(catch, js_name = randomTag)]
    pub fn random_tag() -> Result<String, JsValue>;
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
    /// The init for fetch. Its signal ends the request together with the attempt.
    #[wasm_bindgen(catch, method)]
    pub fn init(
        this: &Stop,
        method: &str,
        token: &JsString,
        headers: &Object,
        payload: &JsValue,
    ) -> Result<Option<RequestInit>, JsValue>;
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
    /// Calls a caller's own fetch.
    #[wasm_bindgen(js_name = callFetch)]
    pub fn call_fetch(fetch: &Function, url: &str, init: &RequestInit) -> Promise;
    /// Makes a request for the global fetch.
    #[wasm_bindgen(catch, js_name = makeRequest)]
    pub fn make_request(url: &str, init: &RequestInit) -> Result<Option<Request>, JsValue>;
    /// Reads the response that fetch returned into a [`Reply`].
    pub fn receive(stop: &Stop, sent: &JsValue) -> Promise;

    /// An answer, read to its end. Reading its fields cannot throw.
    #[derive(Debug)]
    pub type Reply;
    #[wasm_bindgen(method, getter)]
    pub fn status(this: &Reply) -> u16;
    #[wasm_bindgen(method, getter, js_name = shouldRetry)]
    pub fn should_retry(this: &Reply) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = retryAfterMs)]
    pub fn retry_after_ms(this: &Reply) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = retryAfter)]
    pub fn retry_after(this: &Reply) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub fn date(this: &Reply) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub fn value(this: &Reply) -> JsValue;

    /// Whether a parsed JSON value is an object, not an array.
    #[wasm_bindgen(js_name = isResource)]
    pub fn is_resource(value: &JsValue) -> bool;
    /// What a parsed body says of its request; see [`crate::lifecycle::Body`].
    #[wasm_bindgen(js_name = kindOf)]
    pub fn kind_of(body: &JsValue) -> u8;
    /// A page's list of this name; undefined if the body is no page.
    #[wasm_bindgen(js_name = listIn)]
    pub fn list_in(page: &JsValue, name: &JsString) -> JsValue;
    /// A field of a parsed JSON value.
    pub fn field(value: &JsValue, name: &JsString) -> JsValue;
    /// The field, if it is text that is not empty.
    #[wasm_bindgen(js_name = textOf)]
    pub fn text_of(value: &JsValue, name: &JsString) -> Option<String>;
    /// Whether the field is text that is not empty.
    #[wasm_bindgen(js_name = holdsText)]
    pub fn holds_text(value: &JsValue, name: &JsString) -> bool;
    /// Whether the field is left out, null or an empty text.
    #[wasm_bindgen(js_name = isBlank)]
    pub fn is_blank(value: &JsValue, name: &JsString) -> bool;

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
        answer: Option<&Reply>,
        cause: &JsValue,
        tokens: &Array,
        headers: &Array,
    ) -> JsValue;
}

#[wasm_bindgen]
extern "C" {
    /// The global fetch. It takes a request or the text of a URL.
    #[wasm_bindgen(catch)]
    pub fn fetch(resource: &JsValue, init: &RequestInit) -> Result<Option<Object>, JsValue>;
}
