//! Rotation: a successor is created, tried and stored before anything older is deleted, so that
//! whatever the caller has stored works, wherever it ends.

use super::lineage::{Lineage, Listed, Successor, created_ms};
use super::list::{Collection, Page, pages};
use super::mark::{RESERVED, REVOKES, ROTATES};
use super::{
    Answer, Call, Create, Created, Event, Failure, Item, Mark, NewKey, Orphans, Outcome, Request,
    RetryReason, Rotator, Service, Stage, Sweep, Unfinished, delete, path, retry, time,
};

/// By how much a successor must be older than ours before it counts as left by a crash, in
/// milliseconds: no rotation at work takes that long.
const LEFT_BEHIND_MS: f64 = 15.0 * 60_000.0;

/// How long a new key may be refused as unknown before it counts as broken, in milliseconds.
const ACTIVATION_MS: f64 = 30_000.0;

/// How many keys that are to be revoked are noted on the successor: no more than a service may be
/// expected to keep.
const LONGEST_RECORD: usize = 16;

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
    /// When the successor ends; absent: it lives as long as its predecessor was given.
    pub expire_time: Option<&'a str>,
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
}

/// A key that could not be revoked.
pub struct Pending<S: Service> {
    /// Its id.
    pub key_id: String,
    /// Why.
    pub failure: Failure<S::Answer, S::Cause>,
}

/// A rotation that ended before the new key was stored, or may have.
pub struct Stopped<S: Service> {
    /// Where it ended.
    pub stage: Stage,
    /// Why.
    pub hindrance: Hindrance<S>,
    /// The keys that are alive as far as this rotation knows, the rotated one first.
    pub live: Vec<String>,
    /// Where the create failed: what is known of orphans, and the ids of those deleted.
    pub orphans: Option<(Orphans, Vec<String>)>,
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
    Failed(Failure<S::Answer, S::Cause>),
}

