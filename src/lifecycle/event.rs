//! What a caller is told while an operation runs. Never a secret.

use serde::Serialize;

/// One thing that happened.
#[derive(Debug, Clone, Serialize)]
#[serde(
    tag = "type",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Event<'a> {
    /// An attempt failed, and another follows.
    Retry {
        /// How many attempts of this request have failed.
        attempt: u32,
        /// How long until the next, in milliseconds.
        delay_ms: f64,
        /// Why it failed.
        reason: RetryReason,
        /// The HTTP status, if the server answered.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// An orphan, a key whose secret was never delivered, was deleted.
    OrphanDeleted {
        /// Its id.
        key_id: &'a str,
        /// The tag that it was found by.
        #[serde(skip_serializing_if = "Option::is_none")]
        attempt_tag: Option<&'a str>,
    },
    /// Not every lost attempt is accounted for yet. Further looks at the list follow, and one of the next
    /// three events is their end.
    OrphansOpen {
        /// The tag that orphans are found by.
        #[serde(skip_serializing_if = "Option::is_none")]
        attempt_tag: Option<&'a str>,
        /// The key with that tag that the caller holds.
        #[serde(skip_serializing_if = "Option::is_none")]
        keep_key_id: Option<&'a str>,
        /// How long from now the last look begins, in milliseconds.
        last_look_ms: f64,
    },
    /// As many orphans as there were lost attempts are found and deleted.
    OrphansSwept {
        /// The tag that they were found by.
        #[serde(skip_serializing_if = "Option::is_none")]
        attempt_tag: Option<&'a str>,
        /// The key with that tag that the caller holds.
        #[serde(skip_serializing_if = "Option::is_none")]
        keep_key_id: Option<&'a str>,
    },
    /// The last look found fewer orphans than there may be: the others were never made, or come later.
    OrphansUnaccounted {
        /// The tag that later ones are found by.
        #[serde(skip_serializing_if = "Option::is_none")]
        attempt_tag: Option<&'a str>,
        /// The key with that tag that the caller holds.
        #[serde(skip_serializing_if = "Option::is_none")]
        keep_key_id: Option<&'a str>,
    },
    /// Nobody could look whether orphans are alive; `deleteOrphans` removes them.
    OrphansUnknown {
        /// The tag to find them by.
        #[serde(skip_serializing_if = "Option::is_none")]
        attempt_tag: Option<&'a str>,
        /// The key with that tag that the caller holds.
        #[serde(skip_serializing_if = "Option::is_none")]
        keep_key_id: Option<&'a str>,
    },
    /// The server did not keep the tag: had an answer been lost, its key could not be found.
    Unprotected {
        /// The key that came without its tag.
        key_id: &'a str,
    },
    /// The service gave the key a shorter life than was asked for.
    ShorterLifetime {
        /// The key.
        key_id: &'a str,
    },
    /// The answer does not tell how long the key lives.
    UnknownLifetime {
        /// The key.
        key_id: &'a str,
    },
    /// A rotation begins its next stage.
    Rotation {
        /// The stage.
        stage: Stage,
        /// The key that is rotated, once it is found.
        #[serde(skip_serializing_if = "Option::is_none")]
        key_id: Option<&'a str>,
        /// The key that takes over, once there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        successor_id: Option<&'a str>,
    },
    /// It is not known whether the caller has stored a rotation's successor: both keys are alive.
    RotationUnknown {
        /// The key that is rotated.
        key_id: &'a str,
        /// The key that was to take over.
        successor_id: &'a str,
    },
}

/// The stages of a rotation, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// Lists the keys, and looks for the one that is rotated and for what was left unfinished.
    Find,
    /// Creates the successor.
    Create,
    /// Lists again, and looks for another rotation at work.
    Compare,
    /// Uses the successor.
    Verify,
    /// Has the caller store it.
    Persist,
    /// Deletes what is no longer needed.
    Revoke,
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RetryReason {
    /// The server answered with a status that is worth another try.
    Status,
    /// No whole answer arrived.
    Connection,
    /// The attempt took longer than it may.
    Timeout,
}
