//! If a rotation is aborted before its successor is stored, the successor is deleted afterwards.

use super::setup::{attempt, calm_ask, of_rotations, settled};
use super::works;
use crate::weather::{CALM, Weather, calm_limits};
use crate::world::World;
use fireworks_keys::lifecycle::{Horizon, Limits, RotationError, Stage};

/// Rotates until there is a successor, aborts, and runs the work that is left. Returns whether the effect of
/// an attempt was still unknown, and whether there was a second sweep.
fn aborted(seed: u64, weather: Weather) -> Option<(World, bool, bool)> {
    let world = settled(&mut fastrand::Rng::with_seed(seed)).under(Weather {
        abort_at_stage: Some(Stage::Compare),
        ..weather
    });
    let limits = Limits {
        max_retries: 3,
        ..calm_limits()
    };
    let rotated = attempt(&world, calm_ask(&world), limits).expect("nothing crashes");
    let Err(RotationError {
        stage: Stage::Compare,
        ..
    }) = rotated.outcome
    else {
        return None;
    };
    let log = world.log();
    if log.gave_up > 0 {
        return None;
    }
    let missing = log.unsure > log.deleted.len() || log.uncounted;
    let unfinished = rotated.unfinished.expect("the successor is left");
    let ended_ms = world.now_ms();
    let world = world.detach();
    world.run(unfinished.run(&world, limits, Horizon::Long));
    let listed_ms = world.log().last_list_ms.expect("a sweep lists");
    Some((world, missing, listed_ms >= ended_ms + 3_000.0))
}

#[test]
fn a_successor_is_deleted_once_and_keys_that_may_come_late_are_looked_for_again() {
    let mut seen = [0, 0];
    for seed in 0..2_000 {
        let weather = Weather {
            faults: 0.3,
            ..CALM
        };
        let Some((world, missing, again)) = aborted(seed, weather) else {
            continue;
        };
        let mut deleted = world.log().deleted;
        let found = deleted.len() > world.log().unsure;
        assert!(
            again || !missing || found,
            "seed {seed}: it is looked for again"
        );
        assert!(
            missing || !again,
            "seed {seed}: there is nothing more to find"
        );
        let count = deleted.len();
        deleted.sort();
        deleted.dedup();
        assert_eq!(count, deleted.len(), "each is told of once");
        works(&world);
        seen[usize::from(missing)] += 1;
    }
    assert!(seen.iter().all(|count| *count > 20), "{seen:?}");
}

#[test]
fn a_successor_without_annotations_is_deleted_by_its_id() {
    let weather = Weather {
        keeps_annotations: false,
        ..CALM
    };
    let (world, ..) = aborted(0, weather).expect("it is aborted");
    assert_eq!(of_rotations(&world).len(), 1);
    works(&world);
}
