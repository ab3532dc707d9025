//! Create API Key, without orphans. An orphan is a key whose secret was never delivered: an attempt
//! created it and its answer was lost. It is found by its tag and deleted.

use super::effect::{Effect, Effects};
use super::lifetime::{Clock, Compared, End};
use super::sweep::Lost;
use super::{
    Answer, Call, Error, Event, InvalidOption, Item, KeyFields, Mark, NewKey, Outcome, Payload,
    Request, Service, Sweep, Unfinished, path,
};
use serde::Serialize;
use std::cell::Cell;

/// A create: whose key, which key, and the mark to find it by.
pub struct Create<'a> {
    /// The account's id.
    pub account: &'a str,
    /// The user's id.
    pub user: &'a str,
    /// The key to be. With a mark, it carries the mark among its annotations.
    pub key: &'a NewKey,
    /// What every attempt of this create carries; without it orphans cannot be found.
    pub mark: Option<&'a Mark>,
}

/// What is known of a create's orphans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Orphans {
    /// There are none: every attempt was answered.
    None,
    /// Each lost attempt is accounted for: its key was found and is deleted.
    Swept,
    /// Fewer were found and deleted than there may be: the others were never made, or come later.
    Unaccounted,
    /// Nobody could look.
    Unknown,
}

/// What a create came to.
pub struct Created<S: Service> {
    /// The answer, which alone ever holds the secret; or why there is none.
    pub outcome: Outcome<S>,
    /// How often the create was sent.
    pub attempts: u32,
    /// What is known of orphans.
    pub orphans: Orphans,
    /// The ids of the orphans that were deleted.
    pub key_ids: Vec<String>,
    /// The id of a key that lives longer than was asked for, and that could not be deleted.
    pub live: Option<String>,
    /// Whether a key was made that lives longer than was asked for, and is not handed out for that.
    pub lives_too_long: bool,
    /// The sweep that is still to be done, after the caller has its answer.
    pub unfinished: Option<Unfinished>,
}

/// What the attempts of a create have come to so far.
#[derive(Default)]
struct SoFar {
    attempts: u32,
    effects: Effects,
    /// The ids of the orphans that were deleted.
    key_ids: Vec<String>,
}

/// What is wrong with a key whose end is too late.
const TOO_LONG: &str = "its key lives longer than was asked for";

