//! The API key as the API returns it, and the table that keys are stored in.

use crate::clock::rfc3339;
use crate::table::{FieldKind, PageSizes, Table};
use rusqlite::Row;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An API key. Fields without a value are left out.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    #[schema(read_only)]
    key_id: String,
    display_name: String,
    /// The secret; only the answer to a create has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(read_only, nullable = false)]
    key: Option<String>,
    #[schema(read_only, format = DateTime)]
    create_time: String,
    #[schema(read_only)]
    secure: bool,
    #[schema(read_only)]
    email: String,
    #[schema(read_only)]
    prefix: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    expire_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(read_only, format = DateTime, nullable = false)]
    last_used: Option<String>,
}

impl ApiKey {
    /// The same key with its secret, for the answer to a create.
    pub fn with_secret(self, secret: String) -> Self {
        Self {
            key: Some(secret),
            ..self
        }
    }
}

/// The table of keys.
pub const KEYS: Table<ApiKey> = Table {
    name: "keys",
    page_sizes: PageSizes::USUAL,
    fields: &[
        ("keyId", "key_id", FieldKind::Text),
        ("displayName", "display_name", FieldKind::Text),
        ("createTime", "create_us", FieldKind::Number),
        ("secure", "1", FieldKind::Number),
        ("email", "email", FieldKind::Text),
        ("prefix", "prefix", FieldKind::Text),
        ("expireTime", "expire_us", FieldKind::Number),
        ("annotations", "annotations", FieldKind::Record),
        ("lastUsed", "last_used_us", FieldKind::Number),
        ("key", "", FieldKind::Secret),
    ],
    read,
};

fn read(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    let annotations: Option<String> = row.get("annotations")?;
    Ok(ApiKey {
        key_id: row.get("key_id")?,
        display_name: row.get("display_name")?,
        key: None,
        create_time: rfc3339(row.get("create_us")?),
        secure: true,
        email: row.get("email")?,
        prefix: row.get("prefix")?,
        expire_time: row.get::<_, Option<i64>>("expire_us")?.map(rfc3339),
        annotations: annotations.and_then(|text| serde_json::from_str(&text).ok()),
        last_used: row.get::<_, Option<i64>>("last_used_us")?.map(rfc3339),
    })
}
