//! What a rotation is to do, decided from the list alone before anything is changed.

use super::{Keys, Rotate, RotationErrorKind};
use crate::lifecycle::lineage::created_ms;
use crate::lifecycle::mark::{LIFETIME, RESERVED, REVOKES, ROTATES};
use crate::lifecycle::names::distinct;
use crate::lifecycle::number::number;
use crate::lifecycle::{End, Item, NewKey, Rotator, Successor, time};

/// Below which age a key may be missing from a list and live, in milliseconds: far more than lists lag
/// behind.
const YOUNG_MS: f64 = 120_000.0;

/// How many of the keys that are to be revoked are noted on the successor: more than a rotation should
/// ever have to revoke, and few enough for an annotation that a service keeps.
const LONGEST_RECORD: usize = 100;

/// What a rotation is to do.
pub struct Plan {
    /// The successor to be.
    pub key: NewKey,
    /// Whether the token may be the key that is rotated, as far as prefixes tell.
    pub is_token: bool,
    /// The successors that are there already.
    pub left: Vec<Successor>,
    /// What is deleted once the successor is stored, in this order.
    pub revoke: Vec<String>,
    /// When the youngest key of the user was created, in milliseconds since 1970; [`None`] if that is not
    /// known of all.
    youngest_ms: Option<f64>,
}

impl Plan {
    /// Whether a key of the user is so young at this time of the service's clock that a list may not show it.
    pub fn is_young_at(&self, now_ms: Option<f64>) -> bool {
        let ages = now_ms.zip(self.youngest_ms);
        ages.is_none_or(|(now_ms, youngest_ms)| now_ms - youngest_ms < YOUNG_MS)
    }
}

impl Rotate<'_> {
    /// Decides what is to be done.
    pub(super) fn plan<S: Rotator>(
        &self,
        service: &S,
        keys: &Keys<S>,
    ) -> Result<Plan, RotationErrorKind<S>> {
        let line = keys.line(self.key_id);
        let Some(current) = line.first() else {
            return Err(RotationErrorKind::Missing);
        };
        let now_ms = service.now_ms();
        let left = keys.successors(self.key_id);
        let left: Vec<Successor> = left.iter().map(|each| each.as_successor(now_ms)).collect();
        if !self.delete_unfinished && !left.is_empty() {
            return Err(RotationErrorKind::Unfinished(left));
        }
        let end = match self.end {
            Some(end) => end.clone(),
            None => lifetime(&current.key).ok_or(RotationErrorKind::Lifetime)?,
        };
        let lifetime_ms = match &end {
            End::Never => None,
            // The service's own times tell this one, and no clock of ours.
            End::At { .. } => None,
            End::After(ms) => Some(*ms),
        };
        if lifetime_ms.is_some_and(|ms| service.time_text(now_ms + ms).is_none()) {
            return Err(RotationErrorKind::Lifetime);
        }
        // The oldest generation first, and the key itself last: it may be the token.
        let mut revoke: Vec<&str> = left.iter().map(|left| left.key_id.as_str()).collect();
        let beyond = line.iter().skip(self.keep as usize).rev().copied();
        for listed in keys.remains(&line).into_iter().chain(beyond) {
            if listed.id != self.key_id || self.keep == 0 {
                revoke.push(&listed.id);
            }
        }
        let revoke = distinct(&revoke);
        Ok(Plan {
            key: NewKey {
                display_name: current.key.text("displayName"),
                end,
                annotations: Some(self.annotations(&current.key, lifetime_ms, &revoke)),
            },
            is_token: service.may_be(&current.key),
            left,
            youngest_ms: keys.youngest_ms(),
            revoke,
        })
    }

    /// The successor's annotations: those of its predecessor, and what it is recognised by.
    fn annotations(
        &self,
        current: &impl Item,
        lifetime_ms: Option<f64>,
        revoke: &[String],
    ) -> Vec<(String, String)> {
        let mut annotations = current.annotations();
        annotations.retain(|(name, _)| !name.starts_with(RESERVED));
        self.mark.put(&mut annotations);
        annotations.push((ROTATES.into(), self.key_id.into()));
        if let Some(ms) = lifetime_ms {
            let seconds = (ms / 1_000.0).round().max(1.0) as u32;
            annotations.push((LIFETIME.into(), seconds.to_string()));
        }
        let mut record = String::new();
        for id in revoke.iter().take(LONGEST_RECORD) {
            let space = if record.is_empty() { "" } else { " " };
            record = record + space + id;
        }
        if !record.is_empty() {
            annotations.push((REVOKES.into(), record));
        }
        annotations
    }
}

/// How long a key was given to live: what the rotation that made it noted, or else the difference of its
/// times.
fn lifetime(key: &impl Item) -> Option<End> {
    let noted = key.annotation(LIFETIME);
    if key.is_blank("expireTime") {
        // Where its rotation noted a lifetime, it is the list that lacks the end.
        return noted.is_none().then_some(End::Never);
    }
    if let Some(seconds @ 1..) = noted.and_then(|text| number(text.as_bytes())) {
        return Some(End::After(f64::from(seconds) * 1_000.0));
    }
    let ends = key.text("expireTime");
    let ends_ms = ends.as_deref().and_then(time::parse_rfc3339)?;
    let lifetime_ms = ends_ms - created_ms(key)?;
    (lifetime_ms > 0.0).then_some(End::After(lifetime_ms))
}
