//! Makes keys and ids. Only the SHA-256 of a key is stored.

use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many characters of a key are shown, so that it can be recognised.
const PREFIX: usize = 7;

/// A new key: `fw_` and 24 random letters and digits, which are 142 bits.
pub fn key() -> Result<String, getrandom::Error> {
    Ok(format!("fw_{}", letters(24)?))
}

/// A new random id.
pub fn id() -> Result<String, getrandom::Error> {
    letters(16)
}

/// The part of a key that is shown.
pub fn prefix(key: &str) -> &str {
    key.get(..PREFIX).unwrap_or(key)
}

/// The hash of a key or token.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// A text of that many random letters and digits.
fn letters(count: usize) -> Result<String, getrandom::Error> {
    let mut text = String::with_capacity(count);
    while text.len() < count {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        // Six bits pick a letter. Numbers beyond the alphabet are skipped, so all letters are equally likely.
        let drawn = bytes
            .iter()
            .filter_map(|byte| ALPHABET.get(usize::from(byte & 63)));
        text.extend(
            drawn
                .take(count - text.len())
                .map(|letter| char::from(*letter)),
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_look_like_keys_and_differ() {
        let (one, other) = (key().unwrap(), key().unwrap());
        assert_ne!(one, other);
        assert!(one.len() == 27 && one.starts_with("fw_"));
        assert!(one[3..].bytes().all(|byte| ALPHABET.contains(&byte)));
        assert_eq!(prefix(&one).len(), PREFIX);
    }
}
