//! Reads a list from the database: filtered, sorted, and page by page. Rows that are added or deleted
//! between two pages must not shift the others, and a page must not take a query per row.

use crate::api_error::ApiError;
use crate::cursor::Cursor;
use crate::filter::{self, MOST_CONDITIONS};
use crate::mask::Mask;
use crate::sort::SortOrder;
use crate::table::{FieldKind, PageSizes, Table};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

/// The query parameters of a list request.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// How many rows a page may hold, at most 1000; 1000 if this is 0 or absent.
    #[param(value_type = Option<i32>, minimum = 0)]
    pub page_size: Option<String>,
    /// The `nextPageToken` of an earlier page.
    pub page_token: Option<String>,
    /// Comparisons of text fields with `=`, joined by `AND`.
    pub filter: Option<String>,
    /// Field names, each with an optional ` desc`.
    pub order_by: Option<String>,
    /// The fields to return, or `*`.
    pub read_mask: Option<String>,
}

/// Which rows of a table a list is about.
#[derive(Debug, Default)]
pub struct Scope {
    /// The user whose rows they are; [`None`] for those of all users. Page tokens are for one owner's list.
    owner: Option<String>,
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Scope {
    /// The rows of one user, or of all users.
    pub fn of(owner: Option<String>) -> Self {
        let scope = match owner.clone() {
            Some(owner) => Self::default().and("user = ?", owner),
            None => Self::default(),
        };
        Self { owner, ..scope }
    }

    /// Those rows that also meet this condition, which has one parameter.
    pub fn and(mut self, condition: &str, value: impl Into<Value>) -> Self {
        self.conditions.push(condition.into());
        self.values.push(value.into());
        self
    }
}

/// The size of the one page of a list without paging.
const NO_PAGING: usize = i32::MAX as usize;

/// One page of a list.
#[derive(Debug)]
pub struct Page {
    /// The resources, with the fields that the caller asked for.
    pub items: Vec<serde_json::Value>,
    /// The token for the next page; empty on the last page.
    pub next_page_token: String,
    /// How many rows there are on all pages.
    pub total_size: i64,
}

impl Page {
    /// Reads one page of the rows in this scope; all of them if there is no paging.
    pub fn read<T: Serialize>(
        table: &Table<T>,
        connection: &Connection,
        scope: Scope,
        query: &ListQuery,
        paging: bool,
    ) -> Result<Self, ApiError> {
        let size = match paging {
            true => page_size(query.page_size.as_deref(), table.page_sizes)?,
            false => NO_PAGING,
        };
        let order = SortOrder::parse(table, query.order_by.as_deref().unwrap_or_default())?;
        let mask = Mask::parse(table, query.read_mask.as_deref().unwrap_or_default())?;
        let filter = query.filter.clone().unwrap_or_default();
        let (mut conditions, mut values) = conditions(table, &filter)?;
        conditions.extend(scope.conditions);
        values.extend(scope.values);
        let total = format!("SELECT count(*) FROM {}{}", table.name, all_of(&conditions));
        let total_size = connection
            .prepare_cached(&total)?
            .query_row(params_from_iter(&values), |row| row.get(0))?;

        let list = format!("{}|{:?}|{filter}|{order:?}", table.name, scope.owner);
        let token = query
            .page_token
            .as_deref()
            .filter(|_| paging)
            .unwrap_or_default();
        if !token.is_empty() {
            let last = Cursor::values(token, &list, order.len())
                .ok_or_else(|| ApiError::invalid("pageToken does not belong to this list"))?;
            let (condition, parameters) = order.after(&last);
            conditions.push(condition);
            values.extend(parameters);
        }
        // Reads one row more than the page holds, to find out whether there is another page.
        let select = format!(
            "SELECT *, {} FROM {}{} ORDER BY {} LIMIT {}",
            order.columns(),
            table.name,
            all_of(&conditions),
            order.terms(),
            size + 1,
        );
        let mut statement = connection.prepare_cached(&select)?;
        let first_sort_column = statement.column_count() - order.len();
        let mut rows = statement.query(params_from_iter(&values))?;
        let mut page = Self {
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
                last = order.values(row, first_sort_column)?;
            }
            page.items.push(mask.apply((table.read)(row)?));
        }
        Ok(page)
    }
}

/// The SQL conditions of a filter, and their parameters.
fn conditions<T>(table: &Table<T>, filter: &str) -> Result<(Vec<String>, Vec<Value>), ApiError> {
    let wrong = |what: &str| ApiError::invalid(format!("filter: {what}"));
    let parsed = filter::parse(filter).ok_or_else(|| {
        wrong(&format!(
            "only up to {MOST_CONDITIONS} comparisons of text fields with =, joined by AND, are supported"
        ))
    })?;
    let (mut conditions, mut values) = (Vec::new(), Vec::<Value>::new());
    for (path, value) in parsed {
        let column = path.first().and_then(|field| table.column(field));
        match (column, path.as_slice()) {
            (Some((column, FieldKind::Text)), [_]) => conditions.push(format!("{column} = ?")),
            (Some((column, FieldKind::Record)), [_, member]) => {
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

/// Parses `pageSize`, an int32.
fn page_size(text: Option<&str>, sizes: PageSizes) -> Result<usize, ApiError> {
    let size = match text {
        None | Some("") => Some(0),
        Some(text) => text.parse::<i32>().ok(),
    };
    match size.map(usize::try_from) {
        Some(Ok(0)) => Ok(sizes.default),
        Some(Ok(size)) => Ok(size.min(sizes.most)),
        _ => Err(ApiError::invalid(
            "pageSize must be a whole number from 0 to 2147483647",
        )),
    }
}

/// The `WHERE` clause for these conditions; empty if there are none.
fn all_of(conditions: &[String]) -> String {
    if conditions.is_empty() {
        String::new()
    } else {
        format!(" WHERE {}", conditions.join(" AND "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_key::KEYS;

    #[test]
    fn a_page_has_the_requested_size_and_a_thousand_rows_at_most() {
        for (text, size) in [
            (None, 1_000),
            (Some(""), 1_000),
            (Some("0"), 1_000),
            (Some("1"), 1),
            (Some("5000"), 1_000),
            (Some("2147483647"), 1_000),
        ] {
            assert_eq!(page_size(text, PageSizes::USUAL).unwrap(), size, "{text:?}");
        }
        for text in ["-1", "1.5", "many", "2147483648", "99999999999"] {
            assert!(page_size(Some(text), PageSizes::USUAL).is_err(), "{text}");
        }
    }

    #[test]
    fn a_filter_can_only_name_text_fields_and_its_values_never_become_sql() {
        let (sql, values) = conditions(&KEYS, "prefix = \"a' OR 1\"").unwrap();
        assert_eq!(sql, ["prefix = ?"]);
        assert_eq!(values, [Value::from("a' OR 1".to_owned())]);
        for text in [
            "hash = a",
            "secure = true",
            "annotations = a",
            "email.x = a",
        ] {
            assert!(conditions(&KEYS, text).is_err(), "{text}");
        }
    }
}
