//! What a service tells of one account, page by page, for the file that its owner asks for.
//!
//! A service lists its parts, each a `SELECT` of the account's rows. The first column is the row's key. Rows
//! are told as they are stored: names in camel case, times in RFC 3339, yes and no as 1 and 0.

use boxoffice_contract::people::{AskPerson, PersonPage, RECORDS_PER_PAGE};
use boxoffice_contract::{Timestamp, UserId};
use serde_json::{Map, Value as Json};

use crate::db::{self, FromValue, Query, Read, Reader, Record, Row, Value};
use crate::{Problem, Service};

/// Rows of one kind that a service has of an account.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// What a row is, such as `order`.
    pub kind: &'static str,
    /// Makes the statement that reads the account's rows after a key, in the order of their keys, and at
    /// most so many.
    pub query: fn(UserId, &str, i64) -> Query,
}

/// A row as it is told, with its key.
struct Told {
    key: String,
    fields: Map<String, Json>,
}

impl Row for Told {
    fn read(record: &Record) -> db::Result<Self> {
        let fields = record.fields().map(|(name, value)| (camel(name), json(name, value)));
        Ok(Self { key: record.at(0)?, fields: fields.collect() })
    }
}

/// Answers `asked` from `parts` of the tables of `service`.
///
/// # Errors
/// When `after` is not one of ours; what the database says.
pub async fn page(
    service: &'static Service,
    parts: &[Part],
    asked: &AskPerson,
) -> Result<PersonPage, Problem> {
    let (mut index, mut key) = start(asked.after.as_deref())?;
    let mut records = Vec::new();
    let mut reader = Reader::new(service);
    while let Some(part) = parts.get(index) {
        let left = RECORDS_PER_PAGE - records.len();
        let query = (part.query)(asked.user_id, &key, i64::try_from(left).unwrap_or(i64::MAX));
        let rows: Vec<Told> = reader.read_all(query).await?;
        let is_full = rows.len() >= left;
        if let Some(last) = rows.last() {
            key.clone_from(&last.key);
        }
        records.extend(rows.into_iter().map(|told| named(part.kind, told.fields)));
        if is_full {
            return Ok(PersonPage { records, next: Some(format!("{index}:{key}")) });
        }
        index += 1;
        key.clear();
    }
    Ok(PersonPage { records, next: None })
}

/// Returns the part and the key that a page comes after.
fn start(after: Option<&str>) -> Result<(usize, String), Problem> {
    let Some(after) = after else { return Ok((0, String::new())) };
    let parted = after.split_once(':');
    let read = parted.and_then(|(index, key)| Some((index.parse().ok()?, key.to_owned())));
    read.ok_or_else(|| Problem::malformed("after is invalid"))
}

fn named(kind: &str, fields: Map<String, Json>) -> Map<String, Json> {
    let kind = [("kind".to_owned(), Json::from(kind))];
    kind.into_iter().chain(fields).collect()
}

/// Writes the value of a column. Times are the numbers of columns whose names say so.
fn json(name: &str, value: &Value) -> Json {
    let is_time = name.ends_with("_at") || name.ends_with("_until") || name == "at";
    match value {
        Value::Null => Json::Null,
        Value::Text(text) => Json::from(text.as_str()),
        Value::Int(_) if is_time => {
            let time = Timestamp::from_value(value).ok();
            time.and_then(|time| serde_json::to_value(time).ok()).unwrap_or_default()
        }
        Value::Int(number) => Json::from(*number),
    }
}

/// Writes `starts_at` as `startsAt`.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| {
        let mut letters = part.chars();
        let capital = letters.next().map(|letter| letter.to_ascii_uppercase());
        name.chars().chain(capital).chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_row_is_told_as_the_api_writes_fields() {
        assert_eq!(camel("starts_at"), "startsAt");
        assert_eq!(camel("id"), "id");
        assert_eq!(camel("max_per_buyer"), "maxPerBuyer");
        assert_eq!(json("starts_at", &Value::Int(0)), "1970-01-01T00:00:00Z");
        assert_eq!(json("quantity", &Value::Int(0)), 0);
        assert_eq!(json("venue", &Value::Null), Json::Null);
        let told = named("order", Map::from_iter([("id".to_owned(), Json::from("7"))]));
        assert_eq!(Json::from(told), serde_json::json!({ "kind": "order", "id": "7" }));
    }

    #[test]
    fn a_page_begins_where_the_last_one_ended() {
        assert_eq!(start(None).unwrap(), (0, String::new()));
        assert_eq!(start(Some("2:a:b")).unwrap(), (2, "a:b".to_owned()));
        for wrong in ["", "a", ":a", "-1:a"] {
            assert!(start(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
