//! Decides which requests are let in, so that a website that is open in the same browser cannot use the
//! emulator or take over its origin, where people type tokens.

use crate::api_error::ApiError;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The header that a browser sends when it fetches the script of a service worker.
const SERVICE_WORKER: HeaderName = HeaderName::from_static("service-worker");

/// The header in which a browser says how the page that sends a request is related to this origin.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether this is a path for tests, not of the API.
pub fn is_control(path: &str) -> bool {
    path.strip_prefix("/_emulator")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Fails unless the request may be served. `hosts` are the names that the emulator has besides those of
/// this machine.
pub fn admit(request: &Parts, hosts: &[String]) -> Result<(), ApiError> {
    // A name that a website has pointed at this machine would make the two one origin.
    let host = host(request).ok_or_else(ApiError::misdirected)?;
    if !is_this_machine(name(host))
        && !hosts
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name(host)))
    {
        return Err(ApiError::misdirected());
    }
    // A service worker would outlive the emulator, and see everything that is typed into its pages.
    if request.headers.contains_key(SERVICE_WORKER) {
        return Err(ApiError::missing("there are no service workers here"));
    }
    Ok(())
}

/// Fails unless the request may control the emulator: pages of other origins may not.
pub fn admit_control(request: &Parts) -> Result<(), ApiError> {
    let headers = &request.headers;
    let host = host(request).ok_or_else(ApiError::misdirected)?;
    let is_own = |origin: &str| {
        let address = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        address.is_some_and(|address| address.eq_ignore_ascii_case(host))
    };
    let site = text(headers, &SEC_FETCH_SITE);
    let origin = text(headers, &header::ORIGIN);
    if !matches!(site, Ok(None | Some("none" | "same-origin")))
        || !matches!(origin, Ok(origin) if origin.is_none_or(is_own))
    {
        return Err(ApiError::denied(
            "control paths are for pages of their own origin only",
        ));
    }
    let needs_type = !matches!(request.method, Method::GET | Method::HEAD | Method::DELETE);
    let is_json = |value: &str| {
        let essence = value.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("application/json")
    };
    match text(headers, &header::CONTENT_TYPE) {
        Ok(None) if !needs_type => {}
        Ok(Some(value)) if is_json(value) => {}
        _ => return Err(ApiError::media_type()),
    }
    if request.uri.query().is_some() {
        return Err(ApiError::invalid(
            "the query: control paths have no parameters",
        ));
    }
    Ok(())
}

/// The host and port that the request is for; [`None`] if it does not say so clearly.
pub fn host(request: &Parts) -> Option<&str> {
    let named = text(&request.headers, &header::HOST).ok()??;
    // A target with a host of its own must be the same one.
    let same =
        |authority: &axum::http::uri::Authority| authority.as_str().eq_ignore_ascii_case(named);
    request.uri.authority().is_none_or(same).then_some(named)
}

/// The value of a header that is sent once, or not at all.
fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| ()),
        _ => Err(()),
    }
}

/// The host without its port.
fn name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Whether a name means this machine wherever it is looked up.
fn is_this_machine(name: &str) -> bool {
    let v6 = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse()
            .is_ok_and(|address: Ipv4Addr| address.is_loopback())
        || v6.is_some_and(|name| {
            name.parse()
                .is_ok_and(|address: Ipv6Addr| address.is_loopback())
        })
}

/// Whether a request can have this as its host, without a port.
pub fn is_host_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let v6 = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    match v6 {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !text.is_empty() && text.bytes().all(is_part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_address_is_this_machine_and_a_name_that_contains_one_is_not() {
        for host in [
            "localhost",
            "LOCALHOST:8787",
            "127.0.0.1",
            "127.0.0.1:1",
            "127.8.0.1",
            "[::1]:80",
        ] {
            assert!(is_this_machine(name(host)), "{host}");
        }
        for host in [
            "",
            ":80",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil-localhost",
            "0.0.0.0",
            "192.168.0.1",
            "::1",
            "[::2]",
            "127.0.0.1:80:80",
            "evil@127.0.0.1",
        ] {
            assert!(!is_this_machine(name(host)), "{host}");
        }
    }

    #[test]
    fn control_paths_are_those_below_their_name() {
        assert!(is_control("/_emulator") && is_control("/_emulator/keys"));
        assert!(!is_control("/_emulators") && !is_control("/v1/_emulator"));
    }
}
