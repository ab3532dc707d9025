//! A create never leaves an orphan without saying so.

use crate::each_seed;
use crate::state::{Key, Log};
use crate::weather::{CALM, Weather, calm_limits, limits};
use crate::world::World;
use fireworks_keys::lifecycle::{
    Answer, Call, Create, Created, Error, Item, Limits, Mark, NewKey, Orphans, Sweep,
};

const TAG: &str = "this-create";
/// Tells this create apart from others with the same tag.
const CALL: &str = "this-call";
/// Another create with the same tag, whose caller holds its key.
const OTHER_CALL: &str = "another-call";

#[test]
fn a_create_keeps_its_promises_in_every_schedule() {
    each_seed(schedule);
}

#[test]
fn a_calm_create_sends_one_request() {
    let world = World::new(CALM, fastrand::Rng::with_seed(0));
    let created = create(&world, calm_limits());
    assert!(created.outcome.is_ok());
    assert_eq!(created.orphans, Orphans::None);
    assert_eq!(world.log().requests, 1);
}

#[test]
fn schedules_are_not_all_alike() {
    // If some outcome were never reached, the checks of it would prove nothing.
    let mut seen = [0_u32; 8];
    for seed in 0..20_000 {
        let (world, limits) = prepare(seed);
        let created = create(&world, limits);
        let reached = [
            created.outcome.is_ok() && created.orphans == Orphans::None,
            created.outcome.is_ok() && created.orphans == Orphans::Swept,
            created.outcome.is_ok() && created.orphans == Orphans::Unknown,
            created.outcome.is_err() && created.orphans == Orphans::Swept,
            matches!(
                created.outcome.as_ref().map_err(|failure| &**failure),
                Err(Error::Aborted)
            ),
            matches!(
                created.outcome.as_ref().map_err(|failure| &**failure),
                Err(Error::TimedOut { .. })
            ),
            created.key_ids.len() > 1,
            created.unfinished.is_some(),
        ];
        for (count, reached) in seen.iter_mut().zip(reached) {
            *count += u32::from(reached);
        }
    }
    assert!(seen.iter().all(|count| *count >= 10), "{seen:?}");
}

fn schedule(seed: u64) {
    let (world, limits) = prepare(seed);
    let created = create(&world, limits);
    let log = world.log();

    assert!(
        world.now_ms() <= limits.total_timeout_ms + 1e-6,
        "it ends within its total timeout"
    );
    if let Some(abort_at_ms) = world.weather().abort_at_ms {
        let late = world.now_ms() > abort_at_ms + 1e-6;
        assert!(!late, "it ends when it is aborted");
        if world.now_ms() >= abort_at_ms {
            let answered = matches!(
                created.outcome.as_ref().map_err(|failure| &**failure),
                Ok(_) | Err(Error::Aborted)
            );
            assert!(answered, "an abort is answered as one");
        }
    }
    assert!(
        log.creates <= limits.max_retries + 1,
        "attempts stay within the budget"
    );
    assert_eq!(
        created.key_ids, log.deleted,
        "each orphan deleted is told of"
    );
    let returned = created
        .outcome
        .as_ref()
        .ok()
        .and_then(Answer::item)
        .and_then(|key| key.text("keyId"));
    assert_eq!(created.outcome.is_ok(), returned.is_some());
    let orphans = |world: &World| -> Vec<Key> {
        // If the service has dropped a key's tag, only an answer that names the key can reveal it.
        let untagged = world.log().unmarked > 0 && !world.weather().resends;
        let ours = |key: &Key| match key.tag() {
            None => key.live && untagged,
            tag => key.live && tag == Some(TAG) && key.call() != Some(OTHER_CALL),
        };
        let keys = world.keys().into_iter().filter(ours);
        keys.filter(|key| Some(key.id.to_string()) != returned)
            .collect()
    };
    match created.orphans {
        Orphans::None => {
            world.drain();
            assert!(orphans(&world).is_empty(), "none, and none ever");
            assert!(created.unfinished.is_none());
        }
        Orphans::Swept => {
            only_late(&orphans(&world), &log);
            let missing = created.key_ids.len() < log.unsure;
            assert_eq!(
                created.unfinished.is_some(),
                missing,
                "a second sweep looks for the rest"
            );
        }
        Orphans::Unknown => {
            let interrupted = matches!(&created.outcome, Err(failure) if failure.interrupts());
            assert!(
                interrupted
                    || log.sweep_troubles > 0
                    || log.unprotected > 0
                    || (log.unmarked > 0 && log.unsure > 1)
                    || out_of_time(&world, limits),
                "unknown only where a sweep could not finish"
            );
            if out_of_time(&world, limits) && log.unprotected == 0 {
                assert!(
                    created.unfinished.is_some(),
                    "the sweep may go on after the answer"
                );
            }
            assert!(
                created.unfinished.is_some() || log.gave_up == 1,
                "the caller hears of it, or somebody sees to it"
            );
        }
    }

    // The work that the caller's runtime lets go on after the answer.
    let mut after = World::under(
        world,
        Weather {
            abort_at_ms: None,
            ..weather(seed)
        },
    );
    if let Some(unfinished) = created.unfinished {
        let answered_ms = after.now_ms();
        after.run(unfinished.run(&after, limits));
        let log = after.log();
        if log.unprotected > 0 && log.deleted.len() < log.unsure {
            assert!(log.gave_up > 0, "without tags no look finds the rest");
        }
        if log.gave_up == 0 {
            only_late(&orphans(&after), &log);
            let late = log
                .last_list_ms
                .is_some_and(|at_ms| at_ms >= answered_ms + 5_000.0);
            assert!(
                late || log.deleted.len() >= log.unsure,
                "what was not found is looked for later"
            );
        }
    }
    after.drain();

    let held_elsewhere = |key: &Key| key.call() == Some(OTHER_CALL);
    assert!(
        after
            .keys()
            .iter()
            .all(|key| key.live || !held_elsewhere(key)),
        "the key of another call with the same tag is left alone"
    );

    // Later, another process sweeps when nothing goes wrong.
    if after.weather().keeps_annotations {
        after.advance(after.now_ms() + 60_000.0);
        after = after.under(CALM);
        let sweep = Sweep {
            account: "a".into(),
            user: "u".into(),
            mark: Mark {
                tag: TAG.into(),
                call: None,
            },
            keep: returned.clone(),
            named: None,
        };
        let call = Call::new(&after, calm_limits());
        assert!(after.run(sweep.run(&call, &mut Vec::new())).is_ok());
        assert!(orphans(&after).is_empty(), "deleteOrphans removes the rest");
    }
    let keys = after.keys();
    if let Some(returned) = returned {
        let alive = keys
            .iter()
            .any(|key| key.id.to_string() == returned && key.live);
        assert!(alive, "the key that was returned is live");
    }
    let others = keys.iter().filter(|key| key.tag() == Some("another"));
    assert!(
        others.clone().count() == 4 && others.clone().all(|key| key.live),
        "no other key is touched"
    );
}

