//! The sort order of a list, and the condition that selects the rows after a given one. Only columns
//! that the table names may become part of an SQL statement.

use crate::api_error::ApiError;
use crate::table::{FieldKind, Table};
use rusqlite::Row;
use rusqlite::types::Value;
use serde::{Deserialize, Serialize};

/// How many characters of a text are compared. The compared text becomes part of a page token, so it
/// must be short.
const COMPARED: usize = 200;

/// The columns that a list is sorted by, each with whether it is descending. The row number comes last,
/// so that no two rows are equal.
#[derive(Debug, PartialEq, Eq)]
pub struct SortOrder(Vec<(String, bool)>);

/// A row's value in one of the columns that the list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SortValue {
    /// A number.
    Number(i64),
    /// The part of a text that is compared.
    Text(String),
}

impl SortOrder {
    /// Parses `orderBy`: fields of the table, none of them twice, each with an optional ` desc`.
    pub fn parse<T>(table: &Table<T>, text: &str) -> Result<Self, ApiError> {
        let wrong = |what: &str| ApiError::invalid(format!("orderBy: {what}"));
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
            // Rows without a value come first.
            let column = match column {
                Some((column, FieldKind::Text)) => format!("substr({column}, 1, {COMPARED})"),
                Some((column, FieldKind::Number)) => format!("coalesce({column}, -1)"),
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

    /// How many columns the list is sorted by.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The columns that the list is sorted by, to be selected.
    pub fn columns(&self) -> String {
        let columns: Vec<&str> = self.0.iter().map(|(column, _)| column.as_str()).collect();
        columns.join(", ")
    }

    /// The terms of the `ORDER BY` clause.
    pub fn terms(&self) -> String {
        let terms = self.0.iter().map(|(column, descending)| match descending {
            true => format!("{column} DESC"),
            false => column.clone(),
        });
        terms.collect::<Vec<_>>().join(", ")
    }

    /// The values that a row is sorted by. They are in the columns that start at `first`.
    pub fn values(&self, row: &Row<'_>, first: usize) -> rusqlite::Result<Vec<SortValue>> {
        let columns = first..first + self.len();
        let value = |column| {
            Ok(match row.get(column)? {
                Value::Text(text) => SortValue::Text(text),
                Value::Integer(number) => SortValue::Number(number),
                _ => SortValue::Number(-1),
            })
        };
        columns.map(value).collect()
    }

    /// The condition that selects the rows after the one with these values, and its parameters. In the
    /// first column where it differs, a row after another has the greater value (the smaller one if the
    /// column is descending).
    pub fn after(&self, last: &[SortValue]) -> (String, Vec<Value>) {
        let mut parameters = Vec::new();
        let alternatives: Vec<String> = (0..self.len())
            .map(|differs| {
                let columns = self.0.iter().zip(last).take(differs + 1).enumerate();
                let conditions: Vec<String> = columns
                    .map(|(at, ((column, descending), value))| {
                        parameters.push(match value {
                            SortValue::Number(number) => (*number).into(),
                            SortValue::Text(text) => text.clone().into(),
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
        (format!("({})", alternatives.join(" OR ")), parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_key::KEYS;

    #[test]
    fn fields_become_columns_and_the_row_number_comes_last() {
        for (text, terms) in [
            ("", "seq"),
            (" , ", "seq"),
            ("createTime", "coalesce(create_us, -1), seq"),
            (
                "displayName desc,keyId",
                "substr(display_name, 1, 200) DESC, substr(key_id, 1, 200), seq",
            ),
        ] {
            assert_eq!(
                SortOrder::parse(&KEYS, text).unwrap().terms(),
                terms,
                "{text}"
            );
        }
    }

    #[test]
    fn an_invalid_order_by_is_refused() {
        for text in [
            "hash",
            "key_id",
            "annotations",
            "displayName asc",
            "displayName desc desc",
            "displayName; DROP TABLE keys",
            "displayName, displayName desc",
        ] {
            assert!(SortOrder::parse(&KEYS, text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_rows_after_another_differ_in_the_direction_of_the_sort_order() {
        let order = SortOrder::parse(&KEYS, "createTime desc").unwrap();
        let last = [SortValue::Number(7), SortValue::Number(3)];
        let (condition, values) = order.after(&last);
        assert_eq!(
            condition,
            "(coalesce(create_us, -1) < ? OR coalesce(create_us, -1) = ? AND seq > ?)"
        );
        assert_eq!(values, [Value::from(7), Value::from(7), Value::from(3)]);
    }
}
