//! What writes have been until every service has gone over to units.
#![allow(missing_docs, clippy::all, reason = "on its way out")]

use axum::response::{IntoResponse, Response};
use send_wrapper::SendWrapper;

use crate::command::{self, Reply};
use crate::cx::Cx;
use crate::db::{self, Error, Lease, Query, Record, Result, Value, open};
use crate::events::Event;
use crate::events::news::TicketNews;
use crate::idempotency::Idempotency;
use crate::{Problem, Service, Trace, outbox};

pub const ATTEMPTS: u32 = 5;

/// Something to read by: a connection, or a transaction that sees its own changes.
#[allow(async_fn_in_trait, reason = "used within one component, on its one thread")]
pub trait Read {
    /// All rows that `sql` answers with.
    ///
    /// # Errors
    /// What the database says.
    async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Record>>;

    /// The first row that `sql` answers with: with `RETURNING`, whether a guarded statement
    /// changed anything.
    ///
    /// # Errors
    /// What the database says.
    async fn first(&self, sql: &str, params: &[Value]) -> Result<Option<Record>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }
}

/// A connection for reading, and for single statements that change something.
pub struct Connection {
    lease: Lease,
}

impl Connection {
    /// A connection to `service`'s tables, migrated to the newest schema.
    ///
    /// # Errors
    /// When the database cannot be opened or migrated.
    pub async fn open(service: &'static Service) -> Result<Self> {
        let mut lease = None;
        open(service, &mut lease).await?;
        let lease = lease.ok_or_else(|| Error::Failed(String::new()))?;
        Ok(Self { lease })
    }

    /// Runs a statement that failed again if that does no harm: what was undone, and what only reads.
    async fn again(&self, sql: &str, params: &[Value], mut error: Error) -> Result<Vec<Record>> {
        let reads = sql.trim_start().starts_with("SELECT");
        for _ in 1..ATTEMPTS {
            let outcome = match error {
                Error::Undone(_) => self.lease.query(sql, params).await,
                Error::Lost(_) if reads => self.lease.query(sql, params).await,
                error => return Err(error),
            };
            match outcome {
                Ok(rows) => return Ok(rows),
                Err(next) => error = next,
            }
        }
        Err(error)
    }
}

impl Read for Connection {
    async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Record>> {
        match self.lease.query(sql, params).await {
            Err(error @ (Error::Undone(_) | Error::Lost(_))) => {
                self.again(sql, params, error).await
            }
            outcome => outcome,
        }
    }
}

/// A transaction; dropped, it is rolled back.
///
/// The database hears of it with the first statement that does not wait for [`Transaction::commit`].
/// From then on it has the database's write lock on SQLite. On Postgres others are at work at the same
/// time: what a statement reads may be changed before the next one, unless the row is locked by having
/// been changed, or read `FOR UPDATE`.
///
/// One of which every statement waits for the commit holds up nobody while it is made up: on SQLite all
/// of it is run in one go, and on Postgres it is a single statement.
pub struct Transaction {
    service: &'static Service,
    trace: Trace,
    lease: Lease,
    guards: Vec<Query>,
    inserts: Vec<Query>,
    events: Vec<Event>,
    news: Vec<TicketNews>,
}

impl Transaction {
    /// Begins a transaction on `service`'s tables for what `trace` is of: the request, or the event
    /// that is being handled. The events that are emitted carry it.
    ///
    /// # Errors
    /// [`Error::Busy`] when the database is not to be had.
    pub async fn begin(service: &'static Service, trace: Trace) -> Result<Self> {
        let Connection { lease, .. } = Connection::open(service).await?;
        let (guards, inserts) = (Vec::new(), Vec::new());
        Ok(Self { service, trace, lease, guards, inserts, events: Vec::new(), news: Vec::new() })
    }

