//! What a rotation makes of each answer, one case at a time.

use crate::answer::{Reply, Thing};
use crate::scripted::{BEGIN_MS, Fate, Scripted, Store, now};
use crate::state::START_MS;
use fireworks_keys::lifecycle::{
    ATTEMPT, Call, End, Limits, Mark, Orphans, Persisted, Rotate, Rotated, RotationErrorKind,
};

pub const TAG: &str = "tag";
const HOUR_MS: f64 = 3_600_000.0;

pub const ONCE: Limits = Limits {
    timeout_ms: 1_000.0,
    total_timeout_ms: 600_000.0,
    max_retries: 0,
};

/// A key that was made so long ago.
pub fn key(id: &str, age_ms: f64) -> Thing {
    Thing {
        key_id: Some(id.into()),
        created_at_ms: Some(BEGIN_MS - START_MS - age_ms),
        ..Thing::default()
    }
}

/// The same, made by a rotation of this key.
fn successor(id: &str, of: &str, age_ms: f64) -> Thing {
    Thing {
        annotations: vec![("fireworks-keys-rotates".into(), of.into())],
        ..key(id, age_ms)
    }
}

/// What our own rotation of the key `1` makes.
pub fn ours() -> Thing {
    Thing {
        annotations: vec![
            (ATTEMPT.into(), TAG.into()),
            ("fireworks-keys-rotates".into(), "1".into()),
        ],
        ..key("new", 0.0)
    }
}

pub fn made() -> Fate {
    Fate::holds(Thing {
        secret: true,
        ..ours()
    })
}

fn account(name: &str) -> Fate {
    Fate::holds(Thing {
        name: Some(name.into()),
        ..Thing::default()
    })
}

pub fn list(keys: &[Thing]) -> Fate {
    Fate::lists(keys.to_vec())
}

pub fn deleted() -> Fate {
    Fate::Answers(Reply::deleted())
}

/// Rotates the key `1`, which an hour ago was made, and keeps no generation.
pub fn rotate(script: &[Fate], verify: bool, store: Store) -> (Rotated<Scripted>, Scripted) {
    rotate_until(None, script, verify, store)
}

/// The same, with an end for the successor.
pub fn rotate_until(
    end: Option<&End>,
    script: &[Fate],
    verify: bool,
    store: Store,
) -> (Rotated<Scripted>, Scripted) {
    let service = Scripted::new(script);
    let mark = Mark {
        tag: TAG.into(),
        call: None,
    };
    let rotate = Rotate {
        account: "a",
        user: "u",
        key_id: "1",
        mark: &mark,
        end,
        verify,
        keep: 0,
        delete_unfinished: false,
    };
    let rotated = now(rotate.run(&Call::new(&service, ONCE), &store));
    (rotated, service)
}

pub const STORES: Store = Store(|| Persisted::Stored);

pub fn old() -> Thing {
    key("1", HOUR_MS)
}

#[test]
fn a_new_key_is_tried_by_reading_our_own_account() {
    let denied = Fate::Answers(Reply::denied());
    let portal = Fate::Answers(Reply::portal());
    let forbidden = Fate::Answers(Reply::status(403));
    for (answer, works) in [
        (account("accounts/a"), true),
        (account("accounts/b"), false),
        (account("a"), false),
        (denied, true),
        (forbidden, false),
        (portal, false),
        (Fate::holds(Thing::default()), false),
        (Fate::refused(403), false),
        (Fate::refused(400), false),
    ] {
        let (rotated, service) = rotate(
            &[
                list(&[old()]),
                made(),
                list(&[old(), ours()]),
                answer,
                deleted(),
            ],
            true,
            STORES,
        );
        assert_eq!(rotated.outcome.is_ok(), works);
        let requests = service.requests();
        assert_eq!(requests[3], "/v1/accounts/a by the new key");
        // The old key if it works, and the new one otherwise.
        assert_eq!(requests[4], "delete");
        assert_eq!(requests.len(), 5);
    }
}

#[test]
fn a_new_key_that_is_not_known_yet_is_tried_for_half_a_minute() {
    let (rotated, service) = rotate(
        &[
            list(&[old()]),
            made(),
            list(&[old(), ours()]),
            Fate::refused(401),
        ],
        true,
        STORES,
    );
    let Err(error) = rotated.outcome else {
        panic!("it never worked");
    };
    assert!(matches!(error.kind, RotationErrorKind::Request(_)));
    let waits = [500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 8_000.0];
    assert_eq!(service.waits(), waits, "no other ends within half a minute");
}

