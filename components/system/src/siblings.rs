//! The services, and how to ask all of them at once.

use anyhow::Result;
use boxoffice_kernel::Cx;
use boxoffice_kernel::peer::{Call, Peer};
use futures::future::join_all;
use http::{HeaderMap, Method, StatusCode};
use send_wrapper::SendWrapper;
use serde_json::Value;

/// A service, and the path below which it tells of itself.
pub(crate) struct Sibling {
    peer: Peer,
    prefix: &'static str,
}

impl Sibling {
    const fn new(name: &'static str, base_url: &'static str, prefix: &'static str) -> Self {
        Self { peer: Peer { name, base_url }, prefix }
    }

    /// What people call it.
    pub(crate) const fn name(&self) -> &'static str {
        self.peer.name
    }
}

static ALL: [Sibling; 6] = [
    Sibling::new("auth", "auth_base_url", "/api/users"),
    Sibling::new("tickets", "tickets_base_url", "/api/tickets"),
    Sibling::new("orders", "orders_base_url", "/api/orders"),
    Sibling::new("payments", "payments_base_url", "/api/payments"),
    Sibling::new("admissions", "admissions_base_url", "/api/admissions"),
    Sibling::new("mail", "mail_base_url", "/api/mail"),
];

/// What each service answers to `GET` of `file` below its prefix: the status, and the JSON.
pub(crate) async fn ask_all(file: &str) -> Vec<(&'static Sibling, Result<(StatusCode, Value)>)> {
    let asked = ALL.iter().map(async |sibling| (sibling, ask(sibling, file).await));
    SendWrapper::new(join_all(asked)).await
}

async fn ask(sibling: &Sibling, file: &str) -> Result<(StatusCode, Value)> {
    let path = format!("{}/{file}", sibling.prefix);
    let headers = HeaderMap::new();
    let call = Call { headers, ..Call::by_nobody(Cx::NONE, Method::GET, &path) };
    let answer = sibling.peer.send(call, None::<&()>).await?;
    Ok((answer.status(), serde_json::from_slice(answer.body())?))
}
