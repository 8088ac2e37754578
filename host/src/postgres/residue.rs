//! What statements leave behind on a connection, beyond what they say.
//!
//! A connection that goes back to its pool has to be as good as new, which costs Postgres more than
//! most requests do. So what was sent is looked at: nearly always nothing has to be made good.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a session is not changed by, if the statement names nothing of [`LASTING`].
const PLAIN: [&str; 6] = ["select", "insert", "update", "delete", "with", "values"];
/// What changes a session from within a plain statement: settings, locks that outlast their
/// transaction, a sequence's current value, temporary tables.
const LASTING: [&str; 5] = ["set_config", "advisory", "nextval", "setval", " temp"];
/// What ends a transaction.
const ENDS: [&str; 4] = ["commit", "rollback", "end", "abort"];

/// What is left on one connection.
#[derive(Debug, Default)]
pub(super) struct Residue(Mutex<Left>);

#[derive(Debug, Default)]
struct Left {
    /// A transaction is open, or may be.
    transaction: bool,
    /// Anything else.
    other: bool,
}

/// What a statement does to its session.
#[derive(Debug, PartialEq, Eq)]
enum Effect {
    None,
    Begins,
    Ends,
    Other,
}

impl Residue {
    fn left(&self) -> MutexGuard<'_, Left> {
        // Two flags are whole at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be called before a statement is sent: it may take effect though nobody hears of it.
    pub(super) fn sending(&self, sql: &str) {
        match effect(sql) {
            Effect::None | Effect::Ends => {}
            Effect::Begins => self.left().transaction = true,
            Effect::Other => self.left().other = true,
        }
    }

    /// To be called when a statement has succeeded.
    pub(super) fn sent(&self, sql: &str) {
        if effect(sql) == Effect::Ends {
            self.left().transaction = false;
        }
    }

    /// Whether the connection is as good as new.
    pub(super) fn is_none(&self) -> bool {
        let left = self.left();
        !(left.transaction || left.other)
    }

    /// Whether more was done than to leave a transaction open.
    pub(super) fn is_lasting(&self) -> bool {
        self.left().other
    }
}

/// Whether `sql` begins a transaction, and Postgres has no reason to refuse it where none is open.
pub(super) fn is_plain_begin(sql: &str) -> bool {
    let text = normalized(sql);
    let mode = text.strip_prefix("begin").or_else(|| text.strip_prefix("start transaction"));
    let Some(mode) = mode else { return false };
    let level = mode.strip_prefix(" isolation level ").unwrap_or_default();
    mode.is_empty() || ["read committed", "repeatable read", "serializable"].contains(&level)
}

fn normalized(sql: &str) -> String {
    sql.trim().trim_end_matches(';').to_ascii_lowercase()
}

fn effect(sql: &str) -> Effect {
    let text = normalized(sql);
    let word = text.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    if PLAIN.contains(&word) && !LASTING.iter().any(|lasting| text.contains(lasting)) {
        return Effect::None;
    }
    match word {
        "begin" | "start" => Effect::Begins,
        // Not `COMMIT AND CHAIN`, `ROLLBACK TO`, `COMMIT PREPARED`: a transaction may go on.
        _ if ENDS.contains(&text.as_str()) => Effect::Ends,
        _ => Effect::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_reads_and_writes_leaves_nothing() {
        for sql in [
            "SELECT id FROM t WHERE id = $1 FOR UPDATE",
            "  insert INTO t VALUES ($1)",
            "WITH i AS (INSERT INTO t VALUES (1)) UPDATE u SET x = 1 RETURNING x;",
            "(SELECT 1)",
        ] {
            let expected = if sql.starts_with('(') { Effect::Other } else { Effect::None };
            assert_eq!(effect(sql), expected, "{sql}");
        }
    }

    #[test]
    fn what_changes_the_session_is_noticed() {
        for sql in [
            "SET search_path = x",
            "SELECT set_config('a.b', 'c', false)",
            "SELECT pg_advisory_lock(1)",
            "SELECT * INTO TEMP u FROM t",
            "CREATE TEMP TABLE t (x INT)",
            "LISTEN news",
            "ROLLBACK TO SAVEPOINT s",
            "COMMIT AND CHAIN",
            "-- a comment\nSET x = 1",
            "",
        ] {
            assert_eq!(effect(sql), Effect::Other, "{sql}");
        }
    }

    #[test]
    fn what_cannot_be_refused_may_wait_for_the_next_statement() {
        for sql in ["BEGIN", "begin;", "BEGIN ISOLATION LEVEL READ COMMITTED", "START TRANSACTION"]
        {
            assert!(is_plain_begin(sql), "{sql}");
        }
        for sql in [
            "BEGIN; SELECT 1",
            "BEGIN ISOLATION LEVEL",
            "beginning",
            "SELECT 1",
            "BEGINread committed",
        ] {
            assert!(!is_plain_begin(sql), "{sql}");
        }
    }

    #[test]
    fn a_transaction_is_left_until_its_end_has_succeeded() {
        let residue = Residue::default();
        let send = |sql: &str| residue.sending(sql);
        send("BEGIN ISOLATION LEVEL READ COMMITTED");
        residue.sent("BEGIN ISOLATION LEVEL READ COMMITTED");
        send("UPDATE t SET x = 1");
        residue.sent("UPDATE t SET x = 1");
        send("COMMIT");
        assert!(!residue.is_none(), "who knows whether it was");
        residue.sent("COMMIT");
        assert!(residue.is_none());
        send("SET x = 1");
        assert!(residue.is_lasting() && !residue.is_none());
    }
}
