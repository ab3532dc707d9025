//! The default values of the options. `tests/package/options.test.mjs` compares them with the types and
//! the README.

/// The URL of the real service.
pub const BASE_URL: &str = "https://api.fireworks.ai";
/// Whether plain `http:` may go to another machine.
pub const ALLOW_HTTP: bool = false;
/// How long one attempt may take.
pub const TIMEOUT_MS: f64 = 30_000.0;
/// How long an operation may take. `src/js/patience.ts` repeats it for the time before this module is loaded.
pub const TOTAL_TIMEOUT_MS: f64 = 120_000.0;
/// How often a failed request is retried.
pub const MAX_RETRIES: u32 = 2;
/// Whether a create marks its key.
pub const ORPHAN_PROTECTION: bool = true;
/// Whether deleting a missing key succeeds.
pub const MISSING_OK: bool = false;
/// Whether a new key is used before it is stored.
pub const VERIFY: bool = true;
/// How many earlier generations stay alive. With one, a key that somebody read from the store before this
/// rotation works until the next one.
pub const KEEP: u32 = 1;
/// What to do if the key already has successors.
pub const ON_UNFINISHED: &str = "error";
/// How long a key may go unused.
pub const STALE_AFTER_DAYS: f64 = 90.0;
/// How long before its end a key counts as expiring soon.
pub const EXPIRING_WITHIN_DAYS: f64 = 14.0;
