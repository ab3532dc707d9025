//! Wherever a rotation ends, the key in the caller's store works.

mod cases;
mod revoke;
mod setup;
mod withdraw;

use crate::each_seed;
use crate::weather::{CALM, Store, Weather, calm_limits, limits};
use crate::world::World;
use fireworks_keys::lifecycle::{
    Error, Horizon, Limits, ROTATES, Rotated, Rotation, RotationError, RotationErrorKind, Stage,
};
use setup::{
    ANOTHER, Ask, MINUTE_MS, attempt, calm_ask, generations, join, mark, of_rotations, rotate,
    settled, succeeds, weather,
};

#[test]
fn the_stored_key_works_wherever_a_rotation_crashes() {
    each_seed(schedule);
}

/// Rotates with faults and crashes, then again, and once with a key id that is out of date.
fn schedule(seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut world = settled(&mut rng);
    let keep = rng.u32(0..3);
    for round in 0..4 {
        let ever_stored = world.ever_stored();
        let key_id = match round {
            // The caller read its store a while ago.
            2 => *rng.choice(&ever_stored).expect("there is one"),
            _ => world.stored(),
        };
        let ask = Ask {
            key_id,
            keep: rng.u32(0..3),
            delete_unfinished: round > 0 && rng.f64() < 0.8,
        };
        // The token is an administrator's, or the key in the store.
        let token = (rng.f64() < 0.4).then(|| world.stored());
        let weather = weather(&mut rng, world.now_ms());
        world = world.under(weather).with_token(token);
        let limits = limits(&mut rng);
        // A rotation with an old key id that crashes leaves a key that only an audit can find.
        let may_crash = round != 2 && rng.f64() < 0.7;
        world.crash_at(may_crash.then(|| rng.u32(1..24)));
        let known = world.keys().len();
        let before = (world.stored(), world.now_ms());
        if let Some(rotated) = attempt(&world, ask, limits) {
            check(&world, ask, &rotated, limits, before);
            let failed = rotated.outcome.is_err();
            if let Some(unfinished) = rotated.unfinished {
                let later = world.clone().under(Weather {
                    abort_at_ms: None,
                    ..world.weather().clone()
                });
                world.run_until_crash(unfinished.run(&later, limits, Horizon::Long));
            }
            if round == 2 && failed {
                // No later rotation finds the keys that this one has left. Its error and its events have
                // named them, and the caller deletes them.
                world.drain();
                for key in world.keys().into_iter().skip(known) {
                    if key.id != world.stored() {
                        world.delete(key.id);
                    }
                }
            }
        }
        works(&world);
        world.advance(world.now_ms() + MINUTE_MS * if rng.bool() { 2.0 } else { 16.0 });
        works(&world);
    }

    // Finally, nothing goes wrong any more.
    world.crash_at(None);
    world.drain();
    world.advance(world.now_ms() + 16.0 * MINUTE_MS);
    world = world.under(CALM).with_token(None);
    let ask = Ask {
        key_id: world.stored(),
        keep,
        delete_unfinished: true,
    };
    let rotated = attempt(&world, ask, calm_limits()).expect("nothing crashes");
    let rotation = succeeds(rotated);
    assert!(rotation.pending.is_empty());
    works(&world);
    let line = generations(&world, world.stored());
    let alive: Vec<usize> = of_rotations(&world).iter().map(|key| key.id).collect();
    let expected: Vec<usize> = line.into_iter().take(keep as usize + 1).collect();
    assert!(
        alive.iter().all(|id| expected.contains(id)),
        "{alive:?} is more than the newest {expected:?}"
    );
}

/// Checks that the key in the caller's store works, and that no key was deleted while it was stored.
fn works(world: &World) {
    let stored = world.stored();
    assert_eq!(
        world.log().stored_deleted,
        0,
        "a key was deleted while it was the stored one"
    );
    let alive = world.keys().iter().any(|key| key.id == stored && key.live);
    assert!(alive, "the stored key {stored} is live");
    let others = world.keys();
    let others = others.iter().filter(|key| key.tag() == Some(ANOTHER));
    assert!(
        others.clone().count() == 4 && others.clone().all(|key| key.live),
        "no other key is touched"
    );
}

