//! Starts rotations for the tests, and reads their results.

use crate::state::Key;
use crate::weather::{CALM, Store, Weather};
use crate::world::World;
use fireworks_keys::lifecycle::{
    Call, Limits, Mark, ROTATES, Rotate, Rotated, Rotation, RotationError,
};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

pub const MINUTE_MS: f64 = 60_000.0;
/// The tag of the keys that others hold.
pub const ANOTHER: &str = "another";

/// The options of one rotation.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    pub key_id: usize,
    pub keep: u32,
    pub delete_unfinished: bool,
}

/// A service with a stored key, and with keys that others hold.
pub fn settled(rng: &mut fastrand::Rng) -> World {
    let world = World::new(CALM, rng.fork());
    for _ in 0..4 {
        world.plant(ANOTHER, None);
    }
    let id = world.plant_with(Vec::new());
    world.store(id);
    world
}

pub fn calm_ask(world: &World) -> Ask {
    Ask {
        key_id: world.stored(),
        keep: 1,
        delete_unfinished: false,
    }
}

pub fn weather(rng: &mut fastrand::Rng, now_ms: f64) -> Weather {
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

/// The mark of the next create. No two marks are alike.
pub fn mark(world: &World, tag: &str) -> Mark {
    Mark {
        tag: format!("{tag}-{}", world.keys().len()),
        call: None,
    }
}

pub async fn rotate(world: &World, ask: Ask, limits: Limits, mark: &Mark) -> Rotated<World> {
    let key_id = ask.key_id.to_string();
    let rotate = Rotate {
        account: "a",
        user: "u",
        key_id: &key_id,
        mark,
        end: None,
        verify: true,
        keep: ask.keep,
        delete_unfinished: ask.delete_unfinished,
    };
    rotate.run(&Call::new(world, limits), world).await
}

/// Rotates. Returns [`None`] if the process crashes.
pub fn attempt(world: &World, ask: Ask, limits: Limits) -> Option<Rotated<World>> {
    let mark = mark(world, "rotation");
    world.run_until_crash(rotate(world, ask, limits, &mark))
}

pub fn succeeds(rotated: Rotated<World>) -> Rotation<World> {
    match rotated.outcome {
        Ok(rotation) => rotation,
        Err(stopped) => panic!("it ended at {:?}: {:?}", stopped.stage, stopped.live),
    }
}

pub fn stops(rotated: Rotated<World>) -> RotationError<World> {
    match rotated.outcome {
        Ok(_) => panic!("it should not have succeeded"),
        Err(stopped) => stopped,
    }
}

/// The live keys that rotations made, and the first key.
pub fn of_rotations(world: &World) -> Vec<Key> {
    let keys = world.keys().into_iter();
    keys.filter(|key| key.live && key.tag() != Some(ANOTHER))
        .collect()
}

/// The ids of a key and of its predecessors, deleted or not.
pub fn generations(world: &World, newest: usize) -> Vec<usize> {
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

/// Runs both futures at the same time.
pub async fn join<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
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
