//! What a database can say, as far as callers tell it apart.

use thiserror::Error;

/// A constraint that refused a write, by the name that its schema or its columns give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// A row with these values exists; the text names the columns or the index.
    Unique(String),
    /// A `CHECK` failed; the text names it.
    Check(String),
    /// Any other constraint.
    Other(String),
}

/// Why a statement failed.
#[derive(Debug, Error)]
pub enum Error {
    /// Other writers held the lock for longer than we wait; the same call may succeed later.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// A constraint said no.
    #[error("a constraint refused the write: {0:?}")]
    Constraint(Constraint),
    /// A row does not hold what the code expects: code and schema disagree.
    #[error("unexpected row: {0}")]
    Row(String),
    /// Anything else.
    #[error("the database failed: {0}")]
    Failed(String),
}

impl Error {
    /// Whether a unique constraint refused, whose name or columns contain `name`.
    #[must_use]
    pub fn is_unique(&self, name: &str) -> bool {
        matches!(self, Self::Constraint(Constraint::Unique(text)) if text.contains(name))
    }
}
