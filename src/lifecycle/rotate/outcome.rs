//! What a rotation comes to.

use crate::lifecycle::{ErrorOf, Orphans, Service, Stage, Successor, Unfinished};

/// What a rotation came to.
pub struct Rotated<S: Service> {
    /// The new generation, or why there is none.
    pub outcome: Result<Rotation<S>, RotationError<S>>,
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
    /// Whether the token may be among the deleted keys.
    pub is_token: bool,
}

/// A key that could not be revoked.
pub struct Pending<S: Service> {
    /// Its id.
    pub key_id: String,
    /// Why it could not be revoked.
    pub error: ErrorOf<S>,
}

/// A rotation that ended early: the new key is not stored, or it is not known whether it is.
pub struct RotationError<S: Service> {
    /// The stage that it ended in.
    pub stage: Stage,
    /// Why it ended.
    pub kind: RotationErrorKind<S>,
    /// The keys that are alive as far as this rotation knows, the rotated one first.
    pub live: Vec<String>,
    /// What is known of orphans, where there was a create.
    pub aftermath: Option<Aftermath>,
}

/// What is known of orphans where a rotation has ended.
pub struct Aftermath {
    /// Whether there may be some.
    pub orphans: Orphans,
    /// The ids of those that were deleted.
    pub key_ids: Vec<String>,
    /// The id of the successor, where the caller may have stored it: that is no orphan.
    pub keep: Option<String>,
}

/// Why a rotation ended early.
pub enum RotationErrorKind<S: Service> {
    /// There is no key of this id.
    Missing,
    /// It cannot be told how long the key was given to live.
    Lifetime,
    /// The successor lives longer than was asked for, so it is not handed out.
    LivesTooLong(ErrorOf<S>),
    /// It has successors, left by an earlier rotation or made by another one at work.
    Unfinished(Vec<Successor>),
    /// Another rotation is at work.
    Conflict {
        /// The successors that it has made.
        successors: Vec<Successor>,
        /// Whether the key that is rotated is not there any more.
        gone: bool,
    },
    /// The caller says that the key is not stored.
    NotStored,
    /// The caller's own code threw, so that it is not known whether the key is stored.
    Rejected(S::Cause),
    /// A request failed, the caller aborted, or the time was up.
    Request(ErrorOf<S>),
}

impl<S: Service> From<ErrorOf<S>> for RotationErrorKind<S> {
    fn from(error: ErrorOf<S>) -> Self {
        Self::Request(error)
    }
}