#[test]
fn without_verify_the_new_key_is_stored_untried() {
    let script = [list(&[old()]), made(), list(&[old(), ours()]), deleted()];
    let (rotated, service) = rotate(&script, false, STORES);
    let rotation = rotated.outcome.ok().expect("nothing is wrong");
    assert_eq!(rotation.revoked, ["1"]);
    assert!(rotation.pending.is_empty() && !rotation.is_token);
    assert_eq!(service.requests(), ["list", "create", "list", "delete"]);
    let stages = [
        "Find",
        "Create of 1",
        "Compare of 1 by new",
        "Persist of 1 by new",
        "Revoke of 1 by new",
    ];
    assert_eq!(service.told(), stages);
}

#[test]
fn what_is_wrong_with_the_keys_is_found_before_anything_is_made() {
    for (keys, expected) in [
        (vec![], "missing"),
        (vec![key("2", HOUR_MS)], "missing"),
        (vec![old(), successor("2", "1", 0.0)], "unfinished"),
        (
            vec![Thing {
                created_at_ms: None,
                expires_at_ms: Some(0.0),
                ..old()
            }],
            "lifetime",
        ),
        (
            vec![Thing {
                expires_at_ms: old().created_at_ms,
                ..old()
            }],
            "lifetime",
        ),
        // Its rotation noted a lifetime, so it is the list that lacks the end.
        (
            vec![Thing {
                expires_at_ms: None,
                annotations: vec![("fireworks-keys-lifetime".into(), "600".into())],
                ..old()
            }],
            "lifetime",
        ),
    ] {
        let (rotated, service) = rotate(&[list(&keys), list(&keys)], false, STORES);
        let Err(error) = rotated.outcome else {
            panic!("{expected}");
        };
        let told = match error.kind {
            RotationErrorKind::Missing => "missing",
            RotationErrorKind::Unfinished(_) => "unfinished",
            RotationErrorKind::Lifetime => "lifetime",
            _ => "another",
        };
        assert_eq!(told, expected);
        // A key that is missing may be missing from a list that lags behind.
        let lists: &[&str] = match expected {
            "missing" => &["list", "list"],
            _ => &["list"],
        };
        assert_eq!(service.requests(), lists);
        assert_eq!(error.live.is_empty(), expected == "missing");
    }
}

#[test]
fn another_rotation_at_work_is_a_conflict() {
    let gone = vec![ours()];
    let beside = vec![old(), ours(), successor("2", "1", 0.0)];
    for keys in [gone, beside] {
        let is_gone = keys.len() == 1;
        let script = if is_gone {
            vec![list(&[old()]), made(), list(&keys), list(&keys), deleted()]
        } else {
            vec![list(&[old()]), made(), list(&keys), deleted()]
        };
        let (rotated, service) = rotate(&script, false, STORES);
        let Err(error) = rotated.outcome else {
            panic!("there is another");
        };
        let RotationErrorKind::Conflict { successors, gone } = error.kind else {
            panic!("it is a conflict");
        };
        assert_eq!((successors.len(), gone), (usize::from(!is_gone), is_gone));
        let requests: &[&str] = if is_gone {
            &["list", "create", "list", "list", "delete"]
        } else {
            &["list", "create", "list", "delete"]
        };
        assert_eq!(service.requests(), requests);
        let live: &[&str] = if is_gone { &[] } else { &["1", "2"] };
        assert_eq!(error.live, live);
    }
}