impl Create<'_> {
    /// Creates the key, and sweeps up after attempts that may have created another. If the key lives longer
    /// than was asked for, it is deleted; a lifetime is then asked for once more, by the service's clock.
    pub async fn run<S: Service>(&self, call: &Call<'_, S>) -> Created<S> {
        let mut so_far = SoFar::default();
        let (outcome, theirs) = self.send(call, Clock::Ours, &mut so_far).await;
        let again = theirs.filter(|_| matches!(self.key.end, End::After(_)));
        let first = self
            .finish(call, outcome, &mut so_far, again.is_some())
            .await;
        let deleted = first.lives_too_long && first.live.is_none();
        let Some(clock) = again.filter(|_| deleted && first.orphans != Orphans::Unknown) else {
            return first;
        };
        so_far.key_ids = first.key_ids;
        let (outcome, _) = self.send(call, clock, &mut so_far).await;
        self.finish(call, outcome, &mut so_far, false).await
    }

    /// Sends the request. Returns the answer with the key, and the service's clock if the answer shows it.
    async fn send<S: Service>(
        &self,
        call: &Call<'_, S>,
        clock: Clock,
        so_far: &mut SoFar,
    ) -> (Outcome<S>, Option<Clock>) {
        let request = Request {
            method: "POST",
            path: path::keys(self.account, self.user),
            payload: None,
        };
        let service = call.service();
        let started_ms = Cell::new(0.0);
        let before = call.attempts();
        let tried = call
            .send_anew(request, 0.0, &|request| {
                started_ms.set(service.elapsed_ms());
                let expire_time = match &self.key.end {
                    End::Never => None,
                    End::At { text, .. } => Some(text.clone()),
                    End::After(ms) => match service.time_text(clock.now_ms(service) + ms) {
                        None => return Err(Box::new(Error::InvalidOption(too_late()))),
                        text => text,
                    },
                };
                request.payload = Some(Payload::Create {
                    api_key: KeyFields {
                        display_name: self.key.display_name.as_deref(),
                        expire_time,
                        annotations: self.key.annotations.as_deref(),
                    },
                });
                Ok(())
            })
            .await;
        so_far.attempts += call.attempts() - before;
        so_far.effects.append(&tried.effects);
        let took_ms = service.elapsed_ms() - started_ms.get();
        let outcome = tried.outcome.and_then(check);
        let theirs = outcome.as_ref().ok();
        let theirs = theirs.and_then(|answer| Clock::of(service, answer));
        let checked = outcome.and_then(|answer| self.check_end(call, answer, took_ms));
        (checked, theirs)
    }

    /// Only a key that lives no longer than was asked for is a success.
    fn check_end<S: Service>(
        &self,
        call: &Call<'_, S>,
        answer: S::Answer,
        took_ms: f64,
    ) -> Outcome<S> {
        let key_id = answer.item().and_then(|key| key.text("keyId"));
        let key_id = key_id.as_deref().unwrap_or_default();
        let event = match self.key.end.compare(&answer, took_ms) {
            Compared::Same => return Ok(answer),
            Compared::Later => {
                return Err(Box::new(Error::Unreadable {
                    answer,
                    reason: TOO_LONG,
                }));
            }
            Compared::Earlier => Event::ShorterLifetime { key_id },
            Compared::Unknown => Event::UnknownLifetime { key_id },
        };
        call.service().notify(&event);
        Ok(answer)
    }

    /// Sweeps up where that is needed. A key that lives too long may be created `again`, once it is deleted.
    async fn finish<S: Service>(
        &self,
        call: &Call<'_, S>,
        outcome: Outcome<S>,
        so_far: &mut SoFar,
        again: bool,
    ) -> Created<S> {
        let effects = &mut so_far.effects;
        let mut lives_too_long = false;
        let answered = match &outcome {
            Ok(answer) => Answered::read(answer, self.mark),
            Err(error) => match &**error {
                Error::Unreadable { answer, reason } => {
                    // The API made one key, whose secret is not delivered. What is no answer of the API's
                    // came from something on the way.
                    let is_key =
                        |key: &<S::Answer as Answer>::Item| key.has_secret() || key.holds("keyId");
                    effects.add(if answer.item().as_ref().is_some_and(is_key) {
                        Effect::Ambiguous
                    } else {
                        Effect::Uncounted
                    });
                    lives_too_long = *reason == TOO_LONG;
                    Answered::read(answer, self.mark)
                }
                _ => Answered::default(),
            },
        };
        if let (Ok(_), false, Some(key_id)) = (&outcome, answered.marked, &answered.key_id) {
            call.service().notify(&Event::Unprotected { key_id });
        }
        let mut result = Created {
            outcome,
            attempts: so_far.attempts,
            orphans: Orphans::None,
            key_ids: std::mem::take(&mut so_far.key_ids),
            live: answered.key_id.clone().filter(|_| lives_too_long),
            lives_too_long,
            unfinished: None,
        };
        let lost = Lost {
            attempts: effects.ambiguous(),
            uncounted: effects.uncounted() || call.service().resends(),
        };
        // A transport that repeats requests unseen may have made a key beside the one that the answer
        // tells of, or before the one that the service refused.
        let may_be_repeated = call.service().resends()
            && self.mark.is_some()
            && (effects.refused() || (result.outcome.is_ok() && answered.marked));
        let is_open = lost.attempts as usize > result.key_ids.len() || effects.uncounted();
        if is_open || may_be_repeated {
            self.sweep(call, &mut result, answered, lost, again).await;
        } else if lost.attempts > 0 {
            result.orphans = lost.after(result.key_ids.len());
        }
        if let Some(live) = &result.live
            && result.key_ids.contains(live)
        {
            result.live = None;
        }
        result
    }

    async fn sweep<S: Service>(
        &self,
        call: &Call<'_, S>,
        result: &mut Created<S>,
        Answered { key_id, marked }: Answered,
        lost: Lost,
        again: bool,
    ) {
        result.orphans = Orphans::Unknown;
        let (keep, named) = match result.outcome {
            Ok(_) => (key_id, None),
            Err(_) => (None, key_id),
        };
        // Without a mark, only the key that an answer named can be found.
        let marked = marked && self.mark.is_some();
        let can_look = self.mark.is_some() || named.is_some();
        let sweep = Sweep {
            account: self.account.into(),
            user: self.user.into(),
            mark: self.mark.cloned(),
            keep,
            named,
        };
        if !can_look {
            return sweep.tell(call.service(), Orphans::Unknown);
        }
        let interrupted = matches!(&result.outcome, Err(error) if error.interrupts());
        // The caller is answered first if the runtime waits for what is only to be made sure of.
        let deferred =
            lost.attempts == 0 && result.outcome.is_ok() && call.service().waits_for_work();
        let swept = if interrupted || deferred {
            Err(None)
        } else {
            sweep.run(call, &mut result.key_ids).await.map_err(Some)
        };
        let at_once = match swept {
            Ok(shown) => {
                let known = lost.after(result.key_ids.len());
                // Where the service drops the mark, or its list does not show it, a look has seen nothing.
                let is_blind = known == Orphans::Unaccounted && !(marked && shown);
                result.orphans = if is_blind { Orphans::Unknown } else { known };
                if lost.attempts == 0 && shown {
                    return;
                }
                match known {
                    // The next attempts have the same tag, so this is not the end.
                    Orphans::Swept if result.lives_too_long && again => return,
                    // Another look finds more, unless the mark is gone for good.
                    Orphans::Unaccounted if marked => false,
                    _ => return sweep.tell(call.service(), result.orphans),
                }
            }
            Err(error) if error.as_ref().is_none_or(|error| error.interrupts()) => {
                if let (Some(error), Err(outcome)) = (error, &mut result.outcome)
                    && matches!(*error, Error::Aborted)
                {
                    *outcome = error;
                }
                true
            }
            Err(Some(error)) if lost.may_be_found_after(&error) => false,
            Err(_) => return sweep.tell(call.service(), Orphans::Unknown),
        };
        let key_ids = result.key_ids.clone();
        let later = Unfinished::later(sweep, lost, key_ids, result.orphans, marked);
        result.unfinished = Some(if at_once { later.at_once() } else { later });
    }
}

