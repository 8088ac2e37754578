//! Asking `orders` to hold nothing while a listing changes.
//!
//! `orders` alone knows what is held. It is asked before the change is committed, and gives nothing
//! out until it has seen the change, or has asked here, some seconds later, and learnt that there was
//! none. So no buyer ever gets a listing at a price, or in a number, that its seller has just
//! changed, however long the event of the change takes.

use boxoffice_contract::orders::Frozen;
use boxoffice_kernel::http::serve::RequestId;
use boxoffice_kernel::identity::User;
use boxoffice_kernel::peer::{Call, Peer};
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Problem, Timestamp};
use http::Method;

use crate::ticket::Ticket;

const ORDERS: Peer = Peer { name: "orders", base_url: "orders_base_url" };

/// Freezes `ticket`, whose seller is `user`.
///
/// # Errors
/// 409 while some of it is held, 503 when `orders` does not answer.
pub(crate) async fn freeze(ticket: &Ticket, user: &User, request_id: &RequestId) -> Result<Frozen> {
    let path = format!("/internal/listings/{}/freeze", ticket.id);
    let call = Call::by(user, Method::POST, &path, request_id);
    let frozen = ORDERS.ask(call, Some(&ticket.state())).await?;
    frozen.ok_or_else(|| Problem::internal(anyhow::anyhow!("orders does not answer at {path}")))
}

/// Checks, right before the commit, that what `orders` has promised still holds.
///
/// # Errors
/// 503 when we were too slow; nothing has changed then.
pub(crate) fn still_holds(frozen: &Frozen) -> Result<()> {
    if Timestamp::now() < frozen.frozen_until {
        return Ok(());
    }
    let cause = anyhow::anyhow!("a change took longer than the freeze of its listing");
    Err(Problem::unavailable("That took too long; try again", 1, cause))
}
