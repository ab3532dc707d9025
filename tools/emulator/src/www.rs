//! Serves static files next to the API, with a strict Content-Security-Policy.

use crate::api_error::ApiError;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::path::PathBuf;
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// The headers of every file.
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
    let missing = || ApiError::missing("there is no such path").into_response();
    // ServeDir could redirect a path that begins with two slashes to another host.
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read || request.uri().path().starts_with("//") {
        return missing();
    }
    let Ok(response) = ServeDir::new(folder).oneshot(request).await;
    // ServeDir fails with 500 if a name is too long or a file cannot be read.
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
