//! What JavaScript offers to this module: `js/host.ts`, where nothing throws but what is marked
//! `catch` here, and the global fetch.
//!
//! What may throw returns an `Option`, even where there always is a value: a bare one leaks a slot of
//! the table of JavaScript values each time it is thrown past (wasm-bindgen 0.2.130).

use js_sys::{Array, Function, JsString, Object, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Request, RequestInit, Url};

#[wasm_bindgen(raw_module = "#host")]
extern "C" {
    /// The enumerable names of an object, inherited ones included.
    #[wasm_bindgen(catch, js_name = namesOf)]
    pub fn names_of(object: &Object) -> Result<Option<Array>, JsValue>;
    /// The value of this name, if it is not undefined, alone in an array.
    #[wasm_bindgen(catch)]
    pub fn get(object: &Object, name: &str) -> Result<Option<Array>, JsValue>;
    /// The first enumerable name of an object that is none of these.
    #[wasm_bindgen(catch, js_name = strangerIn)]
    pub fn stranger_in(object: &Object, names: &Array) -> Result<Option<JsString>, JsValue>;
    /// What is said of a name that is none of these, and which of them may be meant.
    #[wasm_bindgen(js_name = unknownOption)]
    pub fn unknown_option(name: &JsString, names: &Array) -> String;
    /// The values of these names; where reading some threw, what they threw follows in the same order.
    #[wasm_bindgen(js_name = valuesOf)]
    pub fn values_of(object: &Object, names: &Array) -> Array;
    /// Which of the values are there, a bit for each, the first the lowest.
    #[wasm_bindgen(js_name = givenOf)]
    pub fn given_of(values: &Array) -> u32;
    /// The length of a text in UTF-16 units.
    #[wasm_bindgen(js_name = lengthOf)]
    pub fn length_of(value: &JsValue) -> Option<u32>;
    /// Whether a value is an array.
    #[wasm_bindgen(catch, js_name = isArray)]
    pub fn is_array(value: &JsValue) -> Result<bool, JsValue>;
    /// Whether an object is a plain one, as a literal makes it.
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
    /// The address of the page, where there is one.
    #[wasm_bindgen(js_name = pageAddress)]
    pub fn page_address() -> Option<String>;
    /// Whether the runtime's fetch repeats requests by itself.
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
    /// Tells a caller's listener, but for the tokens.
    pub fn notify(listener: &Function, event: &JsValue, tokens: &Array);

    /// A create under way, or its sweep: what its caller is told if this module fails.
    #[derive(Clone)]
    pub type Watch;
    /// From here on keys may be left behind.
    #[wasm_bindgen(method)]
    pub fn begin(this: &Watch, attempt_tag: Option<&str>, listener: Option<&Function>);
    /// Counts a request that may create a key.
    #[wasm_bindgen(method)]
    pub fn sent(this: &Watch);
    /// Notes which key the caller is given, if it is given one.
    #[wasm_bindgen(method)]
    pub fn keep(this: &Watch, key_id: Option<&str>);
    /// Hands what goes on to a caller's `waitUntil`.
    #[wasm_bindgen(method)]
    pub fn hold(this: &Watch, wait_until: &Function, work: &Promise);
    /// Nothing can be left behind any more.
    #[wasm_bindgen(method, js_name = end)]
    pub fn end_watch(this: &Watch);

    /// Ends an attempt or a wait, at its limit or when the caller aborts.
    pub type Stop;
    /// Starts one.
    #[wasm_bindgen(catch, js_name = startStop)]
    pub fn start_stop(limit_ms: f64, signal: Option<&AbortSignal>)
    -> Result<Option<Stop>, JsValue>;
    #[wasm_bindgen(method, getter, js_name = timedOut)]
    pub fn timed_out(this: &Stop) -> bool;
    #[wasm_bindgen(method, getter)]
    pub fn aborted(this: &Stop) -> bool;
    /// What fetch is to send, and to end with the attempt.
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

    /// Calls the function that a caller gave as its token.
    #[wasm_bindgen(js_name = askToken)]
    pub fn ask_token(stop: &Stop, token: &Function) -> Promise;
    /// Whether one of the tokens begins with this text.
    #[wasm_bindgen(js_name = anyBeginsWith)]
    pub fn any_begins_with(tokens: &Array, prefix: &JsValue) -> bool;
    /// Calls the function that stores a new key for a caller.
    #[wasm_bindgen(js_name = callPersist)]
    pub fn call_persist(stop: &Stop, persist: &Function, created: &JsValue) -> Promise;
    /// Calls a caller's own fetch.
    #[wasm_bindgen(js_name = callFetch)]
    pub fn call_fetch(fetch: &Function, url: &str, init: &RequestInit) -> Promise;
    /// Makes a request for the global fetch.
    #[wasm_bindgen(catch, js_name = makeRequest)]
    pub fn make_request(url: &str, init: &RequestInit) -> Result<Option<Request>, JsValue>;
    /// What fetch is told beside a request.
    pub fn again(init: &RequestInit) -> RequestInit;
    /// Reads what fetch returned to a [`Reply`].
    pub fn receive(stop: &Stop, sent: &JsValue) -> Promise;

    /// An answer, read to its end: a record of ours, safe to read.
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
    pub fn value(this: &Reply) -> JsValue;

    /// Whether what a JSON parser made is an object with fields.
    #[wasm_bindgen(js_name = isResource)]
    pub fn is_resource(value: &JsValue) -> bool;
    /// A field of what a JSON parser made.
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

    /// Makes an audit's entry of a key.
    pub fn audited(key: &JsValue, findings: &JsValue) -> JsValue;
    /// Makes a key that could not be revoked.
    pub fn pending(key_id: &str, error: &JsValue) -> JsValue;
    /// Makes a rotation.
    pub fn rotation(created: &JsValue, revoked: &JsValue, pending: &Array) -> JsValue;

    /// Makes an audit.
    pub fn audit(keys: &Array, counts: &JsValue) -> JsValue;

    /// Makes the error of a failure.
    #[wasm_bindgen(js_name = toError)]
    pub fn to_error(
        failure: &JsValue,
        answer: Option<&Reply>,
        cause: &JsValue,
        tokens: &Array,
    ) -> JsValue;
}

#[wasm_bindgen]
extern "C" {
    /// The global fetch.
    #[wasm_bindgen(catch)]
    pub fn fetch(request: &Request, init: &RequestInit) -> Result<Option<Object>, JsValue>;
}
