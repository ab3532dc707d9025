//! What an option is where nobody gives it. `tests/package/options.test.mjs` holds these against the
//! types and the README.

/// Where the real service is.
pub const BASE_URL: &str = "https://api.fireworks.ai";
/// Whether plain `http:` may go to another machine.
pub const ALLOW_HTTP: bool = false;
/// How long one attempt may take.
pub const TIMEOUT_MS: f64 = 30_000.0;
/// How long an operation may take. `src/js/patience.ts` has it, too: it is waiting for this module.
pub const TOTAL_TIMEOUT_MS: f64 = 120_000.0;
/// How often a request that failed is tried again.
pub const MAX_RETRIES: u32 = 2;
/// Whether a create marks its key.
pub const ORPHAN_PROTECTION: bool = true;
/// Whether deleting a key that is not there is a success.
pub const MISSING_OK: bool = false;
/// Whether a new key is used before it is stored.
pub const VERIFY: bool = true;
/// How many earlier generations stay alive: those who read the store before this rotation go on
/// working until the next.
pub const KEEP: u32 = 1;
/// What happens to successors that a key has already.
pub const ON_UNFINISHED: &str = "error";
/// How long a key may go unused.
pub const STALE_AFTER_DAYS: f64 = 90.0;
/// How long before its end a key is told of.
pub const EXPIRING_WITHIN_DAYS: f64 = 14.0;
