//! What a connection is: the options that every operation shares, checked.

use crate::lifecycle::Limits;
use js_sys::{Function, JsString};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

/// How to reach the service, and who is told what happens.
pub struct Connection {
    /// The credential that every request carries.
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
