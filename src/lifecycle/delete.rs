//! Delete API Key.

use super::{Answer, Call, Failure, Outcome, Payload, Request, Service, path};

/// Deletes a key. That there is no such key is a success where the caller says so, and where an
/// earlier attempt of this call may have deleted it.
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
        Ok(_) => Ok(()),
        Err(failure) => match &*failure {
            Failure::Refused { answer, .. }
                if answer.status() == 404 && (missing_ok || tried.ambiguous > 0) =>
            {
                Ok(())
            }
            _ => Err(failure),
        },
    }
}
