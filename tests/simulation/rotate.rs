//! A rotation leaves a key in the caller's store that works, wherever it ends.

use crate::answer::Reply;
use crate::each_seed;
use crate::state::Key;
use crate::world::{CALM, Store, Weather, World, calm_limits, limits};
use fireworks_keys::lifecycle::{
    ATTEMPT, Call, Error, LIFETIME, Limits, Mark, REVOKES, ROTATES, Rotate, Rotated, Rotation,
    RotationError, RotationErrorKind, Stage,
};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

const MINUTE_MS: f64 = 60_000.0;
/// What others hold.
const ANOTHER: &str = "another";

/// How one rotation is asked for.
#[derive(Debug, Clone, Copy)]
struct Ask {
    key_id: usize,
    keep: u32,
    delete_unfinished: bool,
}

#[test]
fn what_the_caller_stored_works_wherever_a_rotation_crashes() {
    each_seed(schedule);
}

/// Any trouble and any crash, a run again, and another with a key id that is out of date.
fn schedule(seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut world = settled(&mut rng);
    let keep = rng.u32(0..3);
    for round in 0..4 {
        let ever_stored = world.ever_stored();
        let key_id = match round {
            // The caller looked at its store a while ago.
            2 => *rng.choice(&ever_stored).expect("there is one"),
            _ => world.stored(),
        };
        let ask = Ask {
            key_id,
            keep: rng.u32(0..3),
            delete_unfinished: round > 0 && rng.f64() < 0.8,
        };
        // The token is an administrator's, or whatever is in the store.
        let token = (rng.f64() < 0.4).then(|| world.stored());
        let weather = weather(&mut rng, world.now_ms());
        world = world.under(weather).with_token(token);
        let limits = limits(&mut rng);
        // One that was told an old key id and crashes leaves a key that only an audit shows.
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
                world.run_until_crash(unfinished.run(&later, limits));
            }
            if round == 2 && failed {
                // No later rotation comes past what this one has left: its error and its events told of
                // it, and the caller does as they say.
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

    // Some day all is calm.
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

/// The caller's store holds a key that works, and never held one that was deleted under it.
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

/// What is told is true.
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
            let unknown = |failure: &Error<Reply, ()>| matches!(failure, Error::Refused { answer, .. } if answer.status == 401);
            // A 403 that is a fault makes a key seem known that is not yet.
            let seems = world.weather().activation_ms > 0.0;
            assert!(
                seems || !pending.iter().any(|each| unknown(&each.error)),
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
                world.run(unfinished.run(&later, calm_limits()));
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
        let by = |wanted: fn(&RotationErrorKind<World>) -> bool| matches!(&rotated.outcome, Err(stopped) if wanted(&stopped.kind));
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
            by(
                |kind| matches!(kind, RotationErrorKind::Request(failure) if matches!(**failure, Error::Aborted)),
            ),
            rotated.unfinished.is_some(),
        ];
        for (count, reached) in seen.iter_mut().zip(reached) {
            *count += u32::from(reached);
        }
    }
    assert!(seen.iter().all(|count| *count >= 10), "{seen:?}");
}

#[test]
fn every_point_of_a_calm_rotation_may_be_the_last() {
    // Each request, and the caller's store, before and after.
    for token_is_the_key in [false, true] {
        let points = {
            let world = settled(&mut fastrand::Rng::with_seed(0));
            let ask = calm_ask(&world);
            world.crash_at(None);
            succeeds(attempt(&world, ask, calm_limits()).expect("nothing crashes"));
            world.steps()
        };
        assert!(points >= 14, "{points}");
        for point in 1..=points {
            let world = settled(&mut fastrand::Rng::with_seed(0));
            let token = token_is_the_key.then(|| world.stored());
            let world = world.with_token(token);
            let ask = calm_ask(&world);
            world.crash_at(Some(point));
            assert!(attempt(&world, ask, calm_limits()).is_none(), "at {point}");
            works(&world);
            world.crash_at(None);
            world.advance(world.now_ms() + 16.0 * MINUTE_MS);
            let world = world.clone().with_token(token.map(|_| world.stored()));
            let again = Ask {
                delete_unfinished: true,
                ..calm_ask(&world)
            };
            succeeds(attempt(&world, again, calm_limits()).expect("nothing crashes"));
            works(&world);
            assert!(of_rotations(&world).len() <= 2, "leftovers are gone");
        }
    }
}

