//! What becomes of a rotation's successor that is not handed out or not stored.

use crate::answer::{Reply, Thing};
use crate::rotations::{ONCE, STORES, TAG, deleted, list, made, old, ours, rotate, rotate_until};
use crate::scripted::{Fate, Scripted, Store, now};
use fireworks_keys::lifecycle::{Call, End, Limits, Mark, Persisted, Rotate, RotationErrorKind};

#[test]
fn a_successor_that_lives_too_long_is_not_handed_out() {
    let five_minutes_ms = 300_000.0;
    let old = || Thing {
        lifetime_ms: Some(five_minutes_ms),
        ..old()
    };
    let of_ours = |id: &str| Thing {
        key_id: Some(id.into()),
        ..ours()
    };
    let too_long = |id| {
        Fate::holds(Thing {
            secret: true,
            lifetime_ms: Some(2.0 * five_minutes_ms),
            ..of_ours(id)
        })
    };
    let denied = Fate::Answers(Reply::denied());
    for (last, live) in [(deleted(), &["1"][..]), (denied, &["1", "3"])] {
        let script = [
            list(&[old()]),
            too_long("2"),
            list(&[old(), of_ours("2")]),
            deleted(),
            too_long("3"),
            list(&[old(), of_ours("3")]),
            last,
        ];
        let (rotated, service) = rotate(&script, false, Store(|| panic!("it is not to be stored")));
        let Err(error) = rotated.outcome else {
            panic!("it lives too long");
        };
        assert!(matches!(error.kind, RotationErrorKind::LivesTooLong(_)));
        assert_eq!(error.live, live);
        assert_eq!(service.requests().len(), 7);
    }
}

#[test]
fn what_fails_before_there_is_a_successor_leaves_the_old_key() {
    for (script, live) in [
        (vec![Fate::Breaks], &[][..]),
        (vec![list(&[old()]), Fate::refused(400)], &["1"]),
    ] {
        let (rotated, _) = rotate(&script, false, STORES);
        let Err(error) = rotated.outcome else {
            panic!("there is no successor");
        };
        assert!(matches!(error.kind, RotationErrorKind::Request(_)));
        assert_eq!(error.live, live);
        assert!(rotated.unfinished.is_none());
    }
}

#[test]
fn a_successor_that_could_not_be_deleted_is_swept_later_if_that_may_help() {
    for (answer, helps) in [(Fate::Breaks, true), (Fate::refused(400), false)] {
        let script = [list(&[old()]), made(), list(&[old(), ours()]), answer];
        let (rotated, service) = rotate(&script, false, Store(|| Persisted::NotStored));
        let Err(error) = rotated.outcome else {
            panic!("it is not stored");
        };
        assert_eq!(error.live, ["1", "new"]);
        assert_eq!(rotated.unfinished.is_some(), helps);
        assert_eq!(service.told().contains(&"unknown".into()), !helps);
    }
}

#[test]
fn a_lifetime_that_ends_where_times_cannot_be_written_is_an_error() {
    let script = [list(&[old()]), Fate::refused(400)];
    for (lifetime_ms, requests) in [
        (253_402_000_000_000.0, &["list"][..]),
        (1_000.0, &["list", "create"]),
    ] {
        let end = End::After(lifetime_ms);
        let (rotated, service) = rotate_until(Some(&end), &script, false, STORES);
        let Err(error) = rotated.outcome else {
            panic!("there is no successor");
        };
        let is_found_early = matches!(error.kind, RotationErrorKind::Lifetime);
        assert_eq!(is_found_early, requests.len() == 1);
        assert_eq!(service.requests(), requests);
    }
}

#[test]
fn a_key_that_is_not_stored_and_deleted_is_kept_by_nobody() {
    let service = Scripted::new(&[
        list(&[old()]),
        Fate::Breaks,
        made(),
        list(&[ours()]),
        list(&[old(), ours()]),
        deleted(),
        list(&[]),
    ]);
    let mark = Mark {
        tag: TAG.into(),
        call: None,
    };
    let rotate = Rotate {
        account: "a",
        user: "u",
        key_id: "1",
        mark: &mark,
        end: None,
        verify: false,
        keep: 0,
        delete_unfinished: false,
    };
    let limits = Limits {
        max_retries: 1,
        ..ONCE
    };
    let store = Store(|| Persisted::NotStored);
    let rotated = now(rotate.run(&Call::new(&service, limits), &store));
    let unfinished = rotated.unfinished.expect("the lost attempt may come late");
    assert_eq!(unfinished.keep(), None);
}

/// Rotates a key that no list shows, within these limits.
fn rotate_missing(service: &Scripted, limits: Limits) -> RotationErrorKind<Scripted> {
    let mark = Mark {
        tag: TAG.into(),
        call: None,
    };
    let rotate = Rotate {
        account: "a",
        user: "u",
        key_id: "1",
        mark: &mark,
        end: None,
        verify: false,
        keep: 0,
        delete_unfinished: false,
    };
    let rotated = now(rotate.run(&Call::new(service, limits), &STORES));
    rotated.outcome.err().expect("there is no key").kind
}

#[test]
fn an_abort_while_a_list_may_lag_ends_a_rotation() {
    let service = Scripted::new(&[list(&[])]).that_aborts_waits();
    let kind = rotate_missing(&service, ONCE);
    assert!(matches!(kind, RotationErrorKind::Request(error) if error.interrupts()));
}

#[test]
fn without_time_for_a_second_list_the_first_one_counts() {
    let service = Scripted::new(&[list(&[])]);
    let limits = Limits {
        total_timeout_ms: 3_000.0,
        ..ONCE
    };
    let kind = rotate_missing(&service, limits);
    assert!(matches!(kind, RotationErrorKind::Missing));
    assert_eq!(service.requests(), ["list"]);
}