/// What became of a key that the caller was to store.
#[derive(Debug)]
pub enum Persisted<C> {
    /// It is stored.
    Stored,
    /// It is not.
    NotStored,
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
        let before = match self.list(call).await {
            Ok(keys) => keys,
            Err(failure) => return self.stop(Stage::Find, Hindrance::Failed(failure), None),
        };
        let plan = match self.plan(call.service(), &before) {
            Ok(plan) => plan,
            Err(hindrance) => return self.stop(Stage::Find, hindrance, None),
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
        let created = match outcome {
            Ok(answer) => answer,
            Err(failure) => {
                let stopped = self.stop(Stage::Create, Hindrance::Failed(failure), None);
                return stopped.map_err(|stopped| Stopped {
                    orphans: Some((orphans, key_ids)),
                    ..stopped
                });
            }
        };
        let id = created.item().and_then(|key| key.text("keyId"));
        let id = id.unwrap_or_default();
        let Some(new) = call.service().holding(&created) else {
            let hindrance = Hindrance::Failed(Failure::Unreadable {
                answer: created,
                reason: "its key is nothing that a header can carry",
            });
            let left = !self.withdraw(call, &id, &hindrance, unfinished).await;
            return self.stop(Stage::Create, hindrance, left.then_some(id));
        };
        let new = call.over(&new);

        match self.settle(call, &new, &plan, &created, &id).await {
            Ok(()) => {
                let mut rotation = Rotation {
                    created,
                    revoked: Vec::new(),
                    pending: Vec::new(),
                };
                self.begin(call, Stage::Revoke, Some(&id));
                self.revoke(call, &new, plan, &mut rotation).await;
                Ok(rotation)
            }
            Err((stage, hindrance)) => {
                // What may be stored stays alive; what nobody has is taken back.
                let unknown = stage == Stage::Persist && !matches!(hindrance, Hindrance::NotStored);
                let left = unknown || !self.withdraw(call, &id, &hindrance, unfinished).await;
                self.stop(stage, hindrance, left.then_some(id))
            }
        }
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
        let expire_time = match (self.expire_time, lifetime(&current.key)) {
            (Some(time), _) => Some(time.into()),
            (None, Lifetime::Endless) => None,
            (None, Lifetime::Ms(ms)) => {
                let text = service.time_text(now_ms + ms);
                Some(text.ok_or(Hindrance::Lifetime)?)
            }
            (None, Lifetime::Unknown) => return Err(Hindrance::Lifetime),
        };
        let mut strays = match self.delete_unfinished {
            true => keys.strays(&line),
            false => Vec::new(),
        };
        strays.retain(|(id, _)| left.iter().all(|left| left.key_id != *id));
        // The oldest generation first, and the key itself last: it may be the token.
        let beyond = line.iter().skip(self.keep as usize).rev().copied();
        let remains = keys.remains(&line).into_iter();
        let ids = left.iter().map(|left| &left.key_id);
        let ids = ids.chain(strays.iter().map(|(id, _)| id));
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
                annotations: Some(self.annotations(&current.key, &revoke)),
            },
            is_token: service.may_be(&current.key),
            left,
            strays,
            revoke,
        })
    }

    /// The successor's annotations: those of its predecessor, and what it is recognised by.
    fn annotations(&self, current: &impl Item, revoke: &[String]) -> Vec<(String, String)> {
        let mut annotations = current.annotations();
        annotations.retain(|(name, _)| !name.starts_with(RESERVED));
        let mark = self.mark.annotations();
        annotations.extend(mark.map(|(name, value)| (name.into(), value.into())));
        annotations.push((ROTATES.into(), self.key_id.into()));
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
    ) -> Result<(), (Stage, Hindrance<S>)> {
        self.begin(call, Stage::Compare, Some(id));
        let compared = self.compare(call, plan, created, id).await;
        compared.map_err(|hindrance| (Stage::Compare, hindrance))?;
        if self.verify {
            self.begin(call, Stage::Verify, Some(id));
            let verified = self.try_out(new).await;
            verified.map_err(|failure| (Stage::Verify, Hindrance::Failed(failure)))?;
        }
        self.begin(call, Stage::Persist, Some(id));
        let hindrance = match call.service().persist(created, call.left_ms()).await {
            Persisted::Stored => return Ok(()),
            Persisted::NotStored => Hindrance::NotStored,
            Persisted::Rejected(cause) => Hindrance::Rejected(cause),
            Persisted::TimedOut => Hindrance::Failed(call.out_of_time()),
            Persisted::Aborted => Hindrance::Failed(Failure::Aborted),
        };
        Err((Stage::Persist, hindrance))
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
            match &failure {
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
                return Err(Failure::Aborted);
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
            let stray = plan.strays.iter().find(|(id, _)| *id == key_id);
            if stray.is_some_and(|(_, ms)| !is_left_behind(&rotation.created, Some(*ms))) {
                continue;
            }
            let mut outcome = delete(first, self.account, self.user, &key_id, true).await;
            if let Err(Failure::Refused { answer, .. }) = &outcome
                && matches!(answer.status(), 401 | 403)
                && let Ok(()) = delete(second, self.account, self.user, &key_id, true).await
            {
                outcome = Ok(());
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
        let interrupts = |failure: &Failure<_, _>| failure.interrupts();
        let interrupted = match hindrance {
            Hindrance::Failed(failure) if interrupts(failure) => true,
            _ => match delete(call, self.account, self.user, id, true).await {
                Ok(()) => return true,
                Err(failure) => interrupts(&failure),
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
        pages(call, &list, |answer: &S::Answer| {
            let listed = answer.items("apiKeys").unwrap_or_default();
            listed.into_iter().try_for_each(|key| keys.push(key))
        })
        .await?;
        Ok(keys)
    }

    fn begin<S: Service>(&self, call: &Call<'_, S>, stage: Stage, successor_id: Option<&str>) {
        call.service().notify(&Event::Rotation {
            stage,
            key_id: self.key_id,
            successor_id,
        });
    }

    /// Ends the rotation; `left` is the successor, if it is alive.
    fn stop<S: Service, T>(
        &self,
        stage: Stage,
        hindrance: Hindrance<S>,
        left: Option<String>,
    ) -> Result<T, Stopped<S>> {
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
        Err(Stopped {
            stage,
            hindrance,
            live,
            orphans: None,
        })
    }
}

/// What a rotation is to do.
struct Plan {
    /// The successor to be.
    key: NewKey,
    /// Whether the token may be the key that is rotated.
    is_token: bool,
    /// The successors that are there already.
    left: Vec<Successor>,
    /// What a rotation with another key id has left, and when it was created.
    strays: Vec<(String, f64)>,
    /// What is deleted once the successor is stored, in this order.
    revoke: Vec<String>,
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

/// The lifetime of a key from its times. They come from two clocks and are a request apart, so they
/// are rounded: otherwise each successor would live a little shorter than the one before.
fn lifetime(key: &impl Item) -> Lifetime {
    const HALF_AN_HOUR_MS: f64 = 1_800_000.0;
    if key.is_blank("expireTime") {
        return Lifetime::Endless;
    }
    let ends_ms = key
        .text("expireTime")
        .as_deref()
        .and_then(time::parse_rfc3339);
    match ends_ms.zip(created_ms(key)) {
        Some((ends_ms, created_ms)) if ends_ms > created_ms => {
            let ms = ends_ms - created_ms;
            let unit_ms = if ms < HALF_AN_HOUR_MS {
                1_000.0
            } else {
                60_000.0
            };
            Lifetime::Ms((ms / unit_ms).round().max(1.0) * unit_ms)
        }
        _ => Lifetime::Unknown,
    }
}
