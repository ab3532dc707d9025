//! Which tables can be listed, and which of their fields a list may filter and sort by.

use rusqlite::Row;

/// How a field can be used in a list request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Text: can be filtered and sorted by.
    Text,
    /// A number in the database, a time or a boolean in the answer: can be sorted by.
    Number,
    /// A map from text to text: can be filtered by its entries.
    Record,
    /// A field of the resource that no list contains. A field mask may name it.
    Secret,
}

/// How many rows a page has.
#[derive(Debug, Clone, Copy)]
pub struct PageSizes {
    /// If the request does not say it.
    pub default: usize,
    /// At most, whatever the request says.
    pub most: usize,
}

impl PageSizes {
    /// Those of most lists.
    pub const USUAL: Self = Self {
        default: 1_000,
        most: 1_000,
    };
}

/// A table that can be listed.
pub struct Table<T: 'static> {
    /// The table's name in the database.
    pub name: &'static str,
    /// How many rows a page has.
    pub page_sizes: PageSizes,
    /// For each field: its name in the API, its column, and its kind.
    pub fields: &'static [(&'static str, &'static str, FieldKind)],
    /// Turns a row into the resource that the API returns.
    pub read: fn(&Row<'_>) -> rusqlite::Result<T>,
}

impl<T> Table<T> {
    /// The column and the kind of the field with this name in the API.
    pub fn column(&self, name: &str) -> Option<(&'static str, FieldKind)> {
        let field = self.fields.iter().find(|(field, ..)| *field == name)?;
        Some((field.1, field.2))
    }
}
