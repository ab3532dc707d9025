//! Page tokens, which say where a page ended. A token is only valid for the list that it came from, and
//! must not get longer with the caller's filter.

use crate::sort::SortValue;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The position of a page's last row in its list.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// A fingerprint of the list.
    list: String,
    /// The values that the last row is sorted by.
    after: Vec<SortValue>,
}

impl Cursor {
    /// Makes a cursor for the row with these values. `list` is a text that describes the list: its table,
    /// owner, filter and sort order.
    pub fn new(list: &str, after: Vec<SortValue>) -> Self {
        let list = fingerprint(list);
        Self { list, after }
    }

    /// The page token, which the caller sends back to get the next page.
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads the values from a token. Returns [`None`] unless the token came from this list, which is
    /// sorted by that many columns.
    pub fn values(token: &str, list: &str, columns: usize) -> Option<Vec<SortValue>> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let cursor: Self = serde_json::from_slice(&bytes).ok()?;
        (cursor.list == fingerprint(list) && cursor.after.len() == columns).then_some(cursor.after)
    }
}

fn fingerprint(list: &str) -> String {
    let hash = Sha256::digest(list.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_valid_for_its_own_list_only() {
        let values = vec![SortValue::Text("ü \"".into()), SortValue::Number(-1)];
        let token = Cursor::new("keys of me", values.clone()).token();
        assert_eq!(Cursor::values(&token, "keys of me", 2), Some(values));
        assert_eq!(Cursor::values(&token, "keys of you", 2), None);
        assert_eq!(Cursor::values(&token, "keys of me", 1), None);
    }

    #[test]
    fn garbage_is_refused() {
        for token in ["", "x", "é", "bnVsbA", "e30", "%%%%"] {
            assert_eq!(Cursor::values(token, "", 1), None, "{token}");
        }
    }

    #[test]
    fn a_token_does_not_grow_with_the_description_of_the_list() {
        let of = |list: &str| Cursor::new(list, vec![SortValue::Number(1)]).token().len();
        assert_eq!(of("a"), of(&"a".repeat(10_000)));
    }
}
