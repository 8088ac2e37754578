//! The shop's database, to look into and to tamper with: SQLite's file, or a Postgres of the test's
//! own where `BOXOFFICE_TEST_STORE` is `postgres`.
//!
//! Statements are those that both understand, with `?1` for a parameter. All of it blocks the thread:
//! see [`Surroundings::database`](crate::Surroundings::database).

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use boxoffice_schema::postgres_schema;
use rusqlite::types::ValueRef;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// The variable that says which database the suites use; SQLite if it is not set.
const STORE: &str = "BOXOFFICE_TEST_STORE";
/// The variable with the address of a Postgres in which databases can be made.
const SERVER: &str = "BOXOFFICE_TEST_POSTGRES";

/// Tells whether the suites use Postgres.
///
/// # Panics
/// When the variable names neither database.
pub fn is_on_postgres() -> bool {
    match std::env::var(STORE).as_deref() {
        Err(_) | Ok("" | "sqlite") => false,
        Ok("postgres") => true,
        Ok(other) => panic!("{STORE} is {other:?}: set it to sqlite or postgres"),
    }
}

/// A database.
#[derive(Clone, Debug)]
pub enum Database {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A Postgres's address.
    Postgres(String),
}

/// A Postgres database of one test; dropped with it.
#[derive(Debug)]
pub struct OwnPostgres {
    server: String,
    name: String,
}

/// What went wrong.
#[derive(Debug)]
pub struct Error(pub String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// A row of an answer. Everything in it is text; true is `1` and false `0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(Vec<Option<String>>);

/// A type that a column can be read as.
pub trait FromColumn: Sized {
    /// What the column says.
    fn from_column(text: Option<&str>) -> Result<Self, Error>;
}

macro_rules! columns {
    ($($type:ty),*) => {$(
        impl FromColumn for $type {
            fn from_column(text: Option<&str>) -> Result<Self, Error> {
                let text = text.ok_or_else(|| Error("it is NULL".to_owned()))?;
                <$type>::from_str(text).map_err(|error| Error(format!("{text:?}: {error}")))
            }
        }
    )*};
}

columns!(String, i64, u64, u32);

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(text: Option<&str>) -> Result<Self, Error> {
        text.map(|text| T::from_column(Some(text))).transpose()
    }
}

impl Row {
    /// The column at `index`.
    ///
    /// # Errors
    /// When there is none, or it is no `T`.
    pub fn get<T: FromColumn>(&self, index: usize) -> Result<T, Error> {
        let column = self.0.get(index).ok_or_else(|| Error(format!("no column {index}")))?;
        T::from_column(column.as_deref())
    }
}

/// A statement's parameters: texts.
pub trait Params {
    /// They, in their order.
    fn texts(&self) -> Vec<&str>;
}

// One for each, and not for any length and type: of `[]` nothing else tells the type.
impl Params for [&str; 0] {
    fn texts(&self) -> Vec<&str> {
        Vec::new()
    }
}

impl Params for [&str; 1] {
    fn texts(&self) -> Vec<&str> {
        self.to_vec()
    }
}

impl Params for [String; 1] {
    fn texts(&self) -> Vec<&str> {
        self.iter().map(String::as_str).collect()
    }
}

impl Database {
    /// The first row that `sql` answers with, as `read` reads it.
    ///
    /// # Errors
    /// What the database says; when there is no row.
    pub fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let rows = self.rows(sql, params)?;
        read(rows.first().ok_or_else(|| Error(format!("no row: {sql}")))?)
    }

    /// All rows that `sql` answers with. It may not write.
    ///
    /// # Errors
    /// What the database says.
    pub fn rows(&self, sql: &str, params: impl Params) -> Result<Vec<Row>, Error> {
        let params = params.texts();
        match self {
            Self::Sqlite(file) => sqlite_rows(file, sql, &params).map_err(of_sqlite),
            Self::Postgres(url) => {
                let sql = filled(sql, &params);
                Ok(on_its_own(async {
                    let client = connect(url).await?;
                    client.simple_query("SET default_transaction_read_only = on").await?;
                    client.simple_query(&sql).await
                })?
                .iter()
                .filter_map(of_postgres)
                .collect())
            }
        }
    }

    /// Runs `sql`, which may be several statements; how many rows the last one changed.
    ///
    /// # Errors
    /// What the database says.
    pub fn execute(&self, sql: &str) -> Result<usize, Error> {
        match self {
            Self::Sqlite(file) => sqlite_execute(file, sql).map_err(of_sqlite),
            Self::Postgres(url) => {
                let messages = on_its_own(async { connect(url).await?.simple_query(sql).await })?;
                let changed = messages.iter().rev().find_map(|message| match message {
                    SimpleQueryMessage::CommandComplete(rows) => usize::try_from(*rows).ok(),
                    _ => None,
                });
                Ok(changed.unwrap_or(0))
            }
        }
    }

    /// Runs `sql`, which makes tables; it makes the database, too, if there is none.
    ///
    /// # Errors
    /// What the database says.
    pub fn define(&self, sql: &str) -> Result<(), Error> {
        match self {
            Self::Sqlite(file) => {
                let folder = file.parent().unwrap_or(Path::new("."));
                std::fs::create_dir_all(folder).map_err(|error| Error(error.to_string()))?;
                let database = rusqlite::Connection::open(file).map_err(of_sqlite)?;
                database.execute_batch(sql).map_err(of_sqlite)
            }
            Self::Postgres(_) => self.execute(&postgres_schema(sql)).map(drop),
        }
    }

    /// The names of its tables, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub fn tables(&self) -> Result<Vec<String>, Error> {
        let sql = match self {
            Self::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
            Self::Postgres(_) => {
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
            }
        };
        self.rows(sql, [])?.iter().map(|row| row.get(0)).collect()
    }

    /// Every table and index, with what it is made of.
    ///
    /// # Errors
    /// What the database says.
    pub fn schema(&self) -> Result<Vec<Row>, Error> {
        let sql = match self {
            Self::Sqlite(_) => "SELECT name, sql FROM sqlite_master ORDER BY name",
            Self::Postgres(_) => {
                "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL \
                 SELECT table_name || '.' || column_name, data_type || is_nullable \
                 FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1"
            }
        };
        self.rows(sql, [])
    }

    /// Keeps everybody else from writing for so long. Calls `occupied` once that is so; does not, and
    /// returns, where somebody else was first.
    ///
    /// # Errors
    /// What the database says.
    pub fn occupy(&self, occupied: impl FnOnce() + Send, time: Duration) -> Result<(), Error> {
        match self {
            Self::Sqlite(file) => {
                let database = writable(file).map_err(of_sqlite)?;
                if database.execute_batch("BEGIN IMMEDIATE").is_ok() {
                    occupied();
                    std::thread::sleep(time);
                    database.execute_batch("ROLLBACK").map_err(of_sqlite)?;
                }
                Ok(())
            }
            Self::Postgres(url) => {
                let tables = self.tables()?.join(", ");
                on_its_own(async {
                    let client = connect(url).await?;
                    let lock = format!("BEGIN; LOCK TABLE {tables} IN EXCLUSIVE MODE");
                    client.batch_execute(&lock).await?;
                    occupied();
                    tokio::time::sleep(time).await;
                    client.batch_execute("ROLLBACK").await
                })
            }
        }
    }
}

