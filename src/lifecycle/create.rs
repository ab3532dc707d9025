//! Create API Key. Only an answer that holds both the key and its id is a success.

use super::{Answer, Failure, Outcome, Payload, Request, Service, path, succeed};
use serde::Serialize;
use std::collections::BTreeMap;

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
    /// Free labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// Creates a key. The answer is the only one that ever holds its secret.
pub async fn create<S: Service>(
    service: &S,
    account: &str,
    user: &str,
    key: &NewKey,
) -> Outcome<S> {
    let request = Request {
        method: "POST",
        path: path::keys(account, user),
        payload: Some(Payload::Create { api_key: key }),
    };
    let answer = succeed(service, &request).await?;
    let reason = if !answer.is_object() {
        "the body is no JSON object"
    } else if !answer.holds("keyId") {
        "the body holds no keyId"
    } else if !answer.holds("key") {
        "the body holds no key"
    } else {
        return Ok(answer);
    };
    Err(Failure::Unreadable { answer, reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::cell::RefCell;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[derive(Debug)]
    struct Reply(u16, Value);

    impl Answer for Reply {
        fn status(&self) -> u16 {
            self.0
        }
        fn is_object(&self) -> bool {
            self.1.is_object()
        }
        fn holds(&self, field: &str) -> bool {
            self.1[field].as_str().is_some_and(|text| !text.is_empty())
        }
    }

    /// Answers once, at once, and remembers what it was asked.
    struct Once {
        reply: RefCell<Option<Reply>>,
        asked: RefCell<Vec<(String, Value)>>,
    }

    impl Service for Once {
        type Answer = Reply;
        type Cause = &'static str;

        async fn exchange(&self, request: &Request<'_>) -> Outcome<Self> {
            let payload = serde_json::to_value(&request.payload).unwrap();
            let line = format!("{} {}", request.method, request.path);
            self.asked.borrow_mut().push((line, payload));
            self.reply
                .take()
                .ok_or(Failure::Unreachable("no reply left"))
        }
    }

    fn run(key: &NewKey, reply: Reply) -> (Outcome<Once>, Vec<(String, Value)>) {
        let service = Once {
            reply: RefCell::new(Some(reply)),
            asked: RefCell::default(),
        };
        let outcome = {
            let mut future = pin!(create(&service, "acme", "ci bot", key));
            match future
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
            {
                Poll::Ready(outcome) => outcome,
                Poll::Pending => panic!("the service answers at once"),
            }
        };
        (outcome, service.asked.into_inner())
    }

    fn full() -> Reply {
        Reply(
            200,
            json!({"keyId": "k1", "key": "fw_secret", "unheard": [1]}),
        )
    }

    #[test]
    fn only_what_was_given_is_sent() {
        let (outcome, asked) = run(&NewKey::default(), full());
        assert_eq!(outcome.unwrap().1["unheard"], json!([1]));
        assert_eq!(
            asked,
            [(
                "POST /v1/accounts/acme/users/ci%20bot/apiKeys".into(),
                json!({"apiKey": {}})
            )]
        );
        let key = NewKey {
            display_name: Some("deploy".into()),
            expire_time: Some("2030-01-01T00:00:00Z".into()),
            annotations: Some(BTreeMap::from([("team".into(), "infra".into())])),
        };
        let (_, asked) = run(&key, full());
        assert_eq!(
            asked[0].1,
            json!({"apiKey": {
                "displayName": "deploy",
                "expireTime": "2030-01-01T00:00:00Z",
                "annotations": {"team": "infra"},
            }})
        );
    }

    #[test]
    fn an_answer_without_key_or_id_is_no_success() {
        for body in [
            json!(null),
            json!([]),
            json!({"key": "fw_secret"}),
            json!({"keyId": "k1"}),
            json!({"keyId": "", "key": "fw_secret"}),
            json!({"keyId": 7, "key": "fw_secret"}),
        ] {
            let (outcome, _) = run(&NewKey::default(), Reply(200, body));
            assert!(matches!(outcome, Err(Failure::Unreadable { .. })));
        }
    }

    #[test]
    fn a_status_that_is_no_success_is_a_refusal_whatever_the_body() {
        for status in [0, 199, 300, 302, 400, 503] {
            let (outcome, _) = run(&NewKey::default(), Reply(status, full().1));
            assert!(matches!(outcome, Err(Failure::Refused(Reply(got, _))) if got == status));
        }
    }
}
