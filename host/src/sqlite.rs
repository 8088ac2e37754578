//! `spin:sqlite@3.1.0`: every guest `open` is a connection of its own to `<data>/sqlite/<label>.db`.
//!
//! Reading statements of a database in WAL mode run where they are, since nothing can block them;
//! everything else runs on a thread that may block, so that a `BEGIN IMMEDIATE` which waits for
//! another writer never holds up other requests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use anyhow::Context;
use boxoffice_host_bindings::platform::spin::sqlite::sqlite as wit;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use crate::call::Gate;
use crate::fault::Call;
use crate::state::{Guest, State};

/// Prepared statements that a connection keeps.
const STATEMENTS_KEPT: usize = 64;

/// The databases of an application.
pub(crate) struct Databases(BTreeMap<String, Arc<Database>>);

struct Database {
    path: PathBuf,
    /// Stays open, so that a guest's connection is never the last one: closing that one would
    /// write the whole log back into the database, at every message.
    anchor: Mutex<Connection>,
}

impl Databases {
    /// Opens the databases of these labels, `sqlite/<label>.db` in `data`.
    ///
    /// # Errors
    /// A database that cannot be opened: its label and why.
    pub(crate) fn open<'l>(
        data: &Path,
        labels: impl Iterator<Item = &'l str>,
    ) -> Result<Self, (String, anyhow::Error)> {
        let open = |label: &str| {
            let path = data.join("sqlite").join(format!("{label}.db"));
            let database = Database::open(path).map_err(|error| (label.to_owned(), error))?;
            Ok((label.to_owned(), Arc::new(database)))
        };
        labels.map(open).collect::<Result<_, _>>().map(Self)
    }
}

impl Database {
    fn open(path: PathBuf) -> anyhow::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        }
        let anchor = Connection::open(&path)
            .and_then(|anchor| read_header(&anchor).map(|_wal| anchor))
            .with_context(|| format!("{} cannot be opened", path.display()))?;
        Ok(Self { path, anchor: Mutex::new(anchor) })
    }

    fn connect(self: &Arc<Self>) -> rusqlite::Result<Session> {
        let mut connection = Connection::open(&self.path)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        connection.authorizer(Some(authorize))?;
        let wal = read_header(&connection)?;
        Ok(Session {
            connection: Mutex::new(connection),
            database: self.clone(),
            wal: AtomicBool::new(wal),
        })
    }
}

/// A component sees its own databases only: attaching is for temporary ones, as in Spin.
fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Attach { filename } if !matches!(filename, "" | ":memory:") => {
            Authorization::Deny
        }
        _ => Authorization::Allow,
    }
}

/// Makes SQLite read the file, and tells whether it is in WAL mode.
fn read_header(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA schema_version", [], |_| Ok(()))?;
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    Ok(mode.eq_ignore_ascii_case("wal"))
}

/// What lies behind a guest's connection.
struct Session {
    connection: Mutex<Connection>,
    database: Arc<Database>,
    /// Whether the database is in WAL mode, so that readers wait for nobody.
    wal: AtomicBool,
}

/// A guest's connection. Dropped, it rolls back what was not committed.
struct Handle(Option<Arc<Session>>);

impl Handle {
    fn session(&self) -> Result<&Arc<Session>, wit::Error> {
        self.0.as_ref().ok_or(wit::Error::InvalidConnection)
    }
}

impl Drop for Handle {
    /// Closing may roll back and write: not on a thread that serves requests.
    fn drop(&mut self) {
        let Some(session) = self.0.take() else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || drop(session))),
            Err(_) => drop(session),
        }
    }
}

struct Rows {
    columns: Vec<String>,
    rows: Vec<wit::RowResult>,
}

fn io(error: impl ToString) -> wit::Error {
    wit::Error::Io(error.to_string())
}

impl Session {
    fn lock(&self) -> MutexGuard<'_, Connection> {
        // SQLite keeps its own state whole; a panic elsewhere does not break a connection.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a statement, here if nothing can block it, else where blocking is allowed.
    async fn run(
        self: &Arc<Self>,
        sql: &str,
        parameters: Vec<wit::Value>,
    ) -> Result<Rows, wit::Error> {
        if self.wal.load(Ordering::Relaxed)
            && starts_reading(sql)
            && let Some(result) = self.read_here(sql, &parameters)
        {
            return result;
        }
        let (session, sql) = (self.clone(), sql.to_owned());
        tokio::task::spawn_blocking(move || session.run_blocking(&sql, &parameters))
            .await
            .map_err(io)?
    }

