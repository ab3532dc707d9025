//! Durations as people write them: `90d`, `36h`, `15m`.

/// The seconds of an integer and one of `s m h d w`; [`None`] for anything else.
pub fn parse_seconds(text: &str) -> Option<f64> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u32 = digits.parse().ok()?;
    Some(f64::from(count) * f64::from(unit))
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
