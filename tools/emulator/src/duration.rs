//! Reads times such as `500ms`, `2s`, `5m`, `1h` and `30d` from the command line.

use std::time::Duration;

/// Reads a whole number with its unit.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is a whole number and a unit: ms, s, m, h or d, such as 2s".to_owned();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let ms = number
        .parse()
        .ok()
        .and_then(|number: u64| number.checked_mul(unit_ms));
    ms.map(Duration::from_millis).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        for (text, ms) in [
            ("0s", 0),
            ("500ms", 500),
            ("2s", 2_000),
            ("5m", 300_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        assert_eq!(parse("2d"), parse("48h"));
        for wrong in [
            "",
            "2",
            "s",
            "2 s",
            "-2s",
            "+2s",
            "1.5s",
            "2w",
            "2sec",
            "99999999999999999999s",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse("18446744073709551615d").is_err());
    }
}
