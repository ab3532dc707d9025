//! Page tokens: where a page ended. They are good for the list that they came from alone, and must
//! never grow with what the caller sent.

use crate::order::Place;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The place of a page's last row in its list.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    list: String,
    after: Vec<Place>,
}

impl Cursor {
    /// Makes one; `list` is all that makes the list what it is.
    pub fn new(list: &str, after: Vec<Place>) -> Self {
        let list = fingerprint(list);
        Self { list, after }
    }

    /// The token that the caller sends back.
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// The place that a token tells, if it is one of this list, whose order has `columns`.
    pub fn place(token: &str, list: &str, columns: usize) -> Option<Vec<Place>> {
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
    fn a_token_tells_its_place_in_its_own_list_alone() {
        let place = vec![Place::Text("ü \"".into()), Place::Number(-1)];
        let token = Cursor::new("keys of me", place.clone()).token();
        assert_eq!(Cursor::place(&token, "keys of me", 2), Some(place));
        assert_eq!(Cursor::place(&token, "keys of you", 2), None);
        assert_eq!(Cursor::place(&token, "keys of me", 1), None);
    }

    #[test]
    fn garbage_is_no_token() {
        for token in ["", "x", "é", "bnVsbA", "e30", "%%%%"] {
            assert_eq!(Cursor::place(token, "", 1), None, "{token}");
        }
    }

    #[test]
    fn a_token_does_not_grow_with_the_list() {
        let of = |list: &str| Cursor::new(list, vec![Place::Number(1)]).token().len();
        assert_eq!(of("a"), of(&"a".repeat(10_000)));
    }
}
