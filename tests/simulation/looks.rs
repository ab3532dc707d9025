//! What a sweep does about each answer, and when the looks come that go on after a create was answered.

use crate::answer::{Reply, Thing};
use crate::scripted::{Fate, Scripted, now};
use crate::sweeps::{ONCE, TAG, create, deleted, key};
use fireworks_keys::lifecycle::{Body, Call, End, Error, Horizon, Limits, Mark, Orphans, Sweep};

/// A sweep, what it came to, and the ids that it deleted.
fn sweep(sweep: &Sweep, script: &[Fate], done: &[&str]) -> (bool, Vec<String>, Scripted) {
    let service = Scripted::new(script);
    let mut ids = done.iter().map(|id| (*id).to_owned()).collect();
    let outcome = now(sweep.run(&Call::new(&service, ONCE), &mut ids));
    (outcome.is_ok(), ids, service)
}

fn marked() -> Sweep {
    Sweep {
        account: "a".into(),
        user: "u".into(),
        mark: Some(Mark {
            tag: TAG.into(),
            call: None,
        }),
        keep: None,
        named: None,
    }
}

fn named(id: &str) -> Sweep {
    Sweep {
        named: Some(id.into()),
        ..marked()
    }
}

/// A page with these keys of the create.
fn list(ids: &[&str]) -> Fate {
    Fate::lists(ids.iter().copied().map(key).collect())
}

/// An answer to a deletion that confirms nothing.
fn unclear() -> Fate {
    Fate::holds(Thing::default())
}

#[test]
fn what_carries_the_mark_is_deleted_but_for_what_is_kept_or_done() {
    let kept = Sweep {
        keep: Some("2".into()),
        ..marked()
    };
    let script = [list(&["1", "2", "3"]), deleted()];
    let (is_ok, ids, service) = sweep(&kept, &script, &["3"]);
    assert!(is_ok);
    assert_eq!(ids, ["3", "1"]);
    assert_eq!(service.requests(), ["list", "delete"]);
    assert_eq!(service.told(), ["deleted 1"]);
}

#[test]
fn a_key_that_an_answer_named_is_deleted_once() {
    let (is_ok, ids, service) = sweep(&named("9"), &[list(&["9"]), deleted()], &[]);
    assert!(is_ok);
    assert_eq!(ids, ["9"]);
    assert_eq!(service.requests(), ["list", "delete"]);
    let (is_ok, _, service) = sweep(&named("9"), &[list(&["9"])], &["9"]);
    assert!(is_ok);
    assert_eq!(service.requests(), ["list"]);
    // Although no list can be had.
    let (is_ok, ids, _) = sweep(&named("9"), &[Fate::Breaks, deleted()], &[]);
    assert!(!is_ok);
    assert_eq!(ids, ["9"]);
}

#[test]
fn where_a_deletion_is_unclear_a_second_list_decides() {
    for answer in [unclear(), Fate::Answers(Reply::missing())] {
        let gone = [list(&["1"]), answer.clone(), list(&[])];
        let (is_ok, ids, service) = sweep(&marked(), &gone, &[]);
        assert!(is_ok);
        assert_eq!((ids, service.waits()), (vec!["1".into()], vec![5_000.0]));
        assert_eq!(service.told(), ["deleted 1"]);
        let there = [list(&["1"]), answer.clone(), list(&["1"])];
        let (is_ok, ids, service) = sweep(&marked(), &there, &[]);
        assert!(!is_ok && ids.is_empty());
        assert_eq!(service.requests(), ["list", "delete", "list"]);
        let unknown = [list(&["1"]), answer, Fate::Breaks];
        let (is_ok, ids, _) = sweep(&marked(), &unknown, &[]);
        assert!(!is_ok && ids.is_empty());
    }
}

#[test]
fn what_the_second_list_shows_for_the_first_time_is_deleted_too() {
    let script = [list(&["1"]), unclear(), list(&["2"]), deleted()];
    let (is_ok, ids, service) = sweep(&marked(), &script, &[]);
    assert!(is_ok);
    assert_eq!(ids, ["1", "2"]);
    assert_eq!(service.requests(), ["list", "delete", "list", "delete"]);
    // There is no third list.
    let script = [list(&["1"]), unclear(), list(&["2"]), unclear()];
    let (is_ok, ids, _) = sweep(&marked(), &script, &[]);
    assert!(!is_ok);
    assert_eq!(ids, ["1"]);
}

