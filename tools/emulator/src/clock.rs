//! The service's clock, which can be set ahead or back, and the form in which times are answered. How far a
//! list lags is measured by the machine's own clock, which no option changes.

use std::str::FromStr;
use std::time::{Duration, SystemTime};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// How far the clock can be set, in either direction. All its times then have four-digit years.
pub const FARTHEST: Duration = Duration::from_hours(24 * 365 * 50);

/// The clock that the service tells the time by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clock {
    ahead_us: i64,
}

impl Clock {
    /// A clock that is this many milliseconds ahead of the machine's, or behind it if they are negative.
    /// [`None`] if that is more than [`FARTHEST`].
    pub fn ahead(ms: i64) -> Option<Self> {
        let most = i64::try_from(FARTHEST.as_millis()).unwrap_or(i64::MAX);
        let in_range = (-most..=most).contains(&ms);
        in_range.then(|| Self {
            ahead_us: ms * 1_000,
        })
    }

    /// The current time, in microseconds since 1970.
    pub fn now_us(self) -> i64 {
        machine_us() + self.ahead_us
    }

    /// The current time in the form of the `Date` header; [`None`] if that is the machine's own time.
    pub fn http_date(self) -> Option<String> {
        let us = u64::try_from(self.now_us()).unwrap_or(0);
        let time = SystemTime::UNIX_EPOCH + Duration::from_micros(us);
        (self.ahead_us != 0).then(|| httpdate::fmt_http_date(time))
    }
}

impl FromStr for Clock {
    type Err = String;

    /// Reads how far the clock is ahead, such as `+1h` or `-5m`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (sign, amount) = match text.strip_prefix('-') {
            Some(amount) => (-1, amount),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let ms = i64::try_from(crate::duration::parse(amount)?.as_millis()).unwrap_or(i64::MAX);
        Self::ahead(sign * ms).ok_or_else(|| "a clock can be off by 50 years at most".into())
    }
}

/// The current time of the machine, in microseconds since 1970.
pub fn machine_us() -> i64 {
    microseconds(OffsetDateTime::now_utc())
}

/// The time that is shown by something that lags this far behind, in microseconds of the machine's clock.
/// What does not lag shows everything, even if the machine's clock was set back.
pub fn as_of(lag: Duration) -> i64 {
    if lag.is_zero() {
        return i64::MAX;
    }
    machine_us().saturating_sub(i64::try_from(lag.as_micros()).unwrap_or(i64::MAX))
}

/// A time in microseconds since 1970. Every time with a four-digit year fits.
fn microseconds(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// Microseconds since 1970 as RFC 3339 text.
pub fn rfc3339(us: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(us) * 1_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// Reads an RFC 3339 time, in microseconds since 1970.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    // The parser alone would also accept other separators than T, and times that are past the year
    // 9999 in UTC.
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .filter(|_| matches!(text.as_bytes().get(10), Some(b'T' | b't')))
        .and_then(|time| time.checked_to_offset(UtcOffset::UTC))
        .filter(|time| time.year() <= 9_999)
        .map(microseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_ahead_or_behind() {
        let clock = |text: &str| text.parse::<Clock>();
        assert_eq!(
            clock("+1h"),
            Ok(Clock {
                ahead_us: 3_600_000_000
            })
        );
        assert_eq!(clock("1h"), clock("+1h"));
        assert_eq!(
            clock("-5m"),
            Ok(Clock {
                ahead_us: -300_000_000
            })
        );
        assert_eq!(clock("+0s").unwrap().http_date(), None);
        for wrong in ["", "+", "--1h", "+-1h", "1", "99999d", "-99999d"] {
            assert!(clock(wrong).is_err(), "{wrong}");
        }
        for farthest in ["+18250d", "-18250d"] {
            assert_eq!(clock(farthest).unwrap().http_date().unwrap().len(), 29);
        }
    }
}
