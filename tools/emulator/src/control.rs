//! The handlers of `/_emulator/`, for tests: they add and list fault rules, count requests, and show the
//! keys that are really stored. They are only served with `--faults`.

use crate::api_error::ApiError;
use crate::api_key::KEYS;
use crate::extract;
use crate::fault::FaultRule;
use crate::state::App;
use crate::store::now_us;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use rusqlite::Connection;
use serde_json::{Value, json};

/// Adds a fault rule.
pub async fn add_fault(
    State(app): State<App>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let rule: FaultRule = extract::body(&body)?;
    let id = app.faults.add(rule)?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

/// Lists the fault rules, each with how many requests it has hit.
pub async fn list_faults(State(app): State<App>) -> Json<Value> {
    Json(json!({ "faults": app.faults.active() }))
}

/// Removes every fault rule.
pub async fn clear_faults(State(app): State<App>) -> StatusCode {
    app.faults.clear();
    StatusCode::NO_CONTENT
}

/// Returns how many requests there were, in all and for each operation.
pub async fn stats(State(app): State<App>) -> Json<Value> {
    let operations = app.faults.requests();
    let total: u64 = operations.values().sum();
    Json(json!({ "requests": total, "operations": operations }))
}

/// Returns every key in the database, also the expired ones and those without a user.
pub async fn keys(State(app): State<App>) -> Result<Json<Value>, ApiError> {
    let work = |connection: &mut Connection| {
        let mut statement = connection.prepare(
            "SELECT *, expire_us IS NOT NULL AND expire_us <= ? AS expired FROM keys ORDER BY seq",
        )?;
        let mut rows = statement.query([now_us()])?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            let mut key = serde_json::to_value((KEYS.read)(row)?).unwrap_or_default();
            key["user"] = row.get::<_, String>("user")?.into();
            key["expired"] = row.get::<_, bool>("expired")?.into();
            keys.push(key);
        }
        Ok(Json(json!({ "keys": keys })))
    };
    app.store.run(work).await
}

/// Removes every key and every fault rule, and sets the request counts to zero.
pub async fn reset(State(app): State<App>) -> Result<StatusCode, ApiError> {
    let work = |connection: &mut Connection| Ok(connection.execute("DELETE FROM keys", [])?);
    app.store.run(work).await?;
    app.faults.reset();
    Ok(StatusCode::NO_CONTENT)
}
