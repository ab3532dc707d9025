//! The one conversion of a failure into a JavaScript error. Which class, which message and which
//! fields is JavaScript's to say (`js/errors.ts`); this says what happened.

use crate::answer::to_record;
use crate::exchange::{Api, ApiFailure};
use crate::host::{Reply, to_error};
use crate::lifecycle::{Failure, Hindrance, Limit, Orphans, Stage, Successor};
use crate::options::Invalid;
use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// What is known beside the failure itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Context<'a> {
    /// The function that was called.
    pub operation: &'static str,
    /// How many requests were sent.
    pub attempts: u32,
    /// What a create knows of orphans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aftermath: Option<Aftermath<'a>>,
}

/// What a create that failed left behind.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Aftermath<'a> {
    /// What is known of orphans.
    pub orphans: Orphans,
    /// The ids of those that were deleted.
    pub key_ids: &'a [String],
    /// The tag to find others by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt_tag: Option<&'a str>,
    /// The key with that tag that the caller may hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_key_id: Option<&'a str>,
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
    Invalid { path: &'a str, expected: &'a str },
    Refused { retry_after_ms: Option<f64> },
    Unreachable,
    TimedOut { limit: Limit, limit_ms: f64 },
    Unreadable { reason: &'static str },
    Stopped(Halt<'a>),
}

/// A rotation that ended early.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Halt<'a> {
    stage: Stage,
    reason: &'static str,
    live_key_ids: &'a [String],
    successors: &'a [Successor],
}

/// What to reject with after a failure of the API's. An abort rejects with the caller's own reason.
pub fn error(context: &Context<'_>, failure: &ApiFailure, api: &Api) -> JsValue {
    let none = JsValue::UNDEFINED;
    let (what, answer, cause) = match failure {
        Failure::Aborted => return api.abort_reason(),
        Failure::Invalid(invalid) => return rejected(context, invalid, api.tokens()),
        Failure::Refused {
            answer,
            retry_after_ms,
        } => (
            What::Refused {
                retry_after_ms: *retry_after_ms,
            },
            Some(answer),
            &none,
        ),
        Failure::Unreachable(cause) => (What::Unreachable, None, cause),
        Failure::TimedOut { limit, limit_ms } => (
            What::TimedOut {
                limit: *limit,
                limit_ms: *limit_ms,
            },
            None,
            &none,
        ),
        Failure::Unreadable { answer, reason } => {
            (What::Unreadable { reason }, Some(answer), &none)
        }
    };
    make(context, what, answer, cause, api.tokens())
}

/// What to reject with where a rotation ended early; its cause is the error of the request that failed.
pub fn stopped(
    context: &Context<'_>,
    stage: Stage,
    hindrance: &Hindrance<Api>,
    live_key_ids: &[String],
    api: &Api,
) -> JsValue {
    let none = JsValue::UNDEFINED;
    let (reason, successors, cause) = match hindrance {
        Hindrance::Missing => ("missing", &[][..], none),
        Hindrance::Lifetime => ("lifetime", &[][..], none),
        Hindrance::Unfinished(successors) => ("unfinished", &successors[..], none),
        Hindrance::Conflict { successors, .. } => ("conflict", &successors[..], none),
        Hindrance::NotStored => ("notStored", &[][..], none),
        Hindrance::Rejected(cause) => ("failed", &[][..], cause.clone()),
        Hindrance::Failed(failure) => match &**failure {
            Failure::Aborted => return api.abort_reason(),
            failure => ("failed", &[][..], error(context, failure, api)),
        },
    };
    let halt = Halt {
        stage,
        reason,
        live_key_ids,
        successors,
    };
    make(context, What::Stopped(halt), None, &cause, api.tokens())
}

/// Why a key could not be revoked, for a caller whose rotation is done.
pub fn pending(context: &Context<'_>, failure: &ApiFailure, api: &Api) -> JsValue {
    match failure {
        Failure::Aborted => {
            let aborted = Hindrance::Rejected(api.abort_reason());
            stopped(context, Stage::Revoke, &aborted, &[], api)
        }
        failure => error(context, failure, api),
    }
}

/// What to reject with where an option is wrong.
pub fn invalid(operation: &'static str, invalid: &Invalid) -> JsValue {
    let context = Context {
        operation,
        attempts: 0,
        aftermath: None,
    };
    rejected(&context, invalid, &Array::new())
}

fn rejected(context: &Context<'_>, invalid: &Invalid, tokens: &Array) -> JsValue {
    let what = What::Invalid {
        path: &invalid.path,
        expected: &invalid.expected,
    };
    let cause = invalid.cause.clone().unwrap_or_default();
    make(context, what, None, &cause, tokens)
}

fn make(
    context: &Context<'_>,
    what: What<'_>,
    answer: Option<&Reply>,
    cause: &JsValue,
    tokens: &Array,
) -> JsValue {
    match to_record(&Description { context, what }) {
        Ok(description) => to_error(&description, answer, cause, tokens),
        Err(error) => error,
    }
}
