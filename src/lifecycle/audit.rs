//! Audit: which keys are a risk, and why. One pass over every page; nothing is changed.

use super::list::every_key;
use super::mark::{ATTEMPT, mark_of};
use super::names::sorted;
use super::{Answer, Call, Item, Outcome, Service, time};
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// From when on a key counts as stale, or as expiring soon.
#[derive(Debug, Clone, Copy)]
pub struct Thresholds {
    /// How long a key may go unused, in milliseconds.
    pub stale_after_ms: f64,
    /// How long before its end a key is told of, in milliseconds.
    pub expiring_within_ms: f64,
}

/// Why a key is a risk. Times are as the service wrote them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(
    tag = "type",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Finding {
    /// It has no end.
    NeverExpires,
    /// It has ended, and is still listed.
    Expired {
        /// When.
        expire_time: String,
    },
    /// It ends soon.
    ExpiringSoon {
        /// When.
        expire_time: String,
    },
    /// It was never used.
    NeverUsed,
    /// It was not used for long; where it never was, not since it was created.
    Stale {
        /// Since when.
        since: String,
    },
    /// The service knows its plaintext.
    PlaintextKnown,
    /// A time of it cannot be read, so that nothing is known of it.
    UnreadableTime {
        /// Which field.
        field: &'static str,
    },
    /// Another key was made by the same create: one of them is held by nobody.
    SharedAttempt {
        /// The tag of that create.
        attempt_tag: String,
        /// The ids of all keys that it made.
        key_ids: Vec<String>,
    },
}

/// How many keys there are, and of how many each finding tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    never_expires: u32,
    expired: u32,
    expiring_soon: u32,
    never_used: u32,
    stale: u32,
    plaintext_known: u32,
    unreadable_time: u32,
    shared_attempt: u32,
}

impl Counts {
    /// Counts the keys that each finding is about.
    pub fn of<I>(audited: &[Audited<I>]) -> Self {
        let mut counts = Self::default();
        for audited in audited {
            let mut last = None;
            for finding in &audited.findings {
                let count = match finding {
                    Finding::NeverExpires => &mut counts.never_expires,
                    Finding::Expired { .. } => &mut counts.expired,
                    Finding::ExpiringSoon { .. } => &mut counts.expiring_soon,
                    Finding::NeverUsed => &mut counts.never_used,
                    Finding::Stale { .. } => &mut counts.stale,
                    Finding::PlaintextKnown => &mut counts.plaintext_known,
                    Finding::UnreadableTime { .. } => &mut counts.unreadable_time,
                    Finding::SharedAttempt { .. } => &mut counts.shared_attempt,
                };
                // A key with two times that cannot be read is still one key.
                let kind = std::mem::discriminant(finding);
                *count += u32::from(last != Some(kind));
                last = Some(kind);
            }
        }
        counts
    }
}

/// A key, and why it is a risk: nothing where it is none.
pub struct Audited<I> {
    /// The key.
    pub key: I,
    /// The findings, in the order of [`Finding`].
    pub findings: Vec<Finding>,
    id: String,
    created_ms: i64,
}

/// The oldest comes first; of two that are as old, the one with the lesser id.
impl<I> Ord for Audited<I> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.created_ms, &self.id).cmp(&(other.created_ms, &other.id))
    }
}

impl<I> PartialOrd for Audited<I> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<I> PartialEq for Audited<I> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<I> Eq for Audited<I> {}

/// Looks at every key of a list, and returns them in an order that is not the list's.
pub async fn audit<S: Service>(
    call: &Call<'_, S>,
    account: &str,
    user: &str,
    query: &[(&'static str, String)],
    thresholds: Thresholds,
) -> Outcome<S, Vec<Audited<<S::Answer as Answer>::Item>>> {
    let mut keys = Vec::new();
    let date_ms = every_key(call, account, user, query, &mut |key| {
        keys.push(key);
        Ok(())
    })
    .await?;
    // What has ended, the service's own clock says best.
    let now_ms = date_ms.unwrap_or_else(|| call.service().now_ms());
    // A heap sorts in a tenth of the code that a slice's own sort comes to.
    let audited = keys.into_iter();
    let audited = audited.map(|key| Audited::read(key, thresholds, now_ms));
    let mut audited = BinaryHeap::from_iter(audited).into_sorted_vec();
    // A key that was made meanwhile has moved another onto a second page.
    audited.dedup_by(|one, other| !one.id.is_empty() && one.id == other.id);
    find_shared(&mut audited);
    Ok(audited)
}

impl<I: Item> Audited<I> {
    fn read(key: I, thresholds: Thresholds, now_ms: f64) -> Self {
        let mut findings = Vec::new();
        let mut time_of = |field| {
            let text = key.text(field);
            let ms = text.as_deref().and_then(time::parse_rfc3339);
            if ms.is_none() && !key.is_blank(field) {
                findings.push(Finding::UnreadableTime { field });
            }
            text.zip(ms)
        };
        let (created, expires, used) = (
            time_of("createTime"),
            time_of("expireTime"),
            time_of("lastUsed"),
        );
        let unreadable = std::mem::take(&mut findings);
        match &expires {
            None if key.is_blank("expireTime") => findings.push(Finding::NeverExpires),
            None => {}
            Some((expire_time, ms)) => {
                let expire_time = || expire_time.clone();
                if *ms <= now_ms {
                    let expire_time = expire_time();
                    findings.push(Finding::Expired { expire_time });
                } else if *ms <= now_ms + thresholds.expiring_within_ms {
                    let expire_time = expire_time();
                    findings.push(Finding::ExpiringSoon { expire_time });
                }
            }
        }
        let never_used = key.is_blank("lastUsed");
        if never_used {
            findings.push(Finding::NeverUsed);
        }
        let last = if never_used { &created } else { &used };
        if let Some((since, ms)) = last
            && *ms <= now_ms - thresholds.stale_after_ms
        {
            let since = since.clone();
            findings.push(Finding::Stale { since });
        }
        if key.is_false("secure") {
            findings.push(Finding::PlaintextKnown);
        }
        findings.extend(unreadable);
        Self {
            id: key.text("keyId").unwrap_or_default(),
            created_ms: created.map_or(i64::MIN, |(_, ms)| ms as i64),
            key,
            findings,
        }
    }
}

/// Notes which keys one create has made.
fn find_shared<I: Item>(audited: &mut [Audited<I>]) {
    let marks: Vec<String> = audited.iter().map(|each| mark_of(&each.key)).collect();
    let marks = sorted(&mut marks.iter().map(String::as_bytes));
    for made in marks.chunk_by(|(mark, _), (other, _)| mark == other) {
        let [([_, ..], _), _, ..] = made else {
            continue;
        };
        let id = |(_, index): &(_, usize)| Some(audited.get(*index)?.id.clone());
        let key_ids: Vec<String> = made.iter().filter_map(id).collect();
        for (_, index) in made {
            if let Some(audited) = audited.get_mut(*index) {
                audited.findings.push(Finding::SharedAttempt {
                    attempt_tag: audited.key.annotation(ATTEMPT).unwrap_or_default(),
                    key_ids: key_ids.clone(),
                });
            }
        }
    }
}