#[test]
fn a_leftover_is_old_or_a_conflict() {
    for (age_minutes, conflicts) in [(14.9, true), (15.1, false)] {
        let world = settled(&mut fastrand::Rng::with_seed(1));
        let ask = Ask {
            delete_unfinished: true,
            ..calm_ask(&world)
        };
        let left = world.plant_with(vec![(ROTATES.into(), ask.key_id.to_string())]);
        world.advance(world.now_ms() + age_minutes * MINUTE_MS);
        let error = attempt(
            &world,
            Ask {
                delete_unfinished: false,
                ..ask
            },
            calm_limits(),
        );
        let stopped = stops(error.expect("nothing crashes"));
        let RotationErrorKind::Unfinished(successors) = &stopped.kind else {
            panic!("a successor is there already");
        };
        assert_eq!(successors[0].key_id, left.to_string());
        assert!(
            successors[0]
                .age_ms
                .is_some_and(|ms| (ms / MINUTE_MS - age_minutes).abs() < 0.1)
        );
        assert_eq!(stopped.live, [ask.key_id.to_string(), left.to_string()]);
        assert_eq!(world.log().creates, 0, "nothing has changed");

        let rotated = attempt(&world, ask, calm_limits()).expect("nothing crashes");
        let alive = |id| {
            world
                .keys()
                .iter()
                .any(|key: &Key| key.id == id && key.live)
        };
        if conflicts {
            let stopped = stops(rotated);
            assert!(matches!(
                stopped.kind,
                RotationErrorKind::Conflict { gone: false, .. }
            ));
            assert_eq!(stopped.live, [ask.key_id.to_string(), left.to_string()]);
            assert_eq!(world.stored(), ask.key_id);
        } else {
            assert_eq!(succeeds(rotated).revoked, [left.to_string()]);
        }
        assert_eq!(alive(left), conflicts);
        works(&world);
    }
}

#[test]
fn only_ancestors_are_revoked_and_the_oldest_of_them_first() {
    for keep in 0..5 {
        let world = settled(&mut fastrand::Rng::with_seed(2));
        let after = |id: usize| world.plant_with(vec![(ROTATES.into(), id.to_string())]);
        let first = world.stored();
        let second = after(first);
        let third = after(second);
        let sibling = after(first);
        world.store(third);
        let ask = Ask {
            key_id: third,
            keep,
            delete_unfinished: true,
        };
        let rotation = succeeds(attempt(&world, ask, calm_limits()).expect("nothing crashes"));
        let expected = [first, second, third];
        let expected = expected.iter().take(3_usize.saturating_sub(keep as usize));
        let expected: Vec<String> = expected.map(ToString::to_string).collect();
        assert_eq!(rotation.revoked, expected, "keep: {keep}");
        assert!(world.keys().iter().any(|key| key.id == sibling && key.live));
        works(&world);
    }
}

#[test]
fn annotations_that_lead_in_a_circle_end_somewhere() {
    let world = settled(&mut fastrand::Rng::with_seed(3));
    let first = world.stored();
    let (second, third) = (first + 1, first + 2);
    let of = |id: usize| (ROTATES.to_string(), id.to_string());
    world.plant_with(vec![
        of(third),
        (REVOKES.into(), format!("  {first} x {third}")),
    ]);
    world.plant_with(vec![of(second)]);
    world.store(third);
    let ask = Ask {
        key_id: third,
        keep: 9,
        delete_unfinished: true,
    };
    let rotated = attempt(&world, ask, calm_limits()).expect("it ends");
    let rotation = succeeds(rotated);
    // What a key of the line was to revoke is revoked; nothing else is.
    assert_eq!(rotation.revoked, [first.to_string()]);
    works(&world);
}

#[test]
fn a_lifetime_is_handed_on_and_does_not_drift() {
    for (lifetime_ms, skew_ms) in [
        (30.0 * 1440.0, 90_000.0),
        (60.0, -90_000.0),
        (5.0, -20_000.0),
    ] {
        let lifetime_ms = lifetime_ms * MINUTE_MS;
        let world = settled(&mut fastrand::Rng::with_seed(4));
        world.give_lifetime(world.stored(), Some(lifetime_ms - 180.0));
        let world = world.with_clock(skew_ms);
        for _ in 0..100 {
            succeeds(attempt(&world, calm_ask(&world), calm_limits()).expect("nothing crashes"));
        }
        let keys = world.keys();
        let key = keys.iter().find(|key| key.id == world.stored());
        let key = key.expect("it is there");
        let seconds = (lifetime_ms / 1_000.0).to_string();
        assert_eq!(key.annotation(LIFETIME), Some(&*seconds));
        let now = key.lifetime_ms.expect("it ends");
        assert!(
            (now - lifetime_ms - skew_ms).abs() < 1_000.0,
            "{now} was {lifetime_ms}"
        );
    }
}

