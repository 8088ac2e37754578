//! The services' databases, read by plain SELECTs.
//!
//! A service may have a database of its own, so no query joins two services' tables. Services that
//! share one are read in one transaction: what they say of each other is then of one moment.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value};

use crate::postgres;
use crate::sources::Problem;

/// How long to wait for somebody else who changes the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// Columns' values by their names.
pub(crate) type Row = Map<String, Value>;

/// Rows by their tables' names. A table that does not exist has none.
pub(crate) type Tables = HashMap<String, Vec<Row>>;

/// A database to read. [`crate::migrate`], [`crate::users`] and [`crate::mail`] alone write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// The Postgres at an address such as `postgres://user:password@host:5432/name`.
    Postgres(String),
}

/// Which service's tables are where.
#[derive(Clone, Debug)]
pub struct Databases {
    shared: Database,
    own: BTreeMap<String, Database>,
}

impl Databases {
    /// All services' tables in one database, as in the embedded default.
    pub fn shared(database: Database) -> Self {
        Self { shared: database, own: BTreeMap::new() }
    }

    /// The same, but for `service`, which has a database of its own.
    #[must_use]
    pub fn with(mut self, service: &str, database: Database) -> Self {
        self.own.insert(service.to_owned(), database);
        self
    }

    /// The database of a shop whose data is in `folder`.
    pub fn in_folder(folder: &Path) -> Self {
        Self::shared(Database::Sqlite(folder.join("sqlite/default.db")))
    }

    /// Where `service` keeps its tables.
    pub fn of(&self, service: &str) -> &Database {
        self.own.get(service).unwrap_or(&self.shared)
    }

    /// Reads the rows of all `selects`; those in one database in one transaction.
    pub(crate) async fn read(&self, selects: &[Select]) -> Result<Tables, Problem> {
        let mut by_database: Vec<(&Database, Vec<Select>)> = Vec::new();
        for select in selects {
            let database = self.of(select.service);
            match by_database.iter_mut().find(|(known, _)| *known == database) {
                Some((_, selects)) => selects.push(select.clone()),
                None => by_database.push((database, vec![select.clone()])),
            }
        }
        let mut tables = Tables::new();
        for (database, selects) in by_database {
            tables.extend(database.read(selects).await?);
        }
        Ok(tables)
    }
}

/// Rows of one table that are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Select {
    /// Whose table it is.
    pub(crate) service: &'static str,
    pub(crate) table: String,
    pub(crate) columns: &'static [&'static str],
    /// What the rows fulfil, and how they are grouped, in SQL that every database understands.
    pub(crate) condition: Cow<'static, str>,
}

impl Select {
    pub(crate) fn sql(&self) -> String {
        format!("SELECT {} FROM {} WHERE {}", self.columns.join(", "), self.table, self.condition)
    }
}

impl Database {
    async fn read(&self, selects: Vec<Select>) -> Result<Tables, Problem> {
        let path = match self {
            Self::Sqlite(path) => path.clone(),
            Self::Postgres(url) => return postgres::read(url, &selects).await,
        };
        let read = tokio::task::spawn_blocking(move || sqlite(&path, &selects)).await;
        read.unwrap_or_else(|error| {
            Err(Problem::new(format!("reading a database: {error}"), "try again"))
        })
    }
}

fn sqlite(path: &Path, selects: &[Select]) -> Result<Tables, Problem> {
    if !path.is_file() {
        return Err(Problem::new(
            format!("there is no database at {}", path.display()),
            "start the shop, which creates it, or name the folder of its data with --data",
        ));
    }
    let tables = read_sqlite(path, selects).map_err(|error| {
        Problem::new(
            format!("the database {} cannot be read: {error}", path.display()),
            "name the folder of a shop's data that this user may read with --data",
        )
    })?;
    if tables.is_empty() {
        return Err(Problem::new(
            format!("the database {} has none of the shop's tables", path.display()),
            "wait until the shop has started, or name the folder of its data with --data",
        ));
    }
    Ok(tables)
}

