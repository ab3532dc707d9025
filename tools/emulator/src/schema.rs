//! The tables of the database, and how a file that an earlier version wrote gets them.

use rusqlite::Connection;

/// SQLite's `application_id`, by which the emulator recognises its own files: "fwke".
pub const APPLICATION: i32 = 0x6677_6b65;

/// A key's `since_us` and `until_us` are when it was created and deleted, by the machine's clock. A deleted
/// key stays for a while, for lists that lag.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS accounts (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        create_us INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS users (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        email TEXT NOT NULL,
        role TEXT NOT NULL,
        service_account INTEGER NOT NULL,
        create_us INTEGER NOT NULL,
        removed INTEGER NOT NULL DEFAULT 0
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
        annotations TEXT,
        since_us INTEGER NOT NULL DEFAULT 0,
        until_us INTEGER
    ) STRICT;
";

const INDICES: &str = "
    CREATE INDEX IF NOT EXISTS keys_of_user ON keys (user, seq);
    CREATE INDEX IF NOT EXISTS deleted_keys ON keys (until_us) WHERE until_us IS NOT NULL;
";

/// Columns that tables of earlier versions lack.
const ADDED: [(&str, &str, &str); 3] = [
    ("users", "removed", "INTEGER NOT NULL DEFAULT 0"),
    ("keys", "since_us", "INTEGER NOT NULL DEFAULT 0"),
    ("keys", "until_us", "INTEGER"),
];

/// Creates what is missing.
pub fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.execute_batch(TABLES)?;
    for (table, column, definition) in ADDED {
        let is_there: bool = connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2)",
            [table, column],
            |row| row.get(0),
        )?;
        if !is_there {
            connection.execute_batch(&format!(
                "ALTER TABLE {table} ADD COLUMN {column} {definition}"
            ))?;
        }
    }
    connection.execute_batch(INDICES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_the_first_version_get_what_they_lack_and_keep_their_rows() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE keys (seq INTEGER PRIMARY KEY AUTOINCREMENT, key_id TEXT NOT NULL UNIQUE,
                    user TEXT NOT NULL) STRICT;
                 CREATE TABLE users (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
                 INSERT INTO users (id) VALUES ('me');
                 INSERT INTO keys (key_id, user) VALUES ('a', 'me');",
            )
            .unwrap();
        for _ in 0..2 {
            prepare(&connection).unwrap();
        }
        let kept: (String, i64, Option<i64>, bool) = connection
            .query_row(
                "SELECT key_id, since_us, until_us, removed FROM keys JOIN users ON users.id = user",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .unwrap();
        assert_eq!(kept, ("a".into(), 0, None, false));
    }
}
