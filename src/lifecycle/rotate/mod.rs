//! Rotation: a successor is created, tried and stored before anything older is deleted, so that
//! whatever the caller has stored works, wherever it ends.

mod outcome;
mod plan;

use plan::Plan;

pub use outcome::{Aftermath, Hindrance, Pending, Persisted, Rotated, Rotation, Stopped};

use super::lineage::{Lineage, Listed, created_ms};
use super::list::{Collection, Page, pages};
use super::{
    Answer, Call, Create, Created, Event, Failure, Item, Mark, Orphans, Outcome, Request,
    RetryReason, Rotator, Service, Stage, Sweep, Unfinished, delete, path, retry,
};

/// By how much a successor must be older than ours before it counts as left by a crash, in
/// milliseconds: no rotation at work takes that long.
const LEFT_BEHIND_MS: f64 = 15.0 * 60_000.0;

/// How long a new key may be refused as unknown before it counts as broken, in milliseconds.
const ACTIVATION_MS: f64 = 30_000.0;

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
            let mut listed = answer.items("apiKeys").into_iter().flatten();
            listed.try_for_each(|key| keys.push(key))
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
