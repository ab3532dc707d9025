//! The options that say how to reach the service.

use super::reader::{LONGEST_TEXT, Options, entries, invalid, path_of, threw};
use super::{InvalidOption, defaults};
use crate::connection::{Connection, Token};
use crate::host::{
    is_abort_signal, is_header_name, is_header_token, is_header_value, page_address, parse_url,
};
use crate::lifecycle::Limits;
use crate::lifecycle::number::number;
use js_sys::JsString;
use std::cell::Cell;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

/// The headers that only this package sets.
const OUR_HEADERS: [&str; 3] = ["accept", "authorization", "content-type"];

/// Reads and checks these options.
pub fn read(options: &Options) -> Result<Connection, InvalidOption> {
    Ok(Connection {
        token: token(options)?,
        base_url: base_url(options)?,
        fetch: options.function("fetch")?,
        headers: headers(options)?,
        limits: Limits {
            timeout_ms: milliseconds(options, "timeoutMs")?.unwrap_or(defaults::TIMEOUT_MS),
            total_timeout_ms: milliseconds(options, "totalTimeoutMs")?
                .unwrap_or(defaults::TOTAL_TIMEOUT_MS),
            max_retries: options
                .count("maxRetries")?
                .unwrap_or(defaults::MAX_RETRIES),
        },
        signal: signal(options)?,
        wait_until: options.function("waitUntil")?,
        on_event: options.function("onEvent")?,
    })
}

fn token(options: &Options) -> Result<Token, InvalidOption> {
    let value = options
        .get("token")?
        .ok_or_else(|| invalid("token", "is required: an existing Fireworks API key"))?;
    if value.is_function() {
        return Ok(Token::Asked(value.unchecked_into()));
    }
    check_token(value).map(Token::Given)
}

/// Returns the token if a header can carry it. Its characters stay in JavaScript.
pub fn check_token(token: JsValue) -> Result<JsString, InvalidOption> {
    const PATH: &str = "token";
    if !token.is_string() {
        return Err(invalid(
            PATH,
            "must be a string, or a function that returns one",
        ));
    }
    let token: JsString = token.unchecked_into();
    if token.length() == 0 {
        Err(invalid(PATH, "must not be empty"))
    } else if token.length() > LONGEST_TEXT || !is_header_token(&token) {
        Err(invalid(
            PATH,
            "must be visible ASCII characters only: no space, no line break, no other script",
        ))
    } else {
        Ok(token)
    }
}

fn milliseconds(options: &Options, name: &str) -> Result<Option<f64>, InvalidOption> {
    match options.number(name)? {
        Some(ms) if ms.is_nan() || ms <= 0.0 => Err(invalid(
            name,
            "must be a positive number of milliseconds; Infinity means no limit",
        )),
        ms => Ok(ms),
    }
}

fn signal(options: &Options) -> Result<Option<AbortSignal>, InvalidOption> {
    const PATH: &str = "signal";
    let Some(value) = options.get(PATH)? else {
        return Ok(None);
    };
    if is_abort_signal(&value).map_err(|cause| threw(PATH, cause))? {
        Ok(Some(value.unchecked_into()))
    } else {
        Err(invalid(PATH, "must be an AbortSignal"))
    }
}

fn headers(options: &Options) -> Result<Vec<(String, JsValue)>, InvalidOption> {
    const PATH: &str = "headers";
    let Some(value) = options.get(PATH)? else {
        return Ok(Vec::new());
    };
    let headers = entries(&value, PATH)?;
    for (name, value) in &headers {
        let path = || path_of(PATH, name);
        if !is_header_name(name) {
            return Err(invalid(&path(), "is no header name"));
        }
        if OUR_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(invalid(
                &path(),
                "is set by this package; the token goes into token",
            ));
        }
        if !is_header_value(value) {
            return Err(invalid(&path(), "must be a string that a header can carry"));
        }
    }
    Ok(headers)
}

thread_local! {
    /// The last base URL that was given, and the resolved one. Few callers use more than one.
    static LAST: Cell<Option<(String, String)>> = const { Cell::new(None) };
}

/// Reads the service's base URL, without a slash at its end.
fn base_url(options: &Options) -> Result<String, InvalidOption> {
    let allow_http = options
        .boolean("allowHttp")?
        .unwrap_or(defaults::ALLOW_HTTP);
    let Some(given) = options.text("baseUrl")? else {
        return Ok(defaults::BASE_URL.into());
    };
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

fn resolve(given: &str, allow_http: bool) -> Result<String, InvalidOption> {
    let wrong = |expected| Err(invalid("baseUrl", expected));
    let url = match parse_url(given, None) {
        Some(url) => url,
        None => match on_page(given) {
            Some(url) => url,
            None => return wrong("must be an absolute URL, or on a page a path of its own origin"),
        },
    };
    match url.protocol().as_str() {
        "https:" => {}
        "http:" if allow_http || is_loopback(&url.hostname()) => {}
        "http:" => {
            return wrong("must be https: (http: is for this machine, or with allowHttp: true)");
        }
        _ => return wrong("must be an https: URL"),
    }
    if !url.username().is_empty() || !url.password().is_empty() {
        return wrong("must not hold credentials");
    }
    // `search` and `hash` are empty for a bare `?` or `#`, which `href` keeps.
    let mut href = url.href();
    if href.bytes().any(|byte| matches!(byte, b'?' | b'#')) {
        return wrong("must not hold a query or a fragment");
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
