//! What proves that a key is deleted, one answer at a time.

use crate::answer::{Reply, Thing};
use crate::scripted::{Fate, Scripted, now};
use fireworks_keys::lifecycle::{Call, Deletion, Error, Limits, Thresholds, audit};

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
    for missing_ok in [false, true] {
        let (is_ok, requests, _) = delete(&[Fate::Answers(Reply::deleted())], missing_ok);
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
        assert_eq!(
            waits,
            [5_000.0],
            "a young key may be missing from a list that lags"
        );
    }
    // Where there is no time for that, the reason is what the API said.
    let service = Scripted::new(&[missing, list(&[])]);
    let limits = Limits {
        total_timeout_ms: 3_000.0,
        ..LIMITS
    };
    let deletion = Deletion {
        account: "a",
        user: "u",
    };
    let outcome = now(deletion.run(&Call::new(&service, limits), "1", true));
    assert!(outcome.is_err_and(|error| error.is_refusal(404)));
    assert_eq!(service.requests(), ["delete"]);
}

#[test]
fn an_abort_while_a_list_may_lag_is_told_as_one() {
    let service = Scripted::new(&[Fate::Answers(Reply::missing())]).that_aborts_waits();
    let deletion = Deletion {
        account: "a",
        user: "u",
    };
    let outcome = now(deletion.run(&Call::new(&service, LIMITS), "1", true));
    assert!(outcome.is_err_and(|error| matches!(*error, Error::Aborted)));
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

/// A page of this many keys, none of them the one to be deleted.
fn page(keys: usize, total: Option<f64>, next: Option<&str>) -> Reply {
    let from = if next.is_some() { 20 } else { 10 };
    let key = |id: usize| Thing {
        key_id: Some((id + from).to_string()),
        ..Thing::default()
    };
    Reply {
        items: (0..keys).map(key).collect(),
        total,
        ..Reply::ok(Thing {
            next: next.map(Into::into),
            ..Thing::default()
        })
    }
}

/// Whether these pages prove that the key is gone.
fn proves(pages: Vec<Reply>) -> bool {
    let missing = Fate::Answers(Reply::missing());
    let pages = pages.into_iter().map(Fate::Answers);
    let script: Vec<Fate> = std::iter::once(missing).chain(pages).collect();
    let (is_ok, requests, _) = delete(&script, true);
    assert_eq!(requests.len(), script.len(), "each page is asked for once");
    is_ok
}

#[test]
fn only_a_complete_list_proves_anything() {
    assert!(proves(vec![page(2, None, None)]));
    assert!(proves(vec![page(2, Some(2.0), None)]));
    assert!(
        proves(vec![page(3, Some(2.0), None)]),
        "keys come meanwhile"
    );
    assert!(!proves(vec![page(2, Some(3.0), None)]));
    assert!(!proves(vec![page(2, Some(f64::INFINITY), None)]));
    let first = |total| page(2, total, Some("next"));
    assert!(proves(vec![first(Some(3.0)), page(1, Some(3.0), None)]));
    assert!(proves(vec![first(None), page(1, Some(3.0), None)]));
    assert!(proves(vec![first(Some(3.0)), page(1, None, None)]));
    assert!(!proves(vec![first(Some(4.0)), page(1, None, None)]));
    assert!(!proves(vec![first(None), page(1, Some(4.0), None)]));
    // A key that stands on two pages is one: where keys move, another may have been hidden.
    let twice = |total| Reply {
        items: page(3, None, None).items.into_iter().skip(1).collect(),
        ..page(0, Some(total), None)
    };
    let first_of = |total| Reply {
        items: page(2, None, None).items,
        ..first(Some(total))
    };
    assert!(proves(vec![first_of(3.0), twice(3.0)]));
    assert!(!proves(vec![first_of(4.0), twice(4.0)]));
    // Keys go meanwhile, so the least that a page says is what must be there.
    assert!(proves(vec![first(Some(9.0)), page(1, Some(3.0), None)]));
    assert!(proves(vec![first(Some(3.0)), page(1, Some(9.0), None)]));
}

#[test]
fn what_is_no_list_proves_nothing() {
    let odd = |odd| {
        Reply::ok(Thing {
            odd: Some(odd),
            ..Thing::default()
        })
    };
    assert!(!proves(vec![odd("nextPageToken")]));
    assert!(!proves(vec![Reply::portal()]));
    let users = Reply {
        list: Some("users"),
        ..page(0, None, None)
    };
    assert!(!proves(vec![users]));
    // An object without a field is no page here.
    assert!(!proves(vec![Reply::deleted()]));
    let nameless = Reply {
        items: vec![Thing::default()],
        ..page(0, None, None)
    };
    assert!(!proves(vec![nameless]));
    let again = || page(1, None, Some("again"));
    assert!(!proves(vec![again(), again()]));
    let pages = ["a", "b"].map(|next| page(1, None, Some(next)));
    assert!(!proves([&pages[..], &[again(), again()]].concat()));
}

#[test]
fn a_key_without_an_id_counts_as_one() {
    for (total, is_whole) in [(2.0, true), (3.0, true), (4.0, false)] {
        let mut nameless = page(1, Some(total), None);
        nameless.items.extend([Thing::default(), Thing::default()]);
        let service = Scripted::new(&[Fate::Answers(nameless)]);
        let thresholds = Thresholds {
            stale_after_ms: 1.0,
            expiring_within_ms: 1.0,
        };
        let audited = now(audit(
            &Call::new(&service, LIMITS),
            "a",
            "u",
            &[],
            thresholds,
        ));
        assert_eq!(audited.is_ok(), is_whole, "{total}");
    }
}

#[test]
fn how_many_keys_a_filter_leaves_is_not_known() {
    let audited = |query: &[(&'static str, String)]| {
        let service = Scripted::new(&[Fate::Answers(page(2, Some(3.0), None))]);
        let call = Call::new(&service, LIMITS);
        let thresholds = Thresholds {
            stale_after_ms: 1.0,
            expiring_within_ms: 1.0,
        };
        now(audit(&call, "a", "u", query, thresholds)).is_ok()
    };
    assert!(!audited(&[]));
    assert!(!audited(&[("pageSize", "2".into())]));
    assert!(audited(&[("filter", "x".into())]));
    assert!(audited(&[("pageSize", "2".into()), ("filter", "x".into())]));
}
