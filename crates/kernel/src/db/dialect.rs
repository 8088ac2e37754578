//! Where the two databases' SQL differs.
//!
//! Statements are written once. What both understand: numbered parameters, `BIGINT` and `TEXT`,
//! `ON CONFLICT`, `RETURNING`, `UPDATE … FROM`, row values, `WITH`. The rest is here, and in
//! [`boxoffice_schema::postgres_schema`]:
//!
//! | written | SQLite | Postgres |
//! |---|---|---|
//! | `?1` | the same | `$1` |
//! | `… FOR UPDATE`, `… FOR UPDATE SKIP LOCKED` | left out: a transaction there holds the only write lock | the same |
//! | `TEXT` in a migration | the same, compared byte by byte | `TEXT COLLATE "C"`, likewise |
//! | guards and inserts that belong together | one after the other | one statement |

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{Query, Value};

/// `sql` for SQLite.
pub(super) fn sqlite(sql: &str) -> Cow<'_, str> {
    if sql.contains(" FOR UPDATE") {
        return sql.replace(" FOR UPDATE SKIP LOCKED", "").replace(" FOR UPDATE", "").into();
    }
    sql.into()
}

/// `sql` for Postgres.
pub(super) fn postgres(sql: &str) -> String {
    numbered_from(sql, 0)
}

/// `sql` with `$n` for `?n`, and `offset` more.
fn numbered_from(sql: &str, offset: usize) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut rest = sql;
    let mut is_quoted = false;
    while let Some(at) = rest.find(['?', '\'']) {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        rest = &from[1..];
        if from.starts_with('\'') {
            is_quoted = !is_quoted;
            text.push('\'');
            continue;
        }
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        match rest[..digits].parse::<usize>() {
            Ok(number) if !is_quoted => {
                // Writing into a String cannot fail.
                let _ = write!(text, "${}", number + offset);
                rest = &rest[digits..];
            }
            _ => text.push('?'),
        }
    }
    text.push_str(rest);
    text
}

/// `guards` and `inserts`, which do not depend on one another, as one statement for Postgres: a single way
/// there and back. Dividing by zero is what undoes it when a guard, which answers with a row for each
/// that it has changed, has changed none. None of none.
pub(super) fn postgres_together(
    guards: &[Query],
    inserts: &[Query],
) -> Option<(String, Vec<Value>)> {
    // What is not the last one precedes it as a part of its own.
    let (last, first) = match (guards, inserts) {
        ([], []) => return None,
        ([], [first @ .., last]) => (Some(last), first),
        (_, first) => (None, first),
    };
    let mut sql = String::new();
    let mut params = Vec::new();
    for (index, part) in guards.iter().chain(first).enumerate() {
        let begin = if index == 0 { "WITH" } else { "," };
        // Writing into a String cannot fail.
        let _ = write!(sql, "{begin} p{index} AS ({}) ", numbered_from(&part.sql, params.len()));
        params.extend(part.params.iter().cloned());
    }
    match last {
        Some(last) => {
            sql.push_str(&numbered_from(&last.sql, params.len()));
            params.extend(last.params.iter().cloned());
        }
        None => {
            let changed = |index| format!("(SELECT count(*) FROM p{index})");
            let changed: Vec<String> = (0..guards.len()).map(changed).collect();
            let _ = write!(sql, "SELECT 1 / ({}) AS changed", changed.join(" * "));
        }
    }
    Some((sql, params))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::query;

    #[test]
    fn parameters_are_numbered_as_each_database_has_it() {
        let sql = "UPDATE t SET a = ?2 WHERE id = ?1 AND b = 'why?1' AND c LIKE ?13 ESCAPE '\\'";
        assert_eq!(sqlite(sql), sql);
        assert_eq!(
            postgres(sql),
            "UPDATE t SET a = $2 WHERE id = $1 AND b = 'why?1' AND c LIKE $13 ESCAPE '\\'"
        );
        assert_eq!(postgres("SELECT 'it''s ?1', ?1"), "SELECT 'it''s ?1', $1");
    }

    #[test]
    fn sqlite_locks_no_rows() {
        let sql = "WITH due AS (SELECT id FROM t LIMIT 5 FOR UPDATE SKIP LOCKED) SELECT 1";
        assert_eq!(sqlite(sql), "WITH due AS (SELECT id FROM t LIMIT 5) SELECT 1");
        assert_eq!(sqlite("SELECT id FROM t FOR UPDATE"), "SELECT id FROM t");
        assert_eq!(postgres(sql), sql);
    }

    #[test]
    fn guards_and_inserts_become_one_statement() {
        let insert = |table: &str, values: &[i64]| {
            query!("INSERT INTO {table} VALUES (?1, ?2)").bind_all(values.iter().copied())
        };
        assert!(postgres_together(&[], &[]).is_none());
        let (one, _) = postgres_together(&[], &[insert("a", &[1, 2])]).unwrap();
        assert_eq!(one, "INSERT INTO a VALUES ($1, $2)");
        let inserts = [insert("a", &[1, 2]), insert("b", &[3, 4]), insert("c", &[5, 6])];
        let (all, params) = postgres_together(&[], &inserts).unwrap();
        assert_eq!(
            all,
            "WITH p0 AS (INSERT INTO a VALUES ($1, $2)) , p1 AS (INSERT INTO b VALUES ($3, $4)) \
             INSERT INTO c VALUES ($5, $6)"
        );
        assert_eq!(params, (1..=6).map(Value::from).collect::<Vec<_>>());
        let guard = |n: i64| query!("UPDATE g SET x = ?1 RETURNING 1 AS changed", n);
        let (all, params) = postgres_together(&[guard(7)], &inserts[..1]).unwrap();
        assert_eq!(
            all,
            "WITH p0 AS (UPDATE g SET x = $1 RETURNING 1 AS changed) , \
             p1 AS (INSERT INTO a VALUES ($2, $3)) SELECT 1 / ((SELECT count(*) FROM p0)) AS changed"
        );
        assert_eq!(params, [7, 1, 2].map(Value::from));
        let (two, _) = postgres_together(&[guard(7), guard(8)], &[]).unwrap();
        let end = "SELECT 1 / ((SELECT count(*) FROM p0) * (SELECT count(*) FROM p1)) AS changed";
        assert!(two.ends_with(end), "{two}");
    }
}
