//! The conditions of a schedule: how likely each fault is, and which limits the caller sets.

use fireworks_keys::lifecycle::{Limits, Stage};

/// How likely each fault is, and what else differs between schedules.
#[derive(Debug, Clone)]
pub struct Weather {
    /// The share of requests that meet a fault.
    pub faults: f64,
    /// The share of requests that are slower than most timeouts.
    pub slow: f64,
    /// Whether the transport silently repeats lost requests.
    pub resends: bool,
    /// Whether the server keeps annotations.
    pub keeps_annotations: bool,
    /// How long a new key may be missing from lists, in milliseconds.
    pub stale_ms: f64,
    /// How many keys a page holds.
    pub page_size: usize,
    /// When the caller aborts.
    pub abort_at_ms: Option<f64>,
    /// The stage of a rotation at whose event the caller aborts.
    pub abort_at_stage: Option<Stage>,
    /// How long the service may refuse a new key as unknown, in milliseconds.
    pub activation_ms: f64,
    /// What the service makes of the lifetime that a create asks for, in milliseconds.
    pub lifetime: fn(asked_ms: Option<f64>) -> Option<f64>,
    /// Whether the runtime waits for work that goes on after the answer.
    pub waits_for_work: bool,
    /// What the caller's store does with a new key.
    pub store: Store,
    /// Whether the service shows keys' prefixes.
    pub tells_prefix: bool,
    /// The status with which the service refuses a delete by this token, if it does. The token [`None`] is
    /// an administrator's.
    pub refuses_delete: fn(token: Option<usize>) -> Option<u16>,
}

/// What a caller's store does with a new key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Store {
    Stores,
    /// Returns that it has not stored the key.
    Declines,
    /// Throws, and has not stored the key.
    Loses,
    /// Throws, but has stored the key.
    StoresAndThrows,
    /// Stores the key after this many milliseconds.
    Slow(f64),
}

/// Weather in which nothing goes wrong.
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
    lifetime: |asked_ms| asked_ms,
    waits_for_work: false,
    store: Store::Stores,
    tells_prefix: true,
    refuses_delete: |_| None,
};

/// Limits that no schedule reaches.
pub fn calm_limits() -> Limits {
    Limits {
        timeout_ms: 30_000.0,
        total_timeout_ms: f64::INFINITY,
        max_retries: 0,
    }
}

/// Limits such as callers set.
pub fn limits(rng: &mut fastrand::Rng) -> Limits {
    Limits {
        timeout_ms: *rng.choice(&[100.0, 1_000.0, 30_000.0]).unwrap_or(&1_000.0),
        total_timeout_ms: *rng.choice(&[500.0, 5_000.0, 120_000.0]).unwrap_or(&5_000.0),
        max_retries: rng.u32(0..4),
    }
}
