//! Delete API Key.

use super::{Call, Outcome, Payload, Request, Service, path};

/// Deletes a key. Where there is no such key, that is a success if the caller says so
/// (`missing_ok`), or if an earlier attempt of this call may have deleted it.
pub async fn delete<S: Service>(
    call: &Call<'_, S>,
    account: &str,
    user: &str,
    key_id: &str,
    missing_ok: bool,
) -> Outcome<S, ()> {
    let request = Request {
        method: "POST",
        path: path::keys(account, user) + ":delete",
        payload: Some(Payload::Delete { key_id }),
    };
    let tried = call.send(&request).await;
    match tried.outcome {
        Err(error) if error.has_status(404) && (missing_ok || tried.effects.ambiguous() > 0) => {
            Ok(())
        }
        outcome => outcome.map(|_| ()),
    }
}
