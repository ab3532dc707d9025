//! What a create makes of lost attempts and of lifetimes, one case at a time.

use crate::answer::{Reply, Thing};
use crate::scripted::{BEGIN_MS, Fate, Scripted, now};
use crate::state::{START_MS, time_text};
use fireworks_keys::lifecycle::{
    ATTEMPT, Call, Create, Created, End, Horizon, Limits, Mark, NewKey, Orphans,
};

pub const TAG: &str = "tag";
const FIVE_MINUTES_MS: f64 = 300_000.0;

/// One attempt of each request.
pub const ONCE: Limits = Limits {
    timeout_ms: 1_000.0,
    total_timeout_ms: 600_000.0,
    max_retries: 0,
};

/// A second attempt of each request.
const TWICE: Limits = Limits {
    max_retries: 1,
    ..ONCE
};

pub fn create(service: &Scripted, limits: Limits, end: End) -> Created<Scripted> {
    let mark = Mark {
        tag: TAG.into(),
        call: None,
    };
    let key = NewKey {
        end,
        ..NewKey::default()
    };
    let create = Create {
        account: "a",
        user: "u",
        key: &key,
        mark: Some(&mark),
    };
    now(create.run(&Call::new(service, limits)))
}

/// A key of the create, as a list shows it.
pub fn key(id: &str) -> Thing {
    Thing {
        key_id: Some(id.into()),
        annotations: vec![(ATTEMPT.into(), TAG.into())],
        created_at_ms: Some(BEGIN_MS - START_MS),
        ..Thing::default()
    }
}

/// The answer to a create: a key that lives for so long.
fn made(id: &str, lifetime_ms: Option<f64>) -> Fate {
    Fate::holds(Thing {
        secret: true,
        lifetime_ms,
        ..key(id)
    })
}

pub fn deleted() -> Fate {
    Fate::Answers(Reply::deleted())
}

#[test]
fn a_key_that_ends_early_is_told_beyond_what_the_request_took() {
    // Two seconds are for rounding, and the request took ten milliseconds.
    for (short_ms, told) in [(2_005.0, &[][..]), (3_000.0, &["shorter"])] {
        let service = Scripted::new(&[made("1", Some(FIVE_MINUTES_MS - short_ms))]);
        let created = create(&service, ONCE, End::After(FIVE_MINUTES_MS));
        assert!(created.outcome.is_ok());
        assert_eq!(service.told(), told, "{short_ms}");
    }
}

#[test]
fn a_lost_attempt_that_is_found_is_told_as_swept() {
    for end in [End::Never, End::After(FIVE_MINUTES_MS)] {
        let lifetime_ms = matches!(end, End::After(_)).then_some(FIVE_MINUTES_MS);
        let service = Scripted::new(&[
            Fate::Breaks,
            made("2", lifetime_ms),
            Fate::lists(vec![key("1"), key("2")]),
            deleted(),
        ]);
        let created = create(&service, TWICE, end);
        assert!(created.outcome.is_ok());
        assert_eq!(created.orphans, Orphans::Swept);
        assert_eq!(created.key_ids, ["1"]);
        assert_eq!(service.told()[1..], ["deleted 1", "swept beside 2"]);
        assert!(created.unfinished.is_none());
    }
}

#[test]
fn a_key_that_lives_too_long_is_made_once_more() {
    let service = Scripted::new(&[
        made("1", Some(2.0 * FIVE_MINUTES_MS)),
        Fate::lists(vec![key("1")]),
        deleted(),
        made("2", Some(FIVE_MINUTES_MS)),
    ]);
    let created = create(&service, ONCE, End::After(FIVE_MINUTES_MS));
    assert!(created.outcome.is_ok());
    assert_eq!(created.orphans, Orphans::Swept);
    assert_eq!((created.key_ids, created.live), (vec!["1".into()], None));
    assert_eq!(service.requests(), ["create", "list", "delete", "create"]);
}

#[test]
fn a_key_whose_time_was_given_is_not_made_once_more() {
    let end = End::At {
        text: String::new(),
        ms: BEGIN_MS + FIVE_MINUTES_MS,
    };
    let service = Scripted::new(&[
        made("1", Some(2.0 * FIVE_MINUTES_MS)),
        Fate::lists(vec![key("1")]),
        deleted(),
    ]);
    let created = create(&service, ONCE, end);
    assert!(created.outcome.is_err() && created.lives_too_long);
    assert_eq!(service.requests(), ["create", "list", "delete"]);
    assert_eq!(service.told(), ["deleted 1", "swept"]);
}

#[test]
fn where_requests_are_repeated_unseen_a_success_is_made_sure_of() {
    let script = [made("1", None), Fate::lists(vec![key("1")])];
    let service = Scripted::new(&script).that_resends();
    let created = create(&service, ONCE, End::Never);
    assert!(created.outcome.is_ok() && created.unfinished.is_none());
    assert_eq!(service.requests(), ["create", "list"]);
    // The caller is answered first if the runtime waits.
    let service = Scripted::new(&script).that_resends().that_waits();
    let created = create(&service, ONCE, End::Never);
    assert_eq!(service.requests(), ["create"]);
    let unfinished = created.unfinished.expect("the look follows");
    unfinished.open(&service, Horizon::Short);
    now(unfinished.run(&service, ONCE, Horizon::Short));
    assert_eq!(service.requests(), ["create", "list"]);
    assert!(service.waits().is_empty() && service.told().is_empty());
}

