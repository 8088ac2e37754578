//! One call's way through: parse, execute in a transaction, remember the answer, reply.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{http::StatusCode, response::Response};
use rusqlite::Connection;
use serde_json::Value;

use crate::{
    call::Call,
    errors::Error,
    expand,
    form::Params,
    idempotency::{self, InFlight, Record},
    ledger::Ledger,
    webhooks::{self, Webhooks},
};

/// What all handlers share.
pub(crate) type SharedApp = Arc<App>;

/// The state of a running sandbox.
pub(crate) struct App {
    ledger: Ledger,
    in_flight: InFlight,
    api_key: Option<String>,
    now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    address: SocketAddr,
    webhooks: Webhooks,
}

/// What a call works with while it executes.
pub(crate) struct Scope<'a> {
    /// The ledger, in this call's transaction.
    pub(crate) db: &'a Connection,
    /// The time, in seconds since 1970: the same throughout the call.
    pub(crate) now: i64,
    /// The sandbox's base URL as the client sees it.
    pub(crate) base: &'a str,
    /// Whether anybody is to be told of what happens.
    pub(crate) heard: bool,
}

/// A call's outcome: what it wrote stands, and this is what the client gets.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// The JSON body.
    pub(crate) body: Value,
}

impl From<Value> for Answer {
    fn from(body: Value) -> Self {
        Self { status: StatusCode::OK, body }
    }
}

/// An answer as it goes out, perhaps not for the first time.
struct Kept {
    status: StatusCode,
    body: String,
    original: String,
    replayed: bool,
}

impl App {
    /// A sandbox that listens on `address` and keeps its books in `ledger`.
    pub(crate) fn new(
        ledger: Ledger,
        api_key: Option<String>,
        now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
        address: SocketAddr,
    ) -> Self {
        let (in_flight, webhooks) = (InFlight::default(), Webhooks::default());
        Self { ledger, in_flight, api_key, now, address, webhooks }
    }

    /// What sends events.
    pub(crate) fn webhooks(&self) -> &Webhooks {
        &self.webhooks
    }

    /// The only key that is accepted; `None` accepts any.
    pub(crate) fn api_key(&self) -> Option<&str> {
        self.api_key.as_deref()
    }

    /// Where the sandbox listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Executes a call that changes nothing: `parse` takes its parameters, `work` finds the answer.
    pub(crate) async fn read<T: Send + 'static>(
        self: Arc<Self>,
        mut call: Call,
        parse: impl FnOnce(&mut Params) -> Result<T, Error>,
        work: impl FnOnce(&Scope<'_>, T) -> Result<Value, Error> + Send + 'static,
    ) -> Response {
        let (input, paths) = match parsed(&mut call.params, parse) {
            Ok(parsed) => parsed,
            Err(error) => return call.envelope.respond(error.answer()),
        };
        let base = call.base;
        let outcome = blocking(move || {
            self.view(&base, |scope| {
                let mut body = work(scope, input)?;
                expand::apply(scope.db, &mut body, &paths)?;
                Ok(body)
            })
        })
        .await;
        call.envelope.respond(outcome.map_or_else(Error::answer, Answer::from))
    }

    /// Executes a call that may change the ledger, at most once for its idempotency key.
    ///
    /// An error of `parse` is not remembered, as with Stripe; whatever `work` answers is. When `work`
    /// fails with a refusal, what it wrote is undone; when it answers, even with an error status (a
    /// decline), what it wrote stands.
    pub(crate) async fn write<T: Send + 'static>(
        self: Arc<Self>,
        mut call: Call,
        parse: impl FnOnce(&mut Params) -> Result<T, Error>,
        work: impl FnOnce(&Scope<'_>, T) -> Result<Answer, Error> + Send + 'static,
    ) -> Response {
        let entered = parsed(&mut call.params, parse).and_then(|parsed| {
            let slot = call.key.as_ref().map(|key| self.in_flight.enter(key)).transpose()?;
            Ok((parsed, slot))
        });
        let ((input, paths), slot) = match entered {
            Ok(entered) => entered,
            Err(error) => return call.envelope.respond(error.answer()),
        };
        let envelope = call.envelope.clone();
        let app = self.clone();
        let outcome = blocking(move || {
            // Held until the commit, even if the client has hung up.
            let _slot = slot;
            app.execute(&call, |scope| {
                let mut answer = work(scope, input)?;
                if answer.status.is_success() {
                    expand::apply(scope.db, &mut answer.body, &paths)?;
                }
                Ok(answer)
            })
        })
        .await;
        webhooks::before_answer(&self).await;
        match outcome {
            Ok(Kept { status, body, original, replayed }) => {
                envelope.respond_kept(status, body, &original, replayed)
            }
            Err(error) => envelope.respond(error.answer()),
        }
    }

