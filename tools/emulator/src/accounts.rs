//! The handlers that return accounts. Only the command line can change these.

use crate::api_error::ApiError;
use crate::auth::Caller;
use crate::behaviour::Behaviour;
use crate::clock::rfc3339;
use crate::extract::{self, Segments};
use crate::mask::Mask;
use crate::page::{ListQuery, Page, Scope};
use crate::state::App;
use crate::table::{FieldKind, PageSizes, Table};
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::Uri;
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// `accounts/{account}`.
    name: String,
    display_name: String,
    email: String,
    state: &'static str,
    #[schema(format = DateTime)]
    create_time: String,
}

/// The table of accounts.
const ACCOUNTS: Table<Account> = Table {
    name: "accounts",
    page_sizes: PageSizes {
        default: 50,
        most: 200,
    },
    fields: &[
        ("name", "name", FieldKind::Text),
        ("displayName", "id", FieldKind::Text),
        ("email", "id || '@example.com'", FieldKind::Text),
        ("state", "'READY'", FieldKind::Text),
        ("createTime", "create_us", FieldKind::Number),
    ],
    read,
};

fn read(row: &Row<'_>) -> rusqlite::Result<Account> {
    let id: String = row.get("id")?;
    Ok(Account {
        name: row.get("name")?,
        email: format!("{id}@example.com"),
        display_name: id,
        state: "READY",
        create_time: rfc3339(row.get("create_us")?),
    })
}

/// A page of accounts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountPage {
    #[schema(value_type = Vec<Account>)]
    accounts: Vec<serde_json::Value>,
    /// Empty on the last page.
    next_page_token: String,
    #[schema(value_type = i32)]
    total_size: i64,
}

/// The query parameters of a list of accounts, which is always ordered by name.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountQuery {
    /// How many rows a page may hold, at most 200; 50 if this is 0 or absent.
    #[param(value_type = Option<i32>, minimum = 0)]
    page_size: Option<String>,
    /// The `nextPageToken` of an earlier page.
    page_token: Option<String>,
    /// Comparisons of text fields with `=`, joined by `AND`.
    filter: Option<String>,
    /// The fields to return, or `*`.
    read_mask: Option<String>,
}

/// List Accounts
#[utoipa::path(
    get,
    operation_id = "listAccounts",
    path = "/v1/accounts",
    params(AccountQuery),
    responses((status = 200, description = "A page", body = AccountPage), ApiError),
    security(("bearer" = []))
)]
pub async fn list(
    State(app): State<App>,
    _: Caller,
    Extension(behaviour): Extension<Behaviour>,
    uri: Uri,
) -> Result<Json<AccountPage>, ApiError> {
    let query: AccountQuery = extract::query(&uri)?;
    let query = ListQuery {
        page_size: query.page_size,
        page_token: query.page_token,
        filter: query.filter,
        order_by: Some("name".into()),
        read_mask: query.read_mask,
    };
    let work = move |connection: &mut Connection| {
        Page::read(
            &ACCOUNTS,
            connection,
            Scope::default(),
            &query,
            behaviour.paging,
        )
    };
    let page = app.store.run(work).await?;
    Ok(Json(AccountPage {
        accounts: page.items,
        next_page_token: page.next_page_token,
        total_size: page.total_size,
    }))
}

/// The query parameters of a request for one account.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MaskQuery {
    /// The fields to return, or `*`.
    read_mask: Option<String>,
}

/// Get Account
#[utoipa::path(
    get,
    operation_id = "getAccount",
    path = "/v1/accounts/{account_id}",
    params(("account_id" = String, Path), MaskQuery),
    responses((status = 200, description = "The account", body = Account), ApiError),
    security(("bearer" = []))
)]
pub async fn get(
    State(app): State<App>,
    _: Caller,
    Segments(account): Segments<String>,
    uri: Uri,
) -> Result<Json<serde_json::Value>, ApiError> {
    let work = move |connection: &mut Connection| {
        connection
            .prepare_cached("SELECT * FROM accounts WHERE id = ?")?
            .query_row([account], read)
            .optional()?
            .ok_or_else(ApiError::no_account)
    };
    let account = app.store.run(work).await?;
    let MaskQuery { read_mask } = extract::query(&uri)?;
    let mask = Mask::parse(&ACCOUNTS, read_mask.as_deref().unwrap_or_default())?;
    Ok(Json(mask.apply(account)))
}
