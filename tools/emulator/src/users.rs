//! The account and its users, which only the command line can change.

use crate::auth::Caller;
use crate::extract::Segments;
use crate::failure::Failure;
use crate::page::{Kind, ListQuery, Table};
use crate::server::App;
use crate::store::rfc3339;
use axum::Json;
use axum::extract::State;
use rusqlite::{Connection, OptionalExtension, Row};
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

/// The users, as they can be listed.
pub const USERS: Table<User> = Table {
    name: "users",
    fields: &[
        ("name", "name", Kind::Text),
        ("email", "email", Kind::Text),
        ("role", "role", Kind::Text),
        ("displayName", "id", Kind::Text),
        ("serviceAccount", "service_account", Kind::Number),
        ("state", "'READY'", Kind::Text),
        ("createTime", "create_us", Kind::Number),
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

/// The e-mail of a user; that there is no such user is a failure.
pub fn email_of(connection: &Connection, user: &str) -> Result<String, Failure> {
    connection
        .prepare_cached("SELECT email FROM users WHERE id = ?")?
        .query_row([user], |row| row.get(0))
        .optional()?
        .ok_or_else(|| Failure::missing("there is no such user"))
}

/// List Users
#[utoipa::path(
    get,
    operation_id = "listUsers",
    path = "/v1/accounts/{account_id}/users",
    params(("account_id" = String, Path), ListQuery),
    responses((status = 200, description = "A page", body = UserPage), Failure),
    security(("bearer" = []))
)]
pub async fn list(
    State(app): State<App>,
    _: Caller,
    Segments(account): Segments<String>,
    query: ListQuery,
) -> Result<Json<UserPage>, Failure> {
    app.is_account(&account)?;
    let work = move |connection: &mut Connection| USERS.page(connection, None, &query);
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
    responses((status = 200, description = "The account", body = Account), Failure),
    security(("bearer" = []))
)]
pub async fn account(
    State(app): State<App>,
    _: Caller,
    Segments(account): Segments<String>,
) -> Result<Json<Account>, Failure> {
    app.is_account(&account)?;
    Ok(Json(Account {
        name: format!("accounts/{account}"),
        display_name: account,
        state: "READY",
    }))
}
