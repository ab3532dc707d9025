//! The secrets of keys. Only their SHA-256 is ever stored.

use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How much of a key is shown, to recognise it by.
const PREFIX: usize = 7;

/// A fresh key: `fw_` and 24 letters and digits, 142 bits of chance.
pub fn key() -> Result<String, getrandom::Error> {
    Ok(format!("fw_{}", letters(24)?))
}

/// A fresh id, which tells nothing of the secret.
pub fn id() -> Result<String, getrandom::Error> {
    letters(16)
}

/// What a key is recognised by.
pub fn prefix(key: &str) -> &str {
    key.get(..PREFIX).unwrap_or(key)
}

/// What is stored of a secret.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn letters(count: usize) -> Result<String, getrandom::Error> {
    let mut text = String::with_capacity(count);
    while text.len() < count {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        // Six bits, and those beyond the alphabet are drawn again: every letter is as likely.
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
