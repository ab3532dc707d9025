//! Which key took over from which: what annotations tell of earlier rotations. Pure.

use super::mark::{REVOKES, ROTATES, mark_of};
use super::{Item, time};
use serde::Serialize;
use std::collections::BinaryHeap;

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

// Whoever holds any key of the user can make as many keys as the service lets them, with whatever
// annotations: so nothing here takes more than a few passes over the list.
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
        let ids = sorted(&mut self.keys.iter().map(|listed| listed.id.as_bytes()));
        let mut seen = vec![false; self.keys.len()];
        let mut line = Vec::new();
        let mut next = Some(id);
        while let Some(&(_, index)) = next.and_then(|id| of_name(&ids, id.as_bytes()).first())
            && let (Some(listed), Some(seen)) = (self.keys.get(index), seen.get_mut(index))
            // Anybody can write annotations, and so a circle.
            && !std::mem::replace(seen, true)
        {
            line.push(listed);
            next = listed.rotates.as_deref();
        }
        line
    }

    /// The keys that came from the one of this id, and what came from those; of its line, none.
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
                    && of_name(&line, listed.id.as_bytes()).is_empty()
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

    /// What earlier rotations of this line were to revoke, and have not; and what the creates of this
    /// line made twice. Nobody holds the one, and nobody is to hold the other.
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
                !mark.is_empty() && !of_name(&marks, mark.as_bytes()).is_empty()
            };
            let id = listed.id.as_bytes();
            !of_name(&recorded, id).is_empty() || (of_name(&in_line, id).is_empty() && twin())
        };
        self.keys.iter().filter(remains).collect()
    }
}

/// Names in their order, each with its index.
pub fn sorted<'a>(names: &mut dyn Iterator<Item = &'a [u8]>) -> Vec<(&'a [u8], usize)> {
    // A heap sorts in a tenth of the code that a slice's own sort comes to.
    let names = names.enumerate().map(|(index, name)| (name, index));
    BinaryHeap::from_iter(names).into_sorted_vec()
}

/// The sorted names that are this one.
fn of_name<'a, 'b>(names: &'b [(&'a [u8], usize)], name: &[u8]) -> &'b [(&'a [u8], usize)] {
    let start = names.partition_point(|(other, _)| *other < name);
    let end = names.partition_point(|(other, _)| *other <= name);
    names.get(start..end).unwrap_or_default()
}

impl<I: Item> Listed<I> {
    /// What a caller is told of it as a successor.
    pub fn as_successor(&self, now_ms: f64) -> Successor {
        let created_ms = created_ms(&self.key);
        Successor {
            key_id: self.id.clone(),
            // Whatever else stands there is not told: it may be anything.
            create_time: created_ms.and_then(|_| self.key.text("createTime")),
            age_ms: created_ms.map(|ms| now_ms - ms),
        }
    }
}

/// When a key was created, in milliseconds since 1970.
pub fn created_ms(key: &impl Item) -> Option<f64> {
    time::parse_rfc3339(&key.text("createTime")?)
}
