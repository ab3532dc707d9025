//! The handlers that create, list and delete API keys. Only the answer to a create may hold a secret.

use crate::api_error::ApiError;
use crate::api_key::{ApiKey, KEYS};
use crate::auth::Caller;
use crate::extract::{self, Object, Segments};
use crate::fault::StripAnnotations;
use crate::page::{ListQuery, Page};
use crate::secret;
use crate::state::App;
use crate::store::{self, now_us};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use rusqlite::{Connection, params};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use utoipa::ToSchema;

/// The body of a create.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateRequest {
    #[schema(value_type = NewApiKey)]
    api_key: Object<NewApiKey>,
}

/// The key to create. Read-only fields are accepted and ignored.
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
    caller: Result<Caller, ApiError>,
    segments: Result<Segments<(String, String, String)>, ApiError>,
    query: Result<ListQuery, ApiError>,
    strip: Option<Extension<StripAnnotations>>,
    body: Bytes,
) -> Response {
    let (account, user, action) = match segments {
        Ok(Segments(segments)) => segments,
        Err(error) => return error.into_response(),
    };
    let allow = match action.as_str() {
        "apiKeys" => "GET, HEAD, POST",
        "apiKeys:delete" => "POST",
        _ => return ApiError::missing("there is no such method").into_response(),
    };
    let target = Target { app, account, user };
    let served = match (action.as_str(), method) {
        // HEAD is answered like GET; hyper leaves the body out.
        ("apiKeys", Method::GET | Method::HEAD) => list(target, caller, query)
            .await
            .map(IntoResponse::into_response),
        ("apiKeys", Method::POST) => {
            let created = create(target, caller, &body, strip.is_some()).await;
            created.map(IntoResponse::into_response)
        }
        ("apiKeys:delete", Method::POST) => delete(target, caller, &body)
            .await
            .map(IntoResponse::into_response),
        _ => return ([("allow", allow)], ApiError::method()).into_response(),
    };
    served.unwrap_or_else(IntoResponse::into_response)
}

/// The account and the user whose keys a request is about.
struct Target {
    app: App,
    account: String,
    user: String,
}

impl Target {
    /// The user whose keys will be changed, once it is clear that the caller may change them.
    fn owner(self, caller: Caller) -> Result<(App, String), ApiError> {
        self.app.check_account(&self.account)?;
        if self.user == "-" {
            return Err(ApiError::invalid(
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
    responses((status = 200, description = "The key, with its secret", body = ApiKey), ApiError),
    security(("bearer" = []))
)]
async fn create(
    target: Target,
    caller: Result<Caller, ApiError>,
    body: &[u8],
    strip_annotations: bool,
) -> Result<Json<ApiKey>, ApiError> {
    let (app, user) = target.owner(caller?)?;
    let CreateRequest {
        api_key: Object(new),
    } = extract::body(body)?;
    let expire_us = new.expire_time.as_deref().map(expiry).transpose()?;
    let annotations = new.annotations.filter(|_| !strip_annotations);
    let display_name = new.display_name.filter(|name| !name.is_empty());
    let work = move |connection: &mut Connection| {
        let email = store::email_of(connection, &user)?;
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
            .query_row([connection.last_insert_rowid()], KEYS.read)?;
        Ok(stored.with_secret(key))
    };
    app.store.run(work).await.map(Json)
}

/// Reads `expireTime`, in microseconds since 1970. It must be in the future.
fn expiry(text: &str) -> Result<i64, ApiError> {
    // The parser alone would also accept other separators than T, and times that are past the year
    // 9999 in UTC.
    let time = OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .filter(|_| matches!(text.as_bytes().get(10), Some(b'T' | b't')))
        .and_then(|time| time.checked_to_offset(UtcOffset::UTC))
        .filter(|time| time.year() <= 9_999)
        .ok_or_else(|| ApiError::invalid("expireTime must be an RFC 3339 time"))?;
    let us = store::microseconds(time);
    if us <= now_us() {
        return Err(ApiError::invalid("expireTime must be in the future"));
    }
    Ok(us)
}

/// List API Keys
#[utoipa::path(
    get,
    operation_id = "listApiKeys",
    path = "/v1/accounts/{account_id}/users/{user_id}/apiKeys",
    params(("account_id" = String, Path), ("user_id" = String, Path), ListQuery),
    responses((status = 200, description = "A page", body = ApiKeyPage), ApiError),
    security(("bearer" = []))
)]
async fn list(
    Target { app, account, user }: Target,
    caller: Result<Caller, ApiError>,
    query: Result<ListQuery, ApiError>,
) -> Result<Json<ApiKeyPage>, ApiError> {
    let caller = caller?;
    app.check_account(&account)?;
    let query = query?;
    let owner = (user != "-").then_some(user);
    match &owner {
        None => caller.may_list_all()?,
        Some(owner) => caller.may_manage(owner)?,
    }
    let work = move |connection: &mut Connection| {
        if let Some(owner) = &owner {
            store::email_of(connection, owner)?;
        }
        Page::read(&KEYS, connection, owner.as_deref(), &query)
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
    responses((status = 200, description = "The key was deleted", body = Empty), ApiError),
    security(("bearer" = []))
)]
async fn delete(
    target: Target,
    caller: Result<Caller, ApiError>,
    body: &[u8],
) -> Result<Json<Empty>, ApiError> {
    let (app, user) = target.owner(caller?)?;
    let DeleteRequest { key_id } = extract::body(body)?;
    let work = move |connection: &mut Connection| {
        store::email_of(connection, &user)?;
        let deleted = connection
            .prepare_cached("DELETE FROM keys WHERE user = ? AND key_id = ?")?
            .execute([&user, &key_id])?;
        match deleted {
            0 => Err(ApiError::missing("this user has no such key")),
            _ => Ok(Json(Empty {})),
        }
    };
    app.store.run(work).await
}