/// Checks that what the rotation reports is true.
fn check(world: &World, ask: Ask, rotated: &Rotated<World>, limits: Limits, before: (usize, f64)) {
    let ends_ms = before.1 + limits.total_timeout_ms;
    assert!(
        world.now_ms() <= ends_ms + 1e-6,
        "it ends within its total timeout"
    );
    let live = |id: &str| {
        let keys = world.keys();
        keys.iter().any(|key| key.id.to_string() == id && key.live)
    };
    match &rotated.outcome {
        Ok(Rotation {
            created,
            revoked,
            pending,
            ..
        }) => {
            let id = created.item.as_ref().and_then(|item| item.key_id.clone());
            assert_eq!(
                id,
                Some(world.stored().to_string()),
                "the new key is stored"
            );
            assert!(
                revoked.iter().all(|id| !live(id)),
                "what is revoked is gone"
            );
            let kept = ask.keep == 0 || live(&ask.key_id.to_string());
            assert!(kept, "the generation before is kept");
            // A 403 that is a fault makes a new key seem known before it is.
            let seems = world.weather().activation_ms > 0.0;
            assert!(
                seems || !pending.iter().any(|each| each.error.is_refusal(401)),
                "one of the two tokens is known"
            );
            let both = pending.iter().any(|each| revoked.contains(&each.key_id));
            assert!(!both, "nothing is both revoked and pending");
        }
        Err(RotationError {
            stage,
            kind,
            live: told,
            ..
        }) => {
            if *stage != Stage::Persist {
                assert_eq!(world.stored(), before.0, "what was stored stays");
            }
            if matches!(kind, RotationErrorKind::NotStored) && told.len() == 1 {
                assert_eq!(told, &[ask.key_id.to_string()], "the successor is gone");
            }
            let known = matches!(kind, RotationErrorKind::Rejected(()));
            assert!(!known || told.iter().all(|id| live(id)), "both are alive");
        }
    }
}

#[test]
fn of_two_rotations_at_once_at_least_one_notices() {
    each_seed(|seed| {
        let mut rng = fastrand::Rng::with_seed(seed);
        let world = settled(&mut rng);
        let key_id = world.stored();
        let calm = rng.bool();
        let world = world.under(match calm {
            true => CALM,
            false => Weather {
                store: Store::Stores,
                ..weather(&mut rng, 0.0)
            },
        });
        let limits = match calm {
            true => calm_limits(),
            false => limits(&mut rng),
        };
        let ask = Ask {
            key_id,
            keep: rng.u32(0..3),
            delete_unfinished: false,
        };
        let delay_ms = rng.f64() * 2_000.0;
        let marks = [mark(&world, "one"), mark(&world, "two")];
        let (first, second) = world.run(join(rotate(&world, ask, limits, &marks[0]), async {
            world.pause(delay_ms).await;
            rotate(&world, ask, limits, &marks[1]).await
        }));
        let both = first.outcome.is_ok() && second.outcome.is_ok();
        assert!(!both, "two rotations of one key have both succeeded");
        for rotated in [first, second] {
            if let (true, Err(stopped)) = (calm, &rotated.outcome) {
                let noticed = matches!(
                    stopped.kind,
                    RotationErrorKind::Conflict { .. }
                        | RotationErrorKind::Unfinished(_)
                        | RotationErrorKind::Missing
                );
                assert!(noticed, "at {:?}", stopped.stage);
            }
            if let Some(unfinished) = rotated.unfinished {
                let later = world.clone().under(CALM);
                world.run(unfinished.run(&later, calm_limits(), Horizon::Short));
            }
        }
        works(&world);
    });
}

