//! When a request is tried again, how long after, and what the caller is told of it.

use crate::answer::{Reply, Thing};
use crate::scripted::{Fate, Scripted, now};
use fireworks_keys::lifecycle::{Call, Collection, Error, Limit, Limits, Outcome, Page, page};

/// Sends one request, and returns how often it was sent, the waits, and what was told.
fn tried(script: &[Fate], limits: Limits) -> (usize, Vec<f64>, Vec<String>) {
    let (service, _) = sent(script, limits);
    (service.requests().len(), service.waits(), service.told())
}

/// Sends one request, and returns the service and the outcome.
fn sent(script: &[Fate], limits: Limits) -> (Scripted, Outcome<Scripted>) {
    let service = Scripted::new(script);
    let call = Call::new(&service, limits);
    let first = Page {
        collection: Collection::Users { account: "acme" },
        query: &[],
    };
    let mut remember = |_: &str| true;
    let outcome = now(page(&call, &first, &mut remember));
    assert_eq!(call.attempts() as usize, service.requests().len());
    (service, outcome)
}

const LIMITS: Limits = Limits {
    timeout_ms: 1_000.0,
    total_timeout_ms: 600_000.0,
    max_retries: 2,
};

#[test]
fn what_may_pass_is_tried_again_and_told() {
    for (fate, why) in [
        (&[Fate::Breaks], "Connection"),
        (&[Fate::Hangs], "Timeout"),
        (&[Fate::refused(503)], "Status 503"),
        (&[Fate::refused(429)], "Status 429"),
    ] {
        let (requests, waits, told) = tried(fate, LIMITS);
        assert_eq!((requests, waits), (3, vec![500.0, 1_000.0]), "{why}");
        assert_eq!(
            told,
            [
                format!("retry 1: 500 {why}"),
                format!("retry 2: 1000 {why}")
            ]
        );
    }
}

#[test]
fn what_does_not_pass_is_not_tried_again() {
    for status in [400, 401, 403, 404, 307] {
        let script = [Fate::refused(status)];
        assert_eq!(tried(&script, LIMITS), (1, vec![], vec![]), "{status}");
    }
}

#[test]
fn an_answer_ends_the_tries() {
    let answered = Fate::Answers(Reply {
        list: Some("users"),
        ..Reply::ok(Thing::default())
    });
    assert_eq!(tried(&[Fate::Breaks, answered.clone()], LIMITS).0, 2);
    assert_eq!(tried(&[answered], LIMITS).0, 1);
}

#[test]
fn the_caller_says_how_often() {
    for max_retries in [0, 1, 3] {
        let limits = Limits {
            max_retries,
            ..LIMITS
        };
        let (requests, ..) = tried(&[Fate::Breaks], limits);
        assert_eq!(requests, 1 + max_retries as usize);
    }
}

#[test]
fn a_server_is_obeyed_for_a_minute() {
    let waits = |seconds| {
        let refused = Fate::Answers(Reply::refusal(429).after(seconds));
        tried(&[refused, Fate::lists(Vec::new())], LIMITS).1
    };
    assert_eq!(waits("7"), [7_000.0]);
    assert_eq!(waits("60"), [60_000.0]);
    assert!(waits("61").is_empty());
}

#[test]
fn no_retry_begins_when_the_time_is_up() {
    // The attempt takes 10 ms, and the first wait half a second.
    for (total_timeout_ms, requests) in [(509.0, 1), (510.0, 1), (511.0, 2)] {
        let limits = Limits {
            total_timeout_ms,
            max_retries: 1,
            ..LIMITS
        };
        let (sent, ..) = tried(&[Fate::Breaks], limits);
        assert_eq!(sent, requests, "{total_timeout_ms}");
    }
    // The last attempt had what was left of the whole time, so there is none for another.
    let limits = Limits {
        total_timeout_ms: 900.0,
        ..LIMITS
    };
    assert_eq!(tried(&[Fate::Hangs], limits), (1, vec![], vec![]));
}

#[test]
fn a_timeout_says_which_limit_has_passed() {
    for (timeout_ms, total_timeout_ms, expected) in [
        (1.0, 600_000.0, Limit::Attempt),
        (600_000.0, 1.0, Limit::Total),
    ] {
        let limits = Limits {
            timeout_ms,
            total_timeout_ms,
            max_retries: 0,
        };
        let (_, outcome) = sent(&[Fate::Hangs], limits);
        let Err(error) = outcome else {
            panic!("it was never answered");
        };
        assert!(
            matches!(*error, Error::TimedOut { limit, limit_ms } if limit == expected && limit_ms == 1.0),
            "{expected:?}"
        );
    }
}