#[test]
fn many_keys_that_came_from_one_another_take_no_time() {
    // Whoever holds a key can make these.
    const MANY: usize = 20_000;
    for chain in [false, true] {
        let world = settled(&mut fastrand::Rng::with_seed(9)).under(Weather {
            page_size: MANY,
            ..CALM
        });
        let first = world.stored();
        for index in 0..MANY {
            let of = if chain { first + index } else { first };
            let mark = (ATTEMPT.into(), index.to_string());
            world.plant_with(vec![(ROTATES.into(), of.to_string()), mark]);
        }
        let stopped = stops(attempt(&world, calm_ask(&world), calm_limits()).expect("it ends"));
        assert_eq!(stopped.live.len(), MANY + 1);
        world.store(first + MANY);
        let ask = Ask {
            keep: MANY as u32 * 2,
            ..calm_ask(&world)
        };
        succeeds(attempt(&world, ask, calm_limits()).expect("it ends"));
    }
}

#[test]
fn an_abort_before_the_store_is_asked_takes_the_key_back() {
    let mut skipped = 0;
    for seed in 0..2_000 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let world = settled(&mut rng).under(Weather {
            abort_at_ms: Some(1_500.0 * rng.f64()),
            ..CALM
        });
        let rotated = attempt(&world, calm_ask(&world), calm_limits()).expect("nothing crashes");
        let Err(stopped) = rotated.outcome else {
            continue;
        };
        let held = world.log().unknown == 1;
        assert_eq!(
            held,
            world.log().asked == 1,
            "what nobody was given is not held"
        );
        if !matches!(stopped.stage, Stage::Find | Stage::Create) {
            assert!(held || rotated.unfinished.is_some());
            skipped += u32::from(!held);
        }
    }
    assert!(skipped > 100, "{skipped}");
}

#[test]
fn the_new_key_deletes_what_was_the_token() {
    for tells_prefix in [true, false] {
        let world = settled(&mut fastrand::Rng::with_seed(7)).under(Weather {
            tells_prefix,
            ..CALM
        });
        let old = world.stored();
        let world = world.with_token(Some(old));
        let ask = Ask {
            keep: 0,
            ..calm_ask(&world)
        };
        succeeds(attempt(&world, ask, calm_limits()).expect("nothing crashes"));
        let by = if tells_prefix { world.stored() } else { old };
        assert_eq!(world.log().deleted_by, Some(by));
    }
}

#[test]
fn a_new_key_may_take_a_while_to_be_known() {
    let mut told = [0, 0];
    for seed in 0..100 {
        for (at, activation_ms) in [10_000.0, 600_000.0].into_iter().enumerate() {
            let world = settled(&mut fastrand::Rng::with_seed(seed));
            let world = world.under(Weather {
                activation_ms,
                ..CALM
            });
            let rotated = attempt(&world, calm_ask(&world), calm_limits());
            match rotated.expect("nothing crashes").outcome {
                Ok(_) => told[at] += 1,
                Err(stopped) => {
                    assert_eq!(stopped.stage, Stage::Verify);
                    assert_eq!(of_rotations(&world).len(), 1, "the new key is taken back");
                    assert!(world.now_ms() < 40_000.0);
                }
            }
        }
    }
    assert!(told[0] == 100 && told[1] < 50, "{told:?}");
}

#[test]
fn a_rotation_that_is_aborted_takes_its_key_back() {
    for at_ms in (0..3_000).step_by(20) {
        let world = settled(&mut fastrand::Rng::with_seed(8));
        let world = world.under(Weather {
            abort_at_ms: Some(f64::from(at_ms)),
            ..CALM
        });
        let rotated = attempt(&world, calm_ask(&world), calm_limits()).expect("nothing crashes");
        let Err(stopped) = rotated.outcome else {
            continue;
        };
        assert!(matches!(
            stopped.kind,
            RotationErrorKind::Request(failure) if matches!(*failure, Error::Aborted)
        ));
        let world = world.under(CALM);
        if let Some(unfinished) = rotated.unfinished {
            world.run(unfinished.run(&world, calm_limits()));
        }
        world.drain();
        let alive = of_rotations(&world).len();
        assert_eq!(
            alive,
            if stopped.stage == Stage::Persist {
                2
            } else {
                1
            }
        );
        works(&world);
    }
}

#[test]
fn a_rotation_alone_is_no_conflict() {
    let mut retried = 0;
    for seed in 0..20_000 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let world = settled(&mut rng);
        let world = world.under(Weather {
            faults: 0.3,
            store: Store::Stores,
            ..weather(&mut rng, 0.0)
        });
        let rotated = attempt(&world, calm_ask(&world), limits(&mut rng)).expect("nothing crashes");
        retried += u32::from(rotated.outcome.is_ok() && world.log().creates > 1);
        let conflict = matches!(&rotated.outcome, Err(stopped) if matches!(stopped.kind, RotationErrorKind::Conflict { .. }));
        assert!(!conflict, "seed {seed}: there is no other rotation");
    }
    assert!(retried > 100, "{retried}");
}

