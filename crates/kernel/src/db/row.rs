//! Rows as Rust knows them.

use super::{Error, FromValue, Record};

/// A type that a row of an answer can be read as. [`row!`](crate::row) makes one; a tuple takes the
/// columns in their order, and `()` takes none.
pub trait Row: Sized {
    /// Reads a row.
    ///
    /// # Errors
    /// [`Error::Row`] if the row does not hold what the type needs.
    fn read(record: &Record) -> Result<Self, Error>;
}

impl Row for () {
    fn read(_: &Record) -> Result<Self, Error> {
        Ok(())
    }
}

impl<A: FromValue> Row for (A,) {
    fn read(record: &Record) -> Result<Self, Error> {
        Ok((record.at(0)?,))
    }
}

impl<A: FromValue, B: FromValue> Row for (A, B) {
    fn read(record: &Record) -> Result<Self, Error> {
        Ok((record.at(0)?, record.at(1)?))
    }
}

impl<A: FromValue, B: FromValue, C: FromValue> Row for (A, B, C) {
    fn read(record: &Record) -> Result<Self, Error> {
        Ok((record.at(0)?, record.at(1)?, record.at(2)?))
    }
}

/// Returns `columns` without the comma that they begin with.
#[doc(hidden)]
#[must_use]
pub const fn without_comma(columns: &'static str) -> &'static str {
    columns.split_at(", ".len()).1
}

/// Makes a struct whose fields are columns: a [`Row`] with `COLUMNS`, the list that a statement
/// names. With `in "table"` it can be inserted too: by `insert`, or many at once by `insert_all`.
///
/// `field: Type = "expression"` is read from an expression of SQL. `field: Type = unset` is a column
/// that a new row does not name, so that it gets its default. Neither is inserted.
#[macro_export]
macro_rules! row {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident in $table:literal {
            $(
                $(#[$field_attribute:meta])*
                $field_visibility:vis $field:ident : $type:ty $(= $source:tt)?
            ),* $(,)?
        }
    ) => {
        $crate::row! {
            $(#[$attribute])*
            $visibility struct $name {
                $($(#[$field_attribute])* $field_visibility $field: $type $(= $source)?),*
            }
        }

        #[allow(dead_code, reason = "a row is inserted alone or with others")]
        impl $name {
            /// The columns of a new row.
            $visibility const INSERTED: &'static str = $crate::db::without_comma(
                ::std::concat!($($crate::row!(@inserted $field $(= $source)?)),*)
            );

            /// Returns the values of a new row, in the order of its columns.
            $visibility fn values(&self) -> ::std::vec::Vec<$crate::db::Value> {
                let values = [$($crate::row!(@value (self.$field) $(= $source)?)),*];
                values.into_iter().flatten().collect()
            }

            /// Makes the statement that inserts the row.
            #[must_use]
            $visibility fn insert(&self) -> $crate::db::Query {
                Self::insert_all(::std::slice::from_ref(self))
            }

            /// Makes the statement that inserts `rows`, of which there is one at least.
            #[must_use]
            $visibility fn insert_all(rows: &[Self]) -> $crate::db::Query {
                let values: ::std::vec::Vec<_> = rows.iter().map(Self::values).collect();
                let columns = values.first().map_or(0, ::std::vec::Vec::len);
                $crate::db::Query::new(
                    ::std::format_args!(
                        "INSERT INTO {} ({}) VALUES {}",
                        $table,
                        Self::INSERTED,
                        $crate::db::places(rows.len(), columns)
                    ),
                    values.into_iter().flatten().collect(),
                )
            }
        }
    };
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $(
                $(#[$field_attribute:meta])*
                $field_visibility:vis $field:ident : $type:ty $(= $source:tt)?
            ),* $(,)?
        }
    ) => {
        $(#[$attribute])*
        $visibility struct $name {
            $($(#[$field_attribute])* $field_visibility $field: $type,)*
        }

        #[allow(dead_code, reason = "some statements are written out")]
        impl $name {
            /// The columns that a statement names.
            $visibility const COLUMNS: &'static str = $crate::db::without_comma(
                ::std::concat!($(", ", $crate::row!(@column $field $(= $source)?)),*)
            );
        }

        impl $crate::db::Row for $name {
            fn read(record: &$crate::db::Record) -> ::std::result::Result<Self, $crate::db::Error> {
                ::std::result::Result::Ok(Self {
                    $($field: record.get(::std::stringify!($field))?,)*
                })
            }
        }
    };
    (@column $field:ident) => { ::std::stringify!($field) };
    (@column $field:ident = unset) => { ::std::stringify!($field) };
    (@column $field:ident = $source:literal) => {
        ::std::concat!($source, " AS ", ::std::stringify!($field))
    };
    (@inserted $field:ident) => { ::std::concat!(", ", ::std::stringify!($field)) };
    (@inserted $field:ident = $source:tt) => { "" };
    (@value ($value:expr)) => {
        ::std::option::Option::Some($crate::db::Value::from(::std::clone::Clone::clone(&$value)))
    };
    (@value ($value:expr) = $source:tt) => {
        ::std::option::Option::None
    };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::Timestamp;
    use crate::db::Value;

    row! {
        /// A thing with a name.
        #[derive(Clone, Debug, PartialEq)]
        struct Thing in "things" {
            id: i64,
            name: Option<String>,
            sold: bool,
            gone_at: Option<Timestamp> = unset,
            owner: String = "(SELECT name FROM owners WHERE owners.id = things.owner_id)",
        }
    }

    #[test]
    fn a_row_names_its_columns_and_is_inserted_without_what_it_does_not_have_yet() {
        let owner = "(SELECT name FROM owners WHERE owners.id = things.owner_id) AS owner";
        assert_eq!(Thing::COLUMNS, format!("id, name, sold, gone_at, {owner}"));
        let thing =
            Thing { id: 7, name: None, sold: true, gone_at: None, owner: "nobody".to_owned() };
        let insert = thing.insert();
        assert_eq!(insert.sql(), "INSERT INTO things (id, name, sold) VALUES (?1, ?2, ?3)");
        assert_eq!(insert.params, [Value::Int(7), Value::Null, Value::Int(1)]);
        assert!(insert.site().file().ends_with("row.rs"));
        let two = Thing::insert_all(&[thing.clone(), thing]);
        let rows = "(?1, ?2, ?3), (?4, ?5, ?6)";
        assert_eq!(two.sql(), format!("INSERT INTO things (id, name, sold) VALUES {rows}"));
        assert_eq!(two.params, [&insert.params[..], &insert.params].concat());
    }

    #[test]
    fn a_row_is_read_by_the_names_of_its_columns() {
        let columns = ["owner", "gone_at", "sold", "name", "id"].map(String::from);
        let values = ["us".into(), 5.into(), 0.into(), "a thing".into(), 7.into()];
        let thing = Thing::read(&Record::new(columns.into(), values.into())).unwrap();
        let name = Some("a thing".to_owned());
        let gone_at = Some(Timestamp::from_millis(5));
        assert_eq!(thing, Thing { id: 7, name, sold: false, gone_at, owner: "us".to_owned() });
    }

    #[test]
    fn a_tuple_takes_the_columns_in_their_order() {
        let columns = ["a", "b"].map(String::from);
        let record = Record::new(columns.into(), vec![1.into(), "x".into()]);
        assert_eq!(<(i64, String)>::read(&record).unwrap(), (1, "x".to_owned()));
        assert!(<(i64, i64)>::read(&record).is_err());
        assert!(<(i64, String, i64)>::read(&record).is_err());
    }
}
