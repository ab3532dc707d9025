//! What the service says when it refuses, in the gateway's one shape. It must never say a statement
//! of the database.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder, ResponsesBuilder};
use utoipa::{IntoResponses, ToSchema};

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

    /// 500: the service is at fault.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 13, message)
    }
}

impl From<getrandom::Error> for Failure {
    fn from(_: getrandom::Error) -> Self {
        Self::internal("there is no randomness to be had")
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        // The error's own text may hold the statement, which is nobody's affair.
        let code = error.sqlite_error_code();
        Self::internal(format!("the database failed: {code:?}"))
    }
}

impl IntoResponses for Failure {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let refusals = [
            ("400", "The request is wrong"),
            ("401", "The API key is missing, unknown, deleted or expired"),
            ("403", "This API key may not do it"),
            ("404", "There is no such account, user or key"),
            ("405", "The path does not take this method"),
            ("413", "The body is larger than 1 MiB"),
            ("default", "The service is at fault"),
        ];
        let responses = refusals.map(|(status, description)| {
            let schema = Ref::from_schema_name("Status");
            let response = ResponseBuilder::new()
                .description(description)
                .content("application/json", Content::new(Some(schema)));
            (status, response.build())
        });
        ResponsesBuilder::new()
            .responses_from_iter(responses)
            .build()
            .into()
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
