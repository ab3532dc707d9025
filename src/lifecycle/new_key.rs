//! The key to be, as the caller describes it and as a request does.

use super::End;

/// The key to be: only what the caller gave, so that the service's own defaults stand.
#[derive(Default)]
pub struct NewKey {
    /// What people call it; the service says `default` when it is absent.
    pub display_name: Option<String>,
    /// When it ends.
    pub end: End,
    /// Free labels, each name once.
    pub annotations: Option<Vec<(String, String)>>,
}

/// The key to be, as a request describes it.
pub struct KeyFields<'a> {
    /// See [`NewKey::display_name`].
    pub display_name: Option<&'a str>,
    /// When it ends, as an RFC 3339 time; absent: never.
    pub expire_time: Option<String>,
    /// See [`NewKey::annotations`].
    pub annotations: Option<&'a [(String, String)]>,
}
