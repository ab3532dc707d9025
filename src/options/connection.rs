//! The options that say how to reach the service.

use super::entries;
use super::passed::Given;
use super::reader::{Options, WRONG_CHARACTERS};
use super::{InvalidOption, caused};
use crate::connection::{Connection, Token};
use crate::host::{is_header_token, page_address, parse_url};
use crate::lifecycle::Limits;
use crate::lifecycle::number::number;
use js_sys::JsString;
use std::cell::Cell;
use wasm_bindgen::prelude::*;

/// The service's own URL, which needs no checks.
const SERVICE: &str = "https://api.fireworks.ai";

/// Reads these options.
pub fn read(options: &mut Options) -> Connection {
    let base_url = base_url(options).unwrap_or_else(|expected| {
        options.fail("baseUrl", expected, None);
        String::new()
    });
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

thread_local! {
    /// The last base URL that was given, and the resolved one. Few callers use more than one.
    static LAST: Cell<Option<(String, String)>> = const { Cell::new(None) };
}

/// Reads the service's base URL, without a slash at its end.
fn base_url(options: &mut Options) -> Result<String, &'static str> {
    let allow_http = options.boolean("allowHttp");
    let given = options.name("baseUrl");
    if given == SERVICE {
        return Ok(given);
    }
    // With `allowHttp`, or on another page, the same text may give another result.
    let lasts = !allow_http && !given.starts_with('/');
    let (given, base) = match LAST.take() {
        Some(last) if lasts && last.0 == given => last,
        _ => {
            let base = resolve(&given, allow_http)?;
            (given, base)
        }
    };
    if lasts {
        LAST.set(Some((given, base.clone())));
    }
    Ok(base)
}

fn resolve(given: &str, allow_http: bool) -> Result<String, &'static str> {
    let Some(url) = parse_url(given, None).or_else(|| on_page(given)) else {
        return Err("must be an absolute URL, or on a page a path of its own origin");
    };
    match url.protocol().as_str() {
        "https:" => {}
        "http:" if allow_http || is_loopback(&url.hostname()) => {}
        "http:" => {
            return Err("must be https: (http: is for this machine, or with allowHttp: true)");
        }
        _ => return Err("must be an https: URL"),
    }
    if !url.username().is_empty() || !url.password().is_empty() {
        return Err("must not hold credentials");
    }
    // `search` and `hash` are empty for a bare `?` or `#`, which `href` keeps.
    let mut href = url.href();
    if href.bytes().any(|byte| matches!(byte, b'?' | b'#')) {
        return Err("must not hold a query or a fragment");
    }
    while href.ends_with("/") {
        href.pop();
    }
    Ok(href)
}

/// Resolves a path on the page's own origin. The origin is checked after resolution, because `//host`
/// and `/\host` lead elsewhere.
fn on_page(path: &str) -> Option<web_sys::Url> {
    let page = parse_url(&page_address()?, None)?;
    let url = parse_url(path, Some(&page.href()))?;
    (path.starts_with("/") && url.origin() == page.origin()).then_some(url)
}

/// Whether a URL's host is this machine. The URL parser has normalised it: `127.1` and
/// `0x7f000001` are `127.0.0.1` here.
fn is_loopback(host: &str) -> bool {
    let name = host.strip_suffix(".").unwrap_or(host);
    let v4 = || {
        let mut parts = name.as_bytes().split(|byte| *byte == b'.').map(number);
        parts.next() == Some(Some(127))
            && parts.clone().count() == 3
            && parts.all(|part| matches!(part, Some(..=255)))
    };
    name == "localhost" || name.ends_with(".localhost") || name == "[::1]" || v4()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in [
            "localhost",
            "a.localhost",
            "localhost.",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "127.0.0",
            "127.0.0.256",
            "10.0.0.1",
            "[::2]",
            "128.0.0.1",
            "",
            ".",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
