//! Static files beside the API, under a strict Content-Security-Policy.

use crate::failure::Failure;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::path::PathBuf;
use tower::ServiceExt;
use tower_http::services::ServeDir;

const HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self' https://api.fireworks.ai; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-cache"),
];

/// Serves a file of the folder.
pub async fn file(folder: PathBuf, request: Request) -> Response {
    let missing = || Failure::missing("there is no such path").into_response();
    // A path that begins with two slashes would be redirected to another host.
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read || request.uri().path().starts_with("//") {
        return missing();
    }
    let Ok(response) = ServeDir::new(folder).oneshot(request).await;
    // A name that is too long for a file, or one that may not be read, is no page either.
    let status = response.status();
    if status == StatusCode::NOT_FOUND || status.is_server_error() {
        return missing();
    }
    let mut response = response.into_response();
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
