//! Which keys a rotation deletes at the end, and with which token.

use super::setup::{Ask, attempt, calm_ask, settled, stops, succeeds};
use super::works;
use crate::weather::{CALM, Weather, calm_limits};
use crate::world::World;
use fireworks_keys::lifecycle::{
    ATTEMPT, Call, Error, Mark, REVOKES, ROTATES, Rotate, Rotation, RotationErrorKind,
};

/// The status with which the service refuses a delete by this token, if it does.
type Refuses = fn(Option<usize>) -> Option<u16>;

/// Rotates and deletes the old key, with a service that refuses deletes by their token.
fn refused(refuses_delete: Refuses) -> (World, Rotation<World>) {
    let world = settled(&mut fastrand::Rng::with_seed(12)).under(Weather {
        refuses_delete,
        ..CALM
    });
    let ask = Ask {
        keep: 0,
        ..calm_ask(&world)
    };
    let rotated = attempt(&world, ask, calm_limits()).expect("nothing crashes");
    (world, succeeds(rotated))
}

#[test]
fn the_new_key_deletes_what_the_token_may_not_delete() {
    let first: [Refuses; 2] = [
        |token| token.is_none().then_some(401),
        |token| token.is_none().then_some(403),
    ];
    for refuses in first {
        let (world, rotation) = refused(refuses);
        assert_eq!((rotation.revoked.len(), rotation.pending.len()), (1, 0));
        assert_eq!(world.log().deleted_by, Some(world.stored()));
    }
    // Any other refusal is not the token's fault.
    let (world, rotation) = refused(|token| token.is_none().then_some(400));
    assert_eq!((rotation.revoked.len(), rotation.pending.len()), (0, 1));
    assert_eq!(world.log().deleted_by, None);
}

#[test]
fn of_two_refusals_the_more_helpful_one_is_reported() {
    let refusals: [(Refuses, u16); 4] = [
        (|token| Some(if token.is_none() { 403 } else { 401 }), 403),
        (|token| Some(if token.is_none() { 401 } else { 403 }), 403),
        (|token| Some(if token.is_none() { 403 } else { 400 }), 400),
        (|_| Some(401), 401),
    ];
    for (refuses, told) in refusals {
        let (_, rotation) = refused(refuses);
        let [pending] = &rotation.pending[..] else {
            panic!("one key could not be deleted");
        };
        let Error::Refused { answer, .. } = &*pending.error else {
            panic!("it was refused");
        };
        assert_eq!(answer.status, told);
    }
}

#[test]
fn the_token_is_gone_only_if_its_key_is_deleted() {
    for (keep, token, expected) in [(0, true, true), (1, true, false), (0, false, false)] {
        let world = settled(&mut fastrand::Rng::with_seed(13));
        let token = token.then(|| world.stored());
        let world = world.with_token(token);
        let ask = Ask {
            keep,
            ..calm_ask(&world)
        };
        let rotated = attempt(&world, ask, calm_limits()).expect("nothing crashes");
        assert_eq!(succeeds(rotated).is_token, expected, "keep: {keep}");
    }
}

#[test]
fn at_most_a_hundred_ids_are_noted_and_all_keys_are_revoked() {
    const MANY: usize = 150;
    let world = settled(&mut fastrand::Rng::with_seed(14));
    let first = world.stored();
    for _ in 0..MANY {
        world.plant_with(vec![(ROTATES.into(), first.to_string())]);
    }
    world.advance(world.now_ms() + 16.0 * super::MINUTE_MS);
    let ask = Ask {
        delete_unfinished: true,
        ..calm_ask(&world)
    };
    let rotation = succeeds(attempt(&world, ask, calm_limits()).expect("nothing crashes"));
    assert_eq!(rotation.revoked.len(), MANY);
    let keys = world.keys();
    let key = keys.iter().find(|key| key.id == world.stored());
    let noted = key.and_then(|key| key.annotation(REVOKES)).expect("a note");
    let noted: Vec<&str> = noted.split(' ').collect();
    assert_eq!(noted, rotation.revoked[..100]);
}

#[test]
fn keys_that_an_earlier_create_made_twice_are_revoked_once() {
    let world = settled(&mut fastrand::Rng::with_seed(15));
    let made = |tag: &str| vec![(ATTEMPT.to_string(), tag.to_string())];
    let stored = world.plant_with(made("this"));
    let twins = [
        world.plant_with(made("this")),
        world.plant_with(made("this")),
    ];
    world.plant_with(made("that"));
    world.store(stored);
    let rotation =
        succeeds(attempt(&world, calm_ask(&world), calm_limits()).expect("nothing crashes"));
    assert_eq!(rotation.revoked, twins.map(|id| id.to_string()));
    works(&world);
}

#[test]
fn every_request_of_an_operation_is_counted() {
    let world = settled(&mut fastrand::Rng::with_seed(16));
    let mark = Mark {
        tag: "counted".into(),
        call: None,
    };
    let key_id = world.stored().to_string();
    let rotate = Rotate {
        account: "a",
        user: "u",
        key_id: &key_id,
        mark: &mark,
        end: None,
        verify: true,
        keep: 0,
        delete_unfinished: false,
    };
    let call = Call::new(&world, calm_limits());
    let rotated = world.run(rotate.run(&call, &world));
    assert!(rotated.outcome.is_ok());
    assert!(call.attempts() > 4);
    assert_eq!(call.attempts(), world.log().requests);
}

#[test]
fn a_missing_key_is_an_error_and_nothing_changes() {
    let world = settled(&mut fastrand::Rng::with_seed(17));
    let ask = Ask {
        key_id: 999,
        ..calm_ask(&world)
    };
    let stopped = stops(attempt(&world, ask, calm_limits()).expect("nothing crashes"));
    assert!(matches!(stopped.kind, RotationErrorKind::Missing));
    assert!(stopped.live.is_empty() && world.log().creates == 0);
}

#[test]
fn a_kept_generation_is_not_its_own_twin_and_a_dropped_one_is_revoked_once() {
    for (keep, revokes) in [(9, false), (1, true)] {
        let world = settled(&mut fastrand::Rng::with_seed(19));
        let first = world.plant_with(vec![(ATTEMPT.into(), "first".into())]);
        let stored = world.plant_with(vec![
            (ATTEMPT.into(), "second".into()),
            (ROTATES.into(), first.to_string()),
            // The rotation that made this key should have revoked the first one, but did not finish.
            (
                REVOKES.into(),
                if revokes {
                    first.to_string()
                } else {
                    String::new()
                },
            ),
        ]);
        world.store(stored);
        let ask = Ask {
            keep,
            ..calm_ask(&world)
        };
        let rotation = succeeds(attempt(&world, ask, calm_limits()).expect("nothing crashes"));
        let expected = if revokes {
            vec![first.to_string()]
        } else {
            vec![]
        };
        assert_eq!(rotation.revoked, expected, "keep: {keep}");
        works(&world);
    }
}
