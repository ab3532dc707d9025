//! Orders of trouble, and what is really stored: `/_emulator/`, with `--faults` only. An order that
//! makes no sense must never be taken: a test would prove nothing.

use crate::extract::{self, Object};
use crate::failure::Failure;
use crate::keys::KEYS;
use crate::operation::Operation;
use crate::server::App;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Which requests get into trouble, and into which.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Order {
    /// The operation; any where there is none.
    operation: Option<Operation>,
    /// The user that the path names; any where there is none.
    user: Option<String>,
    /// Lets the first matching requests pass.
    #[serde(default)]
    skip: u64,
    /// For how many requests; 1 where neither this nor a share is given.
    times: Option<u64>,
    /// For which share of the requests, from 0 to 1, until it is removed.
    share: Option<f64>,
    /// What the share's chance begins with.
    #[serde(default)]
    seed: u64,
    /// Into which trouble.
    fault: Object<Fault>,
}

/// A trouble.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// Closes the connection without a byte of an answer.
    Drop {
        #[serde(default)]
        when: When,
    },
    /// Answers something else. `{{token}}` and `{{key}}` in the body become the request's token and
    /// the key that was created.
    Answer {
        status: u16,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        #[serde(default)]
        body: String,
        #[serde(default)]
        when: When,
    },
    /// Waits.
    Delay {
        ms: u64,
        #[serde(default)]
        when: When,
    },
    /// Does it, and sends the first bytes of the answer's body only.
    Cut { bytes: usize },
    /// Does it, and answers 200 with something that is no JSON.
    // Braces, as a unit would take unknown fields.
    Garbage {},
    /// Closes the connection, and does it later.
    Late { ms: u64 },
    /// Creates the key without its annotations.
    StripAnnotations {},
}

impl Order {
    fn check(&self) -> Result<(), Failure> {
        let wrong = |what: String| Err(Failure::invalid(format!("the fault: {what}")));
        if self.share.is_some() && self.times.is_some() {
            return wrong("times and share exclude each other".into());
        }
        if self.times == Some(0) {
            return wrong("times is at least 1".into());
        }
        if self
            .share
            .is_some_and(|share| !(0.0..=1.0).contains(&share))
        {
            return wrong("share is from 0 to 1".into());
        }
        let creates = self.operation == Some(Operation::Create);
        if matches!(self.fault.0, Fault::StripAnnotations {}) && !creates {
            return wrong("strip-annotations is for the operation create".into());
        }
        let Fault::Answer {
            status, headers, ..
        } = &self.fault.0
        else {
            return Ok(());
        };
        if !(200..=599).contains(status) {
            return wrong("status is from 200 to 599".into());
        }
        let mut names = BTreeSet::new();
        for (name, value) in headers {
            // These two say where the body ends: a lie would be a dropped connection.
            let framing = ["content-length", "transfer-encoding"];
            match (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                (Ok(known), Ok(_))
                    if !framing.contains(&known.as_str())
                        && names.insert(known.as_str().to_owned()) => {}
                _ => return wrong(format!("the header {name:?} cannot be sent")),
            }
        }
        Ok(())
    }
}

/// Before or after the operation is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    #[default]
    Before,
    After,
}

/// Marks a request whose key loses its annotations.
#[derive(Debug, Clone, Copy)]
pub struct StripAnnotations;

#[derive(Debug, Serialize)]
struct Active {
    id: u64,
    hits: u64,
    #[serde(skip)]
    seen: u64,
    #[serde(skip)]
    chance: fastrand::Rng,
    #[serde(flatten)]
    order: Order,
}

#[derive(Debug, Default)]
struct Inner {
    last_id: u64,
    active: Vec<Active>,
    requests: BTreeMap<Operation, u64>,
}

/// The trouble that was asked for, and how many requests there were.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Inner>);

impl Faults {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request, and says what trouble it gets into: the first order that matches.
    pub fn next(&self, operation: Operation, user: Option<&str>) -> Option<Fault> {
        let mut inner = self.inner();
        *inner.requests.entry(operation).or_default() += 1;
        for active in &mut inner.active {
            let order = &active.order;
            let matches = order.operation.is_none_or(|wanted| wanted == operation)
                && order
                    .user
                    .as_deref()
                    .is_none_or(|wanted| Some(wanted) == user);
            if !matches {
                continue;
            }
            active.seen += 1;
            let hit = active.seen > order.skip
                && match order.share {
                    Some(share) => active.chance.f64() < share,
                    None => active.hits < order.times.unwrap_or(1),
                };
            if hit {
                active.hits += 1;
                return Some(order.fault.0.clone());
            }
        }
        None
    }
}

/// Adds an order.
pub async fn add(
    State(app): State<App>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let order: Order = extract::body(&body)?;
    order.check()?;
    let mut inner = app.faults.inner();
    inner.last_id += 1;
    let id = inner.last_id;
    inner.active.push(Active {
        id,
        hits: 0,
        seen: 0,
        chance: fastrand::Rng::with_seed(order.seed),
        order,
    });
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

/// Tells which orders there are, and how many requests each has hit.
pub async fn list(State(app): State<App>) -> Json<Value> {
    Json(json!({ "faults": app.faults.inner().active }))
}

/// Removes every order.
pub async fn clear(State(app): State<App>) -> StatusCode {
    app.faults.inner().active.clear();
    StatusCode::NO_CONTENT
}

/// Tells how many requests of each operation were received.
pub async fn stats(State(app): State<App>) -> Json<Value> {
    let inner = app.faults.inner();
    let total: u64 = inner.requests.values().sum();
    Json(json!({ "requests": total, "operations": inner.requests }))
}

/// Tells what is really stored.
pub async fn keys(State(app): State<App>) -> Result<Json<Value>, Failure> {
    let work = |connection: &mut Connection| {
        let mut statement = connection.prepare(
            "SELECT *, expire_us IS NOT NULL AND expire_us <= ? AS expired FROM keys ORDER BY seq",
        )?;
        let mut rows = statement.query([crate::store::now_us()])?;
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

/// Removes every key, every order and every count.
pub async fn reset(State(app): State<App>) -> Result<StatusCode, Failure> {
    let work = |connection: &mut Connection| Ok(connection.execute("DELETE FROM keys", [])?);
    app.store.run(work).await?;
    *app.faults.inner() = Inner::default();
    Ok(StatusCode::NO_CONTENT)
}
