//! Values that go into statements and come out of rows, the same for every database.

use std::sync::Arc;

use boxoffice_contract::admissions::AdmissionStatus;
use boxoffice_contract::door::Verdict;
use boxoffice_contract::ledger::Movement;
use boxoffice_contract::orders::{CancelReason, OrderStatus};
use boxoffice_contract::{
    AdmissionId, EventId, ExportId, IdentityId, LetterId, OperationId, OrderId, PasskeyId,
    PaymentId, ScanId, SessionId, StaffId, TicketId, Timestamp, TransferId, UserId,
};
use uuid::Uuid;

use super::Error;

/// Rows of SQL's `VALUES`, of the parameters from `?1` on.
#[must_use]
pub fn places(rows: usize, columns: usize) -> String {
    let row = |row: usize| format!("({})", list(row * columns, columns));
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// Parameters with commas between, so many after the first `before`.
#[must_use]
pub fn list(before: usize, count: usize) -> String {
    let place = |n: usize| format!("?{}", before + n);
    (1..=count).map(place).collect::<Vec<_>>().join(", ")
}

/// `items`, and the last of them again and again, up to a power of two: statements about them have few
/// texts then, which databases keep prepared.
#[must_use]
pub fn padded<T: Clone>(mut items: Vec<T>) -> Vec<T> {
    if let Some(last) = items.last().cloned() {
        items.resize(items.len().next_power_of_two(), last);
    }
    items
}

/// A parameter or a column's value. Times are milliseconds, ids and JSON are text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// SQL's `NULL`.
    Null,
    /// A whole number of up to 64 bits.
    Int(i64),
    /// Text in UTF-8.
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<Uuid> for Value {
    fn from(value: Uuid) -> Self {
        Self::Text(value.to_string())
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Int(value.as_millis())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A type that a column's value can be read as.
pub trait FromValue: Sized {
    /// The value as `Self`, or what it was instead.
    ///
    /// # Errors
    /// A description of the value that does not fit.
    fn from_value(value: &Value) -> Result<Self, String>;
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Int(number) => Ok(*number),
            other => Err(format!("{other:?} is not a number")),
        }
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Result<Self, String> {
        i64::from_value(value).map(|number| number != 0)
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            other => Err(format!("{other:?} is not text")),
        }
    }
}

impl FromValue for Uuid {
    fn from_value(value: &Value) -> Result<Self, String> {
        let text = String::from_value(value)?;
        text.parse().map_err(|_| format!("{text:?} is not a UUID"))
    }
}

/// Ids are stored as their UUIDs.
macro_rules! ids {
    ($($id:ident),+) => {$(
        impl From<$id> for Value {
            fn from(id: $id) -> Self {
                id.0.into()
            }
        }

        impl FromValue for $id {
            fn from_value(value: &Value) -> Result<Self, String> {
                Uuid::from_value(value).map(Self)
            }
        }
    )+};
}

ids!(
    AdmissionId,
    EventId,
    LetterId,
    OperationId,
    OrderId,
    PaymentId,
    ScanId,
    SessionId,
    StaffId,
    TicketId
);
ids!(ExportId, IdentityId, PasskeyId, TransferId, UserId);

/// Statuses and the like are stored by their names.
macro_rules! names {
    ($($name:ident: $kind:literal),+) => {$(
        impl FromValue for $name {
            fn from_value(value: &Value) -> Result<Self, String> {
                let name = String::from_value(value)?;
                Self::from_name(&name).ok_or_else(|| format!("{name:?} is not {}", $kind))
            }
        }

        impl From<$name> for Value {
            fn from(value: $name) -> Self {
                value.name().into()
            }
        }
    )+};
}

names!(AdmissionStatus: "a status of an admission", Verdict: "a verdict of a scan", OrderStatus: "a status of an order", CancelReason: "a reason for cancelling an order", Movement: "a movement of a seller's account");

impl FromValue for Timestamp {
    fn from_value(value: &Value) -> Result<Self, String> {
        i64::from_value(value).map(Self::from_millis)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            other => T::from_value(other).map(Some),
        }
    }
}

/// One row of an answer.
#[derive(Clone, Debug)]
pub struct Record {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Record {
    pub(crate) fn new(columns: Arc<[String]>, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    /// The value of `column`, read as `T`.
    ///
    /// # Errors
    /// [`Error::Row`] when there is no such column or its value does not fit `T`.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, Error> {
        let index = self.columns.iter().position(|name| name == column);
        self.at(index.ok_or_else(|| Error::Row(format!("no column {column}")))?)
    }

    /// Returns the columns with their values.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.columns.iter().map(String::as_str).zip(&self.values)
    }

    /// Reads the column at `index` as `T`.
    ///
    /// # Errors
    /// [`Error::Row`] if there is no such column or its value does not fit `T`.
    pub fn at<T: FromValue>(&self, index: usize) -> Result<T, Error> {
        let (Some(column), Some(value)) = (self.columns.get(index), self.values.get(index)) else {
            return Err(Error::Row(format!("no column {index}")));
        };
        T::from_value(value).map_err(|problem| Error::Row(format!("column {column}: {problem}")))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn parameters_are_counted_through_all_rows() {
        assert_eq!(places(2, 3), "(?1, ?2, ?3), (?4, ?5, ?6)");
        assert_eq!(list(4, 2), "?5, ?6");
    }

    #[test]
    fn rows_are_read_by_name_and_type() {
        let row = Record::new(
            ["id", "count", "note"].map(String::from).into(),
            vec![Value::from("x"), Value::from(3), Value::Null],
        );
        assert_eq!(row.get::<String>("id").unwrap(), "x");
        assert_eq!(row.get::<i64>("count").unwrap(), 3);
        assert_eq!(row.get::<Option<String>>("note").unwrap(), None);
        assert!(row.get::<i64>("id").unwrap_err().to_string().contains("column id"));
        assert!(row.get::<i64>("nope").unwrap_err().to_string().contains("no column nope"));
    }
}
