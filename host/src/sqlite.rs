//! `spin:sqlite@3.1.0`: every guest `open` is a connection to `<data>/sqlite/<label>.db` that nobody
//! else has meanwhile.
//!
//! In a database in WAL mode reading statements run where they are, since nothing can block them, and
//! so do brief ones that write once it is their turn ([`Database::turn`]). Everything else runs on a
//! thread that may block.
//!
//! | module | what |
//! |---|---|
//! | `database` | a file: connections that are kept, whose turn it is to write, its log |
//! | `session` | what lies behind a guest's connection |
//! | `words` | what a statement is |
//!
//! [`Database::turn`]: database::Database::turn

mod database;
mod session;
mod words;

use std::sync::Arc;

use boxoffice_host_bindings::platform::spin::sqlite::sqlite as wit;
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use self::database::Database;
use self::session::{Rows, Session, io};
use crate::call::Gate;
use crate::fault::Call;
use crate::state::{Guest, State};

pub(crate) use self::database::Databases;

/// A guest's connection. Dropped, it rolls back what was not committed.
struct Handle(Option<Arc<Session>>);

impl Handle {
    fn session(&self) -> Result<&Arc<Session>, wit::Error> {
        self.0.as_ref().ok_or(wit::Error::InvalidConnection)
    }
}

impl Drop for Handle {
    /// Ending may roll back and write: then not on a thread that serves requests.
    fn drop(&mut self) {
        // A statement that still runs has the session, too, and drops it as it is.
        let Some(session) = self.0.take().and_then(Arc::into_inner) else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if !session.ends_at_once() => {
                drop(runtime.spawn_blocking(move || session.end()));
            }
            _ => session.end(),
        }
    }
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
    let opening = async {
        if let Some(session) = Session::lent(&database) {
            return Ok(session);
        }
        let opening = tokio::task::spawn_blocking(move || Session::opened(&database));
        opening.await.map_err(io)?.map_err(io)
    };
    gate.pass(Call::Sqlite("open"), opening).await
}