#[test]
fn where_requests_are_repeated_unseen_a_refusal_may_be_of_the_second() {
    for (status, requests) in [(400, &["create"][..]), (409, &["create", "list"])] {
        let script = [Fate::refused(status), Fate::lists(Vec::new())];
        let service = Scripted::new(&script).that_resends().that_waits();
        let created = create(&service, ONCE, End::Never);
        assert!(created.outcome.is_err());
        assert_eq!(service.requests(), requests, "{status}");
    }
}

#[test]
fn a_lost_attempt_is_looked_for_at_once_even_if_the_runtime_waits() {
    let service = Scripted::new(&[Fate::Breaks, Fate::lists(Vec::new())]).that_waits();
    let created = create(&service, ONCE, End::Never);
    assert_eq!(service.requests(), ["create", "list"]);
    assert_eq!(created.orphans, Orphans::Unaccounted);
    let unfinished = created.unfinished.expect("further looks follow");
    now(unfinished.run(&service, ONCE, Horizon::Short));
    assert_eq!(service.requests().len(), 5);
    assert_eq!(service.told(), ["unaccounted"]);
}

#[test]
fn a_look_that_failed_is_repeated_later_unless_it_never_can_succeed() {
    let service = Scripted::new(&[Fate::Breaks, Fate::Answers(Reply::denied())]);
    let created = create(&service, ONCE, End::Never);
    assert_eq!(created.orphans, Orphans::Unknown);
    assert!(created.unfinished.is_none());
    assert_eq!(service.told(), ["unknown"]);

    let script = [
        Fate::Breaks,
        Fate::Breaks,
        Fate::lists(vec![key("1")]),
        deleted(),
    ];
    let service = Scripted::new(&script);
    let created = create(&service, ONCE, End::Never);
    assert_eq!(created.orphans, Orphans::Unknown);
    let unfinished = created.unfinished.expect("a look may succeed later");
    now(unfinished.run(&service, ONCE, Horizon::Long));
    assert_eq!(service.waits(), [3_000.0], "not at once");
    assert_eq!(service.told(), ["deleted 1", "swept"]);
}

#[test]
fn an_aborted_create_is_not_looked_for_before_the_caller_is_answered() {
    let script = [Fate::Aborts, Fate::lists(vec![key("1")]), deleted()];
    let service = Scripted::new(&script);
    let created = create(&service, ONCE, End::Never);
    assert_eq!(service.requests(), ["create"]);
    let unfinished = created.unfinished.expect("it is looked for");
    unfinished.open(&service, Horizon::Long);
    now(unfinished.run(&service, ONCE, Horizon::Long));
    assert!(service.waits().is_empty(), "at once");
    assert_eq!(service.told(), ["open until 120000", "deleted 1", "swept"]);
}

#[test]
fn what_a_service_does_not_mark_cannot_be_found() {
    let unmarked = Fate::holds(Thing {
        secret: true,
        annotations: Vec::new(),
        ..key("2")
    });
    let service = Scripted::new(&[Fate::Breaks, unmarked, Fate::lists(Vec::new())]);
    let created = create(&service, TWICE, End::Never);
    assert!(created.outcome.is_ok() && created.unfinished.is_none());
    assert_eq!(created.orphans, Orphans::Unknown);
    assert_eq!(service.told()[1..], ["unprotected", "unknown beside 2"]);
}

#[test]
fn the_end_that_a_key_was_given_is_compared_with_what_was_asked_for() {
    let at = |ms| End::At {
        text: String::new(),
        ms: BEGIN_MS + ms,
    };
    // Two seconds more or less are for rounding.
    for (end, lifetime_ms, is_ok, told) in [
        (End::Never, None, true, None),
        (End::Never, Some(FIVE_MINUTES_MS), true, Some("shorter")),
        (at(FIVE_MINUTES_MS), Some(FIVE_MINUTES_MS), true, None),
        (at(FIVE_MINUTES_MS), Some(302_000.0), true, None),
        (at(FIVE_MINUTES_MS), Some(302_001.0), false, None),
        (at(FIVE_MINUTES_MS), Some(298_000.0), true, None),
        (at(FIVE_MINUTES_MS), Some(297_999.0), true, Some("shorter")),
        (at(FIVE_MINUTES_MS), None, false, None),
        (End::After(FIVE_MINUTES_MS), Some(302_000.0), true, None),
        (End::After(FIVE_MINUTES_MS), Some(302_001.0), false, None),
        (End::After(FIVE_MINUTES_MS), None, false, None),
    ] {
        let service = Scripted::new(&[
            made("1", lifetime_ms),
            Fate::lists(vec![key("1")]),
            deleted(),
            Fate::refused(400),
        ]);
        let created = create(&service, ONCE, end.clone());
        assert_eq!(created.outcome.is_ok(), is_ok, "{end:?} {lifetime_ms:?}");
        if is_ok {
            assert_eq!(service.told().first().map(String::as_str), told, "{end:?}");
        }
    }
}

