//! Postgres through `spin:postgres`.
//!
//! Hosts keep connections in a pool, of 64 to an address, and whoever finds none left waits: for ever
//! in Spin. So a connection is held for as long as it is used and no longer, nobody holds one while
//! they wait for another, and nobody waits for long.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::{Either, select};
use send_wrapper::SendWrapper;
use spin_sdk::pg::{
    Connection, DbError, DbValue, Error as SdkError, ParameterValue, PgError, QueryError,
};
use spin_sdk::time::sleep;
use spin_sdk::wit_bindgen::StreamResult;

use super::dialect;
use super::{Constraint, Error, Query, Record, Result, Value};

/// How long to wait for a connection, in all.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often to ask for one while Postgres is away, and how long to wait after the first time; each
/// wait is twice as long as the one before.
const ATTEMPTS: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// How many rows of an answer are read in one go.
const ROWS_AT_ONCE: usize = 128;
/// What Postgres is to do about those who wait or forget. A transaction whose component has crashed
/// stays open in Spin's pool, with its locks: it must end by itself, and before those give up who wait
/// for them.
const SETTINGS: &str = "-c idle_in_transaction_session_timeout=5000 -c lock_timeout=6000 \
                        -c statement_timeout=20000";

/// A connection in the hands of one request; it goes back to the pool when dropped. A transaction
/// that is open then is rolled back.
pub(crate) struct Lease {
    connection: Option<Connection>,
    in_transaction: AtomicBool,
}

impl Lease {
    /// A connection to the database at `url`, such as `postgres://user:password@host:5432/name`.
    pub(super) async fn take(url: &str) -> Result<Self> {
        let address = with_settings(url);
        let connection = SendWrapper::new(open_in_time(&address)).await?;
        Ok(Self { connection: Some(connection), in_transaction: AtomicBool::new(false) })
    }

    pub(super) async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Record>> {
        self.run(dialect::postgres(sql), params).await
    }

    /// Runs a statement of a migration.
    pub(super) async fn define(&self, sql: &str) -> Result<()> {
        self.run(boxoffice_schema::postgres_schema(sql), &[]).await.map(drop)
    }

    /// Begins a transaction. Each of its statements sees what others have committed before it, and
    /// waits for those that are changing the rows that it is to change: what decides is one guarded
    /// statement, or comes after one that has locked the row.
    pub(super) async fn begin(&self) -> Result<()> {
        if self.in_transaction.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        self.run("BEGIN ISOLATION LEVEL READ COMMITTED".to_owned(), &[]).await.map(drop)
    }

    /// Where nothing has begun yet, the one statement that there is commits itself.
    pub(super) async fn commit(&self, guards: &[Query], inserts: &[Query]) -> Result<()> {
        let has_begun = self.has_begun();
        if let Some((sql, params)) = dialect::postgres_together(guards, inserts) {
            let outcome = self.run(sql, &params).await.map(drop);
            if !has_begun {
                return outcome;
            }
            outcome.map_err(Error::before_commit)?;
        }
        if !has_begun {
            return Ok(());
        }
        let outcome = self.run("COMMIT".to_owned(), &[]).await;
        match outcome {
            Ok(_) => {
                self.in_transaction.store(false, Ordering::Relaxed);
                Ok(())
            }
            // The first two are said instead of committing.
            Err(error @ (Error::Undone(_) | Error::Constraint(_) | Error::Lost(_))) => Err(error),
            // Whatever else may have come after the deed.
            Err(error) => Err(Error::Lost(error.to_string())),
        }
    }

    /// Whether a transaction has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.in_transaction.load(Ordering::Relaxed)
    }

    async fn run(&self, sql: String, params: &[Value]) -> Result<Vec<Record>> {
        let Some(connection) = &self.connection else {
            return Err(Error::Failed("the connection was already given back".to_owned()));
        };
        SendWrapper::new(run(connection, sql, params)).await
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.in_transaction.load(Ordering::Relaxed) {
            return;
        }
        // Spin's pool does not do it: the next user would find the transaction open, and until then
        // its locks would keep others waiting.
        if let Some(connection) = self.connection.take() {
            spin_sdk::wasip3::spawn(async move {
                // What fails here has no transaction any more.
                let _ = connection.execute("ROLLBACK", []).await;
            });
        }
    }
}

/// `url` with our settings, unless it brings its own.
fn with_settings(url: &str) -> Cow<'_, str> {
    if url.contains("options=") {
        return url.into();
    }
    if !url.contains("://") {
        return format!("{url} options='{SETTINGS}'").into();
    }
    let sign = if url.contains('?') { '&' } else { '?' };
    let settings = SETTINGS.replace(' ', "%20").replace('=', "%3D");
    format!("{url}{sign}options={settings}").into()
}

