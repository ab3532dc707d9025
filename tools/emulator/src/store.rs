//! What is stored: users and keys, in SQLite. A write that was acknowledged survives the process.

use crate::arguments::{Arguments, User};
use crate::failure::Failure;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How often a key's use is written down at most, in microseconds: a read should cost no write.
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

/// Marks a database as ours, among all that SQLite makes: "fwke".
const APPLICATION: i32 = 0x6677_6b65;

/// How long another process may hold the database while it ends.
const PATIENCE: Duration = Duration::from_secs(1);

/// The database, used by one thread at a time.
#[derive(Clone)]
pub struct Store(Arc<Mutex<Connection>>);

impl Store {
    /// Opens the file, or memory where there is none, and makes the users those of the arguments.
    pub fn open(file: Option<&Path>, arguments: &Arguments) -> Result<Self, String> {
        let open = || -> rusqlite::Result<Option<Self>> {
            let connection = match file {
                Some(file) => Connection::open(file)?,
                None => Connection::open_in_memory()?,
            };
            connection.busy_timeout(PATIENCE)?;
            // Held until the end: another emulator would change this one's users.
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

    /// Runs work on the database, away from the threads that serve requests.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let store = self.clone();
        let work = move || work(&mut store.0.lock().unwrap_or_else(PoisonError::into_inner));
        match tokio::task::spawn_blocking(work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::internal("the database's thread panicked")),
        }
    }

    /// Writes what is in the log back into the file.
    pub async fn checkpoint(&self) {
        let work = |connection: &mut Connection| {
            Ok(connection.pragma_update(None, "wal_checkpoint", "TRUNCATE")?)
        };
        // Without it, the next start does the same.
        let _ = self.run(work).await;
    }
}

fn email(user: &User, account: &str) -> String {
    if user.service_account {
        format!("{}@{account}.sa.fireworks.ai", user.id)
    } else {
        format!("{}@example.com", user.id)
    }
}

/// Whose live key has this hash; notes that it is used.
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

/// The role of a user, if there is one of this id.
pub fn role_of(connection: &Connection, user: &str) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT role FROM users WHERE id = ?1")?
        .query_row([user], |row| row.get(0))
        .optional()
}

/// The time, in microseconds since 1970.
pub fn now_us() -> i64 {
    microseconds(OffsetDateTime::now_utc())
}

/// A time in microseconds since 1970: those of a four-digit year fit.
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
