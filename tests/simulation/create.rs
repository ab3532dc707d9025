//! A create never leaves an orphan without saying so.

use crate::each_seed;
use crate::state::{Key, Log, START_MS, time_text};
use crate::weather::{CALM, Weather, calm_limits, limits};
use crate::world::World;
use fireworks_keys::lifecycle::{
    Answer, Call, Create, Created, End, Error, Horizon, Item, Limits, Mark, NewKey, Orphans, Sweep,
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
    let created = create(&world, calm_limits(), End::Never);
    assert!(created.outcome.is_ok());
    assert_eq!(created.orphans, Orphans::None);
    assert_eq!(world.log().requests, 1);
}

#[test]
fn an_aborted_create_is_swept_at_once() {
    let mut swept = 0;
    for seed in 0..100 {
        let weather = Weather {
            abort_at_ms: Some(200.0),
            ..CALM
        };
        let world = World::new(weather, fastrand::Rng::with_seed(seed));
        let created = create(&world, calm_limits(), End::Never);
        let Some(unfinished) = created.unfinished else {
            continue;
        };
        let after = world.under(CALM);
        after.run(unfinished.run(&after, calm_limits(), Horizon::Long));
        // The service is quick, and the next look would come after three seconds.
        assert!(after.now_ms() < 2_000.0, "{}", after.now_ms());
        assert!(after.keys().iter().all(|key| !key.live));
        swept += 1;
    }
    assert!(swept > 20, "{swept}");
}

