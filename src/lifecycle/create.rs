//! Create API Key, without orphans. An orphan is a key whose secret was never delivered: an attempt
//! created it and its answer was lost. It is found by its tag and deleted.

use super::effect::Effect;
use super::{
    Answer, Call, Error, Event, Item, Mark, Outcome, Payload, Request, Service, Sweep, Unfinished,
    path,
};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// The key to be: only what the caller gave, so that the service's own defaults stand.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewKey {
    /// What people call it; the service says `default` when it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// When it ends, as an RFC 3339 time; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expire_time: Option<String>,
    /// Free labels, each name once.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_map")]
    pub annotations: Option<Vec<(String, String)>>,
}

fn as_map<S: Serializer>(
    annotations: &Option<Vec<(String, String)>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let annotations = annotations.as_deref().unwrap_or_default();
    let mut map = serializer.serialize_map(Some(annotations.len()))?;
    for (name, value) in annotations {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

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
    /// Those that were found are deleted.
    Swept,
    /// There may be some.
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
    /// The sweep that is still to be done, after the caller has its answer.
    pub unfinished: Option<Unfinished>,
}

impl Create<'_> {
    /// Creates the key, and sweeps up after attempts that may have created another.
    pub async fn run<S: Service>(&self, call: &Call<'_, S>) -> Created<S> {
        let request = Request {
            method: "POST",
            path: path::keys(self.account, self.user),
            payload: Some(Payload::Create { api_key: self.key }),
        };
        let tried = call.send(&request).await;
        let mut effects = tried.effects;
        let outcome = tried.outcome.and_then(check);
        let answered = match &outcome {
            Ok(answer) => Answered::read(answer, self.mark),
            Err(error) => match &**error {
                Error::Unreadable { answer, .. } => {
                    // It made a key, whose secret is not delivered.
                    effects.add(Effect::Ambiguous);
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
            attempts: call.attempts(),
            orphans: Orphans::None,
            key_ids: Vec::new(),
            unfinished: None,
        };
        // A transport that repeats requests unseen may have made a key beside the one that the answer
        // tells of, or before the one that the service refused.
        let may_be_repeated = call.service().resends()
            && self.mark.is_some()
            && (effects.refused() || (result.outcome.is_ok() && answered.marked));
        if effects.ambiguous() > 0 || may_be_repeated {
            self.sweep(call, &mut result, answered, effects.ambiguous())
                .await;
        }
        result
    }

    async fn sweep<S: Service>(
        &self,
        call: &Call<'_, S>,
        result: &mut Created<S>,
        Answered { key_id, marked }: Answered,
        ambiguous: u32,
    ) {
        result.orphans = Orphans::Unknown;
        let (keep, named) = match result.outcome {
            Ok(_) => (key_id, None),
            Err(_) => (None, key_id),
        };
        let Some(mark) = self.mark else {
            call.service().notify(&Event::OrphansUnknown {
                attempt_tag: None,
                keep_key_id: keep.as_deref(),
            });
            return;
        };
        let sweep = Sweep {
            account: self.account.into(),
            user: self.user.into(),
            mark: mark.clone(),
            keep,
            named,
        };
        let interrupted = matches!(&result.outcome, Err(error) if error.interrupts());
        let swept = if interrupted {
            Err(None)
        } else {
            sweep.run(call, &mut result.key_ids).await.map_err(Some)
        };
        match swept {
            Ok(()) => {
                let missing = ambiguous.saturating_sub(result.key_ids.len() as u32);
                if missing > 0 && !marked {
                    // The service drops the mark, so another sweep would find no more.
                    return sweep.give_up(call.service());
                }
                result.orphans = Orphans::Swept;
                result.unfinished = (missing > 0).then_some(Unfinished::late(sweep));
            }
            Err(error) if error.as_ref().is_none_or(|error| error.interrupts()) => {
                if let (Some(error), Err(outcome)) = (error, &mut result.outcome)
                    && matches!(*error, Error::Aborted)
                {
                    *outcome = error;
                }
                result.unfinished = Some(Unfinished::interrupted(sweep, ambiguous, marked));
            }
            Err(_) => sweep.give_up(call.service()),
        }
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

/// Whether what stands in the place of a key's id is the secret, which is never looked at.
fn is_secret(key: &impl Item) -> bool {
    key.holds("key") && key.same("keyId", "key")
}

/// Only an answer that holds both the key and its id is a success.
fn check<A: Answer, C>(answer: A) -> Result<A, Box<Error<A, C>>> {
    let reason = match answer.item() {
        None => "its body is no JSON object",
        Some(item) if !item.holds("keyId") => "its body holds no keyId",
        Some(item) if !item.holds("key") => "its body holds no key",
        Some(item) if is_secret(&item) => "its keyId is the key itself",
        Some(_) => return Ok(answer),
    };
    Err(Box::new(Error::Unreadable { answer, reason }))
}
