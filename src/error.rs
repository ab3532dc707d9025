//! Converts errors into JavaScript errors. This module describes what happened; `js/errors.ts` chooses
//! the class, the message and the fields.

use crate::answer::{Reply, to_js};
use crate::exchange::{Api, ApiError};
use crate::host::to_error;
use crate::lifecycle::{
    Answer as _, Error, Limit, Orphans, RotationErrorKind, Service as _, Stage, Successor,
};
use crate::options::InvalidOption;
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// What an error says about its operation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Context<'a> {
    /// The function that was called.
    pub operation: &'static str,
    /// How many requests were sent.
    pub attempts: u32,
    /// The orphans of a create that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aftermath: Option<Aftermath<'a>>,
}

/// What a failed create knows of its orphans.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Aftermath<'a> {
    /// Whether orphans may be alive.
    pub orphans: Orphans,
    /// The ids of the orphans that were deleted.
    pub key_ids: &'a [String],
    /// The tag by which `deleteOrphans` finds the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt_tag: Option<&'a str>,
    /// The key with that tag that the caller may hold, so that it is not an orphan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_key_id: Option<&'a str>,
    /// The key that lives longer than was asked for, and that could not be deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_key_ids: Option<[&'a str; 1]>,
}

#[derive(Serialize)]
struct Description<'a> {
    context: &'a Context<'a>,
    what: What<'a>,
}

#[derive(Serialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
enum What<'a> {
    InvalidOption {
        path: &'a str,
        expected: &'a str,
    },
    Refused {
        retry_after_ms: Option<f64>,
        /// By how much our clock is ahead of the server's.
        ahead_ms: Option<f64>,
    },
    Unreachable,
    TimedOut {
        limit: Limit,
        limit_ms: f64,
    },
    Unreadable {
        reason: &'static str,
    },
    Rotation {
        stage: Stage,
        reason: &'static str,
        live_key_ids: &'a [String],
        successors: &'a [Successor],
    },
}

/// The value to reject with after a request failed. After an abort it is the caller's own reason.
pub fn error(context: &Context<'_>, failed: &ApiError, api: &Api) -> JsValue {
    let none = JsValue::UNDEFINED;
    let (what, answer, cause) = match failed {
        Error::Aborted => return api.abort_reason(),
        Error::InvalidOption(invalid) => return rejected(context, invalid, Some(api)),
        Error::Refused {
            answer,
            retry_after_ms,
        } => (
            What::Refused {
                retry_after_ms: *retry_after_ms,
                ahead_ms: answer.date_ms().map(|date_ms| api.now_ms() - date_ms),
            },
            Some(answer),
            &none,
        ),
        Error::Unreachable(cause) => (What::Unreachable, None, cause),
        Error::TimedOut { limit, limit_ms } => (
            What::TimedOut {
                limit: *limit,
                limit_ms: *limit_ms,
            },
            None,
            &none,
        ),
        Error::Unreadable { answer, reason } => (What::Unreadable { reason }, Some(answer), &none),
    };
    make(context, what, answer, cause, Some(api))
}

/// The value to reject with after a rotation ended early. If a request failed, its error is the cause.
pub fn rotation(
    context: &Context<'_>,
    stage: Stage,
    kind: &RotationErrorKind<Api>,
    live_key_ids: &[String],
    api: &Api,
) -> JsValue {
    let none = JsValue::UNDEFINED;
    let (reason, successors, cause) = match kind {
        RotationErrorKind::Missing => ("missing", &[][..], none),
        RotationErrorKind::Lifetime => ("lifetime", &[][..], none),
        RotationErrorKind::Unfinished(successors) => ("unfinished", &successors[..], none),
        RotationErrorKind::Conflict { successors, .. } => ("conflict", &successors[..], none),
        RotationErrorKind::NotStored => ("not-stored", &[][..], none),
        RotationErrorKind::Rejected(cause) => ("failed", &[][..], cause.clone()),
        RotationErrorKind::LivesTooLong(cause) => {
            ("lives-too-long", &[][..], error(context, cause, api))
        }
        RotationErrorKind::Request(request) => match &**request {
            Error::Aborted => return api.abort_reason(),
            request => ("failed", &[][..], error(context, request, api)),
        },
    };
    let what = What::Rotation {
        stage,
        reason,
        live_key_ids,
        successors,
    };
    make(context, what, None, &cause, Some(api))
}

/// The error that tells a caller why a rotation, which is done, could not revoke a key.
pub fn pending(context: &Context<'_>, failed: &ApiError, api: &Api) -> JsValue {
    match failed {
        Error::Aborted => {
            let aborted = RotationErrorKind::Rejected(api.abort_reason());
            rotation(context, Stage::Revoke, &aborted, &[], api)
        }
        failed => error(context, failed, api),
    }
}

/// The error for a wrong option.
pub fn invalid(operation: &'static str, invalid: &InvalidOption) -> JsValue {
    let context = Context {
        operation,
        attempts: 0,
        aftermath: None,
    };
    rejected(&context, invalid, None)
}

fn rejected(context: &Context<'_>, invalid: &InvalidOption, api: Option<&Api>) -> JsValue {
    let what = What::InvalidOption {
        path: &invalid.path,
        expected: &invalid.expected,
    };
    let cause = invalid.cause.clone().unwrap_or_default();
    make(context, what, None, &cause, api)
}

fn make(
    context: &Context<'_>,
    what: What<'_>,
    answer: Option<&Reply>,
    cause: &JsValue,
    api: Option<&Api>,
) -> JsValue {
    let (tokens, headers) = api.map(Api::secrets).unwrap_or_default();
    match to_js(&Description { context, what }) {
        Ok(description) => to_error(
            &description,
            answer.map(Reply::received),
            cause,
            &tokens,
            &headers,
        ),
        Err(error) => error,
    }
}