    /// None: it writes after all, or another request is using the connection.
    fn read_here(&self, sql: &str, parameters: &[wit::Value]) -> Option<Result<Rows, wit::Error>> {
        let connection = match self.connection.try_lock() {
            Ok(connection) => connection,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        let mut statement = match connection.prepare_cached(sql) {
            Ok(statement) => statement,
            Err(error) => return Some(Err(io(error))),
        };
        statement.readonly().then(|| collect(&mut statement, parameters).map_err(io))
    }

    fn run_blocking(&self, sql: &str, parameters: &[wit::Value]) -> Result<Rows, wit::Error> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(sql).map_err(io)?;
        let result = collect(&mut statement, parameters).map_err(io);
        drop(statement);
        if first_word(sql).eq_ignore_ascii_case("pragma") {
            self.look_again(&connection);
        }
        result
    }

    /// A pragma may have changed the journal's mode; the anchor has to follow.
    fn look_again(&self, connection: &Connection) {
        if let Ok(wal) = read_header(connection) {
            self.wal.store(wal, Ordering::Relaxed);
        }
        let anchor = self.database.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = read_header(&anchor);
    }
}

/// Whether a statement can be one that only reads and answers. (`BEGIN` counts as read-only in
/// SQLite's own eyes, but `BEGIN IMMEDIATE` waits.)
fn starts_reading(sql: &str) -> bool {
    let word = first_word(sql);
    ["select", "with", "values"].iter().any(|reading| word.eq_ignore_ascii_case(reading))
}

/// The first word after blanks and comments.
fn first_word(sql: &str) -> &str {
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
            None => return "",
        }
    }
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    &rest[..end]
}

fn collect(
    statement: &mut rusqlite::Statement<'_>,
    parameters: &[wit::Value],
) -> rusqlite::Result<Rows> {
    let columns: Vec<String> = statement.column_names().map(Into::into).collect();
    let width = columns.len();
    let mut found =
        statement.query(rusqlite::params_from_iter(parameters.iter().map(Parameter)))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let values =
            (0..width).map(|n| row.get_ref(n).and_then(value)).collect::<Result<_, _>>()?;
        rows.push(wit::RowResult { values });
    }
    Ok(Rows { columns, rows })
}

struct Parameter<'v>(&'v wit::Value);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            wit::Value::Integer(number) => ValueRef::Integer(*number),
            wit::Value::Real(number) => ValueRef::Real(*number),
            wit::Value::Text(text) => ValueRef::Text(text.as_bytes()),
            wit::Value::Blob(bytes) => ValueRef::Blob(bytes),
            wit::Value::Null => ValueRef::Null,
        }))
    }
}

fn value(value: ValueRef<'_>) -> rusqlite::Result<wit::Value> {
    Ok(match value {
        ValueRef::Null => wit::Value::Null,
        ValueRef::Integer(number) => wit::Value::Integer(number),
        ValueRef::Real(number) => wit::Value::Real(number),
        ValueRef::Text(_) => wit::Value::Text(value.as_str()?.to_owned()),
        ValueRef::Blob(bytes) => wit::Value::Blob(bytes.to_vec()),
    })
}

impl State {
    fn database(&self, label: &str) -> Result<Arc<Database>, wit::Error> {
        if !self.grants.databases.contains(label) {
            return Err(wit::Error::AccessDenied);
        }
        self.shared.databases.0.get(label).cloned().ok_or(wit::Error::NoSuchDatabase)
    }

    fn session(&self, handle: &Resource<wit::Connection>) -> Result<Arc<Session>, wit::Error> {
        let handle = self.get::<Handle, _>(handle).map_err(|_| wit::Error::InvalidConnection)?;
        handle.session().cloned()
    }

    fn keep(&mut self, session: Session) -> Result<Resource<wit::Connection>, wit::Error> {
        let handle = Handle(Some(Arc::new(session)));
        self.push(handle).map_err(|_| io("too many connections opened"))
    }
}

