//! What proves that a key is deleted, one answer at a time.

use crate::answer::{Reply, Thing};
use crate::scripted::{Fate, Scripted, now};
use fireworks_keys::lifecycle::{Call, Deletion, Limits};

const LIMITS: Limits = Limits {
    timeout_ms: 1_000.0,
    total_timeout_ms: 60_000.0,
    max_retries: 0,
};

/// Deletes the key `1`, and returns whether that succeeded, the requests and the waits.
fn delete(script: &[Fate], missing_ok: bool) -> (bool, Vec<String>, Vec<f64>) {
    let service = Scripted::new(script);
    let call = Call::new(&service, LIMITS);
    let deletion = Deletion {
        account: "a",
        user: "u",
    };
    let outcome = now(deletion.run(&call, "1", missing_ok));
    (outcome.is_ok(), service.requests(), service.waits())
}

/// A list of these keys.
fn list(ids: &[&str]) -> Fate {
    let key = |id: &&str| Thing {
        key_id: Some((*id).to_owned()),
        ..Thing::default()
    };
    Fate::lists(ids.iter().map(key).collect())
}

#[test]
fn an_empty_object_confirms_a_deletion() {
    let deleted = Fate::Answers(Reply::deleted());
    for missing_ok in [false, true] {
        let (is_ok, requests, _) = delete(&[deleted.clone()], missing_ok);
        assert!(is_ok);
        assert_eq!(requests, ["delete"]);
    }
}

#[test]
fn a_missing_key_is_an_error_unless_that_is_fine() {
    let missing = Fate::Answers(Reply::missing());
    let (is_ok, requests, _) = delete(&[missing.clone(), list(&[])], false);
    assert!(!is_ok);
    assert_eq!(requests, ["delete"]);
    for (listed, expected) in [
        (list(&["2"]), true),
        (list(&["2", "1"]), false),
        (Fate::Breaks, false),
    ] {
        let (is_ok, requests, waits) = delete(&[missing.clone(), listed], true);
        assert_eq!(is_ok, expected);
        assert_eq!(requests, ["delete", "list"]);
        assert!(waits.is_empty(), "{waits:?}");
    }
}

#[test]
fn where_an_answer_is_unclear_a_list_decides_that_does_not_lag_behind() {
    let unclear = Fate::holds(Thing::default());
    for missing_ok in [false, true] {
        for (listed, expected) in [(list(&[]), true), (list(&["1"]), false)] {
            let (is_ok, requests, waits) = delete(&[unclear.clone(), listed], missing_ok);
            assert_eq!(is_ok, expected);
            assert_eq!(requests, ["delete", "list"]);
            assert_eq!(waits, [5_000.0]);
        }
    }
}

#[test]
fn what_the_api_does_not_say_proves_nothing() {
    for answer in [
        Reply::portal(),
        Reply::status(404),
        Reply::fault(404),
        Reply::refusal(200),
        Reply::denied(),
    ] {
        let (is_ok, requests, _) = delete(&[Fate::Answers(answer), list(&[])], true);
        assert!(!is_ok);
        assert_eq!(requests, ["delete"]);
    }
}
