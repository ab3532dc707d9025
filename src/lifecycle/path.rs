//! The paths of the reference. What a caller names can never leave its own segment.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The keys of one user: `/v1/accounts/{account}/users/{user}/apiKeys`.
pub fn keys(account: &str, user: &str) -> String {
    format!(
        "/v1/accounts/{}/users/{}/apiKeys",
        utf8_percent_encode(account, SEGMENT),
        utf8_percent_encode(user, SEGMENT),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_segment() {
        assert_eq!(
            keys("a/b?c#d%2f", "é ~-_.:"),
            "/v1/accounts/a%2Fb%3Fc%23d%252f/users/%C3%A9%20~-_.%3A/apiKeys"
        );
    }
}
