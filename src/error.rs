//! The one conversion of a failure into a JavaScript error. Which class, which message and which
//! fields is JavaScript's to say (`js/errors.ts`); this says what happened.

use crate::exchange::{ExchangeFailure, Reply, to_record};
use crate::lifecycle::Failure;
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "#errors")]
extern "C" {
    #[wasm_bindgen(js_name = toError)]
    fn to_error(
        operation: &str,
        attempts: u32,
        failure: &JsValue,
        answer: Option<&Reply>,
        cause: &JsValue,
    ) -> JsValue;
}

#[derive(Serialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
enum What<'a> {
    Invalid { path: &'a str, expected: &'a str },
    Refused,
    Unreachable,
    TimedOut { limit_ms: f64 },
    Unreadable { reason: &'static str },
}

/// The error to reject with: what failed, in which operation, after how many requests.
pub fn error(operation: &'static str, attempts: u32, failure: ExchangeFailure) -> JsValue {
    let none = JsValue::UNDEFINED;
    let (what, answer, cause) = match &failure {
        Failure::Invalid(invalid) => (
            What::Invalid {
                path: &invalid.path,
                expected: &invalid.expected,
            },
            None,
            invalid.cause.as_ref().unwrap_or(&none),
        ),
        Failure::Refused(answer) => (What::Refused, Some(answer), &none),
        Failure::Unreachable(cause) => (What::Unreachable, None, cause),
        Failure::TimedOut { limit_ms } => (
            What::TimedOut {
                limit_ms: *limit_ms,
            },
            None,
            &none,
        ),
        Failure::Unreadable { answer, reason } => {
            (What::Unreadable { reason }, Some(answer), &none)
        }
    };
    match to_record(&what) {
        Ok(what) => to_error(operation, attempts, &what, answer, cause),
        Err(error) => error,
    }
}
