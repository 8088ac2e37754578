//! What a database can say, as far as callers tell it apart.

use thiserror::Error;

/// A constraint that refused a write, by the name that its schema or its columns give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// A row with these values exists; the text is the table's name, a dot, and the columns or the
    /// index.
    Unique(String),
    /// A `CHECK` failed; the text names it.
    Check(String),
    /// Any other constraint.
    Other(String),
}

/// Why a statement failed.
#[derive(Clone, Debug, Error)]
pub enum Error {
    /// The database cannot be reached, or is too busy. Nothing was done; the same call may succeed
    /// later.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The transaction was undone: another one was in the way, or the connection was lost before the
    /// commit. All of it may succeed at once if it is run again.
    #[error("the transaction was rolled back: {0}")]
    Undone(String),
    /// The transaction was undone: a row it was based on has changed. Build the transaction again and
    /// retry.
    #[error("a row has changed since it was read: {0}")]
    Overtaken(String),
    /// The connection was lost while something was being written: it may have been done or not.
    #[error("the connection was lost before the database answered: {0}")]
    Lost(String),
    /// A constraint said no.
    #[error("a constraint refused the write: {0:?}")]
    Constraint(Constraint),
    /// The statement names a table that is not there.
    #[error("a table is missing: {0}")]
    NoTable(String),
    /// A row does not hold what the code expects: code and schema disagree.
    #[error("unexpected row: {0}")]
    Row(String),
    /// Anything else.
    #[error("the database failed: {0}")]
    Failed(String),
}

impl Error {
    /// Whether a unique constraint of the table refused whose name ends in `table`.
    #[must_use]
    pub fn is_unique(&self, table: &str) -> bool {
        let Self::Constraint(Constraint::Unique(text)) = self else { return false };
        text.split_once('.').is_some_and(|(name, _)| name.ends_with(table))
    }

    /// The error of a statement within a transaction that was not being committed: whatever was
    /// lost with the connection, nothing was done.
    pub(crate) fn before_commit(self) -> Self {
        match self {
            Self::Lost(text) => Self::Undone(text),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unique_constraint_is_known_by_its_table() {
        let of = |text: &str| Error::Constraint(Constraint::Unique(text.to_owned()));
        assert!(of("auth_users.email").is_unique("auth_users"));
        assert!(of("auth_users.auth_users_email_key").is_unique("auth_users"));
        assert!(of("orders_idempotency.scope, orders_idempotency.key").is_unique("_idempotency"));
        assert!(!of("payments_payments.order_id").is_unique("auth_users"));
        assert!(!Error::Busy("auth_users.email".to_owned()).is_unique("auth_users"));
    }
}
