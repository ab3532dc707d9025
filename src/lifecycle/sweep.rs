//! Deletes a create's orphans: the keys that carry its mark, but for the one that the caller was given.

use super::delete::{Deletion, LAG_MS, Shown};
use super::list::{NO_ID, every_key};
use super::{Call, ErrorOf, Event, Item, Limits, Mark, Outcome, Service};

/// How long after the first sweep a second one looks for what was committed late, in milliseconds.
const LATE_MS: f64 = 5_000.0;

/// Which keys are orphans.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// The account's id.
    pub account: String,
    /// The id of the keys' owner.
    pub user: String,
    /// What orphans carry.
    pub mark: Mark,
    /// The id of the key with that mark that is no orphan.
    pub keep: Option<String>,
    /// The id of an orphan that an answer named, whatever it carries.
    pub named: Option<String>,
}

/// A sweep that is still to be done after the caller has its answer.
#[derive(Debug)]
pub struct Unfinished {
    sweep: Sweep,
    /// How long to wait before it.
    delay_ms: f64,
    /// How many orphans there may be; fewer found means a second sweep.
    expected: u32,
    /// Whether no sweep has come to its end yet, so that nothing is known of orphans.
    pub unknown: bool,
    /// Whether the service keeps the mark: otherwise a second sweep would find no more than the first.
    marked: bool,
}

impl Sweep {
    /// Finds the orphans, deletes them and adds their ids to `deleted`. Where a request fails, it still
    /// tries to delete every orphan that it knows of before it returns the error.
    pub async fn run<S: Service>(
        &self,
        call: &Call<'_, S>,
        deleted: &mut Vec<String>,
    ) -> Outcome<S, ()> {
        let deletion = Deletion {
            account: &self.account,
            user: &self.user,
        };
        let mut outcome = Ok(());
        let mut known = Vec::from_iter(self.named.clone());
        let mut tried = 0;
        // If an answer leaves it unclear whether a key is deleted, a second list decides.
        let mut unclear: Vec<(String, ErrorOf<S>)> = Vec::new();
        let mut listed = Vec::new();
        for is_last in [false, true] {
            // A key that no list has shown may be too young for the next one, too.
            if unclear.iter().any(|(key_id, _)| !listed.contains(key_id)) {
                call.pause(LAG_MS).await?;
            }
            listed.clear();
            let list = every_key(call, &self.account, &self.user, &mut |key| {
                let key_id = key.text("keyId").ok_or(NO_ID)?;
                let is_kept = Some(&key_id) == self.keep.as_ref();
                if self.mark.is_on(&key) && !is_kept && !known.contains(&key_id) {
                    known.push(key_id.clone());
                }
                // Not every id: a user may have very many keys.
                if known.contains(&key_id) {
                    listed.push(key_id);
                }
                Ok(())
            })
            .await;
            for (key_id, error) in unclear.drain(..) {
                if list.is_ok() && !listed.contains(&key_id) {
                    self.tell_deleted(call.service(), key_id, deleted);
                } else {
                    outcome = Err(error);
                }
            }
            if let Err(error) = list {
                if error.interrupts() {
                    return Err(error);
                }
                outcome = Err(error);
            }
            for key_id in known.get(tried..).unwrap_or_default() {
                match deletion.attempt(call, key_id).await {
                    Ok(Shown::Deleted) => {
                        self.tell_deleted(call.service(), key_id.clone(), deleted);
                    }
                    Ok(Shown::Unclear(error)) if is_last => outcome = Err(error),
                    Ok(Shown::Unclear(error)) => unclear.push((key_id.clone(), error)),
                    Err(error) if error.interrupts() => return Err(error),
                    Err(error) => outcome = Err(error),
                }
            }
            tried = known.len();
            if unclear.is_empty() {
                break;
            }
        }
        outcome
    }

    fn tell_deleted<S: Service>(&self, service: &S, key_id: String, deleted: &mut Vec<String>) {
        service.notify(&Event::OrphanDeleted {
            key_id: &key_id,
            attempt_tag: &self.mark.tag,
        });
        deleted.push(key_id);
    }

    /// Tells the caller that orphans may be left, and the tag to find them by.
    pub fn give_up<S: Service>(&self, service: &S) {
        service.notify(&Event::OrphansUnknown {
            attempt_tag: Some(&self.mark.tag),
            keep_key_id: self.keep.as_deref(),
        });
    }
}

impl Unfinished {
    /// A sweep that had to stop, because the caller aborted or ran out of time.
    pub(super) fn interrupted(sweep: Sweep, expected: u32, marked: bool) -> Self {
        Self {
            sweep,
            delay_ms: 0.0,
            expected,
            unknown: true,
            marked,
        }
    }

    /// A second sweep: the first found fewer orphans than there may be.
    pub(super) fn late(mut sweep: Sweep) -> Self {
        // The first sweep has deleted the one that an answer named.
        sweep.named = None;
        Self {
            sweep,
            delay_ms: LATE_MS,
            expected: 0,
            unknown: false,
            marked: true,
        }
    }

    /// The id of the key that the caller holds.
    pub fn keep(&self) -> Option<&str> {
        self.sweep.keep.as_deref()
    }

    /// Runs the sweep. Where it fails, tells the caller that orphans may be left.
    pub async fn run<S: Service>(mut self, service: &S, limits: Limits) {
        loop {
            if self.delay_ms > 0.0 && service.sleep(self.delay_ms).await.is_err() {
                return self.give_up(service);
            }
            let mut deleted = Vec::new();
            let call = Call::new(service, limits);
            if self.sweep.run(&call, &mut deleted).await.is_err() {
                return self.give_up(service);
            }
            if deleted.len() as u32 >= self.expected {
                return;
            }
            if !self.marked {
                return self.give_up(service);
            }
            self = Self::late(self.sweep);
        }
    }

    /// Does not run it, and tells the caller that orphans may be left.
    pub fn give_up<S: Service>(&self, service: &S) {
        self.sweep.give_up(service);
    }
}
