//! Runs the parsers on arbitrary text. They must not panic, and must agree with a library if there is one.

use fireworks_keys::lifecycle::retry::{Hints, is_retryable, retry_after_ms};
use fireworks_keys::lifecycle::{duration, time};
use jiff::Timestamp;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn a_time_is_read_as_a_library_reads_it(
        seconds in -62_000_000_000_i64..253_000_000_000,
        nanos in 0_i32..1_000_000_000,
        offset_minutes in -23 * 60..23 * 60_i32,
        digits in 0_u8..=9,
    ) {
        let timestamp = Timestamp::new(seconds, 0).unwrap() + jiff::Span::new().nanoseconds(nanos);
        let offset = jiff::tz::Offset::from_seconds(offset_minutes * 60).unwrap();
        let zoned = offset.to_datetime(timestamp);
        let fraction = format!("{nanos:09}");
        let fraction = match digits {
            0 => String::new(),
            digits => format!(".{}", &fraction[..usize::from(digits)]),
        };
        let (sign, ahead) = if offset_minutes < 0 { ('-', -offset_minutes) } else { ('+', offset_minutes) };
        let zone = if offset_minutes == 0 {
            "Z".into()
        } else {
            format!("{sign}{:02}:{:02}", ahead / 60, ahead % 60)
        };
        prop_assume!((0..=9999).contains(&zoned.year()));
        let text = format!("{}{fraction}{zone}", zoned.strftime("%Y-%m-%dT%H:%M:%S"));
        let cut = [1000, 100, 10, 1][usize::from(digits.min(3))];
        let millis = nanos / 1_000_000 / cut * cut;
        let expected = seconds as f64 * 1_000.0 + f64::from(millis);
        prop_assert_eq!(time::parse_rfc3339(&text), Some(expected), "{}", text);
    }

    #[test]
    fn text_shaped_like_a_time_is_read_or_refused_as_by_a_library(
        text in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]Z",
    ) {
        let theirs = text.parse::<Timestamp>().ok().map(|time| time.as_millisecond() as f64);
        prop_assert_eq!(time::parse_rfc3339(&text), theirs);
    }

    #[test]
    fn an_http_date_is_read_as_a_library_reads_it(seconds in 0_i64..253_000_000_000) {
        let timestamp = Timestamp::new(seconds, 0).unwrap();
        let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
        let text = printer.timestamp_to_rfc9110_string(&timestamp).unwrap();
        prop_assert_eq!(time::parse_http_date(&text), Some(seconds as f64 * 1_000.0), "{}", text);
    }

    #[test]
    fn any_text_is_a_duration_or_refused(text in any::<String>()) {
        if let Some(seconds) = duration::parse_seconds(&text) {
            prop_assert!(seconds >= 0.0 && seconds.is_finite());
            prop_assert!(text.is_ascii());
        }
    }

    #[test]
    fn a_duration_is_its_number_times_its_unit(count in any::<u32>(), unit in 0..5_usize) {
        let (unit, seconds) = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)][unit];
        let expected = f64::from(count) * f64::from(seconds);
        prop_assert_eq!(duration::parse_seconds(&format!("{count}{unit}")), Some(expected));
    }

    #[test]
    fn any_hint_is_a_finite_wait_or_ignored(
        should_retry in any::<Option<String>>(),
        ms in any::<Option<String>>(),
        after in prop_oneof![any::<Option<String>>(), "[0-9]{0,400}(\\.[0-9]*)?".prop_map(Some)],
        now in any::<i64>(),
        status in any::<u16>(),
    ) {
        let hints = Hints { should_retry, retry_after_ms: ms, retry_after: after };
        is_retryable(status, &hints);
        if let Some(ms) = retry_after_ms(&hints, now as f64) {
            prop_assert!(ms >= 0.0 && ms.is_finite());
        }
    }

    #[test]
    fn any_text_is_a_time_or_refused(text in any::<String>()) {
        time::parse_rfc3339(&text);
        time::parse_http_date(&text);
    }

    #[test]
    fn text_that_is_nearly_a_time_is_a_time_or_refused(text in "[0-9T:Zz+.-]{0,40}") {
        if let Some(ms) = time::parse_rfc3339(&text) {
            prop_assert!(ms.is_finite());
        }
    }
}
