//! A database file: connections to it that are kept, whose turn it is to write, and its log.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Prepared statements that a connection keeps.
const STATEMENTS_KEPT: usize = 64;
/// Connections that are kept for the next guest. Each may hold two megabytes of pages.
const CONNECTIONS_KEPT: usize = 8;
/// What a guest finds until it says otherwise (`PRAGMA busy_timeout`).
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// After how many commits one looks how long the log is.
const COMMITS_BETWEEN_LOOKS: u32 = 64;
/// From which length on the log is written back into the database: SQLite's own 1,000 pages.
const LOG_BYTES: u64 = 1_000 * 4096;
/// When SQLite writes it back itself, within a commit, should nobody else get to it.
const LOG_PAGES_AT_MOST: i64 = 16_000;

/// The databases of an application.
pub(crate) struct Databases(pub(super) BTreeMap<String, Arc<Database>>);

/// A database file.
pub(super) struct Database {
    path: PathBuf,
    /// Stays open, so that a guest's connection is never the last one: closing that one would
    /// write the whole log back into the database, at every message.
    anchor: Mutex<Connection>,
    /// The one that was used last is lent first: it has the most in its cache.
    idle: Mutex<Vec<Connection>>,
    /// Who may write, in the order in which they asked. SQLite would have them look again and again
    /// whether the lock is free, those who came first no sooner than others.
    writer: Arc<Semaphore>,
    /// How many wait for their turn.
    waiting: AtomicUsize,
    /// What they write by, one after the other: see [`Database::exchange`].
    writing: Mutex<Option<Connection>>,
    commits: AtomicU32,
    is_writing_back: AtomicBool,
    /// Connections that guests have.
    lent: AtomicUsize,
    /// The most of them at a time since [`Database::tidy`] has closed what they left.
    most_lent: AtomicUsize,
}

/// Counts a connection that a guest has.
pub(super) struct Lent(Arc<Database>);