#[test]
fn a_key_that_goes_meanwhile_is_a_conflict() {
    let mut conflicts = 0;
    for seed in 0..200 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let world = settled(&mut rng);
        let ask = calm_ask(&world);
        let mark = mark(&world, "one");
        let rotation = rotate(&world, ask, calm_limits(), &mark);
        let (rotated, ()) = world.run(join(rotation, async {
            world.pause(1_500.0 * rng.f64()).await;
            world.delete(ask.key_id);
        }));
        if let Err(stopped) = rotated.outcome {
            let gone = matches!(stopped.kind, RotationErrorKind::Conflict { gone: true, .. });
            assert!(gone || stopped.stage == Stage::Find, "{:?}", stopped.stage);
            assert!(stopped.live.is_empty() && of_rotations(&world).is_empty());
            conflicts += u32::from(gone);
        }
    }
    assert!(conflicts > 10, "{conflicts}");
}

// Just outside of what a rotation asks for. The documentation says what happens then.

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
fn a_rotation_that_outlasts_another_one_which_deletes_leftovers_stores_a_dead_key() {
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
fn a_service_that_drops_annotations_is_told_of_and_its_leftovers_stay() {
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

/// A service with a stored key and keys of others.
fn settled(rng: &mut fastrand::Rng) -> World {
    let world = World::new(CALM, rng.fork());
    for _ in 0..4 {
        world.plant(ANOTHER, None);
    }
    let id = world.plant_with(Vec::new());
    world.store(id);
    world
}

fn calm_ask(world: &World) -> Ask {
    Ask {
        key_id: world.stored(),
        keep: 1,
        delete_unfinished: false,
    }
}

fn weather(rng: &mut fastrand::Rng, now_ms: f64) -> Weather {
    let stores = [
        Store::Stores,
        Store::Stores,
        Store::Declines,
        Store::Loses,
        Store::StoresAndThrows,
        Store::Slow(6_000.0),
    ];
    Weather {
        faults: *rng.choice(&[0.0, 0.1, 0.3]).unwrap_or(&0.1),
        slow: *rng.choice(&[0.0, 0.0, 0.1]).unwrap_or(&0.0),
        resends: rng.f64() < 0.3,
        page_size: rng.usize(1..5),
        abort_at_ms: (rng.f64() < 0.1).then(|| now_ms + 4_000.0 * rng.f64()),
        activation_ms: *rng.choice(&[0.0, 500.0, 20_000.0]).unwrap_or(&0.0),
        store: *rng.choice(&stores).unwrap_or(&Store::Stores),
        tells_prefix: rng.bool(),
        ..CALM
    }
}

/// The mark of the next create: no two are alike.
fn mark(world: &World, tag: &str) -> Mark {
    Mark {
        tag: format!("{tag}-{}", world.keys().len()),
        call: None,
    }
}

async fn rotate(world: &World, ask: Ask, limits: Limits, mark: &Mark) -> Rotated<World> {
    let key_id = ask.key_id.to_string();
    let rotate = Rotate {
        account: "a",
        user: "u",
        key_id: &key_id,
        mark,
        expiry: None,
        verify: true,
        keep: ask.keep,
        delete_unfinished: ask.delete_unfinished,
    };
    rotate.run(&Call::new(world, limits), world).await
}

/// Rotates, unless the process crashes.
fn attempt(world: &World, ask: Ask, limits: Limits) -> Option<Rotated<World>> {
    let mark = mark(world, "rotation");
    world.run_until_crash(rotate(world, ask, limits, &mark))
}

fn succeeds(rotated: Rotated<World>) -> Rotation<World> {
    match rotated.outcome {
        Ok(rotation) => rotation,
        Err(stopped) => panic!("it ended at {:?}: {:?}", stopped.stage, stopped.live),
    }
}

fn stops(rotated: Rotated<World>) -> RotationError<World> {
    match rotated.outcome {
        Ok(_) => panic!("it should not have succeeded"),
        Err(stopped) => stopped,
    }
}

/// The live keys that rotations made, and the first.
fn of_rotations(world: &World) -> Vec<Key> {
    let keys = world.keys().into_iter();
    keys.filter(|key| key.live && key.tag() != Some(ANOTHER))
        .collect()
}

/// A key and those before it, deleted or not.
fn generations(world: &World, newest: usize) -> Vec<usize> {
    let mut line = vec![newest];
    let keys = world.keys();
    let before = |id: usize| {
        let key = keys.iter().find(|key| key.id == id)?;
        key.annotation(ROTATES)?.parse().ok()
    };
    while let Some(id) = before(*line.last().expect("it has one")) {
        line.push(id);
    }
    line
}

/// Both, side by side.
async fn join<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut first, mut second) = (None, None);
    poll_fn(|context| {
        if first.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(context)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = b.as_mut().poll(context)
        {
            second = Some(output);
        }
        match (first.take(), second.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            (one, other) => {
                (first, second) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
}