#[test]
fn schedules_are_not_all_alike() {
    // If some outcome were never reached, the checks of it would prove nothing.
    let mut seen = [0_u32; 12];
    for seed in 0..20_000 {
        let (world, limits) = prepare(seed);
        let created = create(&world, limits, end(seed));
        let reached = [
            created.outcome.is_ok() && created.orphans == Orphans::None,
            created.outcome.is_ok() && created.orphans == Orphans::Swept,
            created.outcome.is_ok() && created.orphans == Orphans::Unaccounted,
            created.outcome.is_ok() && created.orphans == Orphans::Unknown,
            created.outcome.is_err() && created.orphans == Orphans::Swept,
            created.outcome.is_err() && created.orphans == Orphans::Unaccounted,
            created.lives_too_long && created.live.is_none(),
            created.live.is_some(),
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
    let end = end(seed);
    let created = create(&world, limits, end.clone());
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
        log.creates <= 2 * (limits.max_retries + 1),
        "attempts stay within the budget, which a key that lives too long doubles"
    );
    assert_eq!(created.attempts, log.creates);
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
    let keys = world.keys();
    let id_of = |key: &&Key| Some(key.id.to_string());
    if let Some(key) = keys.iter().find(|key| id_of(key) == returned) {
        assert!(lives_as_asked(key, &end), "{key:?} is to end {end:?}");
    }
    if let Some(live) = &created.live {
        let key = keys.iter().find(|key| key.id.to_string() == *live);
        let key = key.expect("a key of ours");
        assert!(created.outcome.is_err() && !lives_as_asked(key, &end));
    }
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
    let is_counted = !log.uncounted && !world.weather().resends;
    match created.orphans {
        Orphans::None => {
            world.drain();
            assert!(orphans(&world).is_empty(), "none, and none ever");
            assert!(created.unfinished.is_none());
        }
        Orphans::Swept => {
            assert!(created.unfinished.is_none());
            assert!(is_counted, "only what can be counted is accounted for");
            world.drain();
            assert!(
                orphans(&world).is_empty(),
                "all accounted for, and for ever"
            );
        }
        Orphans::Unaccounted => {
            only_late(&orphans(&world), &log);
            assert!(
                created.unfinished.is_some() || log.unsure == 0 || log.deleted.len() > log.unsure,
                "further looks follow where an attempt was lost"
            );
        }
        Orphans::Unknown => {
            let interrupted = matches!(&created.outcome, Err(failure) if failure.interrupts());
            assert!(
                interrupted
                    || created.unfinished.is_some()
                    || log.sweep_troubles > 0
                    || log.unprotected > 0
                    || (log.unmarked > 0 && (log.unsure > 1 || !is_counted))
                    || (created.lives_too_long && !world.weather().keeps_annotations)
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
        let (horizon, last_look_ms, end_ms) = match after.weather().waits_for_work {
            true => (Horizon::Short, 18_000.0, 25_000.0),
            false => (Horizon::Long, 120_000.0, f64::INFINITY),
        };
        let answered_ms = after.now_ms();
        unfinished.open(&after, horizon);
        after.run(unfinished.run(&after, limits, horizon));
        let log = after.log();
        assert!(
            after.now_ms() <= answered_ms + end_ms + 1e-6,
            "it ends in time"
        );
        if log.unprotected > 0 && log.deleted.len() < log.unsure {
            assert!(log.gave_up > 0, "without tags no look finds the rest");
        }
        if log.unaccounted > 0 {
            only_late(&orphans(&after), &log);
            let listed_ms = log.last_list_ms.expect("it looks");
            assert!(
                listed_ms >= answered_ms + last_look_ms,
                "it looks until then"
            );
        }
        if log.swept > 0 {
            after.drain();
            assert!(
                orphans(&after).is_empty(),
                "all accounted for, and for ever"
            );
        }
        assert!(log.opened == 1 || (log.opened == 0 && log.unsure == 0));
    }
    let log = after.log();
    let closed = log.swept + log.unaccounted + log.gave_up;
    assert!(closed <= 1, "the end is told once");
    // A key that lives too long is deleted before the next attempts, which tells of their end alone.
    if log.unsure > 0 && matches!(end, End::Never) {
        assert_eq!(closed, 1, "the end is told");
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
            mark: Some(Mark {
                tag: TAG.into(),
                call: None,
            }),
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

fn create(world: &World, limits: Limits, end: End) -> Created<World> {
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
        end,
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
    let hour_ms = 3_600_000.0;
    let ahead_ms = [0.0, 0.0, hour_ms, -hour_ms][seed as usize / 2 % 4];
    (world.with_clock(ahead_ms), limits)
}

/// When the key is to end.
fn end(seed: u64) -> End {
    let mut rng = fastrand::Rng::with_seed(seed ^ 0xe4d);
    let ms = *rng.choice(&[300_000.0, 7_200_000.0]).unwrap_or(&300_000.0);
    match rng.u8(0..4) {
        0 | 1 => End::After(ms),
        2 => End::At {
            text: time_text(START_MS + ms).expect("it can be written"),
            ms: START_MS + ms,
        },
        _ => End::Never,
    }
}

/// Whether a key lives no longer than it should, but for rounding.
fn lives_as_asked(key: &Key, end: &End) -> bool {
    let longest_ms = match end {
        End::Never => return true,
        End::At { ms, .. } => ms - START_MS - key.created_at_ms,
        End::After(ms) => *ms,
    };
    key.lifetime_ms.is_some_and(|ms| ms <= longest_ms + 2_000.0)
}

type Lifetime = fn(Option<f64>) -> Option<f64>;

/// What a service may make of the lifetime that it is asked for.
const LIFETIMES: [Lifetime; 6] = [
    |asked_ms| asked_ms,
    |asked_ms| asked_ms,
    |asked_ms| asked_ms,
    |_| None,
    |asked_ms| asked_ms.map(|_| 10.0 * 365.0 * 86_400_000.0),
    |asked_ms| asked_ms.map(|ms| ms / 2.0),
];

fn weather(seed: u64) -> Weather {
    let mut rng = fastrand::Rng::with_seed(seed ^ 0x5eed);
    Weather {
        faults: *rng.choice(&[0.1, 0.4, 0.8]).unwrap_or(&0.4),
        slow: *rng.choice(&[0.0, 0.1, 0.5]).unwrap_or(&0.1),
        resends: rng.f64() < 0.3,
        keeps_annotations: rng.f64() < 0.9,
        lifetime: *rng.choice(&LIFETIMES).unwrap_or(&LIFETIMES[0]),
        waits_for_work: rng.bool(),
        stale_ms: *rng.choice(&[0.0, 0.0, 2_000.0]).unwrap_or(&0.0),
        page_size: rng.usize(1..4),
        abort_at_ms: (rng.f64() < 0.3).then(|| 3_000.0 * rng.f64()),
        ..CALM
    }
}