#[test]
fn a_lifetime_counts_from_when_the_key_was_made_by_the_services_clock() {
    let lives = |created_at_ms: Option<f64>, date_ms| {
        let answer = Reply {
            date_ms,
            ..Reply::ok(Thing {
                secret: true,
                created_at_ms,
                expires_at_ms: Some(BEGIN_MS - START_MS + FIVE_MINUTES_MS),
                ..key("1")
            })
        };
        let service = Scripted::new(&[Fate::Answers(answer)]);
        let created = create(&service, ONCE, End::After(FIVE_MINUTES_MS));
        (created.outcome.is_ok(), service.told())
    };
    let made_ms = BEGIN_MS - START_MS;
    assert_eq!(lives(Some(made_ms), None), (true, vec![]));
    assert_eq!(lives(None, Some(BEGIN_MS)), (true, vec![]));
    assert_eq!(
        lives(Some(made_ms), Some(BEGIN_MS - 60_000.0)),
        (true, vec![]),
        "its own time comes first"
    );
    assert_eq!(lives(None, None), (true, vec!["no lifetime".into()]));
}

#[test]
fn an_end_before_its_beginning_is_none() {
    // The year 1 and 1970 stand for no time at some services.
    for expires_at_ms in [
        -62_135_596_800_000.0 - START_MS,
        -START_MS,
        BEGIN_MS - START_MS,
    ] {
        for created_at_ms in [Some(BEGIN_MS - START_MS), None] {
            let script = [
                Fate::holds(Thing {
                    secret: true,
                    created_at_ms,
                    expires_at_ms: Some(expires_at_ms),
                    ..key("1")
                }),
                Fate::lists(vec![key("1")]),
                deleted(),
                Fate::refused(400),
            ];
            let is_none = created_at_ms.is_some() || expires_at_ms <= -START_MS;
            let service = Scripted::new(&script);
            let created = create(&service, ONCE, End::After(FIVE_MINUTES_MS));
            assert_eq!(
                created.outcome.is_err(),
                is_none,
                "{expires_at_ms} {created_at_ms:?}"
            );
        }
    }
}

#[test]
fn a_second_key_is_asked_for_by_the_services_clock() {
    // Theirs is an hour behind ours.
    let theirs_ms = BEGIN_MS - 3_600_000.0;
    let service = Scripted::new(&[
        Fate::holds(Thing {
            secret: true,
            created_at_ms: Some(theirs_ms - START_MS),
            expires_at_ms: Some(BEGIN_MS - START_MS + FIVE_MINUTES_MS),
            ..key("1")
        }),
        Fate::lists(vec![key("1")]),
        deleted(),
        Fate::refused(400),
    ]);
    let created = create(&service, ONCE, End::After(FIVE_MINUTES_MS));
    assert!(created.outcome.is_err());
    // The list and the deletion took ten milliseconds each.
    let ends = [BEGIN_MS, theirs_ms + 20.0].map(|ms| time_text(ms + FIVE_MINUTES_MS));
    assert_eq!(service.ends(), ends);
}

#[test]
fn only_a_key_with_its_id_is_handed_out() {
    let whole = || Thing {
        secret: true,
        ..key("1")
    };
    for answer in [
        Thing {
            key_id: None,
            ..whole()
        },
        Thing {
            secret: false,
            ..whole()
        },
        Thing {
            repeats: Some("keyId"),
            ..whole()
        },
    ] {
        let is_named = !answer.secret;
        let service = Scripted::new(&[Fate::holds(answer), Fate::lists(Vec::new()), deleted()]);
        let created = create(&service, ONCE, End::Never);
        assert!(created.outcome.is_err());
        // Only an id that is no secret is used.
        assert_eq!(service.requests().contains(&"delete".into()), is_named);
    }
}

#[test]
fn an_answer_without_an_id_does_not_say_whether_marks_are_kept() {
    let script = [Fate::holds(Thing::default()), Fate::lists(Vec::new())];
    let service = Scripted::new(&script);
    let created = create(&service, ONCE, End::Never);
    assert!(created.outcome.is_err());
    assert_eq!(created.orphans, Orphans::Unaccounted);
    assert!(created.unfinished.is_some(), "its key may come late");
}

#[test]
fn a_success_whose_look_fails_is_told_and_no_look_follows() {
    let service = Scripted::new(&[made("1", None), Fate::Breaks]).that_resends();
    let created = create(&service, ONCE, End::Never);
    assert!(created.outcome.is_ok() && created.unfinished.is_none());
    assert_eq!(created.orphans, Orphans::Unknown);
    assert_eq!(service.told(), ["unknown beside 1"]);
}
