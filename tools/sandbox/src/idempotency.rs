//! Idempotency keys, as <https://docs.stripe.com/api/idempotent_requests> describes them.
//!
//! The first answer to a key is kept for a day, errors included, but only once the call has begun to
//! execute: a call that fails validation leaves no trace. The record is written in the transaction
//! that does the work, so there is never one without the other.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::StatusCode;
use rusqlite::{Connection, OptionalExtension, params};

use crate::errors::{Error, Refusal};

/// Stripe forgets a key after 24 hours.
const KEPT_SECONDS: i64 = 24 * 60 * 60;
/// The longest key that Stripe takes.
pub(crate) const LONGEST_KEY: usize = 255;

/// An answer that was given to a key.
#[derive(Debug)]
pub(crate) struct Record {
    /// Where the first call went.
    pub(crate) path: String,
    /// Its parameters ([`crate::form::Params::fingerprint`]).
    pub(crate) params: String,
    /// Its request id.
    pub(crate) request: String,
    /// The status that it got.
    pub(crate) status: u16,
    /// The body that it got.
    pub(crate) body: String,
}

impl Record {
    /// Refuses a call that is not the one that the key was first used for.
    pub(crate) fn check(&self, key: &str, path: &str, params: &str) -> Result<(), Error> {
        let difference = if self.path != path {
            format!("for the same endpoint they were first used for ('{path}' vs '{}')", self.path)
        } else if self.params != params {
            "with the same parameters they were first used with".to_owned()
        } else {
            return Ok(());
        };
        Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "idempotency_error",
            format!(
                "Keys for idempotent requests can only be used {difference}. Try using a key other \
                 than '{key}' if you meant to execute a different request."
            ),
        )
        .into())
    }
}

/// What was answered to `key` within the last day.
pub(crate) fn find(db: &Connection, key: &str, now: i64) -> Result<Option<Record>, Error> {
    let record = db
        .prepare_cached(
            "SELECT path, params, request, status, body FROM idempotency WHERE key = ?1 AND created > ?2",
        )?
        .query_row(params![key, now - KEPT_SECONDS], |row| {
            Ok(Record {
                path: row.get(0)?,
                params: row.get(1)?,
                request: row.get(2)?,
                status: row.get(3)?,
                body: row.get(4)?,
            })
        })
        .optional()?;
    Ok(record)
}

/// Keeps the answer to `key`, and forgets those that are older than a day.
pub(crate) fn keep(db: &Connection, key: &str, record: &Record, now: i64) -> Result<(), Error> {
    db.prepare_cached("DELETE FROM idempotency WHERE created <= ?1")?
        .execute(params![now - KEPT_SECONDS])?;
    db.prepare_cached(
        "INSERT INTO idempotency (key, path, params, request, status, body, created) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        key,
        record.path,
        record.params,
        record.request,
        record.status,
        record.body,
        now
    ])?;
    Ok(())
}

/// The keys of the calls that this process is executing.
///
/// Only for Stripe's 409: were two calls with one key to pass, in one process or in two, the ledger
/// would still let one execute and replay its answer to the other.
#[derive(Debug, Default, Clone)]
pub(crate) struct InFlight(Arc<Mutex<HashSet<String>>>);

/// A key's stay among those in flight; it leaves when this is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    keys: InFlight,
    key: String,
}

impl InFlight {
    /// Takes the key, unless a call with it is executing.
    pub(crate) fn enter(&self, key: &str) -> Result<Slot, Error> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.insert(key.to_owned()) {
            return Ok(Slot { keys: self.clone(), key: key.to_owned() });
        }
        Err(Refusal::new(
            StatusCode::CONFLICT,
            "invalid_request_error",
            format!(
                "There is currently another in-progress request using this Idempotent Key: {key}. \
                 Please try again later."
            ),
        )
        .code("idempotency_key_in_use")
        .into())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.keys.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
