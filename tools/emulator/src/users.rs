//! The handlers that return the account and its users. Only the command line can change these.

use crate::api_error::ApiError;
use crate::auth::Caller;
use crate::extract::Segments;
use crate::page::{ListQuery, Page};
use crate::state::App;
use crate::store::rfc3339;
use crate::table::{FieldKind, Table};
use axum::Json;
use axum::extract::State;
use rusqlite::{Connection, Row};
use serde::Serialize;
use utoipa::ToSchema;

/// A user or service account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// `accounts/{account}/users/{user}`.
    name: String,
    email: String,
    role: String,
    display_name: String,
    service_account: bool,
    state: &'static str,
    #[schema(format = DateTime)]
    create_time: String,
}

/// The table of users.
const USERS: Table<User> = Table {
    name: "users",
    fields: &[
        ("name", "name", FieldKind::Text),
        ("email", "email", FieldKind::Text),
        ("role", "role", FieldKind::Text),
        ("displayName", "id", FieldKind::Text),
        ("serviceAccount", "service_account", FieldKind::Number),
        ("state", "'READY'", FieldKind::Text),
        ("createTime", "create_us", FieldKind::Number),
    ],
    read,
};

fn read(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        name: row.get("name")?,
        email: row.get("email")?,
        role: row.get("role")?,
        display_name: row.get("id")?,
        service_account: row.get("service_account")?,
        state: "READY",
        create_time: rfc3339(row.get("create_us")?),
    })
}

/// A page of users.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserPage {
    #[schema(value_type = Vec<User>)]
    users: Vec<serde_json::Value>,
    /// Empty on the last page.
    next_page_token: String,
    #[schema(value_type = i32)]
    total_size: i64,
}

/// An account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// `accounts/{account}`.
    name: String,
    display_name: String,
    state: &'static str,
}

/// List Users
#[utoipa::path(
    get,
    operation_id = "listUsers",
    path = "/v1/accounts/{account_id}/users",
    params(("account_id" = String, Path), ListQuery),
    responses((status = 200, description = "A page", body = UserPage), ApiError),
    security(("bearer" = []))
)]
pub async fn list(
    State(app): State<App>,
    _: Caller,
    Segments(account): Segments<String>,
    query: ListQuery,
) -> Result<Json<UserPage>, ApiError> {
    app.check_account(&account)?;
    let work = move |connection: &mut Connection| Page::read(&USERS, connection, None, &query);
    let page = app.store.run(work).await?;
    Ok(Json(UserPage {
        users: page.items,
        next_page_token: page.next_page_token,
        total_size: page.total_size,
    }))
}

/// Get Account
#[utoipa::path(
    get,
    operation_id = "getAccount",
    path = "/v1/accounts/{account_id}",
    params(("account_id" = String, Path)),
    responses((status = 200, description = "The account", body = Account), ApiError),
    security(("bearer" = []))
)]
pub async fn account(
    State(app): State<App>,
    _: Caller,
    Segments(account): Segments<String>,
) -> Result<Json<Account>, ApiError> {
    app.check_account(&account)?;
    Ok(Json(Account {
        name: format!("accounts/{account}"),
        display_name: account,
        state: "READY",
    }))
}
