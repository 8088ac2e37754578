//! What the services are asked in the visitor's name, and what they answer.
//!
//! | module | holds |
//! |---|---|
//! | [`tickets`], [`orders`], [`payments`], [`ledger`], [`admissions`], [`door`] | what a service tells, and how to ask it |
//! | [`refusal`] | a service's no |

pub(crate) mod admissions;
pub(crate) mod door;
pub(crate) mod ledger;
pub(crate) mod orders;
pub(crate) mod payments;
mod refusal;
pub(crate) mod tickets;

use std::time::Duration;

use anyhow::Context;
use boxoffice_contract::orders::{EXPECTED_PRICE, ExpectedPrice};
use boxoffice_kernel::command::IDEMPOTENCY_KEY;
use boxoffice_kernel::peer::{self, Call, Peer};
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Problem, http::etag};
use bytes::Bytes;
use http::header::{HeaderName, HeaderValue, IF_MATCH};
use http::{HeaderMap, Method, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use refusal::{Refusal, sentence};

use crate::visitor::Visit;

pub(crate) const AUTH: Peer = Peer { name: "auth", base_url: "auth_base_url" };
pub(crate) const TICKETS: Peer = Peer { name: "tickets", base_url: "tickets_base_url" };
pub(crate) const ORDERS: Peer = Peer { name: "orders", base_url: "orders_base_url" };
pub(crate) const ADMISSIONS: Peer = Peer { name: "admissions", base_url: "admissions_base_url" };
pub(crate) const MAIL: Peer = Peer { name: "mail", base_url: "mail_base_url" };
pub(crate) const PAYMENTS: Peer = Peer { name: "payments", base_url: "payments_base_url" };

/// The header that carries the key of a link for a door's staff.
const DOOR_KEY: HeaderName = HeaderName::from_static("x-door-key");
/// How long a service may take for a change, which may wait for the payment provider.
const PATIENCE: Duration = Duration::from_secs(20);

/// A call that changes something.
pub(crate) struct Change<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    /// Makes a repeat harmless; empty for none.
    pub(crate) key: &'a str,
    /// The version that the change is based on.
    pub(crate) version: Option<i64>,
    /// The key of a link for a door's staff.
    pub(crate) door_key: Option<&'a str>,
    /// The price that the visitor saw.
    pub(crate) price: Option<ExpectedPrice>,
}

impl<'a> Change<'a> {
    pub(crate) const fn new(method: Method, path: &'a str, key: &'a str) -> Self {
        Self { method, path, key, version: None, door_key: None, price: None }
    }
}

impl Visit {
    fn call<'a>(&'a self, method: Method, path: &'a str, headers: HeaderMap) -> Call<'a> {
        let token = self.user.as_ref().map(|user| user.token.as_str());
        Call { token, headers, ..Call::by_nobody(&self.cx, method, path) }
    }

    /// Reads what is at `path`; `None` if there is no such thing.
    ///
    /// # Errors
    /// As of [`Peer::ask`].
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        peer: &Peer,
        path: &str,
    ) -> Result<Option<T>> {
        Ok(self.ask(peer, path).await?)
    }

    /// Reads what is the visitor's own at `path` of `auth`; `None` if their session has ended.
    ///
    /// # Errors
    /// As of [`Peer::ask`].
    pub(crate) async fn read_mine<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        match self.read(&AUTH, path).await {
            Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => Ok(None),
            read => read,
        }
    }

    /// Reads the same, where a service that does not answer is no reason to give up.
    ///
    /// # Errors
    /// As of [`Peer::ask`].
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        peer: &Peer,
        path: &str,
    ) -> Result<Option<T>, peer::Error> {
        peer.ask(self.call(Method::GET, path, HeaderMap::new()), None::<&()>).await
    }

    /// Reads the file at `path`, as it is.
    ///
    /// # Errors
    /// The service's refusal; 503 where it did not answer, or broke.
    pub(crate) async fn file(&self, peer: &Peer, path: &str) -> Result<Response<Bytes>> {
        let read = Change::new(Method::GET, path, "");
        let answer = self.command(peer, read, None::<&()>).await?;
        answer.map_err(Refusal::into_problem)
    }

    /// Has a service change something: its answer if it did, its refusal if it did not.
    ///
    /// # Errors
    /// Where it cannot be told whether it did.
    pub(crate) async fn change(
        &self,
        peer: &Peer,
        change: Change<'_>,
        body: Option<&impl Serialize>,
    ) -> anyhow::Result<Result<Response<Bytes>, Refusal>> {
        let mut headers = HeaderMap::new();
        // A key that is none is nobody's fault but that of whoever made the form up.
        if let Ok(key) = HeaderValue::try_from(change.key)
            && !key.is_empty()
        {
            headers.insert(IDEMPOTENCY_KEY, key);
        }
        if peer.name == AUTH.name {
            headers.extend(self.browser.clone());
        }
        if let Some(version) = change.version {
            headers.insert(IF_MATCH, etag::of(version));
        }
        if let Some(key) = change.door_key.and_then(|key| HeaderValue::try_from(key).ok()) {
            headers.insert(DOOR_KEY, key);
        }
        if let Some(price) = change.price {
            headers.insert(EXPECTED_PRICE, HeaderValue::try_from(price.to_string())?);
        }
        // Sorted by their names: a repeat by another version of the pages has the same digest.
        let body = body.map(serde_json::to_value).transpose()?;
        let call = self.call(change.method, change.path, headers);
        let answer = peer.send_within(PATIENCE, call, body.as_ref()).await?;
        Ok(if answer.status().is_success() { Ok(answer) } else { Err(Refusal::read(&answer)) })
    }

    /// The same where it does not matter how the service failed.
    ///
    /// # Errors
    /// 503 where it did not answer, or broke.
    pub(crate) async fn command(
        &self,
        peer: &Peer,
        change: Change<'_>,
        body: Option<&impl Serialize>,
    ) -> Result<Result<Response<Bytes>, Refusal>> {
        let away = |cause| {
            let detail = format!("The {} service does not answer right now; try again", peer.name);
            Problem::unavailable(detail, 2, cause)
        };
        match self.change(peer, change, body).await {
            Ok(Err(refusal)) if refusal.status.is_server_error() => {
                Err(away(anyhow::anyhow!("{} answered {}", peer.name, refusal.status)))
            }
            Ok(outcome) => Ok(outcome),
            Err(cause) => Err(away(cause)),
        }
    }
}

/// `text` as it can stand in a query.
pub(crate) fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// What a service has made, as its answer says.
///
/// # Errors
/// When it does not.
pub(crate) fn made<T: DeserializeOwned>(answer: &Response<Bytes>) -> Result<T> {
    let made = serde_json::from_slice(answer.body());
    Ok(made.context("reading the id in a service's answer")?)
}