    /// Something to read by before the transaction begins, which takes no lock: what it answers with may
    /// not be so any more at the commit, unless a [`Transaction::guard`] makes sure.
    #[must_use]
    pub const fn before(&self) -> Before<'_> {
        Before(self)
    }

    /// Runs `sql` for its effect.
    ///
    /// # Errors
    /// What the database says.
    pub async fn execute(&self, sql: &str, params: &[Value]) -> Result<()> {
        self.query(sql, params).await.map(drop)
    }

    /// Locks the rows that `sql` names, a `SELECT … FOR UPDATE`, until the transaction ends. On SQLite it
    /// has the only lock that there is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lock(&self, sql: &str, params: &[Value]) -> Result<()> {
        if self.lease.locks_rows() { self.execute(sql, params).await } else { Ok(()) }
    }

    /// Has the `UPDATE` that `sql` is, without `RETURNING`, run by [`Transaction::commit`], before all
    /// else that waits for it. It has to change a row, or the commit fails as [`Error::Overtaken`]. It
    /// must not be about a row that another statement of the transaction changes.
    pub fn guard(&mut self, sql: &str, params: &[Value]) {
        let sql = format!("{sql} RETURNING 1 AS changed");
        self.guards.push(Query::new(format_args!("{sql}"), params.to_vec()));
    }

    /// Has the `INSERT` that `sql` is run by [`Transaction::commit`], with the others of its kind. It
    /// must depend on none of them, and nothing may want to read it before.
    pub fn insert(&mut self, sql: impl Into<String>, params: &[Value]) {
        let sql = sql.into();
        self.inserts.push(Query::new(format_args!("{sql}"), params.to_vec()));
    }

    /// Has `event` published if, and only if, this transaction commits, with the trace that the
    /// transaction was begun for.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event.caused_by(self.trace));
    }

    /// Has `news` told to the pages that are open once this transaction has committed, if all goes
    /// well.
    pub fn tell(&mut self, news: TicketNews) {
        self.news.push(news);
    }

    /// Commits, and has the emitted events published, and the news told, soon after.
    ///
    /// # Errors
    /// What the database says; nothing was changed then, but with [`Error::Lost`] it is not known.
    pub async fn commit(mut self) -> Result<()> {
        let events = std::mem::take(&mut self.events);
        self.inserts.extend(outbox::store(self.service, &events)?);
        self.lease.commit(&self.guards, &self.inserts).await?;
        outbox::keep(events, std::mem::take(&mut self.news));
        Ok(())
    }
}

impl Read for Transaction {
    async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Record>> {
        self.lease.begin().await.map_err(Error::before_commit)?;
        self.lease.query(sql, params).await.map_err(Error::before_commit)
    }
}

/// A transaction's connection before it begins: see [`Transaction::before`].
pub struct Before<'t>(&'t Transaction);

impl Read for Before<'_> {
    async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Record>> {
        self.0.lease.query(sql, params).await.map_err(Error::before_commit)
    }
}

pub async fn run<F>(
    service: &'static Service,
    caller: &str,
    trace: Trace,
    idempotency: &Idempotency,
    work: F,
) -> Result<Response, Problem>
where
    F: AsyncFn(&mut Transaction) -> Result<Reply, Problem>,
{
    let cx = Cx::of_trace(trace);
    let cx = caller.parse().map_or(cx.clone(), |caller| cx.called_by(caller));
    SendWrapper::new(async move {
        let mut attempt = 1;
        let problem = loop {
            match attempt_once(&cx, service, trace, idempotency, &work).await {
                Ok(reply) => return Ok(reply.into_response()),
                Err(problem) if attempt < ATTEMPTS => match database_error(&problem) {
                    Some(db::Error::Overtaken(_)) => {}
                    Some(db::Error::Undone(_)) => {}
                    _ => break problem,
                },
                Err(problem) => break problem,
            }
            attempt += 1;
        };
        command::replay(&cx, service, idempotency).await?.ok_or(problem)
    })
    .await
}

async fn attempt_once<F>(
    cx: &Cx,
    service: &'static Service,
    trace: Trace,
    idempotency: &Idempotency,
    work: &F,
) -> Result<Reply, Problem>
where
    F: AsyncFn(&mut Transaction) -> Result<Reply, Problem>,
{
    let mut transaction = Transaction::begin(service, trace).await?;
    let reply = work(&mut transaction).await?;
    if let Some(answer) = command::remembered(cx, service, idempotency, &reply)? {
        transaction.inserts.push(answer);
    }
    transaction.commit().await?;
    Ok(reply)
}

fn database_error(problem: &Problem) -> Option<&db::Error> {
    problem.cause()?.downcast_ref()
}

pub async fn replay(
    service: &'static Service,
    caller: &str,
    idempotency: &Idempotency,
) -> Result<Option<Response>, Problem> {
    let cx = Cx::default();
    let cx = caller.parse().map_or(cx.clone(), |caller| cx.called_by(caller));
    Ok(command::replay(&cx, service, idempotency).await?)
}

pub mod log {
    use std::fmt::Display;

    use crate::cx::Cx;

    pub fn failed(what: &str, error: &anyhow::Error) {
        crate::log::failed(Cx::NONE, what, error);
    }

    pub fn noted(what: &str, detail: impl Display) {
        crate::log::noted(Cx::NONE, what, detail);
    }
}

pub struct Call;

impl Call {
    pub fn by<'a>(
        user: &'a crate::identity::User,
        method: http::Method,
        path: &'a str,
        request_id: &'a crate::cx::RequestId,
    ) -> crate::peer::Call<'a> {
        crate::peer::Call {
            method,
            path,
            token: Some(&user.token),
            request_id: Some(request_id),
            headers: http::HeaderMap::new(),
        }
    }
}
