//! The handlers of `/_emulator/`, for tests: they add and list fault rules, count requests, remove users, and
//! show the keys that are really stored. They are only served with `--faults`.

use crate::api_error::ApiError;
use crate::api_key::KEYS;
use crate::extract::{self, Segments};
use crate::fault::FaultRule;
use crate::state::App;
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

/// Returns every key that was not deleted, also the expired ones and those of removed users.
pub async fn keys(State(app): State<App>) -> Result<Json<Value>, ApiError> {
    let now = app.behaviour.clock.now_us();
    let work = move |connection: &mut Connection| {
        let mut statement = connection.prepare(
            "SELECT *, expire_us IS NOT NULL AND expire_us <= ? AS expired FROM keys
             WHERE until_us IS NULL ORDER BY seq",
        )?;
        let mut rows = statement.query([now])?;
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

/// Removes a user, whose keys stay.
pub async fn remove_user(
    State(app): State<App>,
    Segments(user): Segments<String>,
) -> Result<StatusCode, ApiError> {
    let work = move |connection: &mut Connection| {
        let sql = "UPDATE users SET removed = 1 WHERE id = ? AND NOT removed";
        match connection.execute(sql, [user])? {
            0 => Err(ApiError::missing("there is no such user")),
            _ => Ok(StatusCode::NO_CONTENT),
        }
    };
    app.store.run(work).await
}

/// Removes every key and every fault rule, brings the users of the command line back, and sets the request
/// counts to zero.
pub async fn reset(State(app): State<App>) -> Result<StatusCode, ApiError> {
    let ids = serde_json::to_string(&app.users[..]).unwrap_or_default();
    let work = move |connection: &mut Connection| {
        let sql = "UPDATE users SET removed = id NOT IN (SELECT value FROM json_each(?))";
        connection.execute(sql, [ids])?;
        Ok(connection.execute("DELETE FROM keys", [])?)
    };
    app.store.run(work).await?;
    app.faults.reset();
    Ok(StatusCode::NO_CONTENT)
}
