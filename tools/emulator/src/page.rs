//! Lists: filter, order, and pages that stay what they are while rows come and go between them. A
//! list must never ask once a row.

use crate::cursor::Cursor;
use crate::failure::Failure;
use crate::filter;
use crate::order::Order;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use utoipa::IntoParams;

/// The most rows of a page, and how many there are where the caller does not say.
const LARGEST_PAGE: u32 = 1_000;

/// The query of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// How many rows a page may hold; 1000 at most, and where it is 0 or absent.
    #[param(value_type = Option<i32>, minimum = 0)]
    page_size: Option<String>,
    /// The `nextPageToken` of an earlier page.
    page_token: Option<String>,
    /// Equalities on text fields, joined by `AND`.
    filter: Option<String>,
    /// Field names, each with an optional ` desc`.
    order_by: Option<String>,
    /// The fields to return.
    read_mask: Option<String>,
}

/// How a field can be used in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text: filter and order.
    Text,
    /// A number in the database, a time or a boolean in the answer: order.
    Number,
    /// A record of texts: filter by its members.
    Record,
    /// Known, and never in a list.
    Secret,
}

/// What is listed: a table, its fields by their names in the API, and how a row becomes a resource.
pub struct Table<T: 'static> {
    /// The table's name.
    pub name: &'static str,
    /// A field's name, the column, and its kind.
    pub fields: &'static [(&'static str, &'static str, Kind)],
    /// Makes the resource.
    pub read: fn(&Row<'_>) -> rusqlite::Result<T>,
}

/// One page.
#[derive(Debug)]
pub struct Page {
    /// The resources, with the fields that were asked for.
    pub items: Vec<serde_json::Value>,
    /// Where the next page starts; empty on the last.
    pub next_page_token: String,
    /// How many rows there are in all.
    pub total_size: i64,
}

impl<T: Serialize> Table<T> {
    /// Reads one page of the rows that belong to `owner`, or of all.
    pub fn page(
        &self,
        connection: &Connection,
        owner: Option<&str>,
        query: &ListQuery,
    ) -> Result<Page, Failure> {
        let size = page_size(query.page_size.as_deref())?;
        let order = Order::parse(self, query.order_by.as_deref().unwrap_or_default())?;
        let mask = self.mask(query.read_mask.as_deref().unwrap_or_default())?;
        let filter = query.filter.clone().unwrap_or_default();
        let (mut conditions, mut values) = self.conditions(&filter)?;
        if let Some(owner) = owner {
            conditions.push("user = ?".into());
            values.push(owner.to_owned().into());
        }
        let total = format!("SELECT count(*) FROM {}{}", self.name, all_of(&conditions));
        let total_size = connection
            .prepare_cached(&total)?
            .query_row(params_from_iter(&values), |row| row.get(0))?;

        let list = format!("{}|{owner:?}|{filter}|{order:?}", self.name);
        let token = query.page_token.as_deref().unwrap_or_default();
        if !token.is_empty() {
            let place = Cursor::place(token, &list, order.len())
                .ok_or_else(|| Failure::invalid("pageToken is not of this list"))?;
            let (condition, places) = order.behind(&place);
            conditions.push(condition);
            values.extend(places);
        }
        // One row more than the page holds tells whether there is another page.
        let select = format!(
            "SELECT *, {} FROM {}{} ORDER BY {} LIMIT {}",
            order.columns(),
            self.name,
            all_of(&conditions),
            order.terms(),
            size + 1,
        );
        let mut statement = connection.prepare_cached(&select)?;
        let first_place = statement.column_count() - order.len();
        let mut rows = statement.query(params_from_iter(&values))?;
        let mut page = Page {
            items: Vec::new(),
            next_page_token: String::new(),
            total_size,
        };
        let mut last = Vec::new();
        while let Some(row) = rows.next()? {
            if page.items.len() == size {
                page.next_page_token = Cursor::new(&list, last).token();
                break;
            }
            if page.items.len() + 1 == size {
                last = order.place(row, first_place)?;
            }
            page.items.push(masked((self.read)(row)?, mask.as_deref()));
        }
        Ok(page)
    }
}