    /// Runs `work` on a consistent state of the ledger. Blocks.
    pub(crate) fn view<T>(
        &self,
        base: &str,
        work: impl FnOnce(&Scope<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let now = self.now();
        self.ledger.read(|db| work(&Scope { db, now, base, heard: false }))
    }

    /// Runs `work` in a transaction of its own. Blocks.
    pub(crate) fn change<T>(
        &self,
        base: &str,
        work: impl FnOnce(&Scope<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let now = self.now();
        let heard = self.webhooks.are_heard();
        let outcome = self.ledger.change(|db| work(&Scope { db, now, base, heard }));
        self.webhooks.ring();
        outcome
    }

    fn execute(
        &self,
        call: &Call,
        work: impl FnOnce(&Scope<'_>) -> Result<Answer, Error>,
    ) -> Result<Kept, Error> {
        self.change(&call.base, |scope| {
            if let Some(key) = &call.key
                && let Some(known) = idempotency::find(scope.db, key, scope.now)?
            {
                known.check(key, &call.path, &call.fingerprint)?;
                return replay(known);
            }
            let answer = undoing_refusals(scope, work)?;
            let body = answer.body.to_string();
            if let Some(key) = &call.key {
                let record = Record {
                    path: call.path.clone(),
                    params: call.fingerprint.clone(),
                    request: call.envelope.request.clone(),
                    status: answer.status.as_u16(),
                    body: body.clone(),
                };
                idempotency::keep(scope.db, key, &record, scope.now)?;
            }
            let original = call.envelope.request.clone();
            Ok(Kept { status: answer.status, body, original, replayed: false })
        })
    }

    /// The time, in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        let since = (self.now)().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }
}

/// Takes a call's own parameters and `expand[]`; what is left is unknown.
fn parsed<T>(
    params: &mut Params,
    parse: impl FnOnce(&mut Params) -> Result<T, Error>,
) -> Result<(T, Vec<String>), Error> {
    let paths = params.texts("expand")?.unwrap_or_default();
    let input = parse(params)?;
    params.finish()?;
    Ok((input, paths))
}

fn replay(known: Record) -> Result<Kept, Error> {
    let status = StatusCode::from_u16(known.status)
        .map_err(|error| Error::Internal(anyhow::Error::new(error)))?;
    Ok(Kept { status, body: known.body, original: known.request, replayed: true })
}

/// Runs `work` so that a refusal becomes an answer and leaves nothing behind.
fn undoing_refusals(
    scope: &Scope<'_>,
    work: impl FnOnce(&Scope<'_>) -> Result<Answer, Error>,
) -> Result<Answer, Error> {
    scope.db.execute_batch("SAVEPOINT work")?;
    let answer = match work(scope) {
        Ok(answer) => answer,
        Err(Error::Refused(refusal)) => {
            scope.db.execute_batch("ROLLBACK TO work")?;
            refusal.answer()
        }
        Err(error) => return Err(error),
    };
    scope.db.execute_batch("RELEASE work")?;
    Ok(answer)
}

/// Runs `work`, which blocks on SQLite, off the async workers.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(panicked) => Err(Error::Internal(anyhow::Error::new(panicked))),
    }
}
