//! Rotation: a successor is created, tried and stored before anything older is deleted, so that
//! whatever the caller has stored works, wherever it ends.

use super::lineage::{Lineage, Listed, Successor, created_ms};
use super::list::{Collection, Page, pages};
use super::mark::{LIFETIME, RESERVED, REVOKES, ROTATES};
use super::{
    Answer, Call, Create, Created, Event, Failed, Failure, Item, Mark, NewKey, Orphans, Outcome,
    Request, RetryReason, Rotator, Service, Stage, Sweep, Unfinished, delete, path, retry, time,
};

/// By how much a successor must be older than ours before it counts as left by a crash, in
/// milliseconds: no rotation at work takes that long.
const LEFT_BEHIND_MS: f64 = 15.0 * 60_000.0;

/// How long a new key may be refused as unknown before it counts as broken, in milliseconds.
const ACTIVATION_MS: f64 = 30_000.0;

/// How many keys that are to be revoked are noted on the successor: more than there ever should be, and
/// no more than a service may be expected to keep.
const LONGEST_RECORD: usize = 100;

/// A rotation: which key, and how.
pub struct Rotate<'a> {
    /// The account's id.
    pub account: &'a str,
    /// The id of the key's owner.
    pub user: &'a str,
    /// The key that is rotated: the one that the caller has stored.
    pub key_id: &'a str,
    /// What the successor's create is recognised by.
    pub mark: &'a Mark,
    /// When the successor ends, and how long that is from when the caller asked, in milliseconds; absent:
    /// it lives as long as its predecessor was given.
    pub expiry: Option<(&'a str, f64)>,
    /// Whether the successor is used before it is stored.
    pub verify: bool,
    /// How many earlier generations stay alive.
    pub keep: u32,
    /// Whether successors that a crash left behind are deleted; otherwise they are an error.
    pub delete_unfinished: bool,
}

/// What a rotation came to.
pub struct Rotated<S: Service> {
    /// The new generation, or why there is none.
    pub outcome: Result<Rotation<S>, Stopped<S>>,
    /// The sweep that is still to be done, after the caller has its answer.
    pub unfinished: Option<Unfinished>,
}

/// A rotation that is done.
pub struct Rotation<S: Service> {
    /// The answer that holds the new key.
    pub created: S::Answer,
    /// The ids of the keys that were deleted.
    pub revoked: Vec<String>,
    /// What should have been deleted as well.
    pub pending: Vec<Pending<S>>,
    /// Whether the token may have been deleted.
    pub is_token: bool,
}

/// A key that could not be revoked.
pub struct Pending<S: Service> {
    /// Its id.
    pub key_id: String,
    /// Why.
    pub failure: Failed<S>,
}

/// A rotation that ended before the new key was stored, or may have.
pub struct Stopped<S: Service> {
    /// Where it ended.
    pub stage: Stage,
    /// Why.
    pub hindrance: Hindrance<S>,
    /// The keys that are alive as far as this rotation knows, the rotated one first.
    pub live: Vec<String>,
    /// Where there was a create: what is known of orphans.
    pub aftermath: Option<Aftermath>,
}

/// What is known of keys that nobody holds, where a rotation has ended.
pub struct Aftermath {
    /// What is known of them.
    pub orphans: Orphans,
    /// The ids of those that were deleted.
    pub key_ids: Vec<String>,
    /// The id of the successor, where the caller may hold it: that is none of them.
    pub keep: Option<String>,
}

/// What keeps a rotation from its end.
pub enum Hindrance<S: Service> {
    /// There is no key of this id.
    Missing,
    /// How long the key was given to live cannot be told.
    Lifetime,
    /// It has successors that an earlier rotation left, or that another one works with.
    Unfinished(Vec<Successor>),
    /// Another rotation is at work.
    Conflict {
        /// What it has made.
        successors: Vec<Successor>,
        /// Whether the key that is rotated is not there any more.
        gone: bool,
    },
    /// The caller says that the key is not stored.
    NotStored,
    /// The caller's own code threw, so that nobody knows whether the key is stored.
    Rejected(S::Cause),
    /// A request failed.
    Failed(Failed<S>),
}