#[test]
fn a_key_that_cannot_be_deleted_is_no_reason_to_leave_the_others() {
    let script = [list(&["1", "2"]), Fate::Answers(Reply::denied()), deleted()];
    let (is_ok, ids, _) = sweep(&marked(), &script, &[]);
    assert!(!is_ok);
    assert_eq!(ids, ["2"]);
}

#[test]
fn an_abort_ends_a_sweep_at_once() {
    for script in [
        &[Fate::Aborts][..],
        &[list(&["1", "2"]), Fate::Aborts],
        &[list(&["1"]), unclear(), Fate::Aborts],
    ] {
        let service = Scripted::new(script);
        let call = Call::new(&service, ONCE);
        let outcome = now(named("9").run(&call, &mut Vec::new()));
        assert!(matches!(outcome, Err(error) if matches!(*error, Error::Aborted)));
        assert!(service.requests().len() <= script.len() + 1);
    }
}

#[test]
fn looks_go_on_at_growing_distances() {
    let script = [Fate::Breaks, list(&[])];
    for (horizon, waits) in [
        // Each list takes ten milliseconds.
        (
            Horizon::Long,
            &[3_000.0, 6_990.0, 19_990.0, 34_990.0, 54_990.0][..],
        ),
        (Horizon::Short, &[3_000.0, 5_990.0, 8_990.0]),
    ] {
        let service = Scripted::new(&script);
        let created = create(&service, ONCE, End::Never);
        let unfinished = created.unfinished.expect("it may come late");
        unfinished.open(&service, horizon);
        now(unfinished.run(&service, ONCE, horizon));
        assert_eq!(service.waits(), waits);
        assert_eq!(service.told().len(), 2);
        assert_eq!(service.told()[1], "unaccounted");
    }
}

#[test]
fn a_late_key_ends_the_looks() {
    let script = [Fate::Breaks, list(&[]), list(&[]), list(&["1"]), deleted()];
    let service = Scripted::new(&script);
    let created = create(&service, ONCE, End::Never);
    assert_eq!(created.orphans, Orphans::Unaccounted);
    let unfinished = created.unfinished.expect("it may come late");
    now(unfinished.run(&service, ONCE, Horizon::Long));
    assert_eq!(service.waits(), [3_000.0, 6_990.0]);
    assert_eq!(service.told(), ["deleted 1", "swept"]);
}

#[test]
fn what_a_gateway_may_have_repeated_is_never_accounted_for() {
    for reply in [Reply::status(504), Reply::fault(504), Reply::status(403)] {
        let script = [Fate::Answers(reply), list(&["1"]), deleted(), list(&[])];
        let service = Scripted::new(&script);
        let limits = Limits {
            max_retries: 0,
            ..ONCE
        };
        let created = create(&service, limits, End::Never);
        assert_eq!(created.orphans, Orphans::Unaccounted);
        assert_eq!(created.key_ids, ["1"]);
        let unfinished = created.unfinished.expect("there may be another");
        now(unfinished.run(&service, ONCE, Horizon::Long));
        assert_eq!(service.waits().len(), 5);
        assert_eq!(service.told(), ["deleted 1", "unaccounted"]);
    }
}

#[test]
fn looks_that_hang_end_in_time() {
    let slow = Limits {
        timeout_ms: 60_000.0,
        ..ONCE
    };
    let service = Scripted::new(&[Fate::Breaks, list(&[]), Fate::Hangs]);
    let created = create(&service, slow, End::Never);
    let unfinished = created.unfinished.expect("it may come late");
    now(unfinished.run(&service, slow, Horizon::Short));
    // The first hangs for ten seconds, so the second is left out; the last has what is left of 25.
    assert_eq!(service.waits(), [3_000.0, 5_000.0]);
    assert_eq!(service.told(), ["unknown"]);
    assert_eq!(service.requests().len(), 4);
}

#[test]
fn the_key_that_the_caller_holds_is_named_and_left_alone() {
    let made = Fate::holds(Thing {
        secret: true,
        ..key("2")
    });
    let script = [
        Fate::Breaks,
        made,
        list(&["2"]),
        list(&["1", "2"]),
        deleted(),
    ];
    let service = Scripted::new(&script);
    let twice = Limits {
        max_retries: 1,
        ..ONCE
    };
    let created = create(&service, twice, End::Never);
    let unfinished = created.unfinished.expect("the first may come late");
    unfinished.open(&service, Horizon::Long);
    now(unfinished.run(&service, ONCE, Horizon::Long));
    let told = ["open until 120000 beside 2", "deleted 1", "swept beside 2"];
    assert_eq!(service.told()[1..], told);
    assert_eq!(service.requests()[2..], ["list", "list", "delete"]);
}

