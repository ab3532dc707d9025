//! When a request is tried again. Pure: the time and chance are arguments.

use super::time::parse_http_date;

/// The longest wait that a server may ask for, in milliseconds; a longer one ends the call.
pub const LONGEST_WAIT_MS: f64 = 60_000.0;

const FIRST_DELAY_MS: f64 = 500.0;
const LONGEST_DELAY_MS: f64 = 8_000.0;

/// What a server's answer says of a retry: header values as they came.
#[derive(Debug, Default, Clone)]
pub struct Hints {
    /// `x-should-retry`.
    pub should_retry: Option<String>,
    /// `retry-after-ms`.
    pub retry_after_ms: Option<String>,
    /// `retry-after`.
    pub retry_after: Option<String>,
}

/// Whether a status is worth another try, unless the server says otherwise. A redirect never is:
/// a request that mints a key is not sent elsewhere, nor to where it is not wanted.
pub fn is_retryable(status: u16, hints: &Hints) -> bool {
    if is_redirect(status) {
        return false;
    }
    match hints.should_retry.as_deref().map(str::trim_ascii) {
        Some("true") => true,
        Some("false") => false,
        _ => matches!(status, 408 | 409 | 429 | 500..),
    }
}

/// A 3xx, or the status of one that fetch hides.
pub fn is_redirect(status: u16) -> bool {
    matches!(status, 0 | 300..=399)
}

/// How long the server asks to wait, in milliseconds: `retry-after-ms`, else `retry-after` in
/// seconds or as an HTTP date, one that has passed being no wait. What is neither says nothing.
pub fn retry_after_ms(hints: &Hints, now_ms: f64) -> Option<f64> {
    if let Some(ms) = hints.retry_after_ms.as_deref().and_then(decimal) {
        return Some(ms);
    }
    let after = hints.retry_after.as_deref()?;
    decimal(after)
        .map(|seconds| seconds * 1_000.0)
        .or_else(|| Some((parse_http_date(after)? - now_ms).max(0.0)))
}

/// How long to wait before the retry that follows `failed` failed attempts, where the server asks
/// for nothing: half a second, doubling to eight, with full jitter.
pub fn backoff_ms(failed: u32, random: f64) -> f64 {
    let doublings = failed.saturating_sub(1).min(16);
    (FIRST_DELAY_MS * f64::from(1_u32 << doublings)).min(LONGEST_DELAY_MS) * random
}

/// A number of digits and at most one point; a larger one than any wait is capped, so that it
/// stays a number of milliseconds.
fn decimal(text: &str) -> Option<f64> {
    const LARGEST: f64 = 1e15;
    let mut value = 0.0;
    // What the next digit counts, once the point has come.
    let mut place = None;
    // Whether it has to come: a point stands between digits.
    let mut wanted = true;
    for byte in text.trim_ascii().bytes() {
        match (byte, place) {
            (b'0'..=b'9', _) => {
                let digit = f64::from(byte - b'0');
                value = match place {
                    None => f64::min(value * 10.0 + digit, LARGEST),
                    Some(place) => value + digit * place,
                };
                place = place.map(|place| place / 10.0);
                wanted = false;
            }
            (b'.', None) if !wanted => {
                place = Some(0.1);
                wanted = true;
            }
            _ => return None,
        }
    }
    (!wanted).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: f64 = 1_700_000_000_000.0; // Tue, 14 Nov 2023 22:13:20 GMT

    fn after(retry_after_ms: Option<&str>, retry_after: Option<&str>) -> Hints {
        Hints {
            should_retry: None,
            retry_after_ms: retry_after_ms.map(Into::into),
            retry_after: retry_after.map(Into::into),
        }
    }

    #[test]
    fn a_server_may_ask_for_milliseconds_seconds_or_a_date() {
        for (ms, value, expected) in [
            (Some("250"), Some("9"), 250.0),
            (Some("250.5"), None, 250.5),
            (Some("250.25"), None, 250.25),
            (None, Some("0"), 0.0),
            (None, Some(" 7 "), 7_000.0),
            (None, Some("1.5"), 1_500.0),
            (Some("soon"), Some("7"), 7_000.0),
            (None, Some("Tue, 14 Nov 2023 22:13:30 GMT"), 10_000.0),
            (None, Some("Tue, 14 Nov 2023 22:13:10 GMT"), 0.0),
            (None, Some("Thu, 01 Jan 1970 00:00:00 GMT"), 0.0),
            (None, Some("Tuesday, 14-Nov-23 22:13:30 GMT"), 10_000.0),
            (None, Some("Tue Nov 14 22:13:30 2023"), 10_000.0),
        ] {
            assert_eq!(
                retry_after_ms(&after(ms, value), NOW),
                Some(expected),
                "{ms:?} {value:?}"
            );
        }
    }

    #[test]
    fn a_huge_wait_stays_a_number() {
        let huge = "9".repeat(400);
        let ms = retry_after_ms(&after(None, Some(&huge)), NOW).unwrap();
        assert!(ms.is_finite() && ms > LONGEST_WAIT_MS);
    }

    #[test]
    fn garbage_asks_for_nothing() {
        for value in [
            "",
            "-1",
            "+1",
            "1e3",
            "NaN",
            "Infinity",
            "1.",
            ".5",
            "1.2.3",
            "soon",
            "0x10",
            "Tue, 14 Nov 2023 22:13:30 CET",
            "Tue, 34 Nov 2023 22:13:30 GMT",
        ] {
            assert_eq!(
                retry_after_ms(&after(Some(value), Some(value)), NOW),
                None,
                "{value}"
            );
        }
    }

    #[test]
    fn backoff_doubles_to_eight_seconds_under_full_jitter() {
        let most: Vec<f64> = (1..8).map(|failed| backoff_ms(failed, 1.0)).collect();
        assert_eq!(
            most,
            [500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 8_000.0, 8_000.0]
        );
        assert_eq!(backoff_ms(u32::MAX, 1.0), 8_000.0);
        assert_eq!(backoff_ms(3, 0.0), 0.0);
        assert_eq!(backoff_ms(3, 0.25), 500.0);
    }

    #[test]
    fn the_server_has_the_last_word_on_retrying() {
        let said = |should_retry: &str| Hints {
            should_retry: Some(should_retry.into()),
            ..Hints::default()
        };
        for status in [408, 409, 429, 500, 503, 599] {
            assert!(is_retryable(status, &Hints::default()), "{status}");
            assert!(!is_retryable(status, &said("false")), "{status}");
            assert!(is_retryable(status, &said("maybe")), "{status}");
        }
        for status in [400, 401, 403, 404, 422] {
            assert!(!is_retryable(status, &Hints::default()), "{status}");
            assert!(is_retryable(status, &said("true")), "{status}");
        }
        for status in [0, 301, 307] {
            assert!(!is_retryable(status, &said("true")), "{status}");
        }
    }
}
