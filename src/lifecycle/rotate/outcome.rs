//! What a rotation comes to.

use crate::lifecycle::{Failed, Orphans, Service, Stage, Successor, Unfinished};

/// What a rotation came to.
pub struct Rotated<S: Service> {
    /// The new generation, or why there is none.
    pub outcome: Result<Rotation<S>, Stopped<S>>,
    /// The sweep that is still to be done, after the caller has its answer.
    pub unfinished: Option<Unfinished>,
}

/// A rotation that is done.
pub struct Rotation<S: Service> {
    /// The answer that holds the new key.
    pub created: S::Answer,
    /// The ids of the keys that were deleted.
    pub revoked: Vec<String>,
    /// What should have been deleted as well.
    pub pending: Vec<Pending<S>>,
    /// Whether the token may have been deleted.
    pub is_token: bool,
}

/// A key that could not be revoked.
pub struct Pending<S: Service> {
    /// Its id.
    pub key_id: String,
    /// Why.
    pub failure: Failed<S>,
}

/// A rotation that ended before the new key was stored, or may have.
pub struct Stopped<S: Service> {
    /// Where it ended.
    pub stage: Stage,
    /// Why.
    pub hindrance: Hindrance<S>,
    /// The keys that are alive as far as this rotation knows, the rotated one first.
    pub live: Vec<String>,
    /// Where there was a create: what is known of orphans.
    pub aftermath: Option<Aftermath>,
}

/// What is known of keys that nobody holds, where a rotation has ended.
pub struct Aftermath {
    /// What is known of them.
    pub orphans: Orphans,
    /// The ids of those that were deleted.
    pub key_ids: Vec<String>,
    /// The id of the successor, where the caller may hold it: that is none of them.
    pub keep: Option<String>,
}

/// What keeps a rotation from its end.
pub enum Hindrance<S: Service> {
    /// There is no key of this id.
    Missing,
    /// How long the key was given to live cannot be told.
    Lifetime,
    /// It has successors that an earlier rotation left, or that another one works with.
    Unfinished(Vec<Successor>),
    /// Another rotation is at work.
    Conflict {
        /// What it has made.
        successors: Vec<Successor>,
        /// Whether the key that is rotated is not there any more.
        gone: bool,
    },
    /// The caller says that the key is not stored.
    NotStored,
    /// The caller's own code threw, so that nobody knows whether the key is stored.
    Rejected(S::Cause),
    /// A request failed.
    Failed(Failed<S>),
}

impl<S: Service> From<Failed<S>> for Hindrance<S> {
    fn from(failure: Failed<S>) -> Self {
        Self::Failed(failure)
    }
}

/// What became of a key that the caller was to store.
#[derive(Debug)]
pub enum Persisted<C> {
    /// It is stored.
    Stored,
    /// It is not.
    NotStored,
    /// It is not: the caller was not asked, as its signal was aborted before.
    Skipped,
    /// Nobody knows: the caller's code threw this.
    Rejected(C),
    /// Nobody knows: it took too long.
    TimedOut,
    /// Nobody knows: the caller's signal was aborted.
    Aborted,
}
