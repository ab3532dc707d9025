//! Builds requests for the platform's own fetch with gloo-net.

use crate::host;
use gloo_net::http::{Headers, Method, RequestBuilder};
use js_sys::{Function, JsString};
use web_sys::{Request, RequestCache, RequestInit, RequestRedirect};

/// The same request as the URL and the init describe; [`None`] where the caller's own fetch is called, and
/// where the platform has no `Request`, or one that refuses any of it. gloo-net panics at what a platform
/// throws that is no `Error` of this realm, so what it uses has been tried before. The signal stands only in
/// the init beside it: following a signal is most of what Node's `Request` takes.
pub fn build(
    fetch: Option<&Function>,
    url: &str,
    init: &RequestInit,
    method: &str,
    body: Option<&JsString>,
) -> Option<Request> {
    if !host::takes_request(fetch) {
        return None;
    }
    let headers = Headers::from_raw(host::headers_of(init).ok()??);
    let mut builder = RequestBuilder::new(url)
        .method(if method == "GET" {
            Method::GET
        } else {
            Method::POST
        })
        .headers(headers)
        .redirect(RequestRedirect::Manual);
    if host::knows_cache() {
        builder = builder.cache(RequestCache::NoStore);
    }
    let request = match body {
        Some(body) => builder.body(body),
        None => builder.build(),
    };
    Some(request.ok()?.into())
}