/// What the last answer tells of the key that it made.
struct Answered {
    /// The key's id.
    key_id: Option<String>,
    /// Whether the service kept the mark, as far as the answer tells.
    marked: bool,
}

impl Default for Answered {
    fn default() -> Self {
        Self {
            key_id: None,
            marked: true,
        }
    }
}

impl Answered {
    fn read(answer: &impl Answer, mark: Option<&Mark>) -> Self {
        let key = answer.item().filter(|key| !is_secret(key));
        let key_id = key.as_ref().and_then(|key| key.text("keyId"));
        match (key, mark) {
            (Some(key), Some(mark)) if key_id.is_some() => Self {
                marked: mark.is_on(&key),
                key_id,
            },
            _ => Self {
                marked: true,
                key_id,
            },
        }
    }
}

/// The error for a lifetime that ends where times cannot be written any more.
fn too_late<C>() -> Box<InvalidOption<C>> {
    Box::new(InvalidOption {
        path: "expiresIn".into(),
        expected: "must end before the year 10000".into(),
        cause: None,
    })
}

/// Whether what stands in the place of a key's id is the secret, which is never looked at.
fn is_secret(key: &impl Item) -> bool {
    key.is_secret("keyId")
}

/// Only an answer that holds both the key and its id is a success.
fn check<A: Answer, C>(answer: A) -> Result<A, Box<Error<A, C>>> {
    let reason = match answer.item() {
        None => "its body is no JSON object",
        Some(item) if !item.holds("keyId") => "its body holds no keyId",
        Some(item) if !item.has_secret() => "its body holds no key",
        Some(item) if is_secret(&item) => "its keyId holds the key",
        Some(_) => return Ok(answer),
    };
    Err(Box::new(Error::Unreadable { answer, reason }))
}
