//! The SQLite file that everything is kept in.
//!
//! One connection writes, in immediate transactions, so that a call reads and changes a state that no
//! other call changes meanwhile; others read. Several processes may share the file: SQLite's lock
//! arbitrates, and whoever waits longer than [`PATIENCE`] gets [`Error::Busy`].

use std::{
    fs::{DirBuilder, OpenOptions},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::errors::{Error, Refusal};

/// How long to wait for another process that holds the file.
const PATIENCE: Duration = Duration::from_secs(5);
/// Reading connections that are kept open.
const SPARE_READERS: usize = 4;
/// The version of the schema in this build: how many files it is made of.
const SCHEMA: i64 = 3;

/// The open ledger. All methods block; call them off the async workers.
#[derive(Debug)]
pub(crate) struct Ledger {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Ledger {
    /// Opens the file at `path`, creating it and its folder if need be.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            let mut private = DirBuilder::new();
            private.recursive(true).mode(0o700).create(folder).with_context(|| {
                format!("cannot create the ledger's folder {}", folder.display())
            })?;
        }
        // SQLite makes the files beside it with the same mode.
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("cannot write the ledger {}", path.display()))?;
        let prepare = || -> anyhow::Result<Connection> {
            let mut writer = connect(path)?;
            use_wal(&writer)?;
            migrate(&mut writer)?;
            Ok(writer)
        };
        let writer =
            prepare().with_context(|| format!("cannot open the ledger {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
        })
    }

    /// Runs `work` in a transaction that is committed if it succeeds and rolled back if not.
    pub(crate) fn change<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        // A panic in `work` rolled its transaction back when it unwound; the connection is fine.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let outcome = work(&transaction)?;
        transaction.commit()?;
        Ok(outcome)
    }

    /// Runs `work` on one consistent state of the ledger, which it must not change.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let spare = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut reader = match spare {
            Some(reader) => reader,
            None => connect(&self.path)?,
        };
        let snapshot = reader.transaction_with_behavior(TransactionBehavior::Deferred)?;
        let outcome = work(&snapshot);
        drop(snapshot);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < SPARE_READERS {
            readers.push(reader);
        }
        outcome
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    // FULL: what was answered is on disk, as one expects of a bank.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Switches the file to write-ahead logging. SQLite does not wait for its lock in this one place, so
/// processes that open a new file together have to try again.
fn use_wal(connection: &Connection) -> rusqlite::Result<()> {
    let step = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && waited < PATIENCE =>
            {
                std::thread::sleep(step);
                waited += step;
            }
            outcome => return outcome,
        }
    }
}

fn migrate(connection: &mut Connection) -> anyhow::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match found {
        0..SCHEMA => {
            if found == 0 {
                transaction.execute_batch(include_str!("schema.sql"))?;
            }
            if found < 2 {
                transaction.execute_batch(include_str!("schema_2.sql"))?;
            }
            transaction.execute_batch(include_str!("schema_3.sql"))?;
            transaction.pragma_update(None, "user_version", SCHEMA)?;
        }
        SCHEMA => {}
        newer => anyhow::bail!(
            "it has schema version {newer}, this build knows up to {SCHEMA}: use a newer build, or \
             move the file away to start a new ledger"
        ),
    }
    Ok(transaction.commit()?)
}

/// An object that is kept in the ledger.
pub(crate) trait Stored: Serialize + DeserializeOwned {
    /// Its table.
    const TABLE: &'static str;
    /// What Stripe calls it in "No such …".
    const NOUN: &'static str;
    /// The list that it is in, as a path.
    const LIST: &'static str;

    /// Its id.
    fn id(&self) -> &str;
    /// When it was made, in seconds since 1970.
    fn created(&self) -> i64;
    /// The intent that it belongs to.
    fn intent(&self) -> Option<&str>;
    /// Its JSON as Stripe shows it.
    fn render(&self) -> Value;
}

/// Adds a new object.
pub(crate) fn insert<T: Stored>(db: &Connection, object: &T) -> Result<(), Error> {
    let sql =
        format!("INSERT INTO {} (id, intent, created, body) VALUES (?1, ?2, ?3, ?4)", T::TABLE);
    let body = serde_json::to_string(object)?;
    db.prepare_cached(&sql)?.execute(params![
        object.id(),
        object.intent(),
        object.created(),
        body
    ])?;
    Ok(())
}

/// Replaces an object that is there already.
pub(crate) fn update<T: Stored>(db: &Connection, object: &T) -> Result<(), Error> {
    let sql = format!("UPDATE {} SET body = ?2 WHERE id = ?1", T::TABLE);
    let body = serde_json::to_string(object)?;
    let changed = db.prepare_cached(&sql)?.execute(params![object.id(), body])?;
    if changed == 1 {
        Ok(())
    } else {
        Err(Error::Internal(anyhow::anyhow!("{} {} is gone", T::NOUN, object.id())))
    }
}

/// The object with this id, if there is one.
pub(crate) fn find<T: Stored>(db: &Connection, id: &str) -> Result<Option<T>, Error> {
    let sql = format!("SELECT body FROM {} WHERE id = ?1", T::TABLE);
    let body: Option<String> =
        db.prepare_cached(&sql)?.query_row(params![id], |row| row.get(0)).optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// The object with this id, or Stripe's `resource_missing` that names `param`.
pub(crate) fn require<T: Stored>(db: &Connection, id: &str, param: &str) -> Result<T, Error> {
    find(db, id)?.ok_or_else(|| Refusal::no_such(T::NOUN, id, param).into())
}
