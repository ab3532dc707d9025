//! The handlers that create, list and delete API keys. Only the answer to a create may hold a secret.

use crate::api_error::ApiError;
use crate::api_key::{ApiKey, KEYS};
use crate::auth::Caller;
use crate::behaviour::Behaviour;
use crate::clock::{as_of, machine_us};
use crate::extract::{self, Object, Segments, Timestamp};
use crate::page::{ListQuery, Page, Scope};
use crate::queries::{self, NewKey};
use crate::secret;
use crate::state::App;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::{Method, Uri};
use axum::response::{IntoResponse, Response};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The body of a create.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateRequest {
    #[schema(value_type = NewApiKey)]
    api_key: Object<NewApiKey>,
}

/// The key to create. Read-only fields are accepted if their types are right, and ignored.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewApiKey {
    display_name: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    expire_time: Option<Timestamp>,
    annotations: Option<BTreeMap<String, String>>,
    #[serde(rename = "keyId")]
    #[schema(read_only, value_type = Option<String>)]
    _key_id: Option<String>,
    #[serde(rename = "key")]
    #[schema(read_only, value_type = Option<String>)]
    _key: Option<String>,
    #[serde(rename = "createTime")]
    #[schema(read_only, value_type = Option<String>, format = DateTime)]
    _create_time: Option<Timestamp>,
    #[serde(rename = "secure")]
    #[schema(read_only, value_type = Option<bool>)]
    _secure: Option<bool>,
    #[serde(rename = "email")]
    #[schema(read_only, value_type = Option<String>)]
    _email: Option<String>,
    #[serde(rename = "prefix")]
    #[schema(read_only, value_type = Option<String>)]
    _prefix: Option<String>,
    #[serde(rename = "lastUsed")]
    #[schema(read_only, value_type = Option<String>, format = DateTime)]
    _last_used: Option<Timestamp>,
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
    Extension(behaviour): Extension<Behaviour>,
    uri: Uri,
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
    let target = Target {
        app,
        account,
        user,
        behaviour,
    };
    let served = match (action.as_str(), method) {
        // HEAD is answered like GET; hyper leaves the body out.
        ("apiKeys", Method::GET | Method::HEAD) => list(target, caller, &uri)
            .await
            .map(IntoResponse::into_response),
        ("apiKeys", Method::POST) => {
            let created = create(target, caller, &uri, &body).await;
            created.map(IntoResponse::into_response)
        }
        ("apiKeys:delete", Method::POST) => delete(target, caller, &uri, &body)
            .await
            .map(IntoResponse::into_response),
        _ => return ([("allow", allow)], ApiError::method()).into_response(),
    };
    served.unwrap_or_else(IntoResponse::into_response)
}

/// The account and the user whose keys a request is about, and how the service behaves for it.
struct Target {
    app: App,
    account: String,
    user: String,
    behaviour: Behaviour,
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
    uri: &Uri,
    body: &[u8],
) -> Result<Json<ApiKey>, ApiError> {
    let behaviour = target.behaviour;
    let (app, user) = target.owner(caller?)?;
    extract::no_query(uri)?;
    let CreateRequest {
        api_key: Object(new),
    } = extract::body(body)?;
    let now_us = behaviour.clock.now_us();
    let expire_us = new.expire_time.map(|Timestamp(us)| us);
    if expire_us.is_some_and(|us| us <= now_us) {
        return Err(ApiError::invalid("apiKey.expireTime must be in the future"));
    }
    let annotations = new.annotations.filter(|_| behaviour.annotations);
    if let Some(longest) = behaviour.longest_annotation {
        check_lengths(annotations.iter().flatten(), longest)?;
    }
    let display_name = new.display_name.filter(|name| !name.is_empty());
    let work = move |connection: &mut Connection| {
        let email = queries::email_of(connection, &user)?;
        let key = secret::key()?;
        let written = annotations.as_ref().map(serde_json::to_string);
        let new = NewKey {
            user: &user,
            email: &email,
            key: &key,
            display_name: display_name.as_deref().unwrap_or("default"),
            annotations: written.transpose().unwrap_or_default(),
            create_us: now_us,
            expire_us,
            last_used_us: None,
            since_us: machine_us(),
        };
        queries::insert_key(connection, &new)?;
        let stored = connection
            .prepare_cached("SELECT * FROM keys WHERE seq = ?")?
            .query_row([connection.last_insert_rowid()], KEYS.read)?;
        Ok(stored.with_secret(key))
    };
    app.store.run(work).await.map(Json)
}

/// Fails if the value of an annotation has too many characters.
fn check_lengths<'a>(
    annotations: impl Iterator<Item = (&'a String, &'a String)>,
    longest: usize,
) -> Result<(), ApiError> {
    for (name, value) in annotations {
        let length = value.chars().count();
        if length > longest {
            return Err(ApiError::invalid(format!(
                "apiKey.annotations.{name} has {length} characters, of at most {longest}"
            )));
        }
    }
    Ok(())
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
    Target {
        app,
        account,
        user,
        behaviour,
    }: Target,
    caller: Result<Caller, ApiError>,
    uri: &Uri,
) -> Result<Json<ApiKeyPage>, ApiError> {
    let caller = caller?;
    app.check_account(&account)?;
    let query: ListQuery = extract::query(uri)?;
    let owner = (user != "-").then_some(user);
    match &owner {
        None => caller.may_list_all()?,
        Some(owner) => caller.may_manage(owner)?,
    }
    let work = move |connection: &mut Connection| {
        if let Some(owner) = &owner {
            queries::email_of(connection, owner)?;
        }
        let shown = as_of(behaviour.list_lag);
        let scope = Scope::of(owner)
            .and("since_us <= ?", shown)
            .and("(until_us IS NULL OR until_us > ?)", shown);
        Page::read(&KEYS, connection, scope, &query, behaviour.paging)
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
    uri: &Uri,
    body: &[u8],
) -> Result<Json<Empty>, ApiError> {
    let (app, user) = target.owner(caller?)?;
    extract::no_query(uri)?;
    let DeleteRequest { key_id } = extract::body(body)?;
    let work = move |connection: &mut Connection| {
        queries::email_of(connection, &user)?;
        queries::delete_key(connection, &user, &key_id)?;
        Ok(Json(Empty {}))
    };
    app.store.run(work).await
}