#[test]
fn schedules_of_rotations_are_not_all_alike() {
    let mut seen = [0_u32; 11];
    for seed in 0..20_000 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let world = settled(&mut rng);
        let ask = Ask {
            key_id: world.stored(),
            keep: rng.u32(0..3),
            delete_unfinished: rng.bool(),
        };
        let token = rng.bool().then(|| world.stored());
        let world = world.under(weather(&mut rng, 0.0)).with_token(token);
        if rng.f64() < 0.2 {
            world.plant_with(vec![(ROTATES.into(), ask.key_id.to_string())]);
            world.advance(world.now_ms() + if rng.bool() { 20.0 } else { 1.0 } * MINUTE_MS);
        }
        let Some(rotated) = attempt(&world, ask, limits(&mut rng)) else {
            continue;
        };
        let at = |stage| matches!(&rotated.outcome, Err(stopped) if stopped.stage == stage);
        let stopped = rotated.outcome.as_ref().err();
        let by = |wanted: fn(&RotationErrorKind<World>) -> bool| {
            stopped.is_some_and(|stopped| wanted(&stopped.kind))
        };
        let reached = [
            matches!(&rotated.outcome, Ok(done) if done.pending.is_empty() && !done.revoked.is_empty()),
            matches!(&rotated.outcome, Ok(done) if !done.pending.is_empty()),
            at(Stage::Find),
            at(Stage::Create),
            at(Stage::Compare),
            at(Stage::Verify),
            at(Stage::Persist),
            by(|kind| matches!(kind, RotationErrorKind::Unfinished(_))),
            by(|kind| matches!(kind, RotationErrorKind::Conflict { .. })),
            by(is_aborted),
            rotated.unfinished.is_some(),
        ];
        for (count, reached) in seen.iter_mut().zip(reached) {
            *count += u32::from(reached);
        }
    }
    assert!(seen.iter().all(|count| *count >= 10), "{seen:?}");
}

// What happens just outside of a rotation's preconditions. The documentation says the same.

#[test]
fn behind_a_list_that_lags_two_rotations_may_both_succeed_and_the_stored_key_still_works() {
    let mut both = 0;
    for seed in 0..200 {
        let world = settled(&mut fastrand::Rng::with_seed(seed));
        let world = world.under(Weather {
            stale_ms: 10_000.0,
            ..CALM
        });
        let ask = calm_ask(&world);
        let marks = [mark(&world, "one"), mark(&world, "two")];
        let (first, second) = world.run(join(
            rotate(&world, ask, calm_limits(), &marks[0]),
            rotate(&world, ask, calm_limits(), &marks[1]),
        ));
        both += u32::from(first.outcome.is_ok() && second.outcome.is_ok());
        works(&world);
    }
    assert!(both > 0, "the precondition is needed");
}

#[test]
fn a_rotation_that_outlasts_another_one_that_deletes_leftovers_stores_a_dead_key() {
    let world = settled(&mut fastrand::Rng::with_seed(5));
    let ask = calm_ask(&world);
    let slow = world.clone().under(Weather {
        store: Store::Slow(20.0 * MINUTE_MS),
        ..CALM
    });
    let marks = [mark(&world, "one"), mark(&world, "two")];
    let (first, second) = world.run(join(rotate(&slow, ask, calm_limits(), &marks[0]), async {
        world.pause(16.0 * MINUTE_MS).await;
        let delete = Ask {
            delete_unfinished: true,
            ..ask
        };
        rotate(&world, delete, calm_limits(), &marks[1]).await
    }));
    assert!(first.outcome.is_ok() && second.outcome.is_ok());
    let stored = world.stored();
    let alive = world.keys().iter().any(|key| key.id == stored && key.live);
    assert!(!alive, "the precondition is needed");
}

#[test]
fn a_service_that_drops_annotations_is_reported_and_its_leftovers_stay() {
    let world = settled(&mut fastrand::Rng::with_seed(6));
    let world = world.under(Weather {
        keeps_annotations: false,
        ..CALM
    });
    for _ in 0..3 {
        succeeds(attempt(&world, calm_ask(&world), calm_limits()).expect("nothing crashes"));
        works(&world);
    }
    assert_eq!(world.log().unprotected, 3);
    let unknown = world
        .keys()
        .into_iter()
        .filter(|key| key.annotations.is_empty());
    assert_eq!(unknown.count(), 4, "no generation is found by annotation");
}

fn is_aborted(kind: &RotationErrorKind<World>) -> bool {
    matches!(kind, RotationErrorKind::Request(error) if matches!(**error, Error::Aborted))
}
