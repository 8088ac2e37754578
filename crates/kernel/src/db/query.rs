//! Statements with their parameters.

use std::borrow::Cow;
use std::fmt;
#[cfg(not(target_family = "wasm"))]
use std::panic::Location;

use super::Value;

/// A statement and its parameters, as [`query!`](crate::query) makes it.
#[derive(Clone, Debug)]
pub struct Query {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) params: Vec<Value>,
    /// Where it was made: tests find out by it whether they know every statement.
    #[cfg(not(target_family = "wasm"))]
    site: &'static Location<'static>,
}

impl Query {
    /// Makes a statement. Only [`query!`](crate::query) and [`row!`](crate::row) may call it, or a
    /// statement is forgotten by the test that prepares all of them.
    #[doc(hidden)]
    #[must_use]
    #[cfg_attr(not(target_family = "wasm"), track_caller)]
    pub fn new(sql: fmt::Arguments<'_>, params: Vec<Value>) -> Self {
        let sql = sql.as_str().map_or_else(|| Cow::Owned(sql.to_string()), Cow::Borrowed);
        Self {
            sql,
            params,
            #[cfg(not(target_family = "wasm"))]
            site: Location::caller(),
        }
    }

    /// Adds the values of the parameters that follow.
    #[must_use]
    pub fn bind_all<V: Into<Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        self.params.extend(values.into_iter().map(Into::into));
        self
    }

    /// Returns the same `INSERT`, which leaves a row alone that is there already.
    #[must_use]
    pub fn unless_known(mut self) -> Self {
        self.sql = Cow::Owned(format!("{} ON CONFLICT DO NOTHING", self.sql));
        self
    }

    /// Returns the same statement, which answers with `columns`.
    #[must_use]
    pub(crate) fn returning(mut self, columns: &str) -> Self {
        self.sql = Cow::Owned(format!("{} RETURNING {columns}", self.sql));
        self
    }

    /// Returns the statement's text.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Returns the file and the line that made the statement.
    #[cfg(not(target_family = "wasm"))]
    #[must_use]
    pub const fn site(&self) -> &'static Location<'static> {
        self.site
    }

    pub(super) fn is_read(&self) -> bool {
        self.sql.starts_with("SELECT")
    }
}

/// Makes a [`Query`] of its text and the values of `?1`, `?2` and so on. `{name}` stands for a text
/// in scope, as in `format!`: for columns and conditions, never for a value.
#[macro_export]
macro_rules! query {
    ($sql:literal $(, $value:expr)* $(,)?) => {
        $crate::db::Query::new(
            ::std::format_args!($sql),
            ::std::vec![$($crate::db::Value::from($value)),*],
        )
    };
}
