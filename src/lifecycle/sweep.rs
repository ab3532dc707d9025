//! Deletes a create's orphans: the keys that carry its mark, but for the one that the caller was given.

use super::delete::{Deletion, LAG_MS, Shown};
use super::list::{NO_ID, every_key};
use super::{
    Answer, Body, Call, Error, ErrorOf, Event, Item, Limits, Mark, Orphans, Outcome, Service, retry,
};

/// Which keys are orphans.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// The account's id.
    pub account: String,
    /// The id of the keys' owner.
    pub user: String,
    /// What orphans carry; without it, only the one that an answer named can be found.
    pub mark: Option<Mark>,
    /// The id of the key with that mark that is no orphan.
    pub keep: Option<String>,
    /// The id of an orphan that an answer named, whatever it carries.
    pub named: Option<String>,
}

/// How long an attempt may take where nobody waits for it, in milliseconds: its connection keeps a process
/// alive.
const LONGEST_ATTEMPT_MS: f64 = 10_000.0;

/// For how long a sweep goes on after the caller has its answer.
#[derive(Debug, Clone, Copy)]
pub enum Horizon {
    /// Two minutes: the runtime lives on by itself.
    Long,
    /// Less than the half minute that platforms wait for such work.
    Short,
}

impl Horizon {
    /// When the looks begin, in milliseconds: a late commit is likely soon and possible for long.
    fn looks(self) -> &'static [f64] {
        match self {
            Self::Long => &[3_000.0, 10_000.0, 30_000.0, 65_000.0, 120_000.0],
            Self::Short => &[3_000.0, 9_000.0, 18_000.0],
        }
    }

    /// When all of it must be over, in milliseconds.
    fn end_ms(self) -> f64 {
        match self {
            Self::Long => f64::INFINITY,
            Self::Short => 25_000.0,
        }
    }
}

/// A sweep that is still to be done after the caller has its answer.
#[derive(Debug)]
pub struct Unfinished {
    sweep: Sweep,
    /// How many keys the lost attempts may have made; none if it is only to be made sure of.
    lost: Lost,
    /// The ids of the orphans that were found and deleted.
    deleted: Vec<String>,
    /// What is known of the orphans so far.
    known: Orphans,
    /// Whether the first look is still to come, rather than over.
    at_once: bool,
    /// Whether the service keeps the mark: otherwise a look finds no more than the one before.
    marked: bool,
}

/// How many keys lost attempts may have made.
#[derive(Debug, Clone, Copy)]
pub struct Lost {
    /// At least this many attempts are lost.
    pub attempts: u32,
    /// Whether an attempt may have made more than one.
    pub uncounted: bool,
}

/// One key that is known to be there.
pub const ONE: Lost = Lost {
    attempts: 1,
    uncounted: false,
};

impl Lost {
    /// What is known of the orphans, once this many of them are deleted and no other is found.
    pub fn after(self, deleted: usize) -> Orphans {
        if self.uncounted || (deleted as u32) < self.attempts {
            Orphans::Unaccounted
        } else {
            Orphans::Swept
        }
    }

    /// Whether another look is worth it after one that failed like this. What the API itself refuses for
    /// good, it refuses the next time, too.
    pub fn may_be_found_after<A: Answer, C>(self, error: &Error<A, C>) -> bool {
        let is_final = matches!(error, Error::Refused { answer, .. }
            if matches!(answer.body(), Body::Denied | Body::Refusal | Body::Fault)
                && !retry::is_retryable(answer.status(), &answer.hints()));
        self.attempts > 0 && !is_final
    }
}

