//! Times as the reference writes them (RFC 3339, section 5.6). Pure: no clock is read here.

/// The time in milliseconds since 1970, or [`None`] for text that is no RFC 3339 date-time.
///
/// A leap second (`23:59:60`) counts as the second that follows it. Digits of a second's fraction
/// beyond the third do not change the result.
pub fn parse_rfc3339(text: &str) -> Option<f64> {
    let (date, rest) = text.split_at_checked(10)?;
    let (year, month, day) = (
        number(date.get(..4)?)?,
        number(date.get(5..7)?)?,
        number(date.get(8..)?)?,
    );
    let clock = rest.strip_prefix(['T', 't'])?;
    let (hour, minute, second) = (
        number(clock.get(..2)?)?,
        number(clock.get(3..5)?)?,
        number(clock.get(6..8)?)?,
    );
    let separators = [
        date.as_bytes().get(4)?,
        date.as_bytes().get(7)?,
        clock.as_bytes().get(2)?,
        clock.as_bytes().get(5)?,
    ];
    let (millis, zone) = fraction(clock.get(8..)?)?;
    let in_range = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour <= 23
        && minute <= 59
        && (second <= 59 || (second == 60 && minute == 59));
    if separators != [&b'-', &b'-', &b':', &b':'] || !in_range {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400.0
        + f64::from(hour * 3600 + minute * 60 + second);
    Some((seconds - offset(zone)?) * 1000.0 + millis)
}

/// The time of an HTTP date in milliseconds since 1970, in any of the forms that a recipient must
/// understand (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`,
/// `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
pub fn parse_http_date(text: &str) -> Option<f64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut words = [""; 6];
    let mut count = 0;
    for word in text.split([' ', ',', '-']).filter(|word| !word.is_empty()) {
        *words.get_mut(count)? = word;
        count += 1;
    }
    let [day, month, year, clock] = match (count, words) {
        (6, [_, day, month, year, clock, "GMT"]) => [day, month, year, clock],
        (5, [_, month, day, clock, year, _]) => [day, month, year, clock],
        _ => return None,
    };
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let digit = |number: usize| char::from(b'0' + number as u8);
    let month = String::from_iter([digit(month / 10), digit(month % 10)]);
    let century = match (year.len(), number(year)?) {
        (2, ..70) => "20",
        (2, _) => "19",
        _ => "",
    };
    let zero = if day.len() == 1 { "0" } else { "" };
    parse_rfc3339(&[century, year, "-", &month, "-", zero, day, "T", clock, "Z"].concat())
}

/// An unsigned decimal number of nothing but digits.
fn number(digits: &str) -> Option<u32> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        digits.parse().ok()
    } else {
        None
    }
}

/// The milliseconds of a leading `.digits`, and what follows it.
fn fraction(text: &str) -> Option<(f64, &str)> {
    let Some(digits) = text.strip_prefix('.') else {
        return Some((0.0, text));
    };
    let end = digits
        .find(|digit: char| !digit.is_ascii_digit())
        .unwrap_or(digits.len());
    let (digits, zone) = digits.split_at_checked(end)?;
    let mut millis = 0;
    for place in 0..3 {
        millis = millis * 10
            + digits
                .as_bytes()
                .get(place)
                .map_or(0, |digit| u32::from(digit - b'0'));
    }
    (end > 0).then_some((f64::from(millis), zone))
}

/// The seconds that a zone is ahead of UTC.
fn offset(zone: &str) -> Option<f64> {
    if matches!(zone, "Z" | "z") {
        return Some(0.0);
    }
    let (sign, clock) = match zone.split_at_checked(1)? {
        ("+", clock) => (1.0, clock),
        ("-", clock) => (-1.0, clock),
        _ => return None,
    };
    let (hours, minutes) = clock.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 23 && minutes <= 59).then_some(sign * f64::from(hours * 3600 + minutes * 60))
}

fn days_in_month(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the proleptic Gregorian calendar. Years are counted from March, so that the leap day
/// comes last and the months before a date have the same length in every year.
fn days_since_1970(year: u32, month: u32, day: u32) -> f64 {
    let (year, month) = if month > 2 {
        (f64::from(year), month - 3)
    } else {
        (f64::from(year) - 1.0, month + 9)
    };
    let leap_days = (year / 4.0).floor() - (year / 100.0).floor() + (year / 400.0).floor();
    let of_year = (153 * month + 2) / 5 + day - 1;
    year * 365.0 + leap_days + f64::from(of_year) - 719_468.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_rfc_are_understood() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0.0),
            ("1985-04-12T23:20:50.52Z", 482_196_050_520.0),
            ("1996-12-19T16:39:57-08:00", 851_042_397_000.0),
            ("1990-12-31T23:59:60Z", 662_688_000_000.0),
            ("1990-12-31T15:59:60-08:00", 662_688_000_000.0),
            ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130.0),
            ("2000-02-29t00:00:00z", 951_782_400_000.0),
            ("2030-01-01T00:00:00.123456789Z", 1_893_456_000_123.0),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000.0),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000.0),
        ] {
            assert_eq!(parse_rfc3339(text), Some(millis), "{text}");
        }
    }

    #[test]
    fn http_dates_are_understood_in_all_their_forms() {
        for (text, millis) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777_000.0)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777_000.0)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777_000.0)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0.0)),
            ("Monday, 01-Jan-69 00:00:00 GMT", Some(3_124_224_000_000.0)),
            ("Fri, 31 Dec 1999 23:59:59 GMT", Some(946_684_799_000.0)),
            ("Sun, 06 Nov 1994 08:49:37", None),
            ("Sun, 06 Nox 1994 08:49:37 GMT", None),
            ("Sun, 06 anF 1994 08:49:37 GMT", None),
            ("Sun, 06 JanFeb 1994 08:49:37 GMT", None),
            ("Sun, 32 Jan 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08-49-37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT x", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("06 Nov 1994 08:49:37 GMT", None),
            ("", None),
        ] {
            assert_eq!(parse_http_date(text), millis, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "2030-01-01",
            "2030-01-01T00:00:00",
            "2030-01-01 00:00:00Z",
            "2030-1-1T00:00:00Z",
            "2030-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2030-13-01T00:00:00Z",
            "2030-00-01T00:00:00Z",
            "2030-01-00T00:00:00Z",
            "2030-01-01T24:00:00Z",
            "2030-01-01T00:60:00Z",
            "2030-01-01T00:00:61Z",
            "2030-01-01T00:30:60Z",
            "2030-01-01T00:00:00.Z",
            "2030-01-01T00:00:00+0100",
            "2030-01-01T00:00:00+24:00",
            "2030-01-01T00:00:00Zz",
            "2030-01-01T00:00:00.5",
            "+030-01-01T00:00:00Z",
            "2030-01-01T00-00-00Z",
            "2030/01/01T00:00:00Z",
            "２０３０-01-01T00:00:00Z",
            "tomorrow",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}
