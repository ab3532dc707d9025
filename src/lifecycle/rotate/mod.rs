//! Rotation: a successor is created, tried and stored before anything older is deleted, so that
//! whatever the caller has stored works, wherever it ends.

mod outcome;
mod plan;

use plan::Plan;

pub use outcome::{Aftermath, Hindrance, Pending, Persisted, Rotated, Rotation, Stopped};

use super::lineage::{Lineage, Listed, created_ms};
use super::list::{Collection, Page, pages};
use super::{
    Answer, Call, Create, Event, Failure, Item, Mark, NewKey, Orphans, Outcome, Request,
    RetryReason, Rotator, Service, Stage, Successor, Sweep, Unfinished, delete, path, retry,
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
        let mut progress = Progress {
            rotate: self,
            call,
            stage: Stage::Find,
            successor: None,
            held: false,
            aftermath: None,
            unfinished: None,
        };
        let outcome = match progress.rotate().await {
            Ok(rotation) => Ok(rotation),
            Err(hindrance) => Err(progress.stop(hindrance).await),
        };
        Rotated {
            outcome,
            unfinished: progress.unfinished,
        }
    }
}

/// A rotation under way: what there is to know of it, wherever it ends.
struct Progress<'a, S: Service> {
    rotate: &'a Rotate<'a>,
    call: &'a Call<'a, S>,
    stage: Stage,
    /// The id of the successor, while it is alive.
    successor: Option<String>,
    /// Whether the caller may have stored the successor.
    held: bool,
    aftermath: Option<Aftermath>,
    unfinished: Option<Unfinished>,
}

