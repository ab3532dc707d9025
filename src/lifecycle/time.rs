//! Times as the reference writes them (RFC 3339, section 5.6). Pure: no clock is read here.

use super::number::number;

/// The time in milliseconds since 1970, or [`None`] for text that is no RFC 3339 date-time.
///
/// A leap second (`23:59:60`) counts as the second that follows it. Digits of a second's fraction
/// beyond the third do not change the result.
pub fn parse_rfc3339(text: &str) -> Option<f64> {
    let (date, rest) = text.as_bytes().split_first_chunk()?;
    let (b'T' | b't', rest) = rest.split_first()? else {
        return None;
    };
    let (clock, rest) = rest.split_first_chunk()?;
    let (millis, zone) = fraction(rest)?;
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else {
        return None;
    };
    let (year, month, day) = (
        number(&[y1, y2, y3, y4])?,
        number(&[m1, m2])?,
        number(&[d1, d2])?,
    );
    let seconds = seconds_since_1970(year, month, day)? + seconds_of_day(*clock)?;
    Some((seconds - offset(zone)?) * 1000.0 + millis)
}

/// The time of an HTTP date in milliseconds since 1970, in any of the forms that a recipient must
/// understand (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`,
/// `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
pub fn parse_http_date(text: &str) -> Option<f64> {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut words = [&b""[..]; 6];
    let mut count = 0;
    for word in text.as_bytes().split(|byte| b" ,-".contains(byte)) {
        if !word.is_empty() {
            *words.get_mut(count)? = word;
            count += 1;
        }
    }
    let [day, month, year, clock] = match (count, words) {
        (6, [_, day, month, year, clock, b"GMT"]) => [day, month, year, clock],
        (5, [_, month, day, clock, year, _]) => [day, month, year, clock],
        _ => return None,
    };
    let month = MONTHS.chunks_exact(3).position(|name| name == month)? as u32 + 1;
    let year = match (year.len(), number(year)?) {
        (4, year) => year,
        (2, year @ ..70) => year + 2000,
        (2, year) => year + 1900,
        _ => return None,
    };
    let day = number(day).filter(|_| day.len() <= 2)?;
    let seconds = seconds_since_1970(year, month, day)? + seconds_of_day(clock.try_into().ok()?)?;
    Some(seconds * 1000.0)
}

/// The milliseconds of a leading `.digits`, and what follows it.
fn fraction(text: &[u8]) -> Option<(f64, &[u8])> {
    let [b'.', digits @ ..] = text else {
        return Some((0.0, text));
    };
    let (mut millis, mut place, mut zone) = (0, 100, digits);
    while let [digit @ b'0'..=b'9', rest @ ..] = zone {
        millis += u32::from(digit - b'0') * place;
        place /= 10;
        zone = rest;
    }
    (zone.len() < digits.len()).then_some((f64::from(millis), zone))
}

/// The seconds that a zone is ahead of UTC.
fn offset(zone: &[u8]) -> Option<f64> {
    let &[sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = zone else {
        return matches!(zone, b"Z" | b"z").then_some(0.0);
    };
    let (hours, minutes) = (number(&[h1, h2])?, number(&[m1, m2])?);
    let seconds = f64::from(hours * 3600 + minutes * 60);
    let signed = if sign == b'-' { -seconds } else { seconds };
    (hours <= 23 && minutes <= 59).then_some(signed)
}

/// The seconds since midnight of `23:59:59`.
fn seconds_of_day([h1, h2, colon, m1, m2, other_colon, s1, s2]: [u8; 8]) -> Option<f64> {
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[m1, m2])?, number(&[s1, s2])?);
    let in_range = hour <= 23 && minute <= 59 && (second <= 59 || (second == 60 && minute == 59));
    (in_range && [colon, other_colon] == *b"::")
        .then(|| f64::from(hour * 3600 + minute * 60 + second))
}

/// The seconds from 1970 until a day of the proleptic Gregorian calendar begins. Years are counted from
/// March, so that the leap day comes last and the months before a date have the same length in every year.
fn seconds_since_1970(year: u32, month: u32, day: u32) -> Option<f64> {
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 {
        (f64::from(year), month - 3)
    } else {
        (f64::from(year) - 1.0, month + 9)
    };
    let leap_days = (year / 4.0).floor() - (year / 100.0).floor() + (year / 400.0).floor();
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some((year * 365.0 + leap_days + f64::from(of_year) - 719_468.0) * 86_400.0)
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
            "2030-04-31T00:00:00Z",
            "2030-11-31T00:00:00Z",
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
