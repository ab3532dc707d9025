//! Lists: filter, order, and pages that stay what they are while rows come and go between them.

use crate::failure::Failure;
use crate::filter;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use utoipa::{IntoParams, ToSchema};

/// The most rows of a page, and how many there are where the caller does not say.
const LARGEST_PAGE: u32 = 1_000;

/// The query of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// How many rows a page may hold; 1000 at most.
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

/// Where a page ended: the list that it is of, and the last row's place in the order.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    list: String,
    after: Vec<Place>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
enum Place {
    Number(i64),
    Text(String),
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
        let order = self.order(query.order_by.as_deref().unwrap_or_default())?;
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
        if let Some(token) = query
            .page_token
            .as_deref()
            .filter(|token| !token.is_empty())
        {
            let cursor = Cursor::decode(token)
                .filter(|cursor| cursor.list == list && cursor.after.len() == order.len());
            let cursor = cursor.ok_or_else(|| Failure::invalid("pageToken is not of this list"))?;
            let (condition, places) = after(&order, cursor.after);
            conditions.push(condition);
            values.extend(places);
        }
        let columns: Vec<&str> = order.iter().map(|(column, _)| column.as_str()).collect();
        let directions: Vec<String> = order
            .iter()
            .map(|(column, descending)| {
                format!("{column}{}", if *descending { " DESC" } else { "" })
            })
            .collect();
        let select = format!(
            "SELECT *, {} FROM {}{} ORDER BY {} LIMIT {}",
            columns.join(", "),
            self.name,
            all_of(&conditions),
            directions.join(", "),
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
                page.next_page_token = Cursor { list, after: last }.encode();
                break;
            }
            last = (first_place..first_place + order.len())
                .map(|column| place(row, column))
                .collect::<rusqlite::Result<_>>()?;
            page.items.push(masked((self.read)(row)?, mask.as_deref()));
        }
        Ok(page)
    }

    fn column(&self, name: &str) -> Option<(&'static str, Kind)> {
        let field = self.fields.iter().find(|(field, ..)| *field == name)?;
        Some((field.1, field.2))
    }

    fn conditions(&self, filter: &str) -> Result<(Vec<String>, Vec<Value>), Failure> {
        let wrong = |what: &str| Failure::invalid(format!("filter: {what}"));
        let parsed = filter::parse(filter)
            .ok_or_else(|| wrong("only equality on text fields, joined by AND, is understood"))?;
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

    /// The order's columns, and whether each descends. The row's number comes last, so that no two
    /// rows have one place.
    fn order(&self, text: &str) -> Result<Vec<(String, bool)>, Failure> {
        let mut order = Vec::new();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let mut words = part.split_whitespace();
            let column = words.next().and_then(|field| self.column(field));
            let descending = match (words.next(), words.next()) {
                (None, None) => false,
                (Some("desc"), None) => true,
                _ => return Err(Failure::invalid("orderBy: only desc may follow a field")),
            };
            order.push(match column {
                Some((column, Kind::Text)) => (format!("coalesce({column}, '')"), descending),
                Some((column, Kind::Number)) => (format!("coalesce({column}, -1)"), descending),
                _ => {
                    return Err(Failure::invalid(
                        "orderBy: there is no such field to order by",
                    ));
                }
            });
        }
        order.push(("seq".into(), false));
        Ok(order)
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

/// The rows behind a place: greater in the first column that is not equal.
fn after(order: &[(String, bool)], places: Vec<Place>) -> (String, Vec<Value>) {
    let places: Vec<Value> = places
        .into_iter()
        .map(|place| match place {
            Place::Number(number) => number.into(),
            Place::Text(text) => text.into(),
        })
        .collect();
    let mut values = Vec::new();
    let alternatives: Vec<String> = (0..order.len())
        .map(|differs| {
            let conditions = order.iter().zip(&places).take(differs + 1).enumerate();
            let conditions: Vec<String> = conditions
                .map(|(at, ((column, descending), place))| {
                    values.push(place.clone());
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

fn place(row: &Row<'_>, column: usize) -> rusqlite::Result<Place> {
    Ok(match row.get(column)? {
        Value::Text(text) => Place::Text(text),
        Value::Integer(number) => Place::Number(number),
        _ => Place::Number(0),
    })
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

impl Cursor {
    fn encode(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    fn decode(token: &str) -> Option<Self> {
        let pair = |at: usize| u8::from_str_radix(token.get(at..at + 2)?, 16).ok();
        let bytes: Option<Vec<u8>> = (0..token.len()).step_by(2).map(pair).collect();
        serde_json::from_slice(&bytes?).ok()
    }
}
