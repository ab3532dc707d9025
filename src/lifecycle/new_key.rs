//! The key to be, as the caller describes it and as a request does.

use super::End;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

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
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyFields<'a> {
    /// See [`NewKey::display_name`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<&'a str>,
    /// When it ends, as an RFC 3339 time; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expire_time: Option<String>,
    /// See [`NewKey::annotations`].
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_map")]
    pub annotations: Option<&'a [(String, String)]>,
}

fn as_map<S: Serializer>(
    annotations: &Option<&[(String, String)]>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let annotations = annotations.unwrap_or_default();
    let mut map = serializer.serialize_map(Some(annotations.len()))?;
    for (name, value) in annotations {
        map.serialize_entry(name, value)?;
    }
    map.end()
}
