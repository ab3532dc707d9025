//! Create, list and delete API keys. A secret must never leave by any other answer than its create's.

use crate::auth::Caller;
use crate::extract::{self, Object, Segments};
use crate::failure::Failure;
use crate::fault::StripAnnotations;
use crate::page::{Kind, ListQuery, Table};
use crate::server::App;
use crate::store::{self, now_us, rfc3339};
use crate::{secret, users};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use rusqlite::{Connection, Row, params};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use utoipa::ToSchema;

/// An API key. What is absent is left out.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    #[schema(read_only)]
    key_id: String,
    display_name: String,
    /// The secret, in the answer to the create only.
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

/// The keys, as they can be listed.
pub const KEYS: Table<ApiKey> = Table {
    name: "keys",
    fields: &[
        ("keyId", "key_id", Kind::Text),
        ("displayName", "display_name", Kind::Text),
        ("createTime", "create_us", Kind::Number),
        ("secure", "1", Kind::Number),
        ("email", "email", Kind::Text),
        ("prefix", "prefix", Kind::Text),
        ("expireTime", "expire_us", Kind::Number),
        ("annotations", "annotations", Kind::Record),
        ("lastUsed", "last_used_us", Kind::Number),
        ("key", "", Kind::Secret),
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

/// The body of a create.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateRequest {
    #[schema(value_type = NewApiKey)]
    api_key: Object<NewApiKey>,
}

/// The key to be. What only the service can say may be there, and is not read.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewApiKey {
    display_name: Option<String>,
    #[schema(format = DateTime)]
    expire_time: Option<String>,
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default, rename = "keyId")]
    #[schema(read_only, value_type = Option<String>)]
    _key_id: IgnoredAny,
    #[serde(default, rename = "key")]
    #[schema(read_only, value_type = Option<String>)]
    _key: IgnoredAny,
    #[serde(default, rename = "createTime")]
    #[schema(read_only, value_type = Option<String>, format = DateTime)]
    _create_time: IgnoredAny,
    #[serde(default, rename = "secure")]
    #[schema(read_only, value_type = Option<bool>)]
    _secure: IgnoredAny,
    #[serde(default, rename = "email")]
    #[schema(read_only, value_type = Option<String>)]
    _email: IgnoredAny,
    #[serde(default, rename = "prefix")]
    #[schema(read_only, value_type = Option<String>)]
    _prefix: IgnoredAny,
    #[serde(default, rename = "lastUsed")]
    #[schema(read_only, value_type = Option<String>, format = DateTime)]
    _last_used: IgnoredAny,
}

/// The body of a delete.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteRequest {
    key_id: String,
}

/// A page of keys.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyPage {
    #[schema(value_type = Vec<ApiKey>)]
    api_keys: Vec<serde_json::Value>,
    /// Empty on the last page.
    next_page_token: String,
    #[schema(value_type = i32)]
    total_size: i64,
}

/// An empty object.
#[derive(Serialize, ToSchema)]
pub struct Empty {}

/// Serves `…/users/{user}/{action}`; the action is `apiKeys` or `apiKeys:delete`.
pub async fn dispatch(
    State(app): State<App>,
    method: Method,
    caller: Result<Caller, Failure>,
    segments: Result<Segments<(String, String, String)>, Failure>,
    query: Result<ListQuery, Failure>,
    strip: Option<Extension<StripAnnotations>>,
    body: Bytes,
) -> Response {
    let (account, user, action) = match segments {
        Ok(Segments(segments)) => segments,
        Err(failure) => return failure.into_response(),
    };
    let allow = match action.as_str() {
        "apiKeys" => "GET, HEAD, POST",
        "apiKeys:delete" => "POST",
        _ => return Failure::missing("there is no such method").into_response(),
    };
    let at = At { app, account, user };
    let served = match (action.as_str(), method) {
        // Whoever asks for the head alone gets the head: hyper leaves the body out.
        ("apiKeys", Method::GET | Method::HEAD) => list(at, caller, query)
            .await
            .map(IntoResponse::into_response),
        ("apiKeys", Method::POST) => {
            let created = create(at, caller, &body, strip.is_some()).await;
            created.map(IntoResponse::into_response)
        }
        ("apiKeys:delete", Method::POST) => delete(at, caller, &body)
            .await
            .map(IntoResponse::into_response),
        _ => return ([("allow", allow)], Failure::method()).into_response(),
    };
    served.unwrap_or_else(IntoResponse::into_response)
}

/// Whose keys a request is about.
struct At {
    app: App,
    account: String,
    user: String,
}

impl At {
    /// The one user whose keys the caller may change.
    fn owner(self, caller: Caller) -> Result<(App, String), Failure> {
        self.app.is_account(&self.account)?;
        if self.user == "-" {
            return Err(Failure::invalid(
                "a key belongs to one user: \"-\" is for lists only",
            ));
        }
        caller.may_manage(&self.user)?;
        Ok((self.app, self.user))
    }
}