/// The row that was inserted last, without holding up this thread.
async fn last_insert_rowid(session: Arc<Session>) -> wasmtime::Result<i64> {
    Ok(tokio::task::spawn_blocking(move || session.last_insert_rowid()).await?)
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
        last_insert_rowid(self.session(&handle).map_err(invalid)?).await
    }

    async fn changes(&mut self, handle: Resource<wit::Connection>) -> wasmtime::Result<u64> {
        Ok(self.session(&handle).map_err(invalid)?.changes())
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
        last_insert_rowid(session.map_err(invalid)?).await
    }

    async fn changes_async(
        accessor: &Accessor<T, Self>,
        handle: Resource<wit::Connection>,
    ) -> wasmtime::Result<u64> {
        let session = accessor.with(|mut access| access.get().session(&handle));
        Ok(session.map_err(invalid)?.changes())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    use std::path::Path;

    use rusqlite::Connection;

    fn databases(folder: &Path) -> Databases {
        Databases::open(folder, ["default"].into_iter()).map_err(|(_, error)| error).unwrap()
    }

    async fn rows(session: &Arc<Session>, sql: &str) -> Vec<Vec<wit::Value>> {
        let rows = session.run(sql, vec![]).await.unwrap();
        rows.rows.into_iter().map(|row| row.values).collect()
    }

    #[tokio::test]
    async fn a_waiting_writer_holds_up_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let databases = databases(folder.path());
        let database = &databases.0["default"];
        let first = Arc::new(Session::opened(database).unwrap());
        rows(&first, "PRAGMA journal_mode = WAL").await;
        rows(&first, "CREATE TABLE t (x)").await;
        rows(&first, "BEGIN IMMEDIATE").await;
        rows(&first, "INSERT INTO t VALUES (1)").await;
        let second = Arc::new(Session::opened(database).unwrap());
        // On this one thread, the writer waits while a reader is served.
        let waiting = tokio::spawn({
            let second = second.clone();
            async move { second.run("BEGIN IMMEDIATE", vec![]).await.is_ok() }
        });
        let third = Arc::new(Session::opened(database).unwrap());
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
        let session = Arc::new(Session::opened(database).unwrap());
        rows(&session, "PRAGMA journal_mode = WAL").await;
        rows(&session, "CREATE TABLE t (x)").await;
        rows(&session, "BEGIN IMMEDIATE").await;
        rows(&session, "INSERT INTO t VALUES (1)").await;
        drop(Handle(Some(session)));
        let other = Arc::new(Session::opened(database).unwrap());
        rows(&other, "BEGIN IMMEDIATE").await;
        assert!(rows(&other, "SELECT x FROM t").await.is_empty());
    }

    #[tokio::test]
    async fn whoever_asks_first_writes_first() {
        let folder = tempfile::tempdir().unwrap();
        let databases = databases(folder.path());
        let database = &databases.0["default"];
        let session = || async { Arc::new(Session::opened(database).unwrap()) };
        let first = session().await;
        rows(&first, "PRAGMA journal_mode = WAL").await;
        rows(&first, "PRAGMA synchronous = NORMAL").await;
        rows(&first, "CREATE TABLE t (n INTEGER PRIMARY KEY AUTOINCREMENT, who)").await;
        rows(&first, "BEGIN IMMEDIATE").await;
        let mut waiting = Vec::new();
        for who in 0..20 {
            let session = session().await;
            rows(&session, "PRAGMA synchronous = NORMAL").await;
            waiting.push(tokio::spawn(async move {
                rows(&session, "BEGIN IMMEDIATE").await;
                rows(&session, &format!("INSERT INTO t (who) VALUES ({who})")).await;
                rows(&session, "COMMIT").await;
            }));
            // Until it has asked.
            tokio::task::yield_now().await;
        }
        rows(&first, "COMMIT").await;
        futures::future::join_all(waiting).await;
        let order = rows(&first, "SELECT who FROM t ORDER BY n").await;
        let order: Vec<String> = order.iter().map(|row| format!("{:?}", row[0])).collect();
        let expected: Vec<String> =
            (0..20).map(|who| format!("{:?}", wit::Value::Integer(who))).collect();
        assert_eq!(order, expected);
    }

    #[tokio::test]
    async fn who_waits_too_long_for_another_writer_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let databases = databases(folder.path());
        let database = &databases.0["default"];
        let first = Arc::new(Session::opened(database).unwrap());
        rows(&first, "PRAGMA journal_mode = WAL").await;
        rows(&first, "BEGIN IMMEDIATE").await;
        let second = Arc::new(Session::opened(database).unwrap());
        rows(&second, "PRAGMA busy_timeout = 20").await;
        let refused = second.run("BEGIN IMMEDIATE", vec![]).await.err().unwrap();
        assert!(format!("{refused:?}").contains("database is locked"), "{refused:?}");
        drop(Handle(Some(first)));
        rows(&second, "PRAGMA busy_timeout = 5000").await;
        rows(&second, "BEGIN IMMEDIATE").await;
    }

    #[tokio::test]
    async fn a_writer_in_another_process_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let databases = databases(folder.path());
        let database = &databases.0["default"];
        let ours = Arc::new(Session::opened(database).unwrap());
        rows(&ours, "PRAGMA journal_mode = WAL").await;
        rows(&ours, "PRAGMA synchronous = NORMAL").await;
        rows(&ours, "CREATE TABLE t (x)").await;
        // Another process is one that does not ask for its turn.
        let theirs = Connection::open(folder.path().join("sqlite/default.db")).unwrap();
        theirs.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)").unwrap();
        let waiting = tokio::spawn({
            let ours = ours.clone();
            async move { rows(&ours, "INSERT INTO t VALUES (2)").await }
        });
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        theirs.execute_batch("COMMIT").unwrap();
        waiting.await.unwrap();
        assert_eq!(rows(&ours, "SELECT x FROM t").await.len(), 2);
    }

    #[tokio::test]
    async fn a_connection_that_is_lent_again_is_as_good_as_new() {
        let folder = tempfile::tempdir().unwrap();
        let databases = databases(folder.path());
        let database = &databases.0["default"];
        let maker = Arc::new(Session::opened(database).unwrap());
        rows(&maker, "PRAGMA journal_mode = WAL").await;
        rows(&maker, "CREATE TABLE t (x)").await;
        // The first that is given back is not lent: all write by it.
        drop(Handle(Some(Arc::new(Session::opened(database).unwrap()))));
        assert!(Session::lent(database).is_none());
        let first = Arc::new(Session::opened(database).unwrap());
        rows(&first, "PRAGMA synchronous = OFF").await;
        rows(&first, "PRAGMA busy_timeout = 1").await;
        rows(&first, "INSERT INTO t VALUES (1)").await;
        drop(Handle(Some(first)));
        let second = Arc::new(Session::lent(database).unwrap());
        for (setting, expected) in [("synchronous", 2), ("busy_timeout", 5_000)] {
            let found = rows(&second, &format!("PRAGMA {setting}")).await;
            let expected = format!("{:?}", wit::Value::Integer(expected));
            assert_eq!(format!("{:?}", found[0][0]), expected, "{setting}");
        }
        assert_eq!((second.last_insert_rowid(), second.changes()), (0, 0));
        // What others would find is not lent again.
        rows(&second, "CREATE TEMP TABLE u (x)").await;
        drop(Handle(Some(second)));
        assert!(Session::lent(database).is_none());
    }

    #[tokio::test]
    async fn who_writes_by_the_same_connection_does_not_notice() {
        let folder = tempfile::tempdir().unwrap();
        let databases = databases(folder.path());
        let database = &databases.0["default"];
        let session = || async {
            let session = Arc::new(Session::opened(database).unwrap());
            rows(&session, "PRAGMA synchronous = NORMAL").await;
            session
        };
        let maker = Arc::new(Session::opened(database).unwrap());
        rows(&maker, "PRAGMA journal_mode = WAL").await;
        rows(&maker, "CREATE TABLE t (n INTEGER PRIMARY KEY, x)").await;
        drop(Handle(Some(session().await)));
        assert!(Session::lent(database).is_none(), "that one they write by");
        let (one, other) = (session().await, session().await);
        rows(&one, "BEGIN IMMEDIATE").await;
        rows(&one, "INSERT INTO t VALUES (7, 'a'), (8, 'b')").await;
        rows(&one, "COMMIT").await;
        rows(&other, "INSERT INTO t VALUES (100, 'c')").await;
        rows(&other, "BEGIN IMMEDIATE").await;
        rows(&other, "UPDATE t SET x = 'd' WHERE n < 100").await;
        assert_eq!((other.last_insert_rowid(), other.changes()), (100, 2));
        drop(Handle(Some(other)));
        let found = rows(&one, "SELECT last_insert_rowid(), group_concat(x) FROM t").await;
        let expected = [wit::Value::Integer(8), wit::Value::Text("a,b,c".into())];
        assert_eq!(format!("{:?}", found[0]), format!("{expected:?}"));
        assert_eq!((one.last_insert_rowid(), one.changes()), (8, 2));
        rows(&one, "UPDATE t SET x = 'e' WHERE n = 100").await;
        assert_eq!((one.last_insert_rowid(), one.changes()), (8, 1));
        // What is set up within a transaction is not for all who write.
        rows(&one, "BEGIN IMMEDIATE").await;
        rows(&one, "CREATE TEMP TABLE mine (x)").await;
        rows(&one, "COMMIT").await;
        let other = session().await;
        rows(&other, "BEGIN IMMEDIATE").await;
        other.run("INSERT INTO mine VALUES (1)", vec![]).await.err().unwrap();
        rows(&other, "COMMIT").await;
        rows(&one, "INSERT INTO mine VALUES (1)").await;
        // In SQL it would be that connection's, whoever's it was.
        let error = one.run("SELECT Changes()", vec![]).await.err().unwrap();
        assert!(format!("{error:?}").contains("not authorized"), "{error:?}");
    }

    #[tokio::test]
    async fn databases_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("a/data");
        let databases = databases(&data);
        let session = Arc::new(Session::opened(&databases.0["default"]).unwrap());
        rows(&session, "PRAGMA journal_mode = WAL").await;
        rows(&session, "CREATE TABLE t (x)").await;
        for (file, expected) in [
            ("", 0o700),
            ("sqlite", 0o700),
            ("sqlite/default.db", 0o600),
            ("sqlite/default.db-wal", 0o600),
            ("sqlite/default.db-shm", 0o600),
        ] {
            let mode = std::fs::metadata(data.join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, expected, "{file}");
        }
    }

    /// How many descriptors of a file this process has.
    fn descriptors(file: &Path) -> usize {
        let all = std::fs::read_dir("/proc/self/fd").unwrap();
        all.filter(|fd| {
            let fd = fd.as_ref().unwrap().path();
            std::fs::read_link(fd).is_ok_and(|open| open == file)
        })
        .count()
    }

    #[tokio::test]
    async fn what_a_burst_has_opened_is_closed_when_it_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let databases = databases(&folder);
        let database = &databases.0["default"];
        let file = folder.join("sqlite/default.db");
        let maker = Arc::new(Session::opened(database).unwrap());
        rows(&maker, "PRAGMA journal_mode = WAL").await;
        rows(&maker, "CREATE TABLE t (x)").await;
        let mut sessions = vec![maker];
        for n in 0..40 {
            let session = Arc::new(Session::opened(database).unwrap());
            rows(&session, "PRAGMA synchronous = NORMAL").await;
            rows(&session, &format!("INSERT INTO t VALUES ({n})")).await;
            sessions.push(session);
        }
        assert!(descriptors(&file) > 40);
        databases.tidy();
        assert!(descriptors(&file) > 40, "they are in use");
        for session in sessions {
            Arc::into_inner(session).unwrap().end();
        }
        assert!(descriptors(&file) > 40, "SQLite keeps them by itself");
        databases.tidy();
        assert_eq!(descriptors(&file), 1, "the anchor's");
        // Nothing is lost, and it goes on as before.
        let session = Arc::new(Session::opened(database).unwrap());
        assert_eq!(rows(&session, "SELECT x FROM t").await.len(), 40);
        rows(&session, "PRAGMA synchronous = NORMAL").await;
        rows(&session, "INSERT INTO t VALUES (40)").await;
        drop(Handle(Some(session)));
        // A few are kept.
        databases.tidy();
        assert!(descriptors(&file) > 1);
    }

    #[tokio::test]
    async fn the_log_does_not_grow_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let databases = databases(folder.path());
        let session = Arc::new(Session::opened(&databases.0["default"]).unwrap());
        rows(&session, "PRAGMA journal_mode = WAL").await;
        rows(&session, "PRAGMA synchronous = NORMAL").await;
        rows(&session, "CREATE TABLE t (x)").await;
        let log = folder.path().join("sqlite/default.db-wal");
        let mut longest = 0;
        for _ in 0..6_000 {
            rows(&session, "INSERT INTO t VALUES (randomblob(2000))").await;
            longest = longest.max(std::fs::metadata(&log).unwrap().len());
            tokio::task::yield_now().await;
        }
        assert!(longest < 32 << 20, "{longest} bytes, of 24 million that were written");
    }

    #[tokio::test]
    async fn all_types_go_in_and_come_out() {
        let folder = tempfile::tempdir().unwrap();
        let session = Arc::new(Session::opened(&databases(folder.path()).0["default"]).unwrap());
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
        let session = Arc::new(Session::opened(&databases(folder.path()).0["default"]).unwrap());
        let other = folder.path().join("other.db");
        let attach = format!("ATTACH DATABASE '{}' AS other", other.display());
        let error = session.run(&attach, vec![]).await.err().unwrap();
        assert!(format!("{error:?}").contains("not authorized"), "{error:?}");
    }
}
