//! The paths of the reference. What a caller names can never leave its own segment.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The accounts that the token may see.
pub const ACCOUNTS: &str = "/v1/accounts";

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
    String::from(ACCOUNTS) + "/" + &encode(account)
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

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).collect()
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
