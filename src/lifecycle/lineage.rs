//! Which key took over from which, as annotations tell of earlier rotations. Pure.

use super::list::NO_ID;
use super::mark::{REVOKES, ROTATES, mark_of};
use super::names::{has, of_name, sorted};
use super::{Item, time};
use serde::Serialize;

/// A user's keys, as one complete list showed them.
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

/// A successor that an earlier rotation left, or that another one at work has made.
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

// Any key of the user can be used to create more keys, with any annotations. So that a great number of
// them cannot make a rotation slow, everything here sorts the list and goes through it a few times.
impl<I: Item> Lineage<I> {
    /// Adds a key of the list; one without an id cannot be told from others.
    pub fn push(&mut self, key: I) -> Result<(), &'static str> {
        let id = key.text("keyId").ok_or(NO_ID)?;
        let rotates = key.annotation(ROTATES);
        self.keys.push(Listed { id, key, rotates });
        Ok(())
    }

    /// When the youngest key was created, in milliseconds since 1970; [`None`] if that is not known of all.
    pub fn youngest_ms(&self) -> Option<f64> {
        let mut created = self.keys.iter().map(|listed| created_ms(&listed.key));
        created.try_fold(f64::NEG_INFINITY, |youngest, ms| Some(youngest.max(ms?)))
    }

    /// The key of this id.
    pub fn get(&self, id: &str) -> Option<&Listed<I>> {
        self.keys.iter().find(|listed| listed.id == id)
    }

    /// The key of this id and those that it came from, the nearest first, as far as they are there.
    pub fn line<'a>(&'a self, id: &str) -> Vec<&'a Listed<I>> {
        let ids = sorted(&mut self.keys.iter().map(|listed| listed.id.as_bytes()));
        let mut seen = vec![false; self.keys.len()];
        let mut line = Vec::new();
        let mut next = Some(id);
        while let Some(&(_, index)) = next.and_then(|id| of_name(&ids, id.as_bytes()).first())
            && let (Some(listed), Some(seen)) = (self.keys.get(index), seen.get_mut(index))
            // Annotations are not ours alone to write: they may lead in a circle.
            && !std::mem::replace(seen, true)
        {
            line.push(listed);
            next = listed.rotates.as_deref();
        }
        line
    }

    /// The keys that came from the one of this id, those that came from them, and so on; without the
    /// keys of its own line, which a circle would lead back to.
    pub fn successors<'a>(&'a self, id: &'a str) -> Vec<&'a Listed<I>> {
        let rotated =
            |listed: &'a Listed<I>| listed.rotates.as_deref().unwrap_or_default().as_bytes();
        let children = sorted(&mut self.keys.iter().map(rotated));
        let line = sorted(&mut self.line(id).iter().map(|listed| listed.id.as_bytes()));
        let mut seen = vec![false; self.keys.len()];
        let mut found: Vec<&Listed<I>> = Vec::new();
        let mut asked = 0;
        let mut of = id;
        loop {
            for &(_, index) in of_name(&children, of.as_bytes()) {
                if let (Some(listed), Some(seen)) = (self.keys.get(index), seen.get_mut(index))
                    && !has(&line, &listed.id)
                    && !std::mem::replace(seen, true)
                {
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

    /// The keys that earlier rotations of this line were to revoke and did not, and those that a create
    /// of this line made beside the one that was stored.
    pub fn remains<'a>(&'a self, line: &[&Listed<I>]) -> Vec<&'a Listed<I>> {
        let in_line = sorted(&mut line.iter().map(|each| each.id.as_bytes()));
        let marks: Vec<String> = line.iter().map(|each| mark_of(&each.key)).collect();
        let marks = sorted(&mut marks.iter().map(String::as_bytes));
        let records: Vec<String> = line
            .iter()
            .filter_map(|each| each.key.annotation(REVOKES))
            .collect();
        let ids = |record| <[u8]>::split(record, |byte| *byte == b' ');
        let recorded = sorted(&mut records.iter().map(String::as_bytes).flat_map(ids));
        let remains = |listed: &&Listed<I>| {
            let twin = || {
                let mark = mark_of(&listed.key);
                !mark.is_empty() && has(&marks, &mark)
            };
            has(&recorded, &listed.id) || (!has(&in_line, &listed.id) && twin())
        };
        self.keys.iter().filter(remains).collect()
    }
}

impl<I: Item> Listed<I> {
    /// What the caller is told of it where it is a successor.
    pub fn as_successor(&self, now_ms: f64) -> Successor {
        let created_ms = created_ms(&self.key);
        Successor {
            key_id: self.id.clone(),
            // A text that is no time is not handed on: it may be anything.
            create_time: created_ms.and_then(|_| self.key.text("createTime")),
            age_ms: created_ms.map(|ms| now_ms - ms),
        }
    }
}

/// When a key was created, in milliseconds since 1970.
pub fn created_ms(key: &impl Item) -> Option<f64> {
    time::parse_rfc3339(&key.text("createTime")?)
}
