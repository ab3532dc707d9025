//! A connection: the options that all operations share, after they were checked.

use crate::lifecycle::Limits;
use js_sys::{Function, JsString};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

/// How to reach the service, and the caller's functions to call on the way.
pub struct Connection {
    /// The credential that every request carries.
    pub token: Token,
    /// The service's base URL, without a slash at its end.
    pub base_url: String,
    /// The caller's own fetch.
    pub fetch: Option<Function>,
    /// The caller's own headers.
    pub headers: Vec<(String, JsValue)>,
    /// The timeouts and the number of retries.
    pub limits: Limits,
    /// Ends the operation when it is aborted.
    pub signal: Option<AbortSignal>,
    /// Keeps the runtime alive for work that goes on after the answer.
    pub wait_until: Option<Function>,
    /// The caller's listener for events.
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
