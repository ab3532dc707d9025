//! The errors that the API answers with, in the form of a gRPC gateway. They must not contain SQL.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder, ResponsesBuilder};
use utoipa::{IntoResponses, ToSchema};

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub struct Status {
    /// The gRPC status code.
    code: u8,
    /// What is wrong.
    message: String,
    /// Always empty here.
    details: Vec<String>,
}

/// An error of the API: an HTTP status, a gRPC code and a message.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: u8,
    message: String,
}

impl ApiError {
    fn new(status: StatusCode, code: u8, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// 400: the request is invalid.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 3, message)
    }

    /// 401: the credential is missing or invalid.
    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            16,
            "the API key is missing, unknown, deleted or expired",
        )
    }

    /// 403: the caller may not do this.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, 7, message)
    }

    /// 404: something that the request names does not exist.
    pub fn missing(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, 5, message)
    }

    /// 404: there is no such account.
    pub fn no_account() -> Self {
        Self::missing("there is no such account")
    }

    /// 405: the path does not support the method.
    pub fn method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            12,
            "this path does not support this method",
        )
    }

    /// 408: the body did not end in time.
    pub fn timeout() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            4,
            "the body did not end in time",
        )
    }

    /// 413: the body is too large.
    pub fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            8,
            "the body is larger than 1 MiB",
        )
    }

    /// 415: the body is of another media type than JSON.
    pub fn media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            3,
            "control paths take the content-type application/json only",
        )
    }

    /// 421: the request is for another host.
    pub fn misdirected() -> Self {
        Self::new(
            StatusCode::MISDIRECTED_REQUEST,
            7,
            "the Host must be this machine, such as localhost, or a name given with --host",
        )
    }

    /// 429: there were too many requests.
    pub fn too_many() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            8,
            "there were too many requests: wait as long as Retry-After says",
        )
    }

    /// 500: something went wrong in the emulator.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 13, message)
    }
}

impl From<getrandom::Error> for ApiError {
    fn from(_: getrandom::Error) -> Self {
        Self::internal("the system has no random numbers")
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        // The error's own text may contain SQL.
        let code = error.sqlite_error_code();
        Self::internal(format!("the database failed: {code:?}"))
    }
}

impl IntoResponses for ApiError {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let errors = [
            ("400", "The request is invalid"),
            ("401", "The API key is missing, unknown, deleted or expired"),
            ("403", "This API key does not permit it"),
            ("404", "There is no such account, user or key"),
            ("405", "The path does not support this method"),
            ("408", "The body did not end in time"),
            ("413", "The body is larger than 1 MiB"),
            ("421", "The Host is another machine"),
            (
                "429",
                "There were too many requests; Retry-After says how many seconds to wait",
            ),
            ("default", "An internal error"),
        ];
        let responses = errors.map(|(status, description)| {
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

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Status {
            code: self.code,
            message: self.message,
            details: Vec::new(),
        };
        (self.status, Json(body)).into_response()
    }
}