async fn open_in_time(address: &str) -> Result<Connection> {
    match select(pin!(open(address)), pin!(sleep(PATIENCE))).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => Err(Error::Busy("no connection was free in time".to_owned())),
    }
}

async fn open(address: &str) -> Result<Connection> {
    let mut pause = FIRST_PAUSE;
    for _ in 1..ATTEMPTS {
        match Connection::open(address).await.map_err(explain) {
            Err(Error::Busy(_)) => sleep(pause).await,
            outcome => return outcome,
        }
        pause *= 2;
    }
    Connection::open(address).await.map_err(explain)
}

async fn run(connection: &Connection, sql: String, params: &[Value]) -> Result<Vec<Record>> {
    let params: Vec<ParameterValue> = params.iter().cloned().map(into_postgres).collect();
    let (columns, mut stream, end) =
        connection.query(sql, params).await.map_err(explain)?.into_inner();
    let columns: Arc<[String]> =
        columns.into_iter().map(|column| column.name).collect::<Vec<_>>().into();
    let mut rows = Vec::new();
    loop {
        // As many at once as a page has: each reading costs as much as a statement's own call.
        let (status, read) = stream.read(Vec::with_capacity(ROWS_AT_ONCE)).await;
        for row in read {
            let values = row.into_iter().map(from_postgres).collect::<Result<_>>()?;
            rows.push(Record::new(Arc::clone(&columns), values));
        }
        if !matches!(status, StreamResult::Complete(_)) {
            break;
        }
    }
    end.await.map_err(|error| explain(SdkError::PgError(error)))?;
    Ok(rows)
}

fn into_postgres(value: Value) -> ParameterValue {
    match value {
        Value::Null => ParameterValue::DbNull,
        Value::Int(number) => ParameterValue::Int64(number),
        // Postgres has no NUL in texts. Nothing that we store has one; what people look for may.
        Value::Text(text) if text.contains('\0') => {
            ParameterValue::Str(text.replace('\0', "\u{fffd}"))
        }
        Value::Text(text) => ParameterValue::Str(text),
    }
}

fn from_postgres(value: DbValue) -> Result<Value> {
    match value {
        DbValue::DbNull => Ok(Value::Null),
        DbValue::Int64(number) => Ok(Value::Int(number)),
        DbValue::Int32(number) => Ok(Value::Int(number.into())),
        DbValue::Int16(number) => Ok(Value::Int(number.into())),
        DbValue::Str(text) => Ok(Value::Text(text)),
        other => Err(Error::Row(format!("a value has an unsupported type: {other:?}"))),
    }
}

fn explain(error: SdkError) -> Error {
    match error {
        SdkError::PgError(PgError::ConnectionFailed(text)) => not_connected(text),
        SdkError::PgError(PgError::QueryFailed(QueryError::DbError(error))) => said(&error),
        SdkError::PgError(PgError::QueryFailed(QueryError::Text(text))) => unsaid(text),
        other => Error::Failed(other.to_string()),
    }
}

/// Why there is no connection. Hosts tell it in a text alone: what will be no better later is told
/// from the rest by what they, and Postgres's client, write.
fn not_connected(text: String) -> Error {
    if text.contains("is not permitted") {
        return Error::Failed(format!("{text}: set the variable <service>_db_host to it"));
    }
    // SQLSTATE: class 28, wrong password; 3D000, no such database. "Config": an invalid address.
    let for_good = [
        "SqlState(E28",
        "SqlState(E3D000)",
        "kind: Config",
        "invalid connection string",
        "InvalidCertificate(",
    ];
    match for_good.iter().any(|mark| text.contains(mark)) {
        true => Error::Failed(text),
        false => Error::Busy(text),
    }
}

/// What the client says where Postgres has not: that the connection is gone, or that the call was
/// wrong.
fn unsaid(text: String) -> Error {
    match ["kind: Closed", "kind: Io"].iter().any(|mark| text.contains(mark)) {
        true => Error::Lost(text),
        false => Error::Failed(text),
    }
}

