//! What a statement is, by its first words.

/// Kinds of statements, as far as they are run differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Can be one that only reads and answers. (`BEGIN` counts as read-only in SQLite's own eyes, but
    /// `BEGIN IMMEDIATE` waits.)
    Reads,
    /// Writes rows.
    Writes,
    /// Begins a transaction that writes.
    Begins,
    /// Ends a transaction.
    Ends,
    /// `PRAGMA busy_timeout`, `PRAGMA synchronous`: of the connection alone.
    Setting,
    /// Anything else: of long duration, or with effects that outlast it.
    Other,
}

impl Kind {
    /// The kind of `sql`.
    pub(super) fn of(sql: &str) -> Self {
        let (first, rest) = first_word(sql);
        let is = |word: &str| first.eq_ignore_ascii_case(word);
        let next = |words: &[&str]| {
            let (next, _) = first_word(rest);
            words.iter().any(|word| next.eq_ignore_ascii_case(word))
        };
        if ["select", "with", "values"].into_iter().any(is) {
            Self::Reads
        } else if ["insert", "update", "delete", "replace"].into_iter().any(is) {
            Self::Writes
        } else if is("begin") && next(&["immediate", "exclusive"]) {
            Self::Begins
        } else if ["commit", "end"].into_iter().any(is) || (is("rollback") && !next(&["to"])) {
            Self::Ends
        } else if is("pragma") && next(&["busy_timeout", "synchronous"]) {
            Self::Setting
        } else {
            Self::Other
        }
    }
}

/// The first word after blanks and comments, and what follows it.
fn first_word(sql: &str) -> (&str, &str) {
    let mut rest = sql.trim_start();
    loop {
        let after = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map(|(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map(|(_, after)| after)
        } else {
            break;
        };
        match after {
            Some(after) => rest = after.trim_start(),
            None => return ("", ""),
        }
    }
    let is_part = |c: char| c.is_ascii_alphabetic() || c == '_';
    rest.split_at(rest.find(|c: char| !is_part(c)).unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_apart_by_their_first_words() {
        for (sql, expected) in [
            ("SELECT 1", Kind::Reads),
            ("  -- note\n /* more */ with a as (select 1) select * from a", Kind::Reads),
            ("values (1)", Kind::Reads),
            ("Insert INTO t VALUES (1)", Kind::Writes),
            ("REPLACE INTO t VALUES (1)", Kind::Writes),
            ("BEGIN", Kind::Other),
            ("BEGIN /* now */ IMMEDIATE", Kind::Begins),
            ("COMMIT", Kind::Ends),
            ("rollback", Kind::Ends),
            ("ROLLBACK TO s", Kind::Other),
            ("PRAGMA busy_timeout = 5", Kind::Setting),
            ("PRAGMA synchronous", Kind::Setting),
            ("PRAGMA journal_mode", Kind::Other),
            ("CREATE TABLE t (x)", Kind::Other),
            ("/* open", Kind::Other),
            ("", Kind::Other),
        ] {
            assert_eq!(Kind::of(sql), expected, "{sql}");
        }
    }
}
