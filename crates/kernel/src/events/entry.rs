//! Where an event is in its stream.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Error, Result};

use crate::db::{self, Record, Row};

/// The id of an entry, as Redis writes it: `ms-seq`. Ordered as the entries are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId {
    /// Milliseconds since 1970 by Redis's clock, when the entry was added.
    pub ms: i64,
    /// Tells the entries of one millisecond apart.
    pub seq: i64,
}

impl EntryId {
    /// Before every entry.
    pub const ZERO: Self = Self { ms: 0, seq: 0 };
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

impl FromStr for EntryId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('-').and_then(|(ms, seq)| {
            let (ms, seq) = (ms.parse().ok()?, seq.parse().ok()?);
            Some(Self { ms, seq })
        });
        parts.with_context(|| format!("{text:?} is not the id of a stream's entry, such as 1700-0"))
    }
}

/// An event that was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// The event's id.
    pub id: String,
    /// Its entry in its stream.
    pub entry: EntryId,
}

impl Row for Published {
    fn read(record: &Record) -> db::Result<Self> {
        let entry = EntryId { ms: record.get("entry_ms")?, seq: record.get("entry_seq")? };
        Ok(Self { id: record.get("id")?, entry })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn ids_are_ordered_as_redis_orders_them() {
        let id = |text: &str| text.parse::<EntryId>().unwrap();
        assert!(id("5-9") < id("5-10") && id("5-10") < id("10-0") && EntryId::ZERO < id("0-1"));
        assert_eq!(id("1898596800000-12").to_string(), "1898596800000-12");
        for wrong in ["", "5", "5-", "-5", "5-x", "18446744073709551615-0"] {
            assert!(
                wrong.parse::<EntryId>().unwrap_err().to_string().contains("not the id"),
                "{wrong}"
            );
        }
    }
}