async fn open(gate: &Gate, database: Arc<Database>) -> Result<Session, wit::Error> {
    let opening = tokio::task::spawn_blocking(move || database.connect());
    gate.pass(Call::Sqlite("open"), opening).await.map_err(io)?.map_err(io)
}

/// Reads something off the connection without holding up this thread.
async fn ask<R: Send + 'static>(
    session: Arc<Session>,
    question: impl FnOnce(&Connection) -> R + Send + 'static,
) -> wasmtime::Result<R> {
    Ok(tokio::task::spawn_blocking(move || question(&session.lock())).await?)
}

fn invalid(error: wit::Error) -> wasmtime::Error {
    wasmtime::Error::msg(format!("{error:?}"))
}

impl wit::Host for State {}

impl wit::HostConnection for State {
    async fn open(&mut self, label: String) -> Result<Resource<wit::Connection>, wit::Error> {
        let database = self.database(&label)?;
        let session = open(&self.own_gate(), database).await?;
        self.keep(session)
    }

    async fn execute(
        &mut self,
        handle: Resource<wit::Connection>,
        sql: String,
        parameters: Vec<wit::Value>,
    ) -> Result<wit::QueryResult, wit::Error> {
        let session = self.session(&handle)?;
        let gate = self.own_gate();
        let running = session.run(&sql, parameters);
        let rows = gate.pass(Call::Sqlite(&sql), running).await?;
        Ok(wit::QueryResult { columns: rows.columns, rows: rows.rows })
    }

    async fn last_insert_rowid(
        &mut self,
        handle: Resource<wit::Connection>,
    ) -> wasmtime::Result<i64> {
        ask(self.session(&handle).map_err(invalid)?, Connection::last_insert_rowid).await
    }

    async fn changes(&mut self, handle: Resource<wit::Connection>) -> wasmtime::Result<u64> {
        ask(self.session(&handle).map_err(invalid)?, Connection::changes).await
    }

    async fn drop(&mut self, handle: Resource<wit::Connection>) -> wasmtime::Result<()> {
        self.remove::<Handle, _>(handle)?;
        Ok(())
    }
}

type Answer = (Vec<String>, StreamReader<wit::RowResult>, FutureReader<Result<(), wit::Error>>);

impl<T: Send> wit::HostConnectionWithStore<T> for Guest {
    async fn open_async(
        accessor: &Accessor<T, Self>,
        label: String,
    ) -> Result<Resource<wit::Connection>, wit::Error> {
        let (gate, database) = accessor.with(|mut access| {
            let gate = State::gate_of(&mut access);
            let state = access.get();
            Ok((gate, state.database(&label)?))
        })?;
        let session = open(&gate, database).await?;
        accessor.with(|mut access| access.get().keep(session))
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        handle: Resource<wit::Connection>,
        sql: String,
        parameters: Vec<wit::Value>,
    ) -> Result<Answer, wit::Error> {
        let (gate, session) = accessor.with(|mut access| {
            let gate = State::gate_of(&mut access);
            let state = access.get();
            Ok((gate, state.session(&handle)?))
        })?;
        let running = session.run(&sql, parameters);
        let result = gate.pass(Call::Sqlite(&sql), running).await;
        // The error of a failed statement is at the end of its (no) rows, not in place of the
        // answer: so does Spin, and a guest that looks in the wrong place has to fail here too.
        let (rows, end) = match result {
            Ok(rows) => (rows, Ok(())),
            Err(error) => (Rows { columns: Vec::new(), rows: Vec::new() }, Err(error)),
        };
        accessor.with(|mut access| {
            let stream = StreamReader::new(&mut access, rows.rows).map_err(io)?;
            let end = async move { wasmtime::error::Ok(end) };
            let end = FutureReader::new(&mut access, end).map_err(io)?;
            Ok((rows.columns, stream, end))
        })
    }

    async fn last_insert_rowid_async(
        accessor: &Accessor<T, Self>,
        handle: Resource<wit::Connection>,
    ) -> wasmtime::Result<i64> {
        let session = accessor.with(|mut access| access.get().session(&handle));
        ask(session.map_err(invalid)?, Connection::last_insert_rowid).await
    }