#[test]
fn where_nothing_goes_on_what_is_known_is_told() {
    let service = Scripted::new(&[Fate::Breaks, list(&[])]);
    let created = create(&service, ONCE, End::Never);
    let unfinished = created.unfinished.expect("it may come late");
    unfinished.close(&service);
    assert_eq!(service.told(), ["unaccounted"]);
}

#[test]
fn a_look_that_is_due_is_not_left_out() {
    // The first one ends just when the second begins.
    let limits = Limits {
        timeout_ms: 7_000.0,
        ..ONCE
    };
    let script = [
        Fate::Breaks,
        list(&[]),
        Fate::Hangs,
        list(&["1"]),
        deleted(),
    ];
    let service = Scripted::new(&script);
    let created = create(&service, limits, End::Never);
    let unfinished = created.unfinished.expect("it may come late");
    now(unfinished.run(&service, limits, Horizon::Long));
    assert_eq!(service.waits(), [3_000.0]);
    assert_eq!(service.told(), ["deleted 1", "swept"]);
}

#[test]
fn looks_end_with_one_that_never_can_succeed() {
    let script = [Fate::Breaks, Fate::Breaks, Fate::Answers(Reply::denied())];
    let service = Scripted::new(&script);
    let created = create(&service, ONCE, End::Never);
    let unfinished = created.unfinished.expect("it may come late");
    now(unfinished.run(&service, ONCE, Horizon::Long));
    assert_eq!(service.waits(), [3_000.0]);
    assert_eq!(service.told(), ["unknown"]);
}

#[test]
fn one_look_is_enough_where_the_service_drops_the_mark() {
    let unmarked = Fate::holds(Thing {
        secret: true,
        annotations: Vec::new(),
        ..key("2")
    });
    let script = [
        Fate::Breaks,
        unmarked,
        Fate::Breaks,
        Fate::Breaks,
        list(&[]),
    ];
    let service = Scripted::new(&script);
    let twice = Limits {
        max_retries: 1,
        ..ONCE
    };
    let created = create(&service, twice, End::Never);
    let unfinished = created.unfinished.expect("no list could be had");
    now(unfinished.run(&service, ONCE, Horizon::Long));
    assert_eq!(service.requests().len(), 5);
    assert_eq!(service.told().last().unwrap(), "unknown beside 2");
}

#[test]
fn a_list_that_does_not_show_the_key_that_was_made_has_shown_nothing() {
    let made = Fate::holds(Thing {
        secret: true,
        ..key("2")
    });
    let unmarked = Fate::lists(vec![Thing {
        annotations: Vec::new(),
        ..key("2")
    }]);
    // The first lags behind, the second hides what keys are known by, the third shows both keys.
    let script = [
        made.clone(),
        list(&[]),
        unmarked.clone(),
        list(&["1", "2"]),
        deleted(),
    ];
    let service = Scripted::new(&script).that_resends();
    let created = create(&service, ONCE, End::Never);
    assert!(created.outcome.is_ok());
    assert_eq!(created.orphans, Orphans::Unknown);
    let unfinished = created.unfinished.expect("it looks again");
    unfinished.open(&service, Horizon::Long);
    now(unfinished.run(&service, ONCE, Horizon::Long));
    assert_eq!(service.told(), ["open until 120000 beside 2", "deleted 1"]);
    assert_eq!(service.waits(), [3_000.0, 6_990.0]);
    // Where no list ever shows it, that is told.
    let service = Scripted::new(&[made, unmarked]).that_resends();
    let created = create(&service, ONCE, End::Never);
    let unfinished = created.unfinished.expect("it looks again");
    now(unfinished.run(&service, ONCE, Horizon::Long));
    assert_eq!(service.told(), ["unknown beside 2"]);
    assert_eq!(service.waits().len(), 5);
}

#[test]
fn what_answers_in_another_form_than_the_api_is_never_accounted_for() {
    let foreign = |status| Reply {
        body: Body::ForeignRefusal,
        ..Reply::refusal(status)
    };
    for reply in [
        foreign(400),
        foreign(404),
        foreign(413),
        foreign(200),
        Reply::fault(200),
        Reply::portal(),
        Reply::deleted(),
    ] {
        let service = Scripted::new(&[Fate::Answers(reply), list(&["1"]), deleted(), list(&[])]);
        let created = create(&service, ONCE, End::Never);
        assert!(created.outcome.is_err());
        assert_eq!(created.orphans, Orphans::Unaccounted);
        assert_eq!(created.key_ids, ["1"]);
        assert!(created.unfinished.is_some());
    }
}
