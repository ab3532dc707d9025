//! What an audit finds in lists that the tests have written.

use crate::pages::{Fields, Listing, NOW, Pages};
use fireworks_keys::lifecycle::{
    ATTEMPT, Audited, CALL, Call, Counts, Finding, Item, Limits, Thresholds, audit, time,
};
use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const DAY_MS: f64 = 86_400_000.0;
const THRESHOLDS: Thresholds = Thresholds {
    stale_after_ms: 90.0 * DAY_MS,
    expiring_within_ms: 14.0 * DAY_MS,
};

/// A key with these text fields.
fn key(id: &str, texts: &[(&'static str, &str)]) -> Fields {
    let texts = texts.iter().copied().chain([("keyId", id)]);
    Fields {
        texts: texts.map(|(name, text)| (name, text.into())).collect(),
        ..Fields::default()
    }
}

/// A key without findings, except for those that these fields cause.
fn quiet(id: &str, texts: &[(&'static str, &str)]) -> Fields {
    let mut key = key(id, texts);
    for (name, text) in [
        ("createTime", "2030-01-01T00:00:00Z"),
        ("expireTime", "2031-01-01T00:00:00Z"),
        ("lastUsed", "2030-01-30T00:00:00Z"),
    ] {
        if !texts.iter().any(|(given, _)| *given == name) {
            key.texts.push((name, text.into()));
        }
    }
    key
}

fn made_by(tag: &str, call: Option<&str>, key: Fields) -> Fields {
    let call = call.map(|call| (CALL.into(), call.into()));
    let tag = (ATTEMPT.into(), tag.into());
    Fields {
        annotations: [tag].into_iter().chain(call).collect(),
        ..key
    }
}

/// Audits these pages. Returns the audited keys and the paths of the requests.
fn audited(mut pages: Vec<Listing>) -> (Vec<Audited<Fields>>, Vec<String>) {
    pages.reverse();
    let service = Pages {
        pages: pages.into(),
        asked: RefCell::default(),
    };
    let limits = Limits {
        timeout_ms: 1.0,
        total_timeout_ms: 1.0,
        max_retries: 0,
    };
    let call = Call::new(&service, limits);
    let mut auditing = pin!(audit(&call, "acme", "-", &[], THRESHOLDS));
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(keys)) = auditing.as_mut().poll(&mut context) else {
        panic!("nothing here waits or fails");
    };
    (keys, service.asked.take())
}

fn findings(key: Fields) -> Vec<Finding> {
    let page = Listing {
        keys: vec![key],
        next: None,
        ..Listing::default()
    };
    let (mut keys, _) = audited(vec![page]);
    keys.remove(0).findings
}

#[test]
fn a_key_is_judged_by_its_times() {
    assert_eq!(findings(quiet("a", &[])), []);
    let at = |time: &str| time.to_string();
    for (end, expected) in [
        ("", Some(Finding::NeverExpires)),
        (
            NOW,
            Some(Finding::Expired {
                expire_time: at(NOW),
            }),
        ),
        (
            "2030-02-14T12:00:00Z",
            Some(Finding::ExpiringSoon {
                expire_time: at("2030-02-14T12:00:00Z"),
            }),
        ),
        ("2030-02-14T12:00:01Z", None),
        (
            "soon",
            Some(Finding::UnreadableTime {
                field: "expireTime",
            }),
        ),
    ] {
        let found = findings(quiet("a", &[("expireTime", end)]));
        assert_eq!(found, Vec::from_iter(expected), "{end}");
    }
    let limit = "2029-11-02T12:00:00Z";
    let stale = || Finding::Stale { since: at(limit) };
    assert_eq!(findings(quiet("a", &[("lastUsed", limit)])), [stale()]);
    assert_eq!(
        findings(quiet("a", &[("lastUsed", "2029-11-02T12:00:01Z")])),
        []
    );
    // The time counts from the last use, or from the creation if the key was never used.
    let unused = |created| findings(quiet("a", &[("lastUsed", ""), ("createTime", created)]));
    assert_eq!(unused(limit), [Finding::NeverUsed, stale()]);
    assert_eq!(unused("2030-01-01T00:00:00Z"), [Finding::NeverUsed]);
    assert_eq!(findings(quiet("a", &[("createTime", limit)])), []);
}

#[test]
fn a_key_whose_plaintext_the_service_knows_is_a_finding() {
    let key = Fields {
        plaintext: true,
        ..quiet("a", &[])
    };
    assert_eq!(findings(key), [Finding::PlaintextKnown]);
}

#[test]
fn every_page_is_read_and_the_oldest_key_comes_first() {
    let created = |id, time| quiet(id, &[("createTime", time)]);
    let pages = vec![
        Listing {
            keys: vec![
                created("b", "2030-01-02T00:00:00Z"),
                created("z", "2030-01-01T00:00:00Z"),
            ],
            next: Some("two".into()),
            ..Listing::default()
        },
        Listing {
            keys: vec![created("a", "2030-01-02T00:00:00Z"), created("x", "")],
            next: None,
            ..Listing::default()
        },
    ];
    let (keys, asked) = audited(pages);
    let ids: Vec<_> = keys
        .iter()
        .filter_map(|each| each.key.text("keyId"))
        .collect();
    assert_eq!(ids, ["x", "z", "a", "b"]);
    assert_eq!(asked.len(), 2);
    assert!(!asked[0].contains("pageToken") && asked[1].contains("pageToken=two"));
}

#[test]
fn a_key_that_stands_on_two_pages_is_one() {
    let page = |id, next: Option<&str>| Listing {
        keys: vec![
            made_by(id, None, quiet(id, &[])),
            made_by("b", None, quiet("b", &[])),
        ],
        next: next.map(Into::into),
        ..Listing::default()
    };
    let (keys, _) = audited(vec![page("a", Some("two")), page("c", None)]);
    let ids: Vec<_> = keys
        .iter()
        .filter_map(|each| each.key.text("keyId"))
        .collect();
    assert_eq!(ids, ["a", "b", "c"]);
    assert!(keys.iter().all(|each| each.findings.is_empty()));
}

#[test]
fn what_has_ended_the_services_clock_says() {
    // Ours says a quarter of an hour earlier.
    let ends = |ms: f64| Listing {
        keys: vec![quiet("a", &[("expireTime", "2030-01-31T12:15:00Z")])],
        date_ms: time::parse_rfc3339(NOW).map(|now_ms| now_ms + ms),
        ..Listing::default()
    };
    for (ahead_ms, expected) in [(899_000.0, "soon"), (900_000.0, "expired")] {
        let (keys, _) = audited(vec![ends(ahead_ms)]);
        let found = match keys[0].findings[..] {
            [Finding::Expired { .. }] => "expired",
            [Finding::ExpiringSoon { .. }] => "soon",
            _ => "another",
        };
        assert_eq!(found, expected, "{ahead_ms}");
    }
}

#[test]
fn keys_of_the_same_create_are_reported_together() {
    let page = Listing {
        keys: vec![
            made_by("t", Some("1"), quiet("a", &[])),
            made_by("t", Some("1"), quiet("b", &[])),
            // Another call with the same tag, one without a call, and keys without any mark.
            made_by("t", Some("2"), quiet("c", &[])),
            made_by("u", None, quiet("d", &[])),
            quiet("e", &[]),
            quiet("f", &[]),
        ],
        next: None,
        ..Listing::default()
    };
    let (keys, _) = audited(vec![page]);
    let shared = Finding::SharedAttempt {
        attempt_tag: "t".into(),
        key_ids: vec!["a".into(), "b".into()],
    };
    for each in &keys {
        let twin = matches!(each.key.text("keyId").as_deref(), Some("a" | "b"));
        let expected = if twin { vec![shared.clone()] } else { vec![] };
        assert_eq!(each.findings, expected);
    }
}

#[test]
fn each_count_is_a_number_of_keys() {
    let page = Listing {
        keys: vec![
            key(
                "a",
                &[("createTime", "?"), ("expireTime", "?"), ("lastUsed", "?")],
            ),
            key("b", &[]),
            quiet("c", &[("expireTime", "")]),
        ],
        next: None,
        ..Listing::default()
    };
    let (keys, _) = audited(vec![page]);
    let unreadable = |each: &&Audited<Fields>| each.findings.len() == 3;
    assert_eq!(
        keys.iter().filter(unreadable).count(),
        1,
        "each field is told of"
    );
    // The fields are private, because only JavaScript reads them.
    let counts = format!("{:?}", Counts::of(&keys));
    for (name, count) in [
        ("never_expires", 2),
        ("never_used", 1),
        ("unreadable_time", 1),
        ("expired", 0),
        ("stale", 0),
        ("shared_attempt", 0),
    ] {
        assert!(
            counts.contains(&format!("{name}: {count}")),
            "{name}: {counts}"
        );
    }
}
