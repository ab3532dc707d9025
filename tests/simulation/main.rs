//! Runs the lifecycle against a simulated service in thousands of schedules. Each schedule is drawn from a
//! seed and checked against what the package promises.
//!
//! `SEEDS` sets the number of schedules (20 000 by default), `SEED` replays a single one.

mod answer;
mod audit;
mod create;
mod deletions;
mod looks;
mod pages;
mod retries;
mod rotate;
mod rotations;
mod scripted;
mod state;
mod successors;
mod sweeps;
mod weather;
mod world;

use std::panic::catch_unwind;
use std::time::Instant;

/// Runs a schedule for every seed, and reports the first seed that breaks a promise.
fn each_seed(schedule: fn(u64)) {
    if let Some(seed) = number("SEED") {
        return schedule(seed);
    }
    let seeds = number("SEEDS").unwrap_or(20_000);
    let started = Instant::now();
    for seed in 0..seeds {
        if catch_unwind(|| schedule(seed)).is_err() {
            panic!("seed {seed} breaks a promise; SEED={seed} replays it alone");
        }
    }
    let per_second = seeds as f64 / started.elapsed().as_secs_f64();
    println!("{seeds} schedules, {per_second:.0} a second");
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{variable} must be a number")),
    )
}
