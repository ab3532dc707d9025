//! What a schedule may bring: how likely each trouble is, and the limits that a caller sets.

use fireworks_keys::lifecycle::{Limits, Stage};

/// How likely each trouble is, and what else differs between schedules.
#[derive(Debug, Clone)]
pub struct Weather {
    /// The share of requests that something happens to.
    pub faults: f64,
    /// The share of those that drag on for longer than most timeouts.
    pub slow: f64,
    /// Whether the transport repeats what was lost, unseen.
    pub resends: bool,
    /// Whether the server keeps annotations.
    pub keeps_annotations: bool,
    /// How long a list may lag behind, in milliseconds.
    pub stale_ms: f64,
    /// How many keys a page holds.
    pub page_size: usize,
    /// When the caller aborts.
    pub abort_at_ms: Option<f64>,
    /// The stage of a rotation whose event makes the caller abort.
    pub abort_at_stage: Option<Stage>,
    /// How long a new key may be refused as unknown, in milliseconds.
    pub activation_ms: f64,
    /// What becomes of a key that the caller is to store.
    pub store: Store,
    /// Whether the service tells how each key begins.
    pub tells_prefix: bool,
    /// The status that a delete with this token is refused with, if it is; [`None`] is the
    /// administrator's token.
    pub refuses_delete: fn(token: Option<usize>) -> Option<u16>,
}

/// What a caller's store does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Store {
    Stores,
    /// Says that it has not.
    Declines,
    /// Throws, and has not stored.
    Loses,
    /// Throws, and has stored.
    StoresAndThrows,
    /// Takes this long, in milliseconds.
    Slow(f64),
}

/// Nothing ever goes wrong.
pub const CALM: Weather = Weather {
    faults: 0.0,
    slow: 0.0,
    resends: false,
    keeps_annotations: true,
    stale_ms: 0.0,
    page_size: 3,
    abort_at_ms: None,
    abort_at_stage: None,
    activation_ms: 0.0,
    store: Store::Stores,
    tells_prefix: true,
    refuses_delete: |_| None,
};

/// Limits that nothing comes near.
pub fn calm_limits() -> Limits {
    Limits {
        timeout_ms: 30_000.0,
        total_timeout_ms: f64::INFINITY,
        max_retries: 0,
    }
}

/// Limits as callers set them.
pub fn limits(rng: &mut fastrand::Rng) -> Limits {
    Limits {
        timeout_ms: *rng.choice(&[100.0, 1_000.0, 30_000.0]).unwrap_or(&1_000.0),
        total_timeout_ms: *rng.choice(&[500.0, 5_000.0, 120_000.0]).unwrap_or(&5_000.0),
        max_retries: rng.u32(0..4),
    }
}
