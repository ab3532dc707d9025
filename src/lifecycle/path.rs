//! The paths of the reference. What a caller names can never leave its own segment.

/// The keys of one user: `/v1/accounts/{account}/users/{user}/apiKeys`.
pub fn keys(account: &str, user: &str) -> String {
    users(account) + "/" + &encode(user) + "/apiKeys"
}

/// The users of an account: `/v1/accounts/{account}/users`.
pub fn users(account: &str) -> String {
    self::account(account) + "/users"
}

/// The account itself: `/v1/accounts/{account}`.
pub fn account(account: &str) -> String {
    String::from("/v1/accounts/") + &encode(account)
}

/// A path and its query.
pub fn with_query(mut path: String, query: &[(&'static str, String)]) -> String {
    let mut separator = "?";
    for (name, value) in query {
        path = path + separator + name + "=" + &encode(value);
        separator = "&";
    }
    path
}

/// Everything but the unreserved characters of RFC 3986 is percent-encoded.
fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for half in [byte >> 4, byte & 0xf] {
                encoded.extend(
                    char::from_digit(half.into(), 16).map(|digit| digit.to_ascii_uppercase()),
                );
            }
        }
    }
    encoded
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

    #[test]
    fn a_value_cannot_leave_its_parameter() {
        assert_eq!(with_query("/p".into(), &[]), "/p");
        assert_eq!(
            with_query("/p".into(), &[("a", "1&b=2".into()), ("c", "é+".into())]),
            "/p?a=1%26b%3D2&c=%C3%A9%2B"
        );
    }
}
