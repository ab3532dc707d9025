//! The options that say how to reach the service.

use super::entries;
use super::passed::Given;
use super::reader::{Options, WRONG_CHARACTERS};
use super::{InvalidOption, caused};
use crate::connection::{Connection, Token};
use crate::host::{base_of, is_header_token};
use crate::lifecycle::Limits;
use js_sys::JsString;
use wasm_bindgen::prelude::*;

/// The service's own URL, which needs no checks.
const SERVICE: &str = "https://api.fireworks.ai";

/// Reads these options.
pub fn read(options: &mut Options) -> Connection {
    let base_url = base_url(options);
    Connection {
        token: match options.take("token") {
            Given::Callback(ask) => Token::Asked(ask.unchecked_into()),
            Given::Value(token) => Token::Given(token.unchecked_into()),
            _ => Token::Given(JsValue::UNDEFINED.unchecked_into()),
        },
        base_url,
        fetch: options.function("fetch"),
        headers: entries::values(options.take("headers")),
        limits: Limits {
            timeout_ms: options.amount("timeoutMs"),
            total_timeout_ms: options.amount("totalTimeoutMs"),
            max_retries: options.amount("maxRetries") as u32,
        },
        signal: options.value("signal").map(JsValue::unchecked_into),
        wait_until: options.function("waitUntil"),
        on_event: options.function("onEvent"),
    }
}

/// Returns what the caller's function returned as a token, if a header can carry it. Its characters stay in
/// JavaScript.
pub fn check_token(token: JsValue) -> Result<JsString, InvalidOption> {
    let wrong = |expected| Err(caused("token", expected, None));
    if !token.is_string() {
        return wrong("must be a string, or a function that returns one");
    }
    let token: JsString = token.unchecked_into();
    if token.length() == 0 {
        wrong("must not be empty")
    } else if !is_header_token(&token) {
        wrong(WRONG_CHARACTERS)
    } else {
        Ok(token)
    }
}

/// Reads the service's base URL, without a slash at its end.
fn base_url(options: &mut Options) -> String {
    let allow_http = options.boolean("allowHttp");
    let given = options.name("baseUrl");
    if given == SERVICE {
        return given;
    }
    let base = base_of(&given, allow_http);
    if !base.starts_with("http") {
        options.fail("baseUrl", &base, None);
    }
    base
}