/// Opens a SQLite file that is there, to write.
pub(crate) fn open_to_write(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// Writes parameters as SQLite has it: there `$1` would be a name.
pub(crate) fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

fn read_sqlite(path: &Path, selects: &[Select]) -> rusqlite::Result<Tables> {
    let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(PATIENCE)?;
    let snapshot = connection.transaction()?;
    let mut tables = Tables::new();
    for select in selects {
        // A service makes its tables when it is first called.
        if snapshot.table_exists(None, select.table.as_str())? {
            tables.insert(select.table.clone(), rows(&snapshot, select)?);
        }
    }
    Ok(tables)
}

fn rows(snapshot: &Connection, select: &Select) -> rusqlite::Result<Vec<Row>> {
    let mut statement = snapshot.prepare(&select.sql())?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let read = |row: &rusqlite::Row<'_>| {
        let columns = names.iter().enumerate();
        columns.map(|(at, name)| Ok((name.clone(), json(row.get(at)?)))).collect()
    };
    statement.query_map([], read)?.collect()
}

/// What is neither a number nor text is no value of ours; null is refused where a value is due.
fn json(value: Sql) -> Value {
    match value {
        Sql::Integer(number) => number.into(),
        Sql::Text(text) => text.into(),
        Sql::Real(number) => number.into(),
        Sql::Null | Sql::Blob(_) => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const ORDERS: Select = Select {
        service: "orders",
        table: String::new(),
        columns: &["id", "quantity", "payment_id"],
        condition: Cow::Borrowed("quantity > 1"),
    };

    fn orders() -> Select {
        Select { table: "orders_orders".to_owned(), ..ORDERS }
    }

    async fn read(path: &Path, selects: &[Select]) -> Result<Tables, Problem> {
        Databases::shared(Database::Sqlite(path.to_owned())).read(selects).await
    }

    #[tokio::test]
    async fn rows_are_read_by_their_columns_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let database = Connection::open(&path).unwrap();
        database
            .execute_batch(
                "CREATE TABLE orders_orders (quantity BIGINT, id TEXT, payment_id TEXT);
                 INSERT INTO orders_orders VALUES (1, 'a', 'p'), (2, 'b', NULL)",
            )
            .unwrap();
        let other = Select { table: "tickets_orders".to_owned(), ..ORDERS };
        let tables = read(&path, &[orders(), other]).await.unwrap();
        let row = serde_json::json!({ "id": "b", "quantity": 2, "payment_id": null });
        assert_eq!(tables["orders_orders"], [row.as_object().unwrap().clone()]);
        assert!(!tables.contains_key("tickets_orders"), "nobody has made it yet");
    }

    #[tokio::test]
    async fn a_service_may_have_a_database_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let (shared, own) = (folder.path().join("shared.db"), folder.path().join("orders.db"));
        let table = "CREATE TABLE orders_orders (id TEXT, quantity BIGINT, payment_id TEXT);
                     CREATE TABLE tickets_orders (id TEXT, quantity BIGINT, payment_id TEXT);";
        for (path, id) in [(&shared, "shared"), (&own, "own")] {
            let rows = format!(
                "{table} INSERT INTO orders_orders VALUES ('{id}', 2, NULL);
                 INSERT INTO tickets_orders VALUES ('{id}', 2, NULL)"
            );
            Connection::open(path).unwrap().execute_batch(&rows).unwrap();
        }
        let databases =
            Databases::shared(Database::Sqlite(shared)).with("orders", Database::Sqlite(own));
        let heard = Select { service: "tickets", table: "tickets_orders".to_owned(), ..ORDERS };
        let tables = databases.read(&[orders(), heard]).await.unwrap();
        assert_eq!(tables["orders_orders"][0]["id"], "own");
        assert_eq!(tables["tickets_orders"][0]["id"], "shared");
    }

    #[tokio::test]
    async fn what_is_no_shops_database_is_told_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let problem = read(&path, &[orders()]).await.unwrap_err();
        assert!(problem.what.contains("no database at") && problem.remedy.contains("--data"));
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE other (a)").unwrap();
        let problem = read(&path, &[orders()]).await.unwrap_err();
        assert!(problem.what.contains("none of the shop's tables"), "{problem}");
        std::fs::write(&path, "this is no database, and long enough to be seen as none").unwrap();
        let problem = read(&path, &[orders()]).await.unwrap_err();
        assert!(problem.what.contains("cannot be read"), "{problem}");
    }
}
