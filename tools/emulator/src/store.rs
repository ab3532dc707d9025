//! The database: the accounts, users and keys in SQLite. With `--db`, an acknowledged write survives a
//! crash.

use crate::api_error::ApiError;
use crate::arguments::{Arguments, User};
use crate::schema;
use crate::seed;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long to wait for an emulator that is shutting down to release the database.
const PATIENCE: Duration = Duration::from_secs(1);

/// The database. One thread uses it at a time.
#[derive(Clone)]
pub struct Store(Arc<Mutex<Connection>>);

impl Store {
    /// Opens the file, or a database in memory if there is none, and replaces its users by those of
    /// the arguments.
    pub fn open(file: Option<&Path>, arguments: &Arguments) -> Result<Self, String> {
        let open = || -> rusqlite::Result<Result<Self, String>> {
            let mut connection = match file {
                Some(file) => Connection::open(file)?,
                None => Connection::open_in_memory()?,
            };
            connection.busy_timeout(PATIENCE)?;
            // Keeps the lock until the process ends: a second emulator would replace the users.
            connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            let is_ours = connection.query_row(
                "SELECT application_id = ?1 OR NOT EXISTS (SELECT 1 FROM sqlite_schema)
                 FROM pragma_application_id",
                [schema::APPLICATION],
                |row| row.get::<_, bool>(0),
            )?;
            if !is_ours {
                return Ok(Err("it belongs to another program".into()));
            }
            if let Some(account) = other_account(&connection, &arguments.account)? {
                return Ok(Err(format!("it holds the keys of the account {account:?}")));
            }
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            fill(&mut connection, arguments)?;
            Ok(Ok(Self(Arc::new(Mutex::new(connection)))))
        };
        match open() {
            Ok(opened) => opened,
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                Err("it is in use".into())
            }
            Err(error) => Err(error.to_string()),
        }
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

/// The account that a database was written for, if it is another than this one. Its users tell: every
/// database has some.
fn other_account(connection: &Connection, account: &str) -> rusqlite::Result<Option<String>> {
    let has_users = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'users')";
    if !connection.query_row(has_users, [], |row| row.get(0))? {
        return Ok(None);
    }
    let name: Option<String> = connection
        .query_row("SELECT name FROM users LIMIT 1", [], |row| row.get(0))
        .optional()?;
    let other = name.as_deref().and_then(|name| name.split('/').nth(1));
    Ok(other.filter(|other| *other != account).map(str::to_owned))
}

/// Creates the tables, and replaces the accounts and users by those of the arguments.
fn fill(connection: &mut Connection, arguments: &Arguments) -> rusqlite::Result<()> {
    let now = arguments.clock.now_us();
    let transaction = connection.transaction()?;
    schema::prepare(&transaction)?;
    transaction.execute("UPDATE users SET removed = 1", [])?;
    for user in &arguments.users {
        transaction.execute(
            "INSERT INTO users (id, name, email, role, service_account, create_us)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (id) DO UPDATE
             SET name = ?2, email = ?3, role = ?4, service_account = ?5, removed = 0",
            params![
                user.id,
                format!("accounts/{}/users/{}", arguments.account, user.id),
                email(user, &arguments.account),
                user.role.name(),
                user.service_account,
                now,
            ],
        )?;
    }
    let accounts: Vec<&str> = arguments.accounts().collect();
    for account in &accounts {
        transaction.execute(
            "INSERT INTO accounts (id, name, create_us) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING",
            params![account, format!("accounts/{account}"), now],
        )?;
    }
    transaction.execute(
        "DELETE FROM accounts WHERE id NOT IN (SELECT value FROM json_each(?1))",
        [serde_json::to_string(&accounts).unwrap_or_default()],
    )?;
    if arguments.seed {
        seed::plant(&transaction, arguments, now)?;
    }
    transaction.commit()
}

/// The address made up for a user.
fn email(user: &User, account: &str) -> String {
    if user.service_account {
        format!("{}@{account}.sa.fireworks.ai", user.id)
    } else {
        format!("{}@example.com", user.id)
    }
}
