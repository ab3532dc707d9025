//! What the service says when it refuses, in the gateway's one shape.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// The body of every refusal.
#[derive(Debug, Serialize, ToSchema)]
pub struct Status {
    /// The gRPC status code.
    code: u8,
    /// What is wrong.
    message: String,
    /// Always empty here.
    details: Vec<String>,
}

/// A refusal.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    code: u8,
    message: String,
}

impl Failure {
    fn new(status: StatusCode, code: u8, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// 400: the request is wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 3, message)
    }

    /// 401: nobody knows this credential.
    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            16,
            "the API key is missing, unknown, deleted or expired",
        )
    }

    /// 403: this credential may not.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, 7, message)
    }

    /// 404: there is no such thing.
    pub fn missing(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, 5, message)
    }

    /// 405: the path is known, the method is not.
    pub fn method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            12,
            "this path does not take this method",
        )
    }

    /// 413: the body is larger than is read.
    pub fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            8,
            "the body is larger than 1 MiB",
        )
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let message = format!("the database failed: {error}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 13, message)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = Status {
            code: self.code,
            message: self.message,
            details: Vec::new(),
        };
        (self.status, Json(body)).into_response()
    }
}