impl Sweep {
    /// Finds the orphans, deletes them and adds their ids to `deleted`; those that it holds already are done.
    /// Where a request fails, this still tries to delete every orphan that it knows of before it returns the
    /// error. Returns whether the list showed the key that the caller holds, with the mark: one that does not
    /// lags behind, or hides what orphans are known by.
    pub async fn run<S: Service>(
        &self,
        call: &Call<'_, S>,
        deleted: &mut Vec<String>,
    ) -> Outcome<S, bool> {
        let deletion = Deletion {
            account: &self.account,
            user: &self.user,
        };
        let mut outcome = Ok(());
        let mut shown = self.keep.is_none();
        let mut known = Vec::from_iter(self.named.clone());
        // A list may lag behind and show them again.
        known.retain(|key_id| !deleted.contains(key_id));
        let mut tried = 0;
        // If an answer leaves it unclear whether a key is deleted, a second list decides.
        let mut unclear: Vec<(String, ErrorOf<S>)> = Vec::new();
        let mut listed = Vec::new();
        for is_last in [false, true] {
            // Orphans are young, and a list that lags behind may not show them.
            if !unclear.is_empty() {
                call.pause(LAG_MS).await?;
            }
            listed.clear();
            let list = every_key(call, &self.account, &self.user, &[], &mut |key| {
                let key_id = key.text("keyId").ok_or(NO_ID)?;
                let is_kept = Some(&key_id) == self.keep.as_ref();
                let is_done = known.contains(&key_id) || deleted.contains(&key_id);
                let mark = self.mark.as_ref();
                let is_marked = mark.is_some_and(|mark| mark.is_on(&key));
                shown |= is_marked && is_kept;
                if is_marked && !is_kept && !is_done {
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
        outcome.map(|()| shown)
    }

    fn tell_deleted<S: Service>(&self, service: &S, key_id: String, deleted: &mut Vec<String>) {
        service.notify(&Event::OrphanDeleted {
            key_id: &key_id,
            attempt_tag: self.tag(),
        });
        deleted.push(key_id);
    }

    fn tag(&self) -> Option<&str> {
        Some(&self.mark.as_ref()?.tag)
    }

    /// Tells the caller what is known of the orphans in the end.
    pub fn tell<S: Service>(&self, service: &S, orphans: Orphans) {
        let attempt_tag = self.tag();
        let keep_key_id = self.keep.as_deref();
        service.notify(&match orphans {
            Orphans::None => return,
            Orphans::Swept => Event::OrphansSwept {
                attempt_tag,
                keep_key_id,
            },
            Orphans::Unaccounted => Event::OrphansUnaccounted {
                attempt_tag,
                keep_key_id,
            },
            Orphans::Unknown => Event::OrphansUnknown {
                attempt_tag,
                keep_key_id,
            },
        });
    }
}

impl Unfinished {
    /// A sweep that goes on after its first look.
    pub(super) fn later(
        sweep: Sweep,
        lost: Lost,
        deleted: Vec<String>,
        known: Orphans,
        marked: bool,
    ) -> Self {
        Self {
            sweep,
            lost,
            deleted,
            known,
            at_once: false,
            marked,
        }
    }

    /// The same where the first look is still to come.
    pub(super) fn at_once(self) -> Self {
        Self {
            at_once: true,
            ..self
        }
    }

    /// The same, with another key to be deleted, which the caller was to be given.
    pub(super) fn and_named(sweep: Sweep, earlier: Option<Self>) -> Self {
        let mut all = Self::later(sweep, ONE, Vec::new(), Orphans::Unknown, true).at_once();
        if let Some(earlier) = earlier {
            all.lost.attempts += earlier.lost.attempts;
            all.lost.uncounted = earlier.lost.uncounted;
            all.deleted = earlier.deleted;
            all.marked = earlier.marked;
        }
        all
    }

    /// The key that the caller was to hold is deleted.
    pub(super) fn keep_none(&mut self) {
        self.sweep.keep = None;
    }

    /// The id of the key that the caller holds.
    pub fn keep(&self) -> Option<&str> {
        self.sweep.keep.as_deref()
    }

    /// Tells the caller, who is about to be answered, that the sweep goes on. Whether it will come to its
    /// end depends on the runtime.
    pub fn open<S: Service>(&self, service: &S, horizon: Horizon) {
        if self.lost.attempts > 0 || !self.at_once {
            service.notify(&Event::OrphansOpen {
                attempt_tag: self.sweep.tag(),
                keep_key_id: self.keep(),
                last_look_ms: horizon.looks().last().copied().unwrap_or(0.0),
            });
        }
    }

    /// Does not go on, because the runtime ends with the answer, and tells the caller what is known.
    pub fn close<S: Service>(&self, service: &S) {
        self.sweep.tell(service, self.known);
    }

    /// Looks until all is accounted for, but not beyond the horizon, and tells the caller how it ended.
    pub async fn run<S: Service>(mut self, service: &S, limits: Limits, horizon: Horizon) {
        let started_ms = service.elapsed_ms();
        let first = self.at_once.then_some(0.0);
        for look_ms in first.into_iter().chain(horizon.looks().iter().copied()) {
            let wait_ms = started_ms + look_ms - service.elapsed_ms();
            let is_last = horizon.looks().last() == Some(&look_ms);
            if wait_ms < 0.0 && look_ms > 0.0 && !is_last {
                // The look before has taken longer.
                continue;
            }
            if wait_ms > 0.0 && service.sleep(wait_ms).await.is_err() {
                break;
            }
            let left_ms = started_ms + horizon.end_ms() - service.elapsed_ms();
            let limits = Limits {
                timeout_ms: limits.timeout_ms.min(LONGEST_ATTEMPT_MS),
                total_timeout_ms: limits.total_timeout_ms.min(left_ms),
                ..limits
            };
            let call = Call::new(service, limits);
            let (known, goes_on) = match self.sweep.run(&call, &mut self.deleted).await {
                Ok(true) if self.lost.attempts == 0 => return,
                Ok(shown) => match self.lost.after(self.deleted.len()) {
                    // Without the mark, a look has seen nothing, and another finds no more.
                    Orphans::Unaccounted if !self.marked => (Orphans::Unknown, false),
                    Orphans::Unaccounted if !shown => (Orphans::Unknown, true),
                    known => (known, known == Orphans::Unaccounted),
                },
                Err(error) => (Orphans::Unknown, self.lost.may_be_found_after(&error)),
            };
            self.known = known;
            if !goes_on {
                break;
            }
        }
        self.sweep.tell(service, self.known);
    }
}
