//! SQLite through `spin:sqlite` (label `default`), in WAL mode.
//!
//! The interface has each call twice. One waits without holding up the other requests of this
//! instance, and hands the rows over bit by bit; the other holds them up, and costs half as much. It
//! must not be used for what may have to wait for another request: that may be one of this instance,
//! which could not go on.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use send_wrapper::SendWrapper;

mod wit {
    #![allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, reason = "generated")]
    wit_bindgen::generate!({
        inline: "
            package boxoffice:storage;
            world sqlite {
                import spin:sqlite/sqlite@3.1.0;
            }
        ",
        path: "../../wit/deps/spin-sqlite",
        world: "boxoffice:storage/sqlite",
        generate_all,
    });
}

use wit::spin::sqlite::sqlite::{self, Connection, RowResult};

use super::dialect;
use super::{Constraint, Error, Query, Record, Result, Value};

/// How long SQLite waits for other writers before it says busy, in milliseconds.
const BUSY_TIMEOUT_MS: u32 = 5_000;
/// More idle connections than an instance serves requests at once would only cost memory.
const MAX_IDLE: usize = 16;
/// The one database that Spin has without being told.
const LABEL: &str = "default";

thread_local! {
    static IDLE: RefCell<Vec<Connection>> = const { RefCell::new(Vec::new()) };
}

/// A connection in the hands of one request; it goes back when dropped, and a transaction that is open
/// on it is rolled back.
pub(crate) struct Lease {
    connection: Option<Connection>,
    in_transaction: AtomicBool,
}

impl Lease {
    pub(super) async fn take() -> Result<Self> {
        let idle = IDLE.with_borrow_mut(Vec::pop);
        let connection = match idle {
            Some(connection) => connection,
            None => SendWrapper::new(open()).await?,
        };
        Ok(Self { connection: Some(connection), in_transaction: AtomicBool::new(false) })
    }

    pub(super) async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Record>> {
        let connection = self.connection()?;
        let sql = dialect::sqlite(sql);
        // Within a transaction nobody waits for anybody.
        if self.in_transaction.load(Ordering::Relaxed) || sql.starts_with("SELECT") {
            return run_at_once(connection, &sql, params);
        }
        SendWrapper::new(run(connection, &sql, params)).await
    }

    /// Runs a statement of a migration.
    pub(super) async fn define(&self, sql: &str) -> Result<()> {
        self.query(sql, &[]).await.map(drop)
    }

    /// Takes the write lock at once: a transaction that read first and wrote later could not be
    /// made to wait for other writers, SQLite would refuse it (`SQLITE_BUSY_SNAPSHOT`).
    pub(super) async fn begin(&self) -> Result<()> {
        if self.in_transaction.load(Ordering::Relaxed) {
            return Ok(());
        }
        // This waits for whoever is between their own first statement and last: never a request of this
        // instance, since those go through at once.
        run_at_once(self.connection()?, "BEGIN IMMEDIATE", &[])?;
        self.in_transaction.store(true, Ordering::Relaxed);
        Ok(())
    }