    async fn changes_async(
        accessor: &Accessor<T, Self>,
        handle: Resource<wit::Connection>,
    ) -> wasmtime::Result<u64> {
        let session = accessor.with(|mut access| access.get().session(&handle));
        ask(session.map_err(invalid)?, Connection::changes).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn databases(folder: &Path) -> Databases {
        Databases::open(folder, ["default"].into_iter()).map_err(|(_, error)| error).unwrap()
    }

    async fn rows(session: &Arc<Session>, sql: &str) -> Vec<Vec<wit::Value>> {
        let rows = session.run(sql, vec![]).await.unwrap();
        rows.rows.into_iter().map(|row| row.values).collect()
    }

    #[test]
    fn statements_that_read_are_told_by_their_first_word() {
        for (sql, expected) in [
            ("SELECT 1", true),
            ("  -- note\n /* more */ with a as (select 1) select * from a", true),
            ("values (1)", true),
            ("BEGIN", false),
            ("BEGIN IMMEDIATE", false),
            ("COMMIT", false),
            ("PRAGMA journal_mode", false),
            ("/* open", false),
            ("", false),
        ] {
            assert_eq!(starts_reading(sql), expected, "{sql}");
        }
    }

    #[tokio::test]
    async fn a_waiting_writer_holds_up_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let databases = databases(folder.path());
        let database = &databases.0["default"];
        let first = Arc::new(database.connect().unwrap());
        rows(&first, "PRAGMA journal_mode = WAL").await;
        assert!(first.wal.load(Ordering::Relaxed));
        rows(&first, "CREATE TABLE t (x)").await;
        rows(&first, "BEGIN IMMEDIATE").await;
        rows(&first, "INSERT INTO t VALUES (1)").await;
        let second = Arc::new(database.connect().unwrap());
        // On this one thread, the writer waits while a reader is served.
        let waiting = tokio::spawn({
            let second = second.clone();
            async move { second.run("BEGIN IMMEDIATE", vec![]).await.is_ok() }
        });
        let third = Arc::new(database.connect().unwrap());
        assert!(rows(&third, "SELECT x FROM t").await.is_empty());
        rows(&first, "COMMIT").await;
        assert!(waiting.await.unwrap());
        let found = rows(&third, "SELECT x FROM t").await;
        assert!(matches!(found[0][..], [wit::Value::Integer(1)]));
    }

    #[tokio::test]
    async fn what_was_not_committed_is_gone_with_the_handle() {
        let folder = tempfile::tempdir().unwrap();
        let databases = databases(folder.path());
        let database = &databases.0["default"];
        let session = Arc::new(database.connect().unwrap());
        rows(&session, "PRAGMA journal_mode = WAL").await;
        rows(&session, "CREATE TABLE t (x)").await;
        rows(&session, "BEGIN IMMEDIATE").await;
        rows(&session, "INSERT INTO t VALUES (1)").await;
        drop(Handle(Some(session)));
        let other = Arc::new(database.connect().unwrap());
        rows(&other, "BEGIN IMMEDIATE").await;
        assert!(rows(&other, "SELECT x FROM t").await.is_empty());
    }

    #[tokio::test]
    async fn all_types_go_in_and_come_out() {
        let folder = tempfile::tempdir().unwrap();
        let session = Arc::new(databases(folder.path()).0["default"].connect().unwrap());
        let values = vec![
            wit::Value::Integer(i64::MIN),
            wit::Value::Real(0.5),
            wit::Value::Text("ü".into()),
            wit::Value::Blob(vec![0, 255]),
            wit::Value::Null,
        ];
        let expected = format!("{values:?}");
        let answer = session.run("SELECT ?, ?, ?, ?, ?", values).await.unwrap();
        assert_eq!(answer.columns.len(), 5);
        assert_eq!(format!("{:?}", answer.rows[0].values), expected);
    }

    #[tokio::test]
    async fn files_cannot_be_attached() {
        let folder = tempfile::tempdir().unwrap();
        let session = Arc::new(databases(folder.path()).0["default"].connect().unwrap());
        let other = folder.path().join("other.db");
        let attach = format!("ATTACH DATABASE '{}' AS other", other.display());
        let error = session.run(&attach, vec![]).await.err().unwrap();
        assert!(format!("{error:?}").contains("not authorized"), "{error:?}");
    }
}