impl<S: Rotator> Progress<'_, S> {
    async fn rotate(&mut self) -> Result<Rotation<S>, Hindrance<S>> {
        let service = self.call.service();
        self.begin(Stage::Find);
        let keys = self.list().await?;
        let plan = self.rotate.plan(service, &keys)?;
        drop(keys);

        self.begin(Stage::Create);
        let created = self.create(&plan.key).await?;
        let Some(new) = service.holding(&created) else {
            return Err(Hindrance::Failed(Box::new(Failure::Unreadable {
                answer: created,
                reason: "its key is nothing that a header can carry",
            })));
        };
        let new = self.call.over(&new);

        self.begin(Stage::Compare);
        self.compare(&plan.left, &created).await?;
        if self.rotate.verify {
            self.begin(Stage::Verify);
            self.try_out(&new).await?;
        }
        self.begin(Stage::Persist);
        self.persist(&created).await?;

        self.begin(Stage::Revoke);
        Ok(self.revoke(&new, plan, created).await)
    }

    /// Begins the next stage.
    fn begin(&mut self, stage: Stage) {
        self.stage = stage;
        self.call.service().notify(&Event::Rotation {
            stage,
            // What the caller takes for an id is told once it is one.
            key_id: (stage != Stage::Find).then_some(self.rotate.key_id),
            successor_id: self.successor.as_deref(),
        });
    }

    async fn list(&self) -> Outcome<S, Keys<S>> {
        let mut keys = Lineage::default();
        let list = Page {
            account: self.rotate.account,
            collection: Collection::Keys {
                user: self.rotate.user,
            },
            query: &[],
        };
        pages(self.call, &list, &mut |answer: &S::Answer| {
            let mut listed = answer.items("apiKeys").into_iter().flatten();
            listed.try_for_each(|key| keys.push(key))
        })
        .await?;
        Ok(keys)
    }

    async fn create(&mut self, key: &NewKey) -> Outcome<S> {
        let create = Create {
            account: self.rotate.account,
            user: self.rotate.user,
            key,
            mark: Some(self.rotate.mark),
        };
        let created = create.run(self.call).await;
        self.unfinished = created.unfinished;
        self.aftermath = Some(Aftermath {
            orphans: created.orphans,
            key_ids: created.key_ids,
            keep: None,
        });
        let answer = created.outcome?;
        self.successor = answer.item().and_then(|key| key.text("keyId"));
        Ok(answer)
    }

    /// Looks whether another rotation is at work: since ours began there is another successor, or the
    /// key itself is gone. What a crash left is old; what is young may be another rotation's.
    async fn compare(&self, left: &[Successor], created: &S::Answer) -> Result<(), Hindrance<S>> {
        let keys = self.list().await?;
        let Rotate { key_id, mark, .. } = self.rotate;
        let ours = self.successor.as_ref();
        let left_behind = |other: &Listed<_>| {
            let known = left.iter().any(|left| left.key_id == other.id);
            known && is_left_behind(created, created_ms(&other.key))
        };
        let now_ms = self.call.service().now_ms();
        let mut others = keys.successors(key_id);
        others.retain(|other| {
            Some(&other.id) != ours && !mark.is_on(&other.key) && !left_behind(other)
        });
        let gone = keys.get(key_id).is_none();
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
    async fn try_out(&self, new: &Call<'_, S>) -> Outcome<S, ()> {
        let request = Request {
            method: "GET",
            path: path::account(self.rotate.account),
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

    /// Has the caller store the new key.
    async fn persist(&mut self, created: &S::Answer) -> Result<(), Hindrance<S>> {
        let left_ms = self.call.left_ms();
        if left_ms <= 0.0 {
            return Err(Hindrance::Failed(self.call.out_of_time()));
        }
        let persisted = self.call.service().persist(created, left_ms).await;
        self.held = !matches!(persisted, Persisted::NotStored | Persisted::Skipped);
        Err(match persisted {
            Persisted::Stored => return Ok(()),
            Persisted::NotStored => Hindrance::NotStored,
            Persisted::Rejected(cause) => Hindrance::Rejected(cause),
            Persisted::TimedOut => Hindrance::Failed(self.call.out_of_time()),
            Persisted::Skipped | Persisted::Aborted => {
                Hindrance::Failed(Box::new(Failure::Aborted))
            }
        })
    }

    /// Deletes what the plan says. The new key is stored, so that nothing here is a failure: what
    /// cannot be deleted now is noted on the successor, and the next rotation's to delete.
    async fn revoke(&self, new: &Call<'_, S>, plan: Plan, created: S::Answer) -> Rotation<S> {
        let Rotate {
            account,
            user,
            keep,
            ..
        } = *self.rotate;
        let (first, second) = if plan.is_token {
            (new, self.call)
        } else {
            (self.call, new)
        };
        let mut rotation = Rotation {
            created,
            revoked: Vec::new(),
            pending: Vec::new(),
            is_token: plan.is_token && keep == 0,
        };
        for key_id in plan.revoke {
            let mut outcome = delete(first, account, user, &key_id, true).await;
            if is_refused::<S>(&outcome, &[401, 403]) {
                let other = delete(second, account, user, &key_id, true).await;
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
        rotation
    }

    /// Ends the rotation. A successor that may be stored stays alive; one that nobody has is taken back.
    async fn stop(&mut self, hindrance: Hindrance<S>) -> Stopped<S> {
        let mut aftermath = self.aftermath.take();
        if let (Some(id), Some(aftermath)) = (self.successor.take(), &mut aftermath) {
            if self.held {
                self.call.service().notify(&Event::RotationUnknown {
                    key_id: self.rotate.key_id,
                    successor_id: &id,
                });
                aftermath.keep = Some(id.clone());
                self.successor = Some(id);
            } else if !self.withdraw(&id, &hindrance).await {
                aftermath.orphans = Orphans::Unknown;
                self.successor = Some(id);
            }
        }
        Stopped {
            stage: self.stage,
            live: self.live(&hindrance),
            hindrance,
            aftermath,
        }
    }

    /// Deletes the successor, which nobody has; where the caller wants to be answered at once, later.
    /// Returns whether it is deleted.
    async fn withdraw(&mut self, id: &str, hindrance: &Hindrance<S>) -> bool {
        let Rotate {
            account,
            user,
            mark,
            ..
        } = *self.rotate;
        let interrupted = match hindrance {
            Hindrance::Failed(failure) if failure.interrupts() => true,
            _ => match delete(self.call, account, user, id, true).await {
                Ok(()) => return true,
                Err(failure) => failure.interrupts(),
            },
        };
        if interrupted {
            let sweep = Sweep {
                account: account.into(),
                user: user.into(),
                mark: mark.clone(),
                keep: None,
                named: Some(id.into()),
            };
            let expected = 1 + u32::from(self.unfinished.is_some());
            self.unfinished = Some(Unfinished::interrupted(sweep, expected, true));
        } else {
            self.call.service().notify(&Event::OrphansUnknown {
                attempt_tag: Some(&mark.tag),
                keep_key_id: None,
            });
        }
        false
    }

    /// The keys that are alive as far as is known, the rotated one first.
    fn live(&self, hindrance: &Hindrance<S>) -> Vec<String> {
        let (gone, successors) = match hindrance {
            Hindrance::Missing => (true, &[][..]),
            Hindrance::Failed(_) => (self.stage == Stage::Find, &[][..]),
            Hindrance::Unfinished(successors) => (false, &successors[..]),
            Hindrance::Conflict { successors, gone } => (*gone, &successors[..]),
            _ => (false, &[][..]),
        };
        let mut live = Vec::new();
        if !gone {
            live.push(self.rotate.key_id.into());
        }
        live.extend(self.successor.clone());
        live.extend(successors.iter().map(|each| each.key_id.clone()));
        live
    }
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