/// What became of a key that the caller was to store.
#[derive(Debug)]
pub enum Persisted<C> {
    /// It is stored.
    Stored,
    /// It is not.
    NotStored,
    /// It is not: the caller was not asked, as its signal was aborted before.
    Skipped,
    /// Nobody knows: the caller's code threw this.
    Rejected(C),
    /// Nobody knows: it took too long.
    TimedOut,
    /// Nobody knows: the caller's signal was aborted.
    Aborted,
}

type Keys<S> = Lineage<<<S as Service>::Answer as Answer>::Item>;

impl Rotate<'_> {
    /// Rotates the key.
    pub async fn run<S: Rotator>(&self, call: &Call<'_, S>) -> Rotated<S> {
        let mut unfinished = None;
        let outcome = self.rotate(call, &mut unfinished).await;
        Rotated {
            outcome,
            unfinished,
        }
    }

    async fn rotate<S: Rotator>(
        &self,
        call: &Call<'_, S>,
        unfinished: &mut Option<Unfinished>,
    ) -> Result<Rotation<S>, Stopped<S>> {
        self.begin(call, Stage::Find, None);
        let plan = match self.list(call).await {
            Ok(keys) => self.plan(call.service(), &keys),
            Err(failure) => Err(Hindrance::Failed(failure)),
        };
        let plan = match plan {
            Ok(plan) => plan,
            Err(hindrance) => return Err(self.stopped(Stage::Find, hindrance, None)),
        };

        self.begin(call, Stage::Create, None);
        let create = Create {
            account: self.account,
            user: self.user,
            key: &plan.key,
            mark: Some(self.mark),
        };
        let Created {
            outcome,
            orphans,
            key_ids,
            unfinished: sweep,
            ..
        } = create.run(call).await;
        *unfinished = sweep;
        let mut aftermath = Aftermath {
            orphans,
            key_ids,
            keep: None,
        };
        let finished = match outcome {
            Ok(created) => {
                self.finish(call, plan, created, &mut aftermath, unfinished)
                    .await
            }
            Err(failure) => Err(self.stopped(Stage::Create, Hindrance::Failed(failure), None)),
        };
        finished.map_err(|stopped| Stopped {
            aftermath: Some(aftermath),
            ..stopped
        })
    }

    /// From the create on.
    async fn finish<S: Rotator>(
        &self,
        call: &Call<'_, S>,
        plan: Plan,
        created: S::Answer,
        aftermath: &mut Aftermath,
        unfinished: &mut Option<Unfinished>,
    ) -> Result<Rotation<S>, Stopped<S>> {
        let id = created.item().and_then(|key| key.text("keyId"));
        let id = id.unwrap_or_default();
        let Some(new) = call.service().holding(&created) else {
            let halt = Halt {
                stage: Stage::Create,
                hindrance: Hindrance::Failed(Box::new(Failure::Unreadable {
                    answer: created,
                    reason: "its key is nothing that a header can carry",
                })),
                held: false,
            };
            return Err(self.halt(call, &id, halt, aftermath, unfinished).await);
        };
        let new = call.over(&new);
        if let Err(halt) = self.settle(call, &new, &plan, &created, &id).await {
            return Err(self.halt(call, &id, halt, aftermath, unfinished).await);
        }
        let mut rotation = Rotation {
            created,
            revoked: Vec::new(),
            pending: Vec::new(),
            is_token: plan.is_token && self.keep == 0,
        };
        self.begin(call, Stage::Revoke, Some(&id));
        self.revoke(call, &new, plan, &mut rotation).await;
        Ok(rotation)
    }

    /// Ends a rotation that has a successor. What may be stored stays alive; what nobody has is taken
    /// back.
    async fn halt<S: Service>(
        &self,
        call: &Call<'_, S>,
        id: &str,
        Halt {
            stage,
            hindrance,
            held,
        }: Halt<S>,
        aftermath: &mut Aftermath,
        unfinished: &mut Option<Unfinished>,
    ) -> Stopped<S> {
        let mut left = Some(id.into());
        if held {
            call.service().notify(&Event::RotationUnknown {
                key_id: self.key_id,
                successor_id: id,
            });
            aftermath.keep.clone_from(&left);
        } else if self.withdraw(call, id, &hindrance, unfinished).await {
            left = None;
        } else {
            aftermath.orphans = Orphans::Unknown;
        }
        self.stopped(stage, hindrance, left)
    }

    /// What is to be done, before anything is.
    fn plan<S: Rotator>(&self, service: &S, keys: &Keys<S>) -> Result<Plan, Hindrance<S>> {
        let line = keys.line(self.key_id);
        let Some(current) = line.first() else {
            return Err(Hindrance::Missing);
        };
        let now_ms = service.now_ms();
        let left = keys.successors(self.key_id);
        let left: Vec<Successor> = left.iter().map(|each| each.as_successor(now_ms)).collect();
        if !self.delete_unfinished && !left.is_empty() {
            return Err(Hindrance::Unfinished(left));
        }
        let (expire_time, lifetime_ms) = match self.expiry {
            Some((time, ms)) => (Some(time.to_owned()), Some(ms)),
            None => match lifetime(&current.key) {
                Lifetime::Endless => (None, None),
                Lifetime::Ms(ms) => {
                    let text = service.time_text(now_ms + ms);
                    (Some(text.ok_or(Hindrance::Lifetime)?), Some(ms))
                }
                Lifetime::Unknown => return Err(Hindrance::Lifetime),
            },
        };
        // The oldest generation first, and the key itself last: it may be the token.
        let beyond = line.iter().skip(self.keep as usize).rev().copied();
        let remains = keys.remains(&line).into_iter();
        let ids = left.iter().map(|left| &left.key_id);
        let ids = ids.chain(remains.chain(beyond).map(|listed| &listed.id));
        let mut revoke: Vec<String> = Vec::new();
        for id in ids {
            if !revoke.contains(id) && (id != self.key_id || self.keep == 0) {
                revoke.push(id.clone());
            }
        }
        Ok(Plan {
            key: NewKey {
                display_name: current.key.text("displayName"),
                expire_time,
                annotations: Some(self.annotations(&current.key, lifetime_ms, &revoke)),
            },
            is_token: service.may_be(&current.key),
            left,
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
        let mark = self.mark.annotations();
        annotations.extend(mark.map(|(name, value)| (name.into(), value.into())));
        annotations.push((ROTATES.into(), self.key_id.into()));
        if let Some(ms) = lifetime_ms {
            let seconds = (ms / 1_000.0).round().max(1.0) as u32;
            annotations.push((LIFETIME.into(), seconds.to_string()));
        }
        let record: Vec<&str> = revoke
            .iter()
            .take(LONGEST_RECORD)
            .map(String::as_str)
            .collect();
        if !record.is_empty() {
            annotations.push((REVOKES.into(), record.join(" ")));
        }
        annotations
    }

    /// From the create to the caller's store.
    async fn settle<S: Rotator>(
        &self,
        call: &Call<'_, S>,
        new: &Call<'_, S>,
        plan: &Plan,
        created: &S::Answer,
        id: &str,
    ) -> Result<(), Halt<S>> {
        let failed = |stage, hindrance, held| Halt {
            stage,
            hindrance,
            held,
        };
        self.begin(call, Stage::Compare, Some(id));
        let compared = self.compare(call, plan, created, id).await;
        compared.map_err(|hindrance| failed(Stage::Compare, hindrance, false))?;
        if self.verify {
            self.begin(call, Stage::Verify, Some(id));
            let verified = self.try_out(new).await.map_err(Hindrance::Failed);
            verified.map_err(|hindrance| failed(Stage::Verify, hindrance, false))?;
        }
        self.begin(call, Stage::Persist, Some(id));
        let left_ms = call.left_ms();
        let (hindrance, held) = if left_ms > 0.0 {
            match call.service().persist(created, left_ms).await {
                Persisted::Stored => return Ok(()),
                Persisted::NotStored => (Hindrance::NotStored, false),
                Persisted::Skipped => (Hindrance::Failed(Box::new(Failure::Aborted)), false),
                Persisted::Rejected(cause) => (Hindrance::Rejected(cause), true),
                Persisted::TimedOut => (Hindrance::Failed(call.out_of_time()), true),
                Persisted::Aborted => (Hindrance::Failed(Box::new(Failure::Aborted)), true),
            }
        } else {
            (Hindrance::Failed(call.out_of_time()), false)
        };
        Err(failed(Stage::Persist, hindrance, held))
    }

    /// Looks whether another rotation is at work: since ours began there is another successor, or the
    /// key itself is gone. What a crash left is old; what is young may be another rotation's.
    async fn compare<S: Rotator>(
        &self,
        call: &Call<'_, S>,
        plan: &Plan,
        created: &S::Answer,
        id: &str,
    ) -> Result<(), Hindrance<S>> {
        let keys = self.list(call).await.map_err(Hindrance::Failed)?;
        let left_behind = |other: &Listed<_>| {
            let known = plan.left.iter().any(|left| left.key_id == other.id);
            known && is_left_behind(created, created_ms(&other.key))
        };
        let now_ms = call.service().now_ms();
        let mut others = keys.successors(self.key_id);
        others
            .retain(|other| other.id != id && !self.mark.is_on(&other.key) && !left_behind(other));
        let gone = keys.get(self.key_id).is_none();
        if others.is_empty() && !gone {
            return Ok(());
        }
        Err(Hindrance::Conflict {
            successors: others
                .iter()
                .map(|other| other.as_successor(now_ms))
                .collect(),
            gone,
        })
    }

    /// Uses the new key. That it may not read the account shows that it is known.
    async fn try_out<S: Service>(&self, new: &Call<'_, S>) -> Outcome<S, ()> {
        let request = Request {
            method: "GET",
            path: path::account(self.account),
            payload: None,
        };
        let service = new.service();
        let until_ms = service.elapsed_ms() + ACTIVATION_MS;
        let mut refused = 0;
        loop {
            let failure = match new.send(&request).await.outcome {
                Ok(_) => return Ok(()),
                Err(failure) => failure,
            };
            match &*failure {
                Failure::Refused { answer, .. } if answer.status() == 403 => return Ok(()),
                Failure::Refused { answer, .. } if answer.status() == 401 => {}
                _ => return Err(failure),
            }
            refused += 1;
            let delay_ms = retry::backoff_ms(refused, service.random());
            let left_ms = new.left_ms().min(until_ms - service.elapsed_ms());
            if delay_ms >= left_ms {
                return Err(failure);
            }
            service.notify(&Event::Retry {
                attempt: refused,
                delay_ms,
                reason: RetryReason::Status,
                status: Some(401),
            });
            if service.sleep(delay_ms).await.is_err() {
                return Err(Box::new(Failure::Aborted));
            }
        }
    }

    /// Deletes what the plan says. The new key is stored, so that nothing here is a failure: what
    /// cannot be deleted now is noted on the successor, and the next rotation's to delete.
    async fn revoke<S: Service>(
        &self,
        call: &Call<'_, S>,
        new: &Call<'_, S>,
        plan: Plan,
        rotation: &mut Rotation<S>,
    ) {
        let (first, second) = if plan.is_token {
            (new, call)
        } else {
            (call, new)
        };
        for key_id in plan.revoke {
            let mut outcome = delete(first, self.account, self.user, &key_id, true).await;
            if is_refused::<S>(&outcome, &[401, 403]) {
                let other = delete(second, self.account, self.user, &key_id, true).await;
                // A 401 tells of the token alone.
                if !is_refused::<S>(&other, &[401]) {
                    outcome = other;
                }
            }
            match outcome {
                Ok(()) => rotation.revoked.push(key_id),
                Err(failure) => rotation.pending.push(Pending { key_id, failure }),
            }
        }
    }

    /// Deletes the successor, which nobody has; where the caller wants to be answered at once, later.
    /// Returns whether it is deleted.
    async fn withdraw<S: Service>(
        &self,
        call: &Call<'_, S>,
        id: &str,
        hindrance: &Hindrance<S>,
        unfinished: &mut Option<Unfinished>,
    ) -> bool {
        let interrupted = match hindrance {
            Hindrance::Failed(failure) if failure.interrupts() => true,
            _ => match delete(call, self.account, self.user, id, true).await {
                Ok(()) => return true,
                Err(failure) => failure.interrupts(),
            },
        };
        if interrupted {
            let sweep = Sweep {
                account: self.account.into(),
                user: self.user.into(),
                mark: self.mark.clone(),
                keep: None,
                named: Some(id.into()),
            };
            let expected = 1 + u32::from(unfinished.is_some());
            *unfinished = Some(Unfinished::interrupted(sweep, expected, true));
        } else {
            call.service().notify(&Event::OrphansUnknown {
                attempt_tag: Some(&self.mark.tag),
                keep_key_id: None,
            });
        }
        false
    }

    async fn list<S: Service>(&self, call: &Call<'_, S>) -> Outcome<S, Keys<S>> {
        let mut keys = Lineage::default();
        let list = Page {
            account: self.account,
            collection: Collection::Keys { user: self.user },
            query: &[],
        };
        pages(call, &list, &mut |answer: &S::Answer| {
            let listed = answer.items("apiKeys").unwrap_or_default();
            listed.into_iter().try_for_each(|key| keys.push(key))
        })
        .await?;
        Ok(keys)
    }

    fn begin<S: Service>(&self, call: &Call<'_, S>, stage: Stage, successor_id: Option<&str>) {
        call.service().notify(&Event::Rotation {
            stage,
            // What the caller takes for an id is told once it is one.
            key_id: (stage != Stage::Find).then_some(self.key_id),
            successor_id,
        });
    }

    /// Where the rotation ended; `left` is the successor, if it is alive.
    fn stopped<S: Service>(
        &self,
        stage: Stage,
        hindrance: Hindrance<S>,
        left: Option<String>,
    ) -> Stopped<S> {
        let (gone, successors) = match &hindrance {
            Hindrance::Missing => (true, &[][..]),
            Hindrance::Failed(_) => (stage == Stage::Find, &[][..]),
            Hindrance::Unfinished(successors) => (false, &successors[..]),
            Hindrance::Conflict { successors, gone } => (*gone, &successors[..]),
            _ => (false, &[][..]),
        };
        let mut live = Vec::new();
        if !gone {
            live.push(self.key_id.into());
        }
        live.extend(left);
        live.extend(successors.iter().map(|each| each.key_id.clone()));
        Stopped {
            stage,
            hindrance,
            live,
            aftermath: None,
        }
    }
}

/// What ends a rotation that has a successor.
struct Halt<S: Service> {
    stage: Stage,
    hindrance: Hindrance<S>,
    /// Whether the caller may have stored the successor.
    held: bool,
}

/// What a rotation is to do.
struct Plan {
    /// The successor to be.
    key: NewKey,
    /// Whether the token may be the key that is rotated.
    is_token: bool,
    /// The successors that are there already.
    left: Vec<Successor>,
    /// What is deleted once the successor is stored, in this order.
    revoke: Vec<String>,
}

/// Whether a request was refused with one of these statuses.
fn is_refused<S: Service>(outcome: &Outcome<S, ()>, statuses: &[u16]) -> bool {
    let failure = outcome.as_ref().err().map(|failure| &**failure);
    matches!(failure, Some(Failure::Refused { answer, .. }) if statuses.contains(&answer.status()))
}

/// Whether a key is so much older than ours, by the service's times, that no rotation is at work with
/// it any more.
fn is_left_behind(ours: &impl Answer, other_ms: Option<f64>) -> bool {
    let ours_ms = ours.item().as_ref().and_then(created_ms);
    let older_ms = ours_ms.zip(other_ms).map(|(ours, other)| ours - other);
    older_ms.is_some_and(|ms| ms >= LEFT_BEHIND_MS)
}

/// How long a key was given to live.
enum Lifetime {
    Endless,
    Ms(f64),
    Unknown,
}

/// The lifetime of a key: as the rotation that made it noted it, otherwise from its times.
fn lifetime(key: &impl Item) -> Lifetime {
    if key.is_blank("expireTime") {
        return Lifetime::Endless;
    }
    let noted = key.annotation(LIFETIME).and_then(|text| text.parse().ok());
    if let Some(seconds @ 1_u32..) = noted {
        return Lifetime::Ms(f64::from(seconds) * 1_000.0);
    }
    let ends = key.text("expireTime");
    let ends_ms = ends.as_deref().and_then(time::parse_rfc3339);
    match ends_ms.zip(created_ms(key)) {
        Some((ends_ms, created_ms)) if ends_ms > created_ms => Lifetime::Ms(ends_ms - created_ms),
        _ => Lifetime::Unknown,
    }
}
