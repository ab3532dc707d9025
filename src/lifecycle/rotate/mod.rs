//! Rotation: a successor is created, tried and stored before anything older is deleted. So wherever a
//! rotation ends, the key that the caller has stored works.

mod outcome;
mod plan;
mod stop;

use plan::Plan;

pub use outcome::{Aftermath, Pending, Rotated, Rotation, RotationError, RotationErrorKind};

use super::delete::{Deletion, LAG_MS, Shown};
use super::lifetime::made_ms;
use super::lineage::{Lineage, Listed, created_ms};
use super::list::every_key;
use super::names::{has, sorted};
use super::{
    Answer, Body, Call, Create, End, Error, Event, Item, KeyStore, Mark, NewKey, Outcome,
    Persisted, Request, Rotator, Service, Stage, Successor, Unfinished, path,
};

/// By how much a successor must be older than ours to count as left by a crash, in milliseconds: no
/// rotation takes that long.
const LEFT_BEHIND_MS: f64 = 15.0 * 60_000.0;

/// For how long a new key may be refused as unknown before it counts as broken, in milliseconds.
const ACTIVATION_MS: f64 = 30_000.0;

/// A rotation: which key, and how it is rotated.
pub struct Rotate<'a> {
    /// The account's id.
    pub account: &'a str,
    /// The id of the key's owner.
    pub user: &'a str,
    /// The key that is rotated: the one that the caller has stored.
    pub key_id: &'a str,
    /// What the keys of the successor's create are recognised by.
    pub mark: &'a Mark,
    /// When the successor ends; absent: it gets the lifetime that its predecessor was given.
    pub end: Option<&'a End>,
    /// Whether the successor is used before it is stored.
    pub verify: bool,
    /// How many earlier generations stay alive.
    pub keep: u32,
    /// Whether successors that a crash left behind are deleted; otherwise they are an error.
    pub delete_unfinished: bool,
}

type Keys<S> = Lineage<<<S as Service>::Answer as Answer>::Item>;

impl Rotate<'_> {
    /// Rotates the key, and has `store` keep the new one.
    pub async fn run<S: Rotator>(
        &self,
        call: &Call<'_, S>,
        store: &impl KeyStore<S>,
    ) -> Rotated<S> {
        let mut progress = Progress {
            rotate: self,
            call,
            stage: Stage::Find,
            successor: None,
            held: false,
            aftermath: None,
            unfinished: None,
        };
        let outcome = match progress.rotate(store).await {
            Ok(rotation) => Ok(rotation),
            Err(kind) => Err(progress.stop(kind).await),
        };
        Rotated {
            outcome,
            unfinished: progress.unfinished,
        }
    }
}

