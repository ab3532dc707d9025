//! Delete API Key. A key is deleted if the API says so in its own words, or if a complete list lacks it:
//! neither a status nor a page of somebody else's is proof.

use super::list::{NO_ID, every_key};
use super::{Answer, Body, Call, Error, ErrorOf, Item, Outcome, Payload, Request, Service, path};

/// How long a list may lag behind, in milliseconds: a younger key may be missing from it and live.
pub const LAG_MS: f64 = 5_000.0;

/// The keys of one user, to delete some of them.
#[derive(Clone, Copy)]
pub struct Deletion<'a> {
    /// The account's id.
    pub account: &'a str,
    /// The id of the keys' owner.
    pub user: &'a str,
}

/// What one attempt to delete a key has shown.
pub(super) enum Shown<S: Service> {
    /// It is deleted.
    Deleted,
    /// The service answered that there is no such key, or with an object that is not empty. A list shows
    /// whether the key is there; if it is, this is the error.
    Unclear(ErrorOf<S>),
}

impl Deletion<'_> {
    /// Deletes a key. If the user has no such key, that is an error, unless it is fine with the caller
    /// (`missing_ok`).
    pub async fn run<S: Service>(
        &self,
        call: &Call<'_, S>,
        key_id: &str,
        missing_ok: bool,
    ) -> Outcome<S, ()> {
        let Shown::Unclear(error) = self.attempt(call, key_id).await? else {
            return Ok(());
        };
        if is_missing(&error) && !missing_ok {
            return Err(error);
        }
        // A key that was made a moment ago may be missing from a list that lags behind, and nobody knows
        // how old this one is.
        if !call.waits(LAG_MS).await? {
            return Err(error);
        }
        if self.listed(call, &[key_id]).await?.is_empty() {
            Ok(())
        } else {
            Err(error)
        }
    }

    /// Sends the request, and reads what its answer shows.
    pub(super) async fn attempt<S: Service>(
        &self,
        call: &Call<'_, S>,
        key_id: &str,
    ) -> Outcome<S, Shown<S>> {
        let request = Request {
            method: "POST",
            path: path::keys(self.account, self.user) + ":delete",
            payload: Some(Payload::Delete { key_id }),
        };
        match call.send(request).await.outcome {
            Ok(answer) => {
                let body = answer.body();
                if body == Body::Empty {
                    return Ok(Shown::Deleted);
                }
                let error = Box::new(Error::Unreadable {
                    answer,
                    reason: "its body is not the empty object that confirms a deletion",
                });
                // A page of somebody else's says nothing at all.
                match body {
                    Body::Resource => Ok(Shown::Unclear(error)),
                    _ => Err(error),
                }
            }
            Err(error) if is_missing(&error) => Ok(Shown::Unclear(error)),
            Err(error) => Err(error),
        }
    }

    /// Which of these keys the user's complete list shows.
    pub(super) async fn listed<S: Service>(
        &self,
        call: &Call<'_, S>,
        key_ids: &[&str],
    ) -> Outcome<S, Vec<String>> {
        let mut listed = Vec::new();
        every_key(call, self.account, self.user, &[], &mut |key| {
            let key_id = key.text("keyId").ok_or(NO_ID)?;
            if key_ids.contains(&key_id.as_str()) {
                listed.push(key_id);
            }
            Ok(())
        })
        .await?;
        Ok(listed)
    }
}

/// Whether the API says, in its own words, that there is no such key.
fn is_missing<A: Answer, C>(error: &Error<A, C>) -> bool {
    matches!(error, Error::Refused { answer, .. }
        if answer.status() == 404 && answer.body() == Body::NotFound)
}