/// Checks that a finished sweep has only left orphans that its list could not show yet.
fn only_late(orphans: &[Key], log: &Log) {
    let listed_ms = log.last_list_ms.expect("a sweep lists");
    for orphan in orphans {
        assert!(
            orphan.visible_at_ms > listed_ms,
            "{orphan:?} was there at {listed_ms}"
        );
    }
}

fn out_of_time(world: &World, limits: Limits) -> bool {
    let aborted = world
        .weather()
        .abort_at_ms
        .is_some_and(|at_ms| world.now_ms() >= at_ms);
    aborted || world.now_ms() >= limits.total_timeout_ms
}

fn create(world: &World, limits: Limits) -> Created<World> {
    // If the caller chose the tag, other calls may have the same one.
    let shares_tag = world
        .keys()
        .iter()
        .any(|key| key.call() == Some(OTHER_CALL));
    let mark = Mark {
        tag: TAG.into(),
        call: shares_tag.then(|| CALL.into()),
    };
    let mut annotations = Vec::new();
    mark.put(&mut annotations);
    let key = NewKey {
        annotations: Some(annotations),
        ..NewKey::default()
    };
    let create = Create {
        account: "a",
        user: "u",
        key: &key,
        mark: Some(&mark),
    };
    let call = Call::new(world, limits);
    world.run(create.run(&call))
}

fn prepare(seed: u64) -> (World, Limits) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let limits = limits(&mut rng);
    let world = World::new(weather(seed), rng);
    for _ in 0..4 {
        world.plant("another", None);
    }
    if seed.is_multiple_of(2) {
        world.plant(TAG, Some(OTHER_CALL));
    }
    (world, limits)
}

fn weather(seed: u64) -> Weather {
    let mut rng = fastrand::Rng::with_seed(seed ^ 0x5eed);
    Weather {
        faults: *rng.choice(&[0.1, 0.4, 0.8]).unwrap_or(&0.4),
        slow: *rng.choice(&[0.0, 0.1, 0.5]).unwrap_or(&0.1),
        resends: rng.f64() < 0.3,
        keeps_annotations: rng.f64() < 0.9,
        stale_ms: *rng.choice(&[0.0, 0.0, 2_000.0]).unwrap_or(&0.0),
        page_size: rng.usize(1..4),
        abort_at_ms: (rng.f64() < 0.3).then(|| 3_000.0 * rng.f64()),
        ..CALM
    }
}