/// A rotation under way, and what its caller must be told wherever it ends.
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
    async fn rotate(
        &mut self,
        store: &impl KeyStore<S>,
    ) -> Result<Rotation<S>, RotationErrorKind<S>> {
        let service = self.call.service();
        self.begin(Stage::Find);
        let keys = self.list().await?;
        let plan = self.rotate.plan(service, &keys)?;
        drop(keys);

        self.begin(Stage::Create);
        let created = self.create(&plan.key).await?;
        let Some(new) = service.with_key_of(&created) else {
            return Err(RotationErrorKind::Request(Box::new(Error::Unreadable {
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
        self.persist(store, &created).await?;

        self.begin(Stage::Revoke);
        Ok(self.revoke(&new, plan, created).await)
    }

    /// Begins the next stage.
    fn begin(&mut self, stage: Stage) {
        self.stage = stage;
        self.call.service().notify(&Event::Rotation {
            stage,
            // What the caller gave as an id is repeated only once the list has shown it to be one.
            key_id: (stage != Stage::Find).then_some(self.rotate.key_id),
            successor_id: self.successor.as_deref(),
        });
    }

    /// Lists the user's keys, once more if the rotated one is missing: a list may lag behind.
    async fn list(&self) -> Outcome<S, Keys<S>> {
        let Rotate {
            account,
            user,
            key_id,
            ..
        } = *self.rotate;
        let mut is_last = false;
        loop {
            let mut keys = Lineage::default();
            every_key(self.call, account, user, &[], &mut |key| keys.push(key)).await?;
            if is_last || keys.get(key_id).is_some() || !self.call.waits(LAG_MS).await? {
                return Ok(keys);
            }
            is_last = true;
        }
    }

    async fn create(&mut self, key: &NewKey) -> Result<S::Answer, RotationErrorKind<S>> {
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
        match created.outcome {
            Ok(answer) => {
                self.successor = answer.item().and_then(|key| key.text("keyId"));
                Ok(answer)
            }
            Err(error) if created.lives_too_long && !error.interrupts() => {
                self.successor = created.live;
                Err(RotationErrorKind::LivesTooLong(error))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Looks for another rotation at work: since ours began there is another successor, or the key
    /// itself is gone. A successor that a crash left is old; a young one may be another rotation's.
    async fn compare(
        &self,
        left: &[Successor],
        created: &S::Answer,
    ) -> Result<(), RotationErrorKind<S>> {
        let keys = self.list().await?;
        let Rotate { key_id, mark, .. } = self.rotate;
        let ours = self.successor.as_ref();
        let left = sorted(&mut left.iter().map(|left| left.key_id.as_bytes()));
        let left_behind = |other: &Listed<_>| {
            has(&left, &other.id) && is_left_behind(created, created_ms(&other.key))
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
        Err(RotationErrorKind::Conflict {
            successors: others
                .iter()
                .map(|other| other.as_successor(now_ms))
                .collect(),
            gone,
        })
    }

    /// Uses the new key. It works if it can read our account. If the API denies it that, the service knows
    /// it as well. Anything else may come from something on the way, such as a sign-in page.
    async fn try_out(&self, new: &Call<'_, S>) -> Outcome<S, ()> {
        let request = Request {
            method: "GET",
            path: path::account(self.rotate.account),
            payload: None,
        };
        let tried = new.send_anew(request, ACTIVATION_MS, &|_| Ok(())).await;
        let answer = match tried.outcome {
            Ok(answer) => answer,
            Err(error) if is_denial(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        let name = answer.item().and_then(|account| account.text("name"));
        if name.is_some_and(|name| name == format!("accounts/{}", self.rotate.account)) {
            return Ok(());
        }
        Err(Box::new(Error::Unreadable {
            answer,
            reason: "its body is not our account",
        }))
    }

    /// Has the caller store the new key.
    async fn persist(
        &mut self,
        store: &impl KeyStore<S>,
        created: &S::Answer,
    ) -> Result<(), RotationErrorKind<S>> {
        let left_ms = self.call.left_ms();
        if left_ms <= 0.0 {
            return Err(RotationErrorKind::Request(self.call.out_of_time()));
        }
        let persisted = store.persist(created, left_ms).await;
        self.held = !matches!(persisted, Persisted::NotStored | Persisted::Skipped);
        Err(match persisted {
            Persisted::Stored => return Ok(()),
            Persisted::NotStored => RotationErrorKind::NotStored,
            Persisted::Rejected(cause) => RotationErrorKind::Rejected(cause),
            Persisted::TimedOut => RotationErrorKind::Request(self.call.out_of_time()),
            Persisted::Skipped | Persisted::Aborted => {
                RotationErrorKind::Request(Box::new(Error::Aborted))
            }
        })
    }

    /// Deletes what the plan says. The new key is stored, so the rotation has succeeded whatever happens
    /// here: what cannot be deleted now is noted on the successor, and the next rotation deletes it.
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
        let is_young = plan.is_young_at(made_ms(&created));
        let mut rotation = Rotation {
            created,
            revoked: Vec::new(),
            pending: Vec::new(),
            is_token: plan.is_token && keep == 0,
        };
        let deletion = Deletion { account, user };
        let mut unclear = Vec::new();
        let mut accepted = first;
        for key_id in plan.revoke {
            let mut outcome = deletion.attempt(first, &key_id).await;
            if matches!(&outcome, Err(error) if error.is_refusal(401) || error.is_refusal(403)) {
                let other = deletion.attempt(second, &key_id).await;
                // A 401 says only that this token is not known, not why the key cannot be deleted.
                if !matches!(&other, Err(error) if error.is_refusal(401)) {
                    outcome = other;
                    accepted = second;
                }
            }
            match outcome {
                Ok(Shown::Deleted) => rotation.revoked.push(key_id),
                Ok(Shown::Unclear(error)) => unclear.push(Pending { key_id, error }),
                Err(error) => rotation.pending.push(Pending { key_id, error }),
            }
        }
        if unclear.is_empty() {
            return rotation;
        }
        // A key that was made a moment ago may be missing from a list that lags behind.
        if is_young && self.call.pause(LAG_MS).await.is_err() {
            rotation.pending.extend(unclear);
            return rotation;
        }
        let key_ids: Vec<&str> = unclear.iter().map(|each| each.key_id.as_str()).collect();
        let listed = deletion.listed(accepted, &key_ids).await;
        for each in unclear {
            match &listed {
                Ok(listed) if !listed.contains(&each.key_id) => {
                    rotation.revoked.push(each.key_id);
                }
                _ => rotation.pending.push(each),
            }
        }
        rotation
    }
}

/// Whether the API itself says that the token is known, and may not do what was asked for.
fn is_denial<A: Answer, C>(error: &Error<A, C>) -> bool {
    matches!(error, Error::Refused { answer, .. }
        if answer.status() == 403 && answer.body() == Body::Denied)
}

/// Whether a key is so much older than ours, by the service's times, that no rotation can still be at
/// work with it.
fn is_left_behind(ours: &impl Answer, other_ms: Option<f64>) -> bool {
    let ours_ms = ours.item().as_ref().and_then(created_ms);
    let older_ms = ours_ms.zip(other_ms).map(|(ours, other)| ours - other);
    older_ms.is_some_and(|ms| ms >= LEFT_BEHIND_MS)
}