impl OwnPostgres {
    /// A new, empty database, if the suites are to use Postgres.
    ///
    /// # Panics
    /// When the variables do not say which, or it cannot be made.
    pub fn create() -> Option<Self> {
        if !is_on_postgres() {
            return None;
        }
        let server = std::env::var(SERVER).unwrap_or_else(|_| {
            panic!("set {SERVER} to a Postgres, or run `cargo xtask test`, which starts one")
        });
        let name = format!("test_{}", uuid::Uuid::now_v7().simple());
        let own = Self { server, name };
        own.command(&format!("CREATE DATABASE {}", own.name)).unwrap();
        Some(own)
    }

    /// Its address.
    pub fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap_or((&self.server, ""));
        format!("{server}/{}", self.name)
    }

    /// The host and port in its address.
    pub fn host(&self) -> &str {
        let rest = self.server.split_once("://").map_or(self.server.as_str(), |(_, rest)| rest);
        let place = rest.split('/').next().unwrap_or_default();
        place.rsplit('@').next().unwrap_or_default()
    }

    fn command(&self, sql: &str) -> Result<(), Error> {
        on_its_own(async { connect(&self.server).await?.batch_execute(sql).await })
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        // A server that is gone has nothing left to drop.
        let _ = self.command(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// Runs `work` on a thread and in a runtime of its own: the caller's is in use.
fn on_its_own<T: Send>(
    work: impl Future<Output = Result<T, tokio_postgres::Error>> + Send,
) -> Result<T, Error> {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(work).map_err(|error| match error.as_db_error() {
            Some(said) => Error(said.message().to_owned()),
            None => Error(error.to_string()),
        })
    };
    std::thread::scope(|scope| scope.spawn(run).join().unwrap())
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// `sql` with its parameters in their places.
fn filled(sql: &str, params: &[&str]) -> String {
    params.iter().enumerate().fold(sql.to_owned(), |sql, (index, text)| {
        sql.replace(&format!("?{}", index + 1), &format!("'{}'", text.replace('\'', "''")))
    })
}

fn of_postgres(message: &SimpleQueryMessage) -> Option<Row> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    // In its texts, Postgres writes booleans as one letter; SQLite has none.
    let text = |text: &str| match text {
        "t" => "1".to_owned(),
        "f" => "0".to_owned(),
        other => other.to_owned(),
    };
    Some(Row((0..row.len()).map(|index| row.get(index).map(text)).collect()))
}

fn sqlite_rows(file: &Path, sql: &str, params: &[&str]) -> rusqlite::Result<Vec<Row>> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = rusqlite::Connection::open_with_flags(file, flags)?;
    let mut statement = database.prepare(sql)?;
    let columns = statement.column_count();
    let text = |value: ValueRef<'_>| match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(text) | ValueRef::Blob(text) => {
            Some(String::from_utf8_lossy(text).into_owned())
        }
    };
    let read = |row: &rusqlite::Row<'_>| {
        let values = (0..columns).map(|index| Ok(text(row.get_ref(index)?)));
        Ok(Row(values.collect::<rusqlite::Result<_>>()?))
    };
    statement.query_map(rusqlite::params_from_iter(params), read)?.collect()
}

fn sqlite_execute(file: &Path, sql: &str) -> rusqlite::Result<usize> {
    let database = writable(file)?;
    database.execute_batch(sql)?;
    Ok(usize::try_from(database.changes()).unwrap_or(usize::MAX))
}

fn writable(file: &Path) -> rusqlite::Result<rusqlite::Connection> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    let database = rusqlite::Connection::open_with_flags(file, flags)?;
    database.busy_timeout(Duration::from_secs(5))?;
    Ok(database)
}

fn of_sqlite(error: rusqlite::Error) -> Error {
    Error(error.to_string())
}
