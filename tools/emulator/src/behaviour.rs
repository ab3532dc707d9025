//! How the service behaves where the real one's behaviour is unknown. The command line chooses it, and a
//! fault rule can change it for single requests.

use crate::clock::Clock;
use std::time::Duration;

/// The longest time that a list or a key's acceptance can lag. Deleted keys are kept this long.
pub const LONGEST_LAG: Duration = Duration::from_hours(1);

/// What one request meets. It is an extension of every request that is routed.
#[derive(Debug, Clone, Copy)]
pub struct Behaviour {
    /// The clock that keys are made, used and ended by.
    pub clock: Clock,
    /// How far lists of keys lag behind what was created and deleted.
    pub list_lag: Duration,
    /// How long a new key is not yet accepted and a deleted one still is.
    pub key_lag: Duration,
    /// How many characters the value of an annotation may have.
    pub longest_annotation: Option<usize>,
    /// Whether a list is read page by page; otherwise it comes whole.
    pub paging: bool,
    /// Whether a key of a removed user is still accepted.
    pub removed_users_keys: bool,
    /// Whether annotations are kept.
    pub annotations: bool,
    /// Whether pages of other origins may read the answer, if the command line allows them to.
    pub cors: bool,
}