impl Lent {
    /// Counts one more.
    pub(super) fn new(database: &Arc<Database>) -> Self {
        let lent = database.lent.fetch_add(1, Ordering::Relaxed) + 1;
        database.most_lent.fetch_max(lent, Ordering::Relaxed);
        Self(database.clone())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.0.lent.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Databases {
    /// Closes what a burst has left open, where nobody uses a database. May wait for the disk: blocks.
    pub(crate) fn tidy(&self) {
        for database in self.0.values() {
            if let Err(error) = database.tidy() {
                let file = database.path.display();
                tracing::warn!(%file, %error, "a database's connections stay open");
            }
        }
    }

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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // SQLite keeps its own state whole; a panic elsewhere does not break a connection.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Database {
    fn open(path: PathBuf) -> anyhow::Result<Self> {
        if let Some(folder) = path.parent() {
            let mut private = DirBuilder::new();
            private
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        }
        make_private(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        let anchor = Connection::open(&path)
            .and_then(|anchor| is_wal(&anchor).map(|_wal| anchor))
            .with_context(|| format!("{} cannot be opened", path.display()))?;
        Ok(Self {
            path,
            anchor: Mutex::new(anchor),
            idle: Mutex::default(),
            writer: Arc::new(Semaphore::new(1)),
            waiting: AtomicUsize::new(0),
            writing: Mutex::default(),
            commits: AtomicU32::new(0),
            is_writing_back: AtomicBool::new(false),
            lent: AtomicUsize::new(0),
            most_lent: AtomicUsize::new(0),
        })
    }

    /// A connection that was given back, as good as new; always to a database in WAL mode.
    pub(super) fn lend(&self) -> Option<Connection> {
        lock(&self.idle).pop()
    }

    /// A new connection, and whether the database is in WAL mode.
    pub(super) fn connect(&self) -> rusqlite::Result<(Connection, bool)> {
        let mut connection = Connection::open(&self.path)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        connection.authorizer(Some(authorize))?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        let is_wal = is_wal(&connection)?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES_AT_MOST)?;
        Ok((connection, is_wal))
    }

    /// Exchanges `connection` for the one that everybody writes by, if there is one, or back again; tells
    /// whether it did. For those whose turn it is.
    ///
    /// What a connection knows of the file it has to read again after each commit of another one. If all
    /// commits are of one, it need not.
    pub(super) fn exchange(&self, connection: &mut Connection) -> bool {
        let mut writing = lock(&self.writing);
        let Some(writing) = &mut *writing else { return false };
        let last_insert_rowid = connection.last_insert_rowid();
        std::mem::swap(writing, connection);
        set_last_insert_rowid(connection, last_insert_rowid);
        true
    }

    /// Takes back a connection that is as good as new.
    pub(super) fn give_back(&self, connection: Connection) {
        let mut writing = lock(&self.writing);
        if writing.is_none() && connection.pragma_update(None, "synchronous", "NORMAL").is_ok() {
            *writing = Some(connection);
            return;
        }
        drop(writing);
        let mut idle = lock(&self.idle);
        if idle.len() < CONNECTIONS_KEPT {
            idle.push(connection);
        }
    }

    /// The right to write, if nobody has it or waits for it.
    pub(super) fn try_turn(&self) -> Option<OwnedSemaphorePermit> {
        self.writer.clone().try_acquire_owned().ok()
    }

    /// The right to write, once all who asked before have had it; None if that takes too long.
    pub(super) async fn turn(&self, patience: Duration) -> Option<OwnedSemaphorePermit> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let turn = tokio::time::timeout(patience, self.writer.clone().acquire_owned()).await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        turn.ok()?.ok()
    }

    /// Passes the right to write on.
    pub(super) fn pass(&self, turn: OwnedSemaphorePermit) {
        drop(turn);
        if self.waiting.load(Ordering::Relaxed) > 0 {
            // Whom a task wakes is run by its own thread, once the task has nothing more to do: this one
            // is a guest that makes up its answer. Unless it wakes another one: then the first is
            // left to any thread.
            tokio::spawn(async {});
        }
    }

    /// Notes that something was committed. Now and then the log is written back into the database,
    /// by a thread that may block: within a commit, as SQLite does it, somebody would wait for the
    /// disk meanwhile.
    pub(super) fn committed(self: &Arc<Self>) {
        let commits = self.commits.fetch_add(1, Ordering::Relaxed);
        if !commits.is_multiple_of(COMMITS_BETWEEN_LOOKS) || self.log_bytes() < LOG_BYTES {
            return;
        }
        if !self.is_writing_back.swap(true, Ordering::Relaxed) {
            let database = self.clone();
            tokio::spawn(async move {
                database.clone().write_back().await;
                database.is_writing_back.store(false, Ordering::Relaxed);
            });
        }
    }

    fn log_bytes(&self) -> u64 {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        std::fs::metadata(log).map_or(0, |log| log.len())
    }

    async fn write_back(self: Arc<Self>) {
        // Most of it while others write; then the rest while nobody does. Else there would always be
        // something left, and the log would grow for as long as there is load.
        let database = self.clone();
        let most = move || checkpoint(&lock(&database.anchor), "PASSIVE");
        let most = tokio::task::spawn_blocking(most).await;
        let Some(turn) = self.turn(BUSY_TIMEOUT).await else { return };
        let database = self.clone();
        let rest = move || checkpoint(&lock(&database.anchor), "RESTART");
        let rest = tokio::task::spawn_blocking(rest).await;
        drop(turn);
        for outcome in [most, rest] {
            match outcome {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a database's log was not written back"),
                Err(error) => tracing::error!(%error, "writing a database's log back failed"),
            }
        }
    }

    /// Closes all connections, and opens the anchor again, where guests have had many and have none now.
    ///
    /// A POSIX lock goes with the first descriptor of its file that is closed, so SQLite closes none
    /// while this process has a lock on the file. The anchor always has one. So there would be as many
    /// descriptors for good as there once were connections.
    fn tidy(&self) -> rusqlite::Result<()> {
        let is_quiet = || self.lent.load(Ordering::Relaxed) == 0;
        if self.most_lent.load(Ordering::Relaxed) <= CONNECTIONS_KEPT || !is_quiet() {
            return Ok(());
        }
        let Some(_turn) = self.try_turn() else { return Ok(()) };
        let mut anchor = lock(&self.anchor);
        let closing = (lock(&self.writing).take(), std::mem::take(&mut *lock(&self.idle)));
        drop(closing);
        // The last one writes the log back. A guest that comes meanwhile waits for it.
        drop(std::mem::replace(&mut *anchor, Connection::open_in_memory()?));
        *anchor = Connection::open(&self.path)?;
        is_wal(&anchor)?;
        if is_quiet() {
            self.most_lent.store(0, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The journal's mode may have changed; the anchor has to follow.
    pub(super) fn look_again(&self) {
        let _ = is_wal(&lock(&self.anchor));
    }
}

/// Makes a database's file if it is missing, for its owner alone: it holds accounts. SQLite makes the
/// files beside it with the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}

/// A guest is told what it was that was inserted last, by whichever connection.
fn set_last_insert_rowid(connection: &Connection, rowid: i64) {
    // SAFETY: the handle is open for as long as the connection is, which nobody else uses meanwhile.
    #[allow(unsafe_code, reason = "rusqlite has no call for it")]
    unsafe {
        rusqlite::ffi::sqlite3_set_last_insert_rowid(connection.handle(), rowid);
    }
}

/// A component sees its own databases only: attaching is for temporary ones, as in Spin. And it cannot
/// ask, in SQL, how many rows were changed by a connection that others use, too; the interface's
/// own `changes` tells it.
fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Attach { filename } if !matches!(filename, "" | ":memory:") => {
            Authorization::Deny
        }
        AuthAction::Function { function_name }
            if ["changes", "total_changes"]
                .iter()
                .any(|name| name.eq_ignore_ascii_case(function_name)) =>
        {
            Authorization::Deny
        }
        _ => Authorization::Allow,
    }
}

/// Makes SQLite read the file, and tells whether it is in WAL mode.
pub(super) fn is_wal(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA schema_version", [], |_| Ok(()))?;
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    Ok(mode.eq_ignore_ascii_case("wal"))
}

fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()))
}
