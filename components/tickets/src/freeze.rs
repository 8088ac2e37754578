//! Asking `orders` to hold nothing more while a listing changes.
//!
//! `orders` alone knows what is held. It is asked before the change is committed, and gives nothing
//! out until it has seen the change, or has asked here, some seconds later, and learnt that there was
//! none. So no buyer ever gets a listing at a price, or in a number, that its seller has just
//! changed, however long the event of the change takes.
//!
//! What is held already stays held, at its price: an order keeps both. It can only become less
//! meanwhile. So a quantity that has room for what is held and sold has room for it at the commit.

use boxoffice_contract::orders::{Freeze, Frozen};
use boxoffice_kernel::peer::{Call, Peer};
use boxoffice_kernel::{Timestamp, UserCx};
use http::Method;

use crate::refusal::{Refusal, Result};
use crate::ticket::Ticket;

const ORDERS: Peer = Peer { name: "orders", base_url: "orders_base_url" };

/// Freezes `ticket`, whose seller is asking.
///
/// A fan's ticket is frozen only while nobody holds it. When its offer ends, the fan can enter with it
/// again, and a buyer who held it would pay for nothing.
///
/// # Errors
/// That a fan's ticket is held; that `orders` does not answer.
pub(crate) async fn freeze(cx: &UserCx, ticket: &Ticket) -> Result<Frozen> {
    let path = format!("/internal/listings/{}/freeze", ticket.id);
    let call = Call::by(cx, Method::POST, &path);
    let freeze = Freeze { ticket: ticket.state(), while_held: ticket.resale_of.is_none() };
    let frozen = ORDERS.ask(call, Some(&freeze)).await?;
    Ok(frozen.ok_or_else(|| anyhow::anyhow!("orders does not answer at {path}"))?)
}

/// Checks, right before the commit, that what `orders` has promised still holds.
///
/// # Errors
/// That we were too slow; nothing has changed then.
pub(crate) fn still_holds(frozen: &Frozen) -> Result<()> {
    if Timestamp::now() < frozen.frozen_until { Ok(()) } else { Err(Refusal::TooSlow) }
}
