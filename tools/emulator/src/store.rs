//! The users and keys, stored in SQLite. With `--db`, an acknowledged write survives a
//! crash.

use crate::api_error::ApiError;
use crate::arguments::{Arguments, User};
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The shortest time between two updates of a key's `last_used_us`, in microseconds: most requests
/// should not have to write.
const LAST_USED_EVERY_US: i64 = 1_000_000;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS users (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        email TEXT NOT NULL,
        role TEXT NOT NULL,
        service_account INTEGER NOT NULL,
        create_us INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS keys (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        key_id TEXT NOT NULL UNIQUE,
        user TEXT NOT NULL,
        hash BLOB NOT NULL UNIQUE,
        display_name TEXT NOT NULL,
        prefix TEXT NOT NULL,
        email TEXT NOT NULL,
        create_us INTEGER NOT NULL,
        expire_us INTEGER,
        last_used_us INTEGER,
        annotations TEXT
    ) STRICT;
    CREATE INDEX IF NOT EXISTS keys_of_user ON keys (user, seq);
";

/// SQLite's `application_id`, by which the emulator recognises its own files: "fwke".
const APPLICATION: i32 = 0x6677_6b65;

/// How long to wait for an emulator that is shutting down to release the database.
const PATIENCE: Duration = Duration::from_secs(1);

/// The database. One thread uses it at a time.
#[derive(Clone)]
pub struct Store(Arc<Mutex<Connection>>);

impl Store {
    /// Opens the file, or a database in memory if there is none, and replaces its users by those of
    /// the arguments.
    pub fn open(file: Option<&Path>, arguments: &Arguments) -> Result<Self, String> {
        let open = || -> rusqlite::Result<Option<Self>> {
            let connection = match file {
                Some(file) => Connection::open(file)?,
                None => Connection::open_in_memory()?,
            };
            connection.busy_timeout(PATIENCE)?;
            // Keeps the lock until the process ends: a second emulator would replace the users.
            connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            let is_ours = connection.query_row(
                "SELECT application_id = ?1 OR NOT EXISTS (SELECT 1 FROM sqlite_schema)
                 FROM pragma_application_id",
                [APPLICATION],
                |row| row.get::<_, bool>(0),
            )?;
            is_ours
                .then(|| Self::prepare(connection, arguments))
                .transpose()
        };
        match open() {
            Ok(Some(store)) => Ok(store),
            Ok(None) => Err("it belongs to another program".into()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                Err("it is in use".into())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn prepare(mut connection: Connection, arguments: &Arguments) -> rusqlite::Result<Self> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let transaction = connection.transaction()?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.execute_batch(SCHEMA)?;
        for user in &arguments.users {
            transaction.execute(
                "INSERT INTO users (id, name, email, role, service_account, create_us)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (id) DO UPDATE SET name = ?2, email = ?3, role = ?4, service_account = ?5",
                params![
                    user.id,
                    format!("accounts/{}/users/{}", arguments.account, user.id),
                    email(user, &arguments.account),
                    user.role.name(),
                    user.service_account,
                    now_us(),
                ],
            )?;
        }
        let ids: Vec<&str> = arguments
            .users
            .iter()
            .map(|user| user.id.as_str())
            .collect();
        let ids = serde_json::to_string(&ids).unwrap_or_default();
        transaction.execute(
            "DELETE FROM users WHERE id NOT IN (SELECT value FROM json_each(?1))",
            [ids],
        )?;
        transaction.commit()?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs a job on the database, on a thread that may block.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let store = self.clone();
        let work = move || work(&mut store.0.lock().unwrap_or_else(PoisonError::into_inner));
        match tokio::task::spawn_blocking(work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(ApiError::internal("the database's thread panicked")),
        }
    }

    /// Writes the write-ahead log back into the database file.
    pub async fn checkpoint(&self) {
        let work = |connection: &mut Connection| {
            Ok(connection.pragma_update(None, "wal_checkpoint", "TRUNCATE")?)
        };
        // If this fails, SQLite does it at the next start.
        let _ = self.run(work).await;
    }
}

/// The address made up for a user.
fn email(user: &User, account: &str) -> String {
    if user.service_account {
        format!("{}@{account}.sa.fireworks.ai", user.id)
    } else {
        format!("{}@example.com", user.id)
    }
}

/// The user whose key has this hash, if the key has not expired. Notes that the key was used.
pub fn owner_of(connection: &Connection, hash: &[u8; 32]) -> rusqlite::Result<Option<String>> {
    let now = now_us();
    let found: Option<(i64, String, Option<i64>)> = connection
        .prepare_cached(
            "SELECT seq, user, last_used_us FROM keys
             WHERE hash = ?1 AND (expire_us IS NULL OR expire_us > ?2)",
        )?
        .query_row(params![hash, now], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((seq, user, last_used_us)) = found else {
        return Ok(None);
    };
    if last_used_us.is_none_or(|used| now - used >= LAST_USED_EVERY_US) {
        connection
            .prepare_cached("UPDATE keys SET last_used_us = ?2 WHERE seq = ?1")?
            .execute(params![seq, now])?;
    }
    Ok(Some(user))
}

/// The role of the user with this id, if there is one.
pub fn role_of(connection: &Connection, user: &str) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT role FROM users WHERE id = ?1")?
        .query_row([user], |row| row.get(0))
        .optional()
}

/// The e-mail address of the user with this id; fails with 404 if there is none.
pub fn email_of(connection: &Connection, user: &str) -> Result<String, ApiError> {
    connection
        .prepare_cached("SELECT email FROM users WHERE id = ?")?
        .query_row([user], |row| row.get(0))
        .optional()?
        .ok_or_else(|| ApiError::missing("there is no such user"))
}

/// The current time, in microseconds since 1970.
pub fn now_us() -> i64 {
    microseconds(OffsetDateTime::now_utc())
}

/// A time in microseconds since 1970. Every time with a four-digit year fits.
pub fn microseconds(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// Microseconds since 1970 as RFC 3339 text.
pub fn rfc3339(us: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(us) * 1_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}