#[test]
fn what_the_store_says_decides_what_becomes_of_the_new_key() {
    let script = [list(&[old()]), made(), list(&[old(), ours()]), deleted()];
    for (store, is_kept) in [
        (Store(|| Persisted::NotStored), false),
        (Store(|| Persisted::Skipped), false),
        (Store(|| Persisted::Rejected(())), true),
        (Store(|| Persisted::TimedOut), true),
        (Store(|| Persisted::Aborted), true),
    ] {
        let is_skipped = matches!((store.0)(), Persisted::Skipped);
        let (rotated, service) = rotate(&script, false, store);
        let Err(error) = rotated.outcome else {
            panic!("it is not stored");
        };
        let is_told = service.told().contains(&"rotation unknown".to_owned());
        assert_eq!(is_told, is_kept);
        // Where it is aborted, a sweep that follows deletes it.
        let deletes = service.requests().len() == 4;
        assert_eq!(deletes, !is_kept && !is_skipped);
        assert_eq!(rotated.unfinished.is_some(), is_skipped);
        assert_eq!(
            error.live.contains(&"new".to_owned()),
            is_kept || is_skipped
        );
        let aftermath = error.aftermath.expect("there was a create");
        assert_eq!(aftermath.keep.is_some(), is_kept);
        let orphans = if is_skipped {
            Orphans::Unknown
        } else {
            Orphans::None
        };
        assert_eq!(aftermath.orphans, orphans);
    }
}

#[test]
fn a_revocation_that_is_unclear_is_decided_by_a_list() {
    for (answer, pauses) in [
        (Fate::Answers(Reply::missing()), false),
        (Fate::holds(Thing::default()), false),
    ] {
        for (after, is_revoked) in [
            (list(&[ours()]), true),
            (list(&[old(), ours()]), false),
            (Fate::Breaks, false),
        ] {
            let script = [
                list(&[old()]),
                made(),
                list(&[old(), ours()]),
                answer.clone(),
                after,
            ];
            let (rotated, service) = rotate(&script, false, STORES);
            let rotation = rotated.outcome.ok().expect("the new key is stored");
            assert_eq!(rotation.revoked.is_empty(), !is_revoked);
            assert_eq!(rotation.pending.is_empty(), is_revoked);
            assert_eq!(!service.waits().is_empty(), pauses, "an old key");
        }
    }
    // A young key may be missing from a list that lags behind.
    let young = || key("1", 60_000.0);
    let script = [
        list(&[young()]),
        made(),
        list(&[young(), ours()]),
        Fate::Answers(Reply::missing()),
        list(&[ours()]),
    ];
    let (rotated, service) = rotate(&script, false, STORES);
    assert_eq!(rotated.outcome.ok().map(|done| done.revoked.len()), Some(1));
    assert_eq!(service.waits(), [5_000.0]);
    // By the clock of the service, which tells when the new key was made.
    let two_minutes_old = || key("1", 120_000.0);
    let script = [
        list(&[two_minutes_old()]),
        made(),
        list(&[two_minutes_old(), ours()]),
        Fate::Answers(Reply::missing()),
        list(&[ours()]),
    ];
    assert!(rotate(&script, false, STORES).1.waits().is_empty());
}

#[test]
fn what_the_token_may_not_delete_the_new_key_may() {
    let begin = [list(&[old()]), made(), list(&[old(), ours()])];
    let denied = || Fate::Answers(Reply::denied());
    for (answers, is_revoked) in [
        (vec![denied(), deleted()], true),
        (vec![Fate::refused(401), deleted()], true),
        (vec![denied(), denied()], false),
        (vec![denied(), Fate::refused(401)], false),
    ] {
        let (rotated, service) = rotate(&[&begin[..], &answers].concat(), false, STORES);
        let rotation = rotated.outcome.ok().expect("the new key is stored");
        assert_eq!(rotation.revoked.len(), usize::from(is_revoked));
        assert_eq!(service.requests()[3..], ["delete", "delete by the new key"]);
        if let Some(pending) = rotation.pending.first() {
            assert!(pending.error.is_refusal(403), "a 401 does not say why");
        }
    }
    // Something on the way refuses: no other token would help.
    for answer in [Fate::Answers(Reply::status(403)), Fate::refused(400)] {
        let (_, service) = rotate(&[&begin[..], &[answer]].concat(), false, STORES);
        assert_eq!(service.requests()[3..], ["delete"]);
    }
}

#[test]
fn a_key_that_no_header_can_carry_is_deleted() {
    let unusable = Fate::holds(Thing {
        secret: true,
        name: Some("unusable".into()),
        ..ours()
    });
    let (rotated, service) = rotate(&[list(&[old()]), unusable, deleted()], false, STORES);
    let Err(error) = rotated.outcome else {
        panic!("it cannot be used");
    };
    assert_eq!(error.live, ["1"]);
    assert_eq!(service.requests(), ["list", "create", "delete"]);
}
