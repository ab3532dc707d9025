//! What a create's keys are recognised by: annotations, which the service keeps and lists.

use super::Item;

/// The annotation that carries a create's attempt tag.
pub const ATTEMPT: &str = "fireworks-keys-attempt";

/// The annotation that tells the calls with one tag apart.
pub const CALL: &str = "fireworks-keys-call";

/// The annotation of a rotation's successor that names the key it took over from.
pub const ROTATES: &str = "fireworks-keys-rotates";

/// The annotation of a rotation's successor that names the keys to be revoked once it is stored, so
/// that a later rotation finds what this one did not revoke.
pub const REVOKES: &str = "fireworks-keys-revokes";

/// The annotation of a rotation's successor that says for how long it was to live, in seconds. The
/// difference of its times would be less exact: the caller's clock set one, the service's the other.
pub const LIFETIME: &str = "fireworks-keys-lifetime";

/// How annotation names begin that are this package's own.
pub const RESERVED: &str = "fireworks-keys-";

/// What all attempts of one create carry, and no other key.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The attempt tag.
    pub tag: String,
    /// What sets this call apart where another may have the same tag: the caller chose it, and the
    /// key that the other call returned must live. Without it, the tag alone counts.
    pub call: Option<String>,
}

impl Mark {
    /// Puts it among a key's annotations.
    pub fn put(&self, annotations: &mut Vec<(String, String)>) {
        annotations.push((ATTEMPT.into(), self.tag.clone()));
        if let Some(call) = &self.call {
            annotations.push((CALL.into(), call.clone()));
        }
    }

    /// Whether a key carries it.
    pub fn is_on(&self, key: &impl Item) -> bool {
        key.annotation(ATTEMPT).as_ref() == Some(&self.tag)
            && (self.call.is_none() || key.annotation(CALL) == self.call)
    }
}

/// The mark that a key carries, as one text; empty without one. Two calls never have the same mark by
/// accident, because one of its annotations is random. But anybody who may create keys can copy a mark.
pub fn mark_of(key: &impl Item) -> String {
    let tag = key.annotation(ATTEMPT);
    tag.map_or_else(String::new, |tag| {
        tag + " " + &key.annotation(CALL).unwrap_or_default()
    })
}
