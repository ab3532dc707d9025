//! The order of a list, and the rows behind a place in it. Only columns that the table names ever
//! become part of a statement.

use crate::failure::Failure;
use crate::page::{Kind, Table};
use rusqlite::Row;
use rusqlite::types::Value;
use serde::{Deserialize, Serialize};

/// How much of a text counts, in characters: a place in the order travels in a page token.
const COUNTED: usize = 200;

/// What a list is ordered by. No two rows have one place: the row's number comes last.
#[derive(Debug, PartialEq, Eq)]
pub struct Order(Vec<(String, bool)>);

/// A row's place in one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Place {
    /// A number.
    Number(i64),
    /// The text that counts.
    Text(String),
}

impl Order {
    /// Understands `orderBy`: fields of the table, each once, each with an optional ` desc`.
    pub fn parse<T>(table: &Table<T>, text: &str) -> Result<Self, Failure> {
        let wrong = |what: &str| Failure::invalid(format!("orderBy: {what}"));
        let mut order: Vec<(String, bool)> = Vec::new();
        let parts = text.split(',').map(str::trim);
        for part in parts.filter(|part| !part.is_empty()) {
            let mut words = part.split_whitespace();
            let column = words.next().and_then(|field| table.column(field));
            let descending = match (words.next(), words.next()) {
                (None, None) => false,
                (Some("desc"), None) => true,
                _ => return Err(wrong("only desc may follow a field")),
            };
            // What is absent comes before what is there.
            let column = match column {
                Some((column, Kind::Text)) => format!("substr({column}, 1, {COUNTED})"),
                Some((column, Kind::Number)) => format!("coalesce({column}, -1)"),
                _ => return Err(wrong("there is no such field to order by")),
            };
            if order.iter().any(|(known, _)| *known == column) {
                return Err(wrong("a field is named twice"));
            }
            order.push((column, descending));
        }
        order.push(("seq".into(), false));
        Ok(Self(order))
    }

    /// How many columns say a row's place.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The columns that say a row's place.
    pub fn columns(&self) -> String {
        let columns: Vec<&str> = self.0.iter().map(|(column, _)| column.as_str()).collect();
        columns.join(", ")
    }

    /// What follows `ORDER BY`.
    pub fn terms(&self) -> String {
        let terms = self.0.iter().map(|(column, descending)| match descending {
            true => format!("{column} DESC"),
            false => column.clone(),
        });
        terms.collect::<Vec<_>>().join(", ")
    }

    /// The place of a row whose columns, from `first` on, are the order's.
    pub fn place(&self, row: &Row<'_>, first: usize) -> rusqlite::Result<Vec<Place>> {
        let columns = first..first + self.len();
        let place = |column| {
            Ok(match row.get(column)? {
                Value::Text(text) => Place::Text(text),
                Value::Integer(number) => Place::Number(number),
                _ => Place::Number(-1),
            })
        };
        columns.map(place).collect()
    }

    /// The condition of the rows behind a place, greater in the first column that is not equal,
    /// and its values.
    pub fn behind(&self, place: &[Place]) -> (String, Vec<Value>) {
        let mut values = Vec::new();
        let alternatives: Vec<String> = (0..self.len())
            .map(|differs| {
                let columns = self.0.iter().zip(place).take(differs + 1).enumerate();
                let conditions: Vec<String> = columns
                    .map(|(at, ((column, descending), place))| {
                        values.push(match place {
                            Place::Number(number) => (*number).into(),
                            Place::Text(text) => text.clone().into(),
                        });
                        let comparison = match (at == differs, descending) {
                            (false, _) => "=",
                            (true, false) => ">",
                            (true, true) => "<",
                        };
                        format!("{column} {comparison} ?")
                    })
                    .collect();
                conditions.join(" AND ")
            })
            .collect();
        (format!("({})", alternatives.join(" OR ")), values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KEYS;

    #[test]
    fn fields_become_columns_and_the_rows_number_comes_last() {
        for (text, terms) in [
            ("", "seq"),
            (" , ", "seq"),
            ("createTime", "coalesce(create_us, -1), seq"),
            (
                "displayName desc,keyId",
                "substr(display_name, 1, 200) DESC, substr(key_id, 1, 200), seq",
            ),
        ] {
            assert_eq!(Order::parse(&KEYS, text).unwrap().terms(), terms, "{text}");
        }
    }

    #[test]
    fn what_is_no_order_is_refused() {
        for text in [
            "hash",
            "key_id",
            "annotations",
            "displayName asc",
            "displayName desc desc",
            "displayName; DROP TABLE keys",
            "displayName, displayName desc",
        ] {
            assert!(Order::parse(&KEYS, text).is_err(), "{text}");
        }
    }

    #[test]
    fn behind_a_place_is_what_differs_in_the_orders_direction() {
        let order = Order::parse(&KEYS, "createTime desc").unwrap();
        let place = [Place::Number(7), Place::Number(3)];
        let (condition, values) = order.behind(&place);
        assert_eq!(
            condition,
            "(coalesce(create_us, -1) < ? OR coalesce(create_us, -1) = ? AND seq > ?)"
        );
        assert_eq!(values, [Value::from(7), Value::from(7), Value::from(3)]);
    }
}
