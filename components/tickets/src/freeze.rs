//! Asking `orders` to hold nothing while a listing changes.
//!
//! `orders` alone knows what is held. It is asked before the change is committed, and gives nothing
//! out until it has seen the change, or has asked here, some seconds later, and learnt that there was
//! none. So no buyer ever gets a listing at a price, or in a number, that its seller has just
//! changed, however long the event of the change takes.

use boxoffice_kernel::peer::{Call, Peer};
use boxoffice_kernel::{Timestamp, UserCx};
use http::Method;
use serde::Deserialize;

use crate::refusal::{Refusal, Result};
use crate::ticket::Ticket;

const ORDERS: Peer = Peer { name: "orders", base_url: "orders_base_url" };

/// What `orders` promises.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Frozen {
    /// How many tickets are sold; as long as it is frozen, no more will be.
    pub(crate) sold: i64,
    /// Until when nothing is given out.
    frozen_until: Timestamp,
}

/// Freezes `ticket`, whose seller is asking.
///
/// # Errors
/// That some of it is held; that `orders` does not answer.
pub(crate) async fn freeze(cx: &UserCx, ticket: &Ticket) -> Result<Frozen> {
    let path = format!("/internal/listings/{}/freeze", ticket.id);
    let call = Call::by(cx, Method::POST, &path);
    let frozen = ORDERS.ask(call, Some(&ticket.state())).await?;
    Ok(frozen.ok_or_else(|| anyhow::anyhow!("orders does not answer at {path}"))?)
}

impl Frozen {
    /// Checks, right before the commit, that the promise still holds.
    ///
    /// # Errors
    /// That we were too slow; nothing has changed then.
    pub(crate) fn still_holds(&self) -> Result<()> {
        if Timestamp::now() < self.frozen_until { Ok(()) } else { Err(Refusal::TooSlow) }
    }
}
