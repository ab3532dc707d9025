//! Keys for a demo, as an account has them after some years: of people and service accounts, with and
//! without an end, used and forgotten, and some of a person who has left. Nobody holds their secrets.

use crate::arguments::{Arguments, User};
use crate::queries::{NewKey, insert_key};
use crate::secret;
use rusqlite::{Connection, Error, OptionalExtension, params};

/// A day, in microseconds.
const DAY_US: i64 = 86_400_000_000;

/// The person who has left.
const LEFT: &str = "grace";

/// Whose key it is.
#[derive(Clone, Copy)]
enum Owner {
    /// The person with this number.
    Person(usize),
    /// The service account with this number.
    Service(usize),
    /// The person who has left.
    Left,
}

use Owner::{Left, Person, Service};

/// For each key: its name, its owner and its team; how many days ago it was created; in how many days it
/// ends, if it does; and how many days ago it was used, if ever.
type Row = (
    &'static str,
    Owner,
    &'static str,
    f64,
    Option<f64>,
    Option<f64>,
);

#[rustfmt::skip]
const ROWS: [Row; 25] = [
    ("deploy", Service(0), "platform", 340.2, None, Some(0.1)),
    ("deploy, before the move", Service(0), "platform", 702.0, None, Some(341.0)),
    ("nightly evaluation", Service(0), "research", 88.4, Some(2.1), Some(0.4)),
    ("nightly evaluation", Service(0), "research", 178.5, Some(-0.6), Some(0.7)),
    ("data pipeline", Service(1), "data", 61.3, Some(29.0), Some(0.02)),
    ("data pipeline, staging", Service(1), "data", 61.2, Some(29.1), Some(12.0)),
    ("support bot", Service(1), "support", 200.9, Some(164.0), Some(0.01)),
    ("support bot", Service(0), "support", 566.0, Some(-201.0), Some(201.9)),
    ("search index", Service(1), "search", 14.6, Some(75.4), Some(0.2)),
    ("billing export", Service(0), "finance", 431.0, None, Some(25.0)),
    ("load test", Service(1), "platform", 129.7, None, Some(128.0)),
    ("default", Person(0), "", 512.3, None, None),
    ("laptop", Person(0), "", 95.0, Some(270.0), Some(1.3)),
    ("notebook for the talk", Person(0), "research", 240.0, Some(-210.0), Some(216.0)),
    ("default", Person(1), "", 33.1, None, Some(3.5)),
    ("on-call", Person(1), "platform", 6.2, Some(0.8), Some(0.9)),
    ("prompt experiments", Person(1), "research", 150.4, Some(214.6), Some(97.0)),
    ("trial of streaming", Person(0), "research", 19.0, Some(11.0), None),
    ("review environment 118", Service(0), "platform", 1.4, Some(5.6), Some(0.3)),
    ("review environment 121", Service(0), "platform", 0.2, Some(6.8), None),
    ("backfill of March", Service(1), "data", 260.0, Some(105.0), Some(258.0)),
    ("mobile beta", Service(0), "mobile", 44.0, Some(46.0), Some(0.6)),
    ("old laptop", Left, "", 640.0, None, Some(190.0)),
    ("weekly report", Left, "finance", 410.0, None, Some(2.0)),
    ("demo for the board", Left, "", 215.0, Some(150.0), Some(213.0)),
];

/// Adds the keys, unless a key was ever created in this database.
pub fn plant(connection: &Connection, arguments: &Arguments, now_us: i64) -> rusqlite::Result<()> {
    let was_used = "SELECT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'keys')";
    if connection.query_row(was_used, [], |row| row.get(0))? {
        return Ok(());
    }
    connection.execute(
        "INSERT INTO users (id, name, email, role, service_account, create_us, removed)
         VALUES (?1, ?2, ?3, 'user', 0, ?4, 1) ON CONFLICT (id) DO NOTHING",
        params![
            LEFT,
            format!("accounts/{}/users/{LEFT}", arguments.account),
            format!("{LEFT}@example.com"),
            now_us,
        ],
    )?;
    for (name, owner, team, created, ends, used) in ROWS {
        let user = id_of(owner, &arguments.users);
        let email: Option<String> = connection
            .query_row("SELECT email FROM users WHERE id = ?", [user], |row| {
                row.get(0)
            })
            .optional()?;
        let annotations = (!team.is_empty()).then(|| format!("{{\"team\":\"{team}\"}}"));
        let new = NewKey {
            user,
            email: &email.unwrap_or_default(),
            key: &secret::key().unwrap_or_default(),
            display_name: name,
            annotations,
            create_us: now_us - days(created),
            expire_us: ends.map(|ends| now_us + days(ends)),
            last_used_us: used.map(|used| now_us - days(used)),
            since_us: 0,
        };
        // Two keys without randomness would have one hash.
        insert_key(connection, &new).map_err(|_| Error::QueryReturnedNoRows)?;
    }
    Ok(())
}

/// The user who owns a key. Where there are fewer service accounts or people than the keys need, the
/// others own theirs.
fn id_of(owner: Owner, users: &[User]) -> &str {
    let (number, service) = match owner {
        Left => return LEFT,
        Person(number) => (number, false),
        Service(number) => (number, true),
    };
    let kind: Vec<&User> = users
        .iter()
        .filter(|user| user.service_account == service)
        .collect();
    let all: Vec<&User> = users.iter().collect();
    let owners = if kind.is_empty() { all } else { kind };
    let owner = owners.get(number % owners.len().max(1));
    owner.map_or(LEFT, |user| user.id.as_str())
}

/// Days in microseconds.
fn days(days: f64) -> i64 {
    (days * DAY_US as f64) as i64
}
