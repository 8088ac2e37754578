//! What lies behind a guest's connection.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use boxoffice_host_bindings::platform::spin::sqlite::sqlite as wit;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, Statement, ToSql};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::AbortOnDropHandle;

use super::database::{BUSY_TIMEOUT, Database, Lent, is_wal};
use super::words::Kind;

/// How much SQLite says where it would have to wait too long.
const LOCKED: &str = "database is locked";

/// A connection while one guest has it.
pub(super) struct Session {
    connection: Mutex<Connection>,
    pub(super) database: Arc<Database>,
    /// Whether the database is in WAL mode, so that readers wait for nobody.
    is_wal: AtomicBool,
    /// How long the guest wants to wait for others, in milliseconds.
    patience: AtomicU64,
    /// What a commit waits for (`PRAGMA synchronous`): 0 OFF, 1 NORMAL, nothing on the disk; from 2,
    /// FULL, on for the disk.
    synchronous: AtomicU64,
    /// Whether the guest has written anything.
    wrote: AtomicBool,
    /// Whether something was done that a next guest would notice.
    is_marked: AtomicBool,
    /// The right to write, while a transaction is open that does. It goes after the connection, whose
    /// end rolls that transaction back.
    turn: Mutex<Option<OwnedSemaphorePermit>>,
    /// Whether the guest has the connection that all write by in place of its own.
    is_exchanged: AtomicBool,
    /// How many rows its last statement has changed.
    changes: AtomicU64,
    /// Goes last: the connection is closed or given back by then.
    _lent: Lent,
}

/// What a statement answered with.
pub(super) struct Rows {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<wit::RowResult>,
}

