//! Decimal numbers as they stand in times, durations and hosts: nothing but digits.

/// The number; [`None`] for what is empty, holds anything but digits or does not fit.
pub fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        number.checked_mul(10)?.checked_add(digit)
    })
}