impl<T> Table<T> {
    /// The column of a field, and its kind.
    pub fn column(&self, name: &str) -> Option<(&'static str, Kind)> {
        let field = self.fields.iter().find(|(field, ..)| *field == name)?;
        Some((field.1, field.2))
    }

    fn conditions(&self, filter: &str) -> Result<(Vec<String>, Vec<Value>), Failure> {
        let wrong = |what: &str| Failure::invalid(format!("filter: {what}"));
        let parsed = filter::parse(filter)
            .ok_or_else(|| wrong("only equality on text fields, joined by AND, is understood, and not too much of it"))?;
        let (mut conditions, mut values) = (Vec::new(), Vec::<Value>::new());
        for (path, value) in parsed {
            let column = path.first().and_then(|field| self.column(field));
            match (column, path.as_slice()) {
                (Some((column, Kind::Text)), [_]) => conditions.push(format!("{column} = ?")),
                (Some((column, Kind::Record)), [_, member]) => {
                    conditions.push(format!(
                        "EXISTS (SELECT 1 FROM json_each({column}) AS member
                         WHERE member.key = ? AND member.value = ?)"
                    ));
                    values.push(member.clone().into());
                }
                _ => return Err(wrong("there is no such text field")),
            }
            values.push(value.into());
        }
        Ok((conditions, values))
    }

    fn mask<'a>(&self, text: &'a str) -> Result<Option<Vec<&'a str>>, Failure> {
        let fields: Vec<&str> = text
            .split(',')
            .map(str::trim)
            .filter(|field| !field.is_empty())
            .collect();
        if let Some(field) = fields.iter().find(|field| self.column(field).is_none()) {
            return Err(Failure::invalid(format!(
                "readMask: there is no field {field:?}"
            )));
        }
        Ok((!fields.is_empty()).then_some(fields))
    }
}

fn page_size(text: Option<&str>) -> Result<usize, Failure> {
    let size = match text {
        None | Some("") => 0,
        Some(text) => text
            .parse::<u32>()
            .map_err(|_| Failure::invalid("pageSize must be a number that is not negative"))?,
    };
    let size = if size == 0 {
        LARGEST_PAGE
    } else {
        size.min(LARGEST_PAGE)
    };
    Ok(size as usize)
}

fn all_of(conditions: &[String]) -> String {
    if conditions.is_empty() {
        String::new()
    } else {
        format!(" WHERE {}", conditions.join(" AND "))
    }
}

fn masked(item: impl Serialize, mask: Option<&[&str]>) -> serde_json::Value {
    let mut item = serde_json::to_value(item).unwrap_or_default();
    if let (Some(mask), Some(fields)) = (mask, item.as_object_mut()) {
        let kept = std::mem::take(fields).into_iter();
        *fields = kept
            .filter(|(field, _)| mask.contains(&field.as_str()))
            .collect::<Map<_, _>>();
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KEYS;

    #[test]
    fn a_page_holds_what_was_asked_for_and_a_thousand_at_most() {
        for (text, size) in [
            (None, 1_000),
            (Some(""), 1_000),
            (Some("0"), 1_000),
            (Some("1"), 1),
            (Some("5000"), 1_000),
        ] {
            assert_eq!(page_size(text).unwrap(), size, "{text:?}");
        }
        for text in ["-1", "1.5", "many", "99999999999"] {
            assert!(page_size(Some(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_filter_reaches_known_text_fields_alone_and_never_as_sql() {
        let (conditions, values) = KEYS.conditions("prefix = \"a' OR 1\"").unwrap();
        assert_eq!(conditions, ["prefix = ?"]);
        assert_eq!(values, [Value::from("a' OR 1".to_owned())]);
        for text in [
            "hash = a",
            "secure = true",
            "annotations = a",
            "email.x = a",
        ] {
            assert!(KEYS.conditions(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_mask_names_known_fields() {
        assert_eq!(KEYS.mask("").unwrap(), None);
        assert_eq!(
            KEYS.mask("keyId, email").unwrap().unwrap(),
            ["keyId", "email"]
        );
        assert!(KEYS.mask("keyId,hash").is_err());
    }
}