pub(super) fn io(error: impl ToString) -> wit::Error {
    wit::Error::Io(error.to_string())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // SQLite keeps its own state whole; a panic elsewhere does not break a connection.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    /// A session on a connection that was kept, if there is one.
    pub(super) fn lent(database: &Arc<Database>) -> Option<Self> {
        let lent = Lent::new(database);
        Some(Self::new(database, database.lend()?, true, lent))
    }

    /// A session on a new connection. Reads the file: blocks.
    pub(super) fn opened(database: &Arc<Database>) -> rusqlite::Result<Self> {
        let lent = Lent::new(database);
        let (connection, is_wal) = database.connect()?;
        Ok(Self::new(database, connection, is_wal, lent))
    }

    fn new(database: &Arc<Database>, connection: Connection, is_wal: bool, lent: Lent) -> Self {
        Self {
            connection: Mutex::new(connection),
            database: database.clone(),
            is_wal: AtomicBool::new(is_wal),
            patience: AtomicU64::new(BUSY_TIMEOUT.as_millis() as u64),
            synchronous: AtomicU64::new(2),
            wrote: AtomicBool::new(false),
            is_marked: AtomicBool::new(false),
            turn: Mutex::new(None),
            is_exchanged: AtomicBool::new(false),
            changes: AtomicU64::new(0),
            _lent: lent,
        }
    }

    /// The guest is done with it. Closes what is not kept, which may roll back and write: blocks.
    pub(super) fn end(self) {
        let connection = self.connection.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !self.is_marked.into_inner() && self.is_wal.into_inner() && connection.is_autocommit() {
            let renewed = connection
                .busy_timeout(BUSY_TIMEOUT)
                .and_then(|()| connection.pragma_update(None, "synchronous", "FULL"));
            if renewed.is_ok() {
                self.database.give_back(connection);
            }
        }
    }

    /// Whether [`Session::end`] blocks for no longer than a moment.
    pub(super) fn ends_at_once(&self) -> bool {
        lock(&self.turn).is_none() && !self.is_marked.load(Ordering::Relaxed)
    }

    /// The row that the guest has inserted last; 0 if it has written nothing: what else the connection
    /// remembers is none of its own. Blocks.
    pub(super) fn last_insert_rowid(&self) -> i64 {
        match self.wrote.load(Ordering::Relaxed) {
            true => lock(&self.connection).last_insert_rowid(),
            false => 0,
        }
    }

    /// How many rows the guest's last statement that can change any has changed.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Runs a statement, here if nothing can block it, else where blocking is allowed.
    pub(super) async fn run(
        self: &Arc<Self>,
        sql: &str,
        parameters: Vec<wit::Value>,
    ) -> Result<Rows, wit::Error> {
        let mut kind = Kind::of(sql);
        if !self.is_wal.load(Ordering::Relaxed) {
            return self.run_elsewhere(sql, parameters, kind, None).await;
        }
        match kind {
            Kind::Setting => return self.set(sql),
            Kind::Reads => match self.read_here(sql, &parameters) {
                Read::Done(result) => return result,
                Read::Occupied => return self.run_elsewhere(sql, parameters, kind, None).await,
                Read::Writes => kind = Kind::Writes,
            },
            Kind::Writes | Kind::Begins | Kind::Ends | Kind::Other => {}
        }
        if !self.needs_turn(kind) {
            return self.run_in_turn(sql, parameters, kind, None).await;
        }
        if let Some(turn) = self.database.try_turn() {
            return self.run_in_turn(sql, parameters, kind, Some(turn)).await;
        }
        // By a task of its own: whose turn it is must not depend on when its guest, which may be busy
        // with other requests, gets round to it. Nobody else could write meanwhile.
        let (session, sql) = (self.clone(), sql.to_owned());
        let waiting = AbortOnDropHandle::new(tokio::spawn(async move {
            let turn = session.wait_for_turn().await?;
            session.run_in_turn(&sql, parameters, kind, Some(turn)).await
        }));
        waiting.await.map_err(io)?
    }

    async fn run_in_turn(
        self: &Arc<Self>,
        sql: &str,
        parameters: Vec<wit::Value>,
        kind: Kind,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Result<Rows, wit::Error> {
        let is_brief = matches!(kind, Kind::Begins | Kind::Writes | Kind::Ends);
        if is_brief && self.synchronous.load(Ordering::Relaxed) < 2 {
            let tried = self.try_here(sql, &parameters, kind, turn)?;
            return match tried {
                Tried::Done(rows) => Ok(rows),
                Tried::Blocked(turn) => self.run_elsewhere(sql, parameters, kind, turn).await,
            };
        }
        self.run_elsewhere(sql, parameters, kind, turn).await
    }

    /// A guest that has its turn keeps it until its transaction ends.
    fn needs_turn(&self, kind: Kind) -> bool {
        !matches!(kind, Kind::Ends) && lock(&self.turn).is_none()
    }

    async fn wait_for_turn(&self) -> Result<OwnedSemaphorePermit, wit::Error> {
        let patience = Duration::from_millis(self.patience.load(Ordering::Relaxed));
        self.database.turn(patience).await.ok_or_else(|| io(LOCKED))
    }

    fn read_here(&self, sql: &str, parameters: &[wit::Value]) -> Read {
        let Some(connection) = self.try_connection() else { return Read::Occupied };
        let mut statement = match connection.prepare_cached(sql) {
            Ok(statement) => statement,
            Err(error) => return Read::Done(Err(io(error))),
        };
        if !statement.readonly() {
            return Read::Writes;
        }
        Read::Done(collect(&mut statement, parameters).map_err(io))
    }

    fn try_connection(&self) -> Option<MutexGuard<'_, Connection>> {
        match self.connection.try_lock() {
            Ok(connection) => Some(connection),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Sets something of the connection. Never from a prepared statement: SQLite does what such a
    /// pragma says when it is prepared.
    fn set(&self, sql: &str) -> Result<Rows, wit::Error> {
        let connection = lock(&self.connection);
        let rows = connection.prepare(sql).and_then(|mut statement| collect(&mut statement, &[]));
        let asked = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
        let patience: i64 = asked("busy_timeout").map_err(io)?;
        let synchronous: i64 = asked("synchronous").map_err(io)?;
        self.patience.store(patience.try_into().unwrap_or_default(), Ordering::Relaxed);
        self.synchronous.store(synchronous.try_into().unwrap_or(2), Ordering::Relaxed);
        rows.map_err(io)
    }

    /// Runs a statement on this thread if it need not wait for another process.
    fn try_here(
        &self,
        sql: &str,
        parameters: &[wit::Value],
        kind: Kind,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Result<Tried, wit::Error> {
        let Some(mut connection) = self.try_connection() else { return Ok(Tried::Blocked(turn)) };
        let waits = turn.is_some();
        if waits {
            self.exchange(&mut connection);
            connection.busy_timeout(Duration::ZERO).map_err(io)?;
        }
        let result = run_on(&connection, sql, parameters);
        if waits {
            let patience = Duration::from_millis(self.patience.load(Ordering::Relaxed));
            connection.busy_timeout(patience).map_err(io)?;
        }
        if waits && result.as_ref().is_err_and(is_busy) {
            return Ok(Tried::Blocked(turn));
        }
        self.ran(&mut connection, kind, turn);
        result.map(Tried::Done).map_err(io)
    }

    async fn run_elsewhere(
        self: &Arc<Self>,
        sql: &str,
        parameters: Vec<wit::Value>,
        kind: Kind,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Result<Rows, wit::Error> {
        if kind == Kind::Other {
            self.is_marked.store(true, Ordering::Relaxed);
        }
        let (session, sql) = (self.clone(), sql.to_owned());
        let running = move || {
            let mut connection = lock(&session.connection);
            let result = match kind {
                Kind::Setting | Kind::Other => run_once(&connection, &sql, &parameters),
                _ => run_on(&connection, &sql, &parameters),
            };
            if kind == Kind::Other {
                session.look_again(&connection);
            }
            session.ran(&mut connection, kind, turn);
            result.map_err(io)
        };
        tokio::task::spawn_blocking(running).await.map_err(io)?
    }

    /// What a statement that may have written leaves: a transaction, or the turn for others.
    fn ran(&self, connection: &mut Connection, kind: Kind, turn: Option<OwnedSemaphorePermit>) {
        self.wrote.store(true, Ordering::Relaxed);
        if kind == Kind::Writes {
            self.changes.store(connection.changes(), Ordering::Relaxed);
        }
        let mut kept = lock(&self.turn);
        if !connection.is_autocommit() {
            if turn.is_some() {
                *kept = turn;
            }
        } else if let Some(turn) = kept.take().or(turn) {
            // What the guest has set up on it meanwhile is for the guest alone, which keeps it then.
            let is_plain = !self.is_marked.load(Ordering::Relaxed);
            if self.is_exchanged.swap(false, Ordering::Relaxed) && is_plain {
                self.database.exchange(connection);
            }
            self.database.pass(turn);
            self.database.committed();
        }
    }

    /// Has the guest, whose turn has come, write by the connection that all write by, unless its own
    /// was set up in another way.
    fn exchange(&self, connection: &mut Connection) {
        let is_plain = !self.is_marked.load(Ordering::Relaxed);
        if is_plain && self.synchronous.load(Ordering::Relaxed) == 1 {
            self.is_exchanged.store(self.database.exchange(connection), Ordering::Relaxed);
        }
    }

    /// The journal's mode may have changed.
    fn look_again(&self, connection: &Connection) {
        if connection.is_autocommit()
            && let Ok(is_wal) = is_wal(connection)
            && self.is_wal.swap(is_wal, Ordering::Relaxed) != is_wal
        {
            self.database.look_again();
        }
    }
}

/// What came of a statement that looks as if it only read.
enum Read {
    Done(Result<Rows, wit::Error>),
    /// It writes after all.
    Writes,
    /// Another request is using the connection.
    Occupied,
}

/// What came of a statement that was not to wait.
enum Tried {
    Done(Rows),
    /// It would have had to.
    Blocked(Option<OwnedSemaphorePermit>),
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

fn run_on(connection: &Connection, sql: &str, parameters: &[wit::Value]) -> rusqlite::Result<Rows> {
    collect(&mut *connection.prepare_cached(sql)?, parameters)
}

/// The same for what is hardly ever run twice, or takes effect when it is prepared.
fn run_once(
    connection: &Connection,
    sql: &str,
    parameters: &[wit::Value],
) -> rusqlite::Result<Rows> {
    collect(&mut connection.prepare(sql)?, parameters)
}

fn collect(statement: &mut Statement<'_>, parameters: &[wit::Value]) -> rusqlite::Result<Rows> {
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