/// What Postgres says (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn said(error: &DbError) -> Error {
    let text = || format!("{} {}", error.code, error.message);
    let extra = |wanted: &str| {
        let found = error.extras.iter().find(|(name, _)| name == wanted);
        found.map_or("", |(_, value)| value.as_str())
    };
    match error.code.as_str() {
        "23505" => Error::Constraint(Constraint::Unique(format!(
            "{}.{}",
            extra("table"),
            extra("constraint")
        ))),
        "23514" => Error::Constraint(Constraint::Check(extra("constraint").to_owned())),
        code if code.starts_with("23") => Error::Constraint(Constraint::Other(text())),
        "40001" | "40P01" => Error::Undone(text()),
        "42P01" => Error::NoTable(text()),
        // A guard has changed nothing: see `dialect::postgres_together`.
        "22012" => Error::Overtaken(text()),
        // It waited too long for a lock, or ran too long; it was undone.
        "55P03" | "57014" => Error::Busy(text()),
        // Postgres ends, starts, or has ended this session in the midst of a transaction.
        "57P01" | "57P02" | "57P03" | "25P03" => Error::Lost(text()),
        // No more connections, memory or room; or a server that only reads, as after a failover.
        "25006" => Error::Busy(text()),
        code if code.starts_with("53") => Error::Busy(text()),
        code if code.starts_with("08") => Error::Lost(text()),
        _ => Error::Failed(text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, extras: &[(&str, &str)]) -> Error {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let error = DbError {
            as_text: String::new(),
            severity: "ERROR".to_owned(),
            code: code.to_owned(),
            message: "as it says".to_owned(),
            detail: None,
            extras: extras.iter().map(owned).collect(),
        };
        explain(SdkError::PgError(PgError::QueryFailed(QueryError::DbError(error))))
    }

    #[test]
    fn what_postgres_says_is_told_apart() {
        let unique = [("table", "auth_users"), ("constraint", "auth_users_email_key")];
        assert!(error("23505", &unique).is_unique("auth_users"));
        assert!(matches!(
            error("23514", &[("constraint", "orders_no_oversell")]),
            Error::Constraint(Constraint::Check(name)) if name == "orders_no_oversell"
        ));
        assert!(matches!(error("23502", &[]), Error::Constraint(Constraint::Other(_))));
        assert!(matches!(error("40P01", &[]), Error::Undone(_)));
        assert!(matches!(error("42P01", &[]), Error::NoTable(_)));
        assert!(matches!(error("55P03", &[]), Error::Busy(_)));
        assert!(matches!(error("25006", &[]), Error::Busy(_)));
        assert!(matches!(error("53300", &[]), Error::Busy(_)));
        assert!(matches!(error("57P01", &[]), Error::Lost(_)));
        assert!(matches!(error("42601", &[]), Error::Failed(_)));
    }

    #[test]
    fn what_was_lost_before_the_commit_was_not_done() {
        let lost = unsaid("Error { kind: Closed, cause: None }".to_owned());
        assert!(matches!(lost.before_commit(), Error::Undone(_)));
        assert!(matches!(unsaid("Error { kind: ToSql(0) }".to_owned()), Error::Failed(_)));
    }

    #[test]
    fn only_some_connections_are_worth_another_try() {
        let of = |text: &str| not_connected(text.to_owned());
        let refused = "Backend(Error { kind: Connect, cause: Some(Os { code: 111 }) })";
        assert!(matches!(of(refused), Error::Busy(_)));
        let password =
            "Backend(Error { kind: Db, cause: Some(DbError { code: SqlState(E28P01) }) })";
        assert!(matches!(of(password), Error::Failed(_)));
        let untrusted = "its certificate is from an authority that this machine does not trust (Backend(\
                         Error { kind: Tls, cause: Some(Custom { kind: InvalidData, error: \
                         InvalidCertificate(UnknownIssuer) }) }))";
        assert!(matches!(of(untrusted), Error::Failed(_)));
        let denied = "address postgres://db:5432 is not permitted";
        assert!(matches!(of(denied), Error::Failed(text) if text.contains("_db_host")));
    }

    #[test]
    fn settings_are_added_to_addresses_that_have_none() {
        let url = with_settings("postgres://u:p@db/shop");
        let settings = "?options=-c%20idle_in_transaction_session_timeout%3D5000%20-c%20lock";
        assert!(url.starts_with("postgres://u:p@db/shop") && url.contains(settings), "{url}");
        assert!(!url.contains(' '), "{url}");
        let url = with_settings("postgres://db/shop?sslmode=require");
        assert!(url.contains("sslmode=require&options="), "{url}");
        let pairs = with_settings("host=db dbname=shop");
        assert!(pairs.starts_with("host=db dbname=shop options='-c idle_in"), "{pairs}");
        let own = "postgres://db/shop?options=-c%20lock_timeout%3D1";
        assert_eq!(with_settings(own), own);
    }
}
