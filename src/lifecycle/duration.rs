//! Durations as people write them: `90d`, `36h`, `15m`.

use super::number::number;

/// The seconds of an integer and one of `s m h d w`; [`None`] for anything else.
pub fn parse_seconds(text: &str) -> Option<f64> {
    let (unit, digits) = text.as_bytes().split_last()?;
    let unit = match unit {
        b's' => 1,
        b'm' => 60,
        b'h' => 3_600,
        b'd' => 86_400,
        b'w' => 604_800,
        _ => return None,
    };
    Some(f64::from(number(digits)?) * f64::from(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_and_a_unit_is_a_duration() {
        for (text, seconds) in [
            ("0s", 0.0),
            ("90s", 90.0),
            ("15m", 900.0),
            ("36h", 129_600.0),
            ("30d", 2_592_000.0),
            ("2w", 1_209_600.0),
            ("007d", 604_800.0),
            ("4294967295w", 4_294_967_295.0 * 604_800.0),
        ] {
            assert_eq!(parse_seconds(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "s",
            "5",
            "5 m",
            " 5m",
            "5m ",
            "-5m",
            "+5m",
            "1.5h",
            "5M",
            "5mo",
            "1h30m",
            "5y",
            "4294967296w",
            "５m",
            "5µ",
            "é",
        ] {
            assert_eq!(parse_seconds(text), None, "{text}");
        }
    }
}
