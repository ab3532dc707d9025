//! Which key took over from which: what annotations tell of earlier rotations. Pure.

use super::mark::{Mark, REVOKES, ROTATES};
use super::{Item, time};
use serde::Serialize;

/// A user's keys, as one list showed them.
pub struct Lineage<I> {
    keys: Vec<Listed<I>>,
}

/// A key of the list.
pub struct Listed<I> {
    /// Its id.
    pub id: String,
    /// The key.
    pub key: I,
    rotates: Option<String>,
}

/// A successor that nobody is known to hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Successor {
    /// Its id.
    pub key_id: String,
    /// When it was created, as the service wrote it.
    pub create_time: Option<String>,
    /// How old it is by the caller's clock, in milliseconds.
    pub age_ms: Option<f64>,
}

impl<I> Default for Lineage<I> {
    fn default() -> Self {
        Self { keys: Vec::new() }
    }
}

impl<I: Item> Lineage<I> {
    /// Adds a key of the list; one without an id cannot be told from others.
    pub fn push(&mut self, key: I) -> Result<(), &'static str> {
        let id = key.text("keyId").ok_or("a key of its list has no keyId")?;
        let rotates = key.annotation(ROTATES);
        self.keys.push(Listed { id, key, rotates });
        Ok(())
    }

    /// The key of this id.
    pub fn get(&self, id: &str) -> Option<&Listed<I>> {
        self.keys.iter().find(|listed| listed.id == id)
    }

    /// The key of this id and those that it came from, the nearest first, as far as they are there.
    pub fn line<'a>(&'a self, id: &str) -> Vec<&'a Listed<I>> {
        let mut line = Vec::from_iter(self.get(id));
        while let Some(earlier) = line
            .last()
            .and_then(|last| self.get(last.rotates.as_deref()?))
        {
            // Anybody can write annotations, and so a circle.
            if line.iter().any(|known| known.id == earlier.id) {
                break;
            }
            line.push(earlier);
        }
        line
    }

    /// The keys that came from the one of this id, and what came from those; of its line, none.
    pub fn successors<'a>(&'a self, id: &'a str) -> Vec<&'a Listed<I>> {
        let line = self.line(id);
        let mut found: Vec<&Listed<I>> = Vec::new();
        let mut asked = 0;
        let mut of = id;
        loop {
            for listed in &self.keys {
                let known = |other: &&Listed<I>| other.id == listed.id;
                let fresh = !line.iter().any(known) && !found.iter().any(known);
                if listed.rotates.as_deref() == Some(of) && fresh {
                    found.push(listed);
                }
            }
            match found.get(asked) {
                Some(next) => of = &next.id,
                None => return found,
            }
            asked += 1;
        }
    }

    /// What came from the earlier keys of a line when its newest was there already, and when it was
    /// created: left by a rotation whose key id was out of date, and which crashed.
    pub fn strays(&self, line: &[&Listed<I>]) -> Vec<(String, f64)> {
        let newest_ms = line.first().and_then(|newest| created_ms(&newest.key));
        let earlier = line.iter().filter_map(|each| each.rotates.as_deref());
        let came = earlier.flat_map(|id| self.successors(id));
        let stray = |other: &Listed<I>| {
            let (ms, newest_ms) = created_ms(&other.key).zip(newest_ms)?;
            let in_line = line.iter().any(|known| known.id == other.id);
            (ms > newest_ms && !in_line).then(|| (other.id.clone(), ms))
        };
        came.filter_map(stray).collect()
    }

    /// What earlier rotations of this line were to revoke, and have not; and what the creates of this
    /// line made twice. Nobody holds the one, and nobody is to hold the other.
    pub fn remains<'a>(&'a self, line: &[&Listed<I>]) -> Vec<&'a Listed<I>> {
        let marks: Vec<Mark> = line.iter().filter_map(|each| Mark::of(&each.key)).collect();
        let records: Vec<String> = line
            .iter()
            .filter_map(|each| each.key.annotation(REVOKES))
            .collect();
        let recorded = |id: &str| {
            let mut ids = records.iter().flat_map(|record| record.split(' '));
            ids.any(|named| named == id)
        };
        let twin = |key: &I| Mark::of(key).is_some_and(|mark| marks.contains(&mark));
        let in_line = |id: &str| line.iter().any(|each| each.id == id);
        self.keys
            .iter()
            .filter(|listed| recorded(&listed.id) || (twin(&listed.key) && !in_line(&listed.id)))
            .collect()
    }
}

impl<I: Item> Listed<I> {
    /// What a caller is told of it as a successor.
    pub fn as_successor(&self, now_ms: f64) -> Successor {
        Successor {
            key_id: self.id.clone(),
            create_time: self.key.text("createTime"),
            age_ms: created_ms(&self.key).map(|ms| now_ms - ms),
        }
    }
}

/// When a key was created, in milliseconds since 1970.
pub fn created_ms(key: &impl Item) -> Option<f64> {
    time::parse_rfc3339(&key.text("createTime")?)
}
