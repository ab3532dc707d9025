//! What the handlers ask the database about users and keys, and how keys are added and deleted.

use crate::api_error::ApiError;
use crate::behaviour::{Behaviour, LONGEST_LAG};
use crate::clock::{as_of, machine_us};
use crate::secret;
use rusqlite::{Connection, OptionalExtension, params};

/// The shortest time between two updates of a key's `last_used_us`, in microseconds: most requests
/// should not have to write.
const LAST_USED_EVERY_US: i64 = 1_000_000;

/// A key to add. Times are in microseconds since 1970.
pub struct NewKey<'a> {
    /// The owner's id.
    pub user: &'a str,
    /// The owner's e-mail address.
    pub email: &'a str,
    /// The key itself, which is not stored.
    pub key: &'a str,
    /// The name.
    pub display_name: &'a str,
    /// The annotations, as JSON.
    pub annotations: Option<String>,
    /// When it is created, by the service's clock.
    pub create_us: i64,
    /// When it ends.
    pub expire_us: Option<i64>,
    /// When it was used last.
    pub last_used_us: Option<i64>,
    /// Since when it has been there, by the machine's clock.
    pub since_us: i64,
}

/// Adds a key.
pub fn insert_key(connection: &Connection, new: &NewKey<'_>) -> Result<(), ApiError> {
    let key_id = secret::id()?;
    connection
        .prepare_cached(
            "INSERT INTO keys (key_id, user, hash, display_name, prefix, email, create_us, expire_us,
             last_used_us, annotations, since_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            key_id,
            new.user,
            secret::hash(new.key),
            new.display_name,
            secret::prefix(new.key),
            new.email,
            new.create_us,
            new.expire_us,
            new.last_used_us,
            new.annotations,
            new.since_us,
        ])?;
    Ok(())
}

/// Deletes a key of a user; fails with 404 if there is none. Those deleted long ago are forgotten.
pub fn delete_key(connection: &Connection, user: &str, key_id: &str) -> Result<(), ApiError> {
    let now = machine_us();
    let longest = i64::try_from(LONGEST_LAG.as_micros()).unwrap_or(i64::MAX);
    connection
        .prepare_cached("DELETE FROM keys WHERE until_us < ?")?
        .execute([now - longest])?;
    let deleted = connection
        .prepare_cached(
            "UPDATE keys SET until_us = ? WHERE user = ? AND key_id = ? AND until_us IS NULL",
        )?
        .execute(params![now, user, key_id])?;
    match deleted {
        0 => Err(ApiError::missing("this user has no such key")),
        _ => Ok(()),
    }
}

/// The user whose key has this hash, and their role, if the key is accepted. Notes that the key was used.
pub fn owner_of(
    connection: &Connection,
    hash: &[u8; 32],
    behaviour: &Behaviour,
) -> rusqlite::Result<Option<(String, String)>> {
    let now = behaviour.clock.now_us();
    let found: Option<(i64, String, String, Option<i64>)> = connection
        .prepare_cached(
            "SELECT keys.seq, user, role, last_used_us FROM keys JOIN users ON users.id = user
             WHERE hash = ?1 AND (expire_us IS NULL OR expire_us > ?2)
             AND since_us <= ?3 AND (until_us IS NULL OR until_us > ?3)
             AND (NOT removed OR ?4)",
        )?
        .query_row(
            params![
                hash,
                now,
                as_of(behaviour.key_lag),
                behaviour.removed_users_keys
            ],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()?;
    let Some((seq, user, role, last_used_us)) = found else {
        return Ok(None);
    };
    if last_used_us.is_none_or(|used| now - used >= LAST_USED_EVERY_US) {
        connection
            .prepare_cached("UPDATE keys SET last_used_us = ?2 WHERE seq = ?1")?
            .execute(params![seq, now])?;
    }
    Ok(Some((user, role)))
}

/// The e-mail address of the user with this id; fails with 404 if there is none.
pub fn email_of(connection: &Connection, user: &str) -> Result<String, ApiError> {
    connection
        .prepare_cached("SELECT email FROM users WHERE id = ? AND NOT removed")?
        .query_row([user], |row| row.get(0))
        .optional()?
        .ok_or_else(|| ApiError::missing("there is no such user"))
}