    pub(super) async fn commit(&self, guards: &[Query], inserts: &[Query]) -> Result<()> {
        // A single statement commits itself.
        if guards.len() + inserts.len() > 1 {
            self.begin().await?;
        }
        for Query { sql, params, .. } in guards {
            if self.query(sql, params).await?.is_empty() {
                return Err(Error::Overtaken(sql.to_string()));
            }
        }
        for Query { sql, params, .. } in inserts {
            self.query(sql, params).await?;
        }
        if self.in_transaction.load(Ordering::Relaxed) {
            self.query("COMMIT", &[]).await?;
            self.in_transaction.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Whether a transaction has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.in_transaction.load(Ordering::Relaxed)
    }

    fn connection(&self) -> Result<&Connection> {
        let given_back = || Error::Failed("the connection was already given back".to_owned());
        self.connection.as_ref().ok_or_else(given_back)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        // The host would roll back when the connection is closed, but to open the next one takes longer
        // than a whole transaction: SQLite reads the schema first.
        if self.in_transaction.load(Ordering::Relaxed)
            && run_at_once(&connection, "ROLLBACK", &[]).is_err()
        {
            return;
        }
        IDLE.with_borrow_mut(|idle| {
            if idle.len() < MAX_IDLE {
                idle.push(connection);
            }
        });
    }
}

async fn open() -> Result<Connection> {
    let connection = Connection::open_async(LABEL.to_owned()).await.map_err(explain)?;
    run_at_once(&connection, &format!("PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}"), &[])?;
    // In WAL mode NORMAL keeps the database whole through a crash of the process; a power cut may
    // take the last commits, never part of one.
    run_at_once(&connection, "PRAGMA synchronous = NORMAL", &[])?;
    Ok(connection)
}

async fn run(connection: &Connection, sql: &str, params: &[Value]) -> Result<Vec<Record>> {
    let params = params.iter().cloned().map(into_sqlite).collect();
    let answer = connection.execute_async(sql.to_owned(), params).await;
    let (columns, rows, end) = answer.map_err(explain)?;
    let rows = rows.collect().await;
    end.await.map_err(explain)?;
    read(columns, rows)
}

fn run_at_once(connection: &Connection, sql: &str, params: &[Value]) -> Result<Vec<Record>> {
    let params: Vec<_> = params.iter().cloned().map(into_sqlite).collect();
    let answer = connection.execute(sql, &params).map_err(explain)?;
    read(answer.columns, answer.rows)
}

fn read(columns: Vec<String>, rows: Vec<RowResult>) -> Result<Vec<Record>> {
    let columns: Arc<[String]> = columns.into();
    rows.into_iter()
        .map(|row| {
            let values = row.values.into_iter().map(from_sqlite).collect::<Result<_>>()?;
            Ok(Record::new(Arc::clone(&columns), values))
        })
        .collect()
}

/// Puts the database file into WAL mode, in which readers and the writer do not wait for each
/// other. The mode stays with the file. Switching needs the file for oneself, and SQLite does not
/// wait for that: the caller tries again on [`Error::Busy`].
pub(super) async fn enable_wal(lease: &Lease) -> Result<()> {
    lease.query("PRAGMA journal_mode = WAL", &[]).await.map(drop)
}

fn into_sqlite(value: Value) -> sqlite::Value {
    match value {
        Value::Null => sqlite::Value::Null,
        Value::Int(number) => sqlite::Value::Integer(number),
        Value::Text(text) => sqlite::Value::Text(text),
    }
}

fn from_sqlite(value: sqlite::Value) -> Result<Value> {
    match value {
        sqlite::Value::Null => Ok(Value::Null),
        sqlite::Value::Integer(number) => Ok(Value::Int(number)),
        sqlite::Value::Text(text) => Ok(Value::Text(text)),
        other => Err(Error::Row(format!("a value has an unsupported type: {other:?}"))),
    }
}

/// What SQLite says where nothing was done, and the same may succeed later: somebody else writes, there
/// is no room, or the file only reads.
const BUSY: [&str; 4] = [
    "database is locked",
    "database table is locked",
    "database or disk is full",
    "attempt to write a readonly database",
];

/// Spin passes SQLite's own message on; it is the only thing that tells errors apart.
fn explain(error: sqlite::Error) -> Error {
    let text = match error {
        sqlite::Error::Io(text) => text,
        other => return Error::Failed(format!("{other:?}")),
    };
    let after =
        |marker: &str| text.find(marker).map(|at| text[at + marker.len()..].trim().to_owned());
    if let Some(name) = after("UNIQUE constraint failed:") {
        Error::Constraint(Constraint::Unique(name))
    } else if let Some(name) = after("CHECK constraint failed:") {
        Error::Constraint(Constraint::Check(name))
    } else if let Some(name) = after("constraint failed") {
        Error::Constraint(Constraint::Other(name))
    } else if BUSY.iter().any(|sign| text.contains(sign)) {
        Error::Busy(text)
    } else if let Some(name) = after("no such table:") {
        Error::NoTable(name)
    } else {
        Error::Failed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlites_messages_are_told_apart() {
        let io = |text: &str| explain(sqlite::Error::Io(text.to_owned()));
        assert!(io("UNIQUE constraint failed: auth_users.email").is_unique("auth_users"));
        assert!(matches!(io("no such table: auth_migrations"), Error::NoTable(_)));
        assert!(matches!(io("database is locked"), Error::Busy(_)));
        assert!(matches!(
            io("CHECK constraint failed: orders_listings_sold"),
            Error::Constraint(Constraint::Check(name)) if name == "orders_listings_sold"
        ));
        assert!(matches!(io("database or disk is full"), Error::Busy(_)));
        assert!(matches!(io("attempt to write a readonly database"), Error::Busy(_)));
        assert!(matches!(io("disk I/O error"), Error::Failed(_)));
    }
}
