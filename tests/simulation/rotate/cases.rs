//! Single rotations, each in a world made by its test.

use super::setup::{
    Ask, MINUTE_MS, attempt, calm_ask, join, mark, of_rotations, rotate, settled, stops, succeeds,
    weather,
};
use super::works;
use crate::state::Key;
use crate::weather::{CALM, Store, Weather, calm_limits, limits};
use fireworks_keys::lifecycle::{
    ATTEMPT, Error, Horizon, LIFETIME, Orphans, REVOKES, ROTATES, RotationErrorKind, Stage,
};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

#[test]
fn a_calm_rotation_may_crash_at_every_point() {
    // Before and after each request and each call to the caller's store.
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
fn a_leftover_that_is_not_old_is_a_conflict() {
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
fn a_rotation_ends_even_if_annotations_lead_in_a_circle() {
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
    // Only the first key is revoked: another key of the line should have revoked it.
    assert_eq!(rotation.revoked, [first.to_string()]);
    works(&world);
}

#[test]
fn a_lifetime_is_passed_on_and_does_not_drift() {
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
        // A clock that is ahead would make the key live longer, which is put right.
        assert!(
            (now - lifetime_ms - skew_ms.min(0.0)).abs() < 2_000.0,
            "{now} was {lifetime_ms}"
        );
    }
}

#[test]
fn a_rotation_takes_time_in_proportion_to_the_keys_there_are() {
    // Anybody who holds a key can make these keys.
    for chain in [false, true] {
        let time = |many| {
            let times = (0..3).map(|_| rotate_among(many, chain));
            times.min().expect("there are some").as_secs_f64()
        };
        let (few, many) = (time(2_000), time(32_000));
        // For sixteen times as many keys, linear work takes 16 times as long, sorting 22 times, and comparing
        // all keys with all others 256 times.
        assert!(many / few < 80.0, "chain: {chain}, {few} s and {many} s");
    }
}

/// How long this thread has computed, whatever else the machine does; where that is not known, a clock.
fn computed() -> Duration {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    match schedule.split(' ').next().map(str::parse) {
        Some(Ok(nanos)) => Duration::from_nanos(nanos),
        _ => START.elapsed(),
    }
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// How long rotations among this many successors take. They form a chain, or all succeed the first key.
fn rotate_among(many: usize, chain: bool) -> Duration {
    let world = settled(&mut fastrand::Rng::with_seed(9)).under(Weather {
        page_size: many + 10,
        ..CALM
    });
    let first = world.stored();
    for index in 0..many {
        let of = if chain { first + index } else { first };
        let mark = (ATTEMPT.into(), index.to_string());
        world.plant_with(vec![(ROTATES.into(), of.to_string()), mark]);
    }
    let started = computed();
    let stopped = stops(attempt(&world, calm_ask(&world), calm_limits()).expect("it ends"));
    assert_eq!(stopped.live.len(), many + 1);
    let delete = Ask {
        delete_unfinished: true,
        ..calm_ask(&world)
    };
    let stopped = stops(attempt(&world, delete, calm_limits()).expect("it ends"));
    let RotationErrorKind::Conflict { successors, .. } = &stopped.kind else {
        panic!("none of them is old enough to be a leftover");
    };
    assert_eq!(successors.len(), many);
    world.store(first + many);
    let ask = Ask {
        keep: many as u32 * 2,
        ..calm_ask(&world)
    };
    let newest = attempt(&world, ask, calm_limits()).expect("it ends");
    assert!(newest.outcome.is_ok());
    computed() - started
}

#[test]
fn an_abort_before_the_store_is_called_deletes_the_new_key() {
    let world = settled(&mut fastrand::Rng::with_seed(11)).under(Weather {
        abort_at_stage: Some(Stage::Persist),
        ..CALM
    });
    let rotated = attempt(&world, calm_ask(&world), calm_limits()).expect("nothing crashes");
    let log = world.log();
    assert_eq!(
        (log.asked, log.unknown),
        (0, 0),
        "what was not handed over is not held"
    );
    let unfinished = rotated
        .unfinished
        .as_ref()
        .expect("the new key is taken back later");
    assert!(unfinished.keep().is_none());
    let Err(stopped) = rotated.outcome else {
        panic!("it was aborted");
    };
    assert_eq!(stopped.stage, Stage::Persist);
    assert_eq!(stopped.live.len(), 2);
    let aftermath = stopped.aftermath.expect("there was a create");
    assert_eq!(
        (aftermath.orphans, aftermath.keep),
        (Orphans::Unknown, None)
    );
}

#[test]
fn the_new_key_deletes_the_key_that_was_the_token() {
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
fn a_rotation_that_is_aborted_deletes_its_key() {
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
            world.run(unfinished.run(&world, calm_limits(), Horizon::Long));
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
fn a_rotation_alone_is_not_a_conflict() {
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
        let kind = rotated.outcome.as_ref().err().map(|stopped| &stopped.kind);
        let conflict = matches!(kind, Some(RotationErrorKind::Conflict { .. }));
        assert!(!conflict, "seed {seed}: there is no other rotation");
    }
    assert!(retried > 100, "{retried}");
}

#[test]
fn a_key_that_somebody_deletes_meanwhile_is_a_conflict() {
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