/// Create API Key
#[utoipa::path(
    post,
    operation_id = "createApiKey",
    path = "/v1/accounts/{account_id}/users/{user_id}/apiKeys",
    params(("account_id" = String, Path), ("user_id" = String, Path)),
    request_body = CreateRequest,
    responses((status = 200, description = "The key, with its secret", body = ApiKey), Failure),
    security(("bearer" = []))
)]
async fn create(
    at: At,
    caller: Result<Caller, Failure>,
    body: &[u8],
    strip_annotations: bool,
) -> Result<Json<ApiKey>, Failure> {
    let (app, user) = at.owner(caller?)?;
    let CreateRequest {
        api_key: Object(new),
    } = extract::body(body)?;
    let expire_us = new.expire_time.as_deref().map(expiry).transpose()?;
    let annotations = new.annotations.filter(|_| !strip_annotations);
    let display_name = new.display_name.filter(|name| !name.is_empty());
    let work = move |connection: &mut Connection| {
        let email = users::email_of(connection, &user)?;
        let key = secret::key()?;
        let key_id = secret::id()?;
        let written = annotations.as_ref().map(serde_json::to_string);
        connection
            .prepare_cached(
                "INSERT INTO keys (key_id, user, hash, display_name, prefix, email, create_us,
                 expire_us, annotations) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                key_id,
                user,
                secret::hash(&key),
                display_name.as_deref().unwrap_or("default"),
                secret::prefix(&key),
                email,
                now_us(),
                expire_us,
                written.transpose().unwrap_or_default(),
            ])?;
        let stored = connection
            .prepare_cached("SELECT * FROM keys WHERE seq = ?")?
            .query_row([connection.last_insert_rowid()], read)?;
        Ok(ApiKey {
            key: Some(key),
            ..stored
        })
    };
    app.store.run(work).await.map(Json)
}

fn expiry(text: &str) -> Result<i64, Failure> {
    // The parser takes any separator, and a time whose year is beyond 9999 once it is in UTC.
    let time = OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .filter(|_| matches!(text.as_bytes().get(10), Some(b'T' | b't')))
        .and_then(|time| time.checked_to_offset(UtcOffset::UTC))
        .filter(|time| time.year() <= 9_999)
        .ok_or_else(|| Failure::invalid("expireTime must be an RFC 3339 time"))?;
    let us = store::microseconds(time);
    if us <= now_us() {
        return Err(Failure::invalid("expireTime must be in the future"));
    }
    Ok(us)
}

/// List API Keys
#[utoipa::path(
    get,
    operation_id = "listApiKeys",
    path = "/v1/accounts/{account_id}/users/{user_id}/apiKeys",
    params(("account_id" = String, Path), ("user_id" = String, Path), ListQuery),
    responses((status = 200, description = "A page", body = ApiKeyPage), Failure),
    security(("bearer" = []))
)]
async fn list(
    At { app, account, user }: At,
    caller: Result<Caller, Failure>,
    query: Result<ListQuery, Failure>,
) -> Result<Json<ApiKeyPage>, Failure> {
    let caller = caller?;
    app.is_account(&account)?;
    let query = query?;
    let owner = (user != "-").then_some(user);
    match &owner {
        None => caller.may_list_all()?,
        Some(owner) => caller.may_manage(owner)?,
    }
    let work = move |connection: &mut Connection| {
        if let Some(owner) = &owner {
            users::email_of(connection, owner)?;
        }
        KEYS.page(connection, owner.as_deref(), &query)
    };
    let page = app.store.run(work).await?;
    Ok(Json(ApiKeyPage {
        api_keys: page.items,
        next_page_token: page.next_page_token,
        total_size: page.total_size,
    }))
}

/// Delete API Key
#[utoipa::path(
    post,
    operation_id = "deleteApiKey",
    path = "/v1/accounts/{account_id}/users/{user_id}/apiKeys:delete",
    params(("account_id" = String, Path), ("user_id" = String, Path)),
    request_body = DeleteRequest,
    responses((status = 200, description = "It is deleted", body = Empty), Failure),
    security(("bearer" = []))
)]
async fn delete(
    at: At,
    caller: Result<Caller, Failure>,
    body: &[u8],
) -> Result<Json<Empty>, Failure> {
    let (app, user) = at.owner(caller?)?;
    let DeleteRequest { key_id } = extract::body(body)?;
    let work = move |connection: &mut Connection| {
        users::email_of(connection, &user)?;
        let deleted = connection
            .prepare_cached("DELETE FROM keys WHERE user = ? AND key_id = ?")?
            .execute([&user, &key_id])?;
        match deleted {
            0 => Err(Failure::missing("this user has no such key")),
            _ => Ok(Json(Empty {})),
        }
    };
    app.store.run(work).await
}
