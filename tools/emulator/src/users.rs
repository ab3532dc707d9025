//! The handler that lists the account's users.

use crate::api_error::ApiError;
use crate::auth::Caller;
use crate::behaviour::Behaviour;
use crate::clock::rfc3339;
use crate::extract::{self, Segments};
use crate::page::{ListQuery, Page, Scope};
use crate::state::App;
use crate::table::{FieldKind, PageSizes, Table};
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::Uri;
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
    page_sizes: PageSizes::USUAL,
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
    Extension(behaviour): Extension<Behaviour>,
    uri: Uri,
) -> Result<Json<UserPage>, ApiError> {
    app.check_account(&account)?;
    let query: ListQuery = extract::query(&uri)?;
    let work = move |connection: &mut Connection| {
        let scope = Scope::default().and("removed = ?", 0);
        Page::read(&USERS, connection, scope, &query, behaviour.paging)
    };
    let page = app.store.run(work).await?;
    Ok(Json(UserPage {
        users: page.items,
        next_page_token: page.next_page_token,
        total_size: page.total_size,
    }))
}
