//! How an order goes on from a hold: to its payment, to a sale, or back, and from a sale back.
//!
//! Each way is one guarded statement on the order's row. Whichever commits first has decided;
//! the others then find no row to change, and change nothing else either. So expiry, cancellation
//! and payment can race as they like, and no unit is freed or sold twice.

use anyhow::Result;
use boxoffice_contract::events::{PaymentState, kind};
use boxoffice_contract::orders::CancelReason;
use boxoffice_contract::{OrderId, UserId};
use boxoffice_kernel::db::{self, Query, Value};
use boxoffice_kernel::{Timestamp, Unit, query};
use boxoffice_rules::purchase;

use crate::listing::Listing;
use crate::order::{COLUMNS, Order};

/// Only what still holds its tickets can go on.
const HELD: &str = "status IN ('created', 'awaiting:payment')";

/// Ends a hold of `buyer`'s, because they gave it up.
pub(crate) async fn give_up(
    unit: &mut Unit<'_>,
    id: OrderId,
    buyer: UserId,
) -> Result<Option<Order>> {
    end(unit, giving_up(id, buyer)).await
}

/// Ends a hold of `buyer`'s, whose account may not be used any more. Its time counts as up.
pub(crate) async fn stop(unit: &mut Unit<'_>, id: OrderId, buyer: UserId) -> Result<Option<Order>> {
    end(unit, stopping(id, buyer)).await
}

/// Ends a hold whose time is up.
pub(crate) async fn expire(unit: &mut Unit<'_>, id: OrderId) -> Result<Option<Order>> {
    end(unit, expiring(id, Timestamp::now())).await
}

/// Ends a hold whose payments were declined once too often.
pub(crate) async fn decline(unit: &mut Unit<'_>, payment: &PaymentState) -> Result<Option<Order>> {
    end(unit, declining(payment)).await
}

/// Cancels an order by `ending`, and puts its tickets back on sale.
async fn end(unit: &mut Unit<'_>, ending: Query) -> Result<Option<Order>> {
    let Some(order) = unit.change::<Order>(ending).await? else { return Ok(None) };
    unit.require(Listing::free(order.ticket_id, order.quantity));
    unit.emit(order.event(kind::OrderCancelled)?);
    Ok(Some(order))
}

pub(crate) fn giving_up(id: OrderId, buyer: UserId) -> Query {
    cancelling(id, CancelReason::Buyer, "buyer_id = ?3", buyer.into())
}

pub(crate) fn stopping(id: OrderId, buyer: UserId) -> Query {
    cancelling(id, CancelReason::Expired, "buyer_id = ?3", buyer.into())
}

pub(crate) fn expiring(id: OrderId, now: Timestamp) -> Query {
    cancelling(id, CancelReason::Expired, "expires_at <= ?3", now.into())
}

pub(crate) fn declining(payment: &PaymentState) -> Query {
    cancelling(payment.order_id, CancelReason::Declined, "amount = ?3", payment.amount.into())
}

/// Cancels the order `id` if it is held and `guard`, with its parameter `?3`, is true.
fn cancelling(id: OrderId, reason: CancelReason, guard: &str, param: Value) -> Query {
    query!(
        "UPDATE orders_orders SET status = 'cancelled', cancel_reason = ?2, version = version + 1 \
         WHERE id = ?1 AND {HELD} AND {guard} RETURNING {COLUMNS}",
        id,
        reason.name(),
        param
    )
}

/// Notes that `buyer` begins to pay, if the order is held and its time is not up. Nothing else is
/// part of the unit.
pub(crate) async fn begin_payment(
    unit: &mut Unit<'_>,
    id: OrderId,
    buyer: UserId,
) -> db::Result<Option<Order>> {
    unit.change_alone(beginning(id, buyer, Timestamp::now())).await
}

pub(crate) fn beginning(id: OrderId, buyer: UserId, now: Timestamp) -> Query {
    query!(
        "UPDATE orders_orders SET status = 'awaiting:payment', version = version + 1 \
         WHERE id = ?1 AND buyer_id = ?2 AND {HELD} AND expires_at > ?3 RETURNING {COLUMNS}",
        id,
        buyer,
        now
    )
}

/// Gives the hold of a buyer who is paying more time, once: it then lasts for `seconds` from now at
/// least. A hold that lasts longer anyway, has been extended, or is over stays as it is.
pub(crate) async fn extend(
    unit: &mut Unit<'_>,
    id: OrderId,
    buyer: UserId,
    seconds: i64,
) -> Result<Option<Order>> {
    let now = Timestamp::now();
    let extending = extending(id, buyer, now, now.plus_seconds(seconds));
    let Some(order) = unit.change::<Order>(extending).await? else { return Ok(None) };
    unit.emit(order.event(kind::OrderExtended)?);
    Ok(Some(order))
}

pub(crate) fn extending(id: OrderId, buyer: UserId, now: Timestamp, until: Timestamp) -> Query {
    query!(
        "UPDATE orders_orders SET expires_at = ?4, extended_at = ?3, version = version + 1 \
         WHERE id = ?1 AND buyer_id = ?2 AND status = 'awaiting:payment' AND extended_at IS NULL \
         AND expires_at > ?3 AND expires_at < ?4 RETURNING {COLUMNS}",
        id,
        buyer,
        now,
        until
    )
}

/// Notes that `buyer` wants a letter before the hold ends, if there is time for one. A second wish
/// changes nothing.
pub(crate) async fn remind(
    unit: &mut Unit<'_>,
    id: OrderId,
    buyer: UserId,
) -> Result<Option<Order>> {
    let reminding = reminding(id, buyer, Timestamp::now());
    let Some(order) = unit.change::<Order>(reminding).await? else { return Ok(None) };
    unit.emit(order.event(kind::ReminderAsked)?);
    Ok(Some(order))
}

pub(crate) fn reminding(id: OrderId, buyer: UserId, now: Timestamp) -> Query {
    query!(
        "UPDATE orders_orders SET reminder_at = ?3, version = version + 1 \
         WHERE id = ?1 AND buyer_id = ?2 AND {HELD} AND reminder_at IS NULL AND expires_at > ?4 \
         RETURNING {COLUMNS}",
        id,
        buyer,
        now,
        now.plus_seconds(purchase::REMINDED_BEFORE)
    )
}

/// Completes the order that `payment` was authorized for, if it is still held: its tickets are
/// sold.
pub(crate) async fn complete(unit: &mut Unit<'_>, payment: &PaymentState) -> Result<Option<Order>> {
    let Some(order) = unit.change::<Order>(completing(payment)).await? else { return Ok(None) };
    unit.require(Listing::sell(order.ticket_id, order.quantity));
    unit.emit(order.event(kind::OrderCompleted)?);
    Ok(Some(order))
}

pub(crate) fn completing(payment: &PaymentState) -> Query {
    query!(
        "UPDATE orders_orders SET status = 'complete', payment_id = ?2, version = version + 1, \
         told_version = version + 1 \
         WHERE id = ?1 AND {HELD} AND amount = ?3 AND currency = ?4 RETURNING {COLUMNS}",
        payment.order_id,
        payment.id,
        payment.amount,
        &payment.currency
    )
}

/// Undoes the sale that `payment`, whose money was given back, had made. Its tickets are for sale
/// again if the seller wants that; if not they count as sold still, and nobody gets them.
pub(crate) async fn refund(unit: &mut Unit<'_>, payment: &PaymentState) -> Result<Option<Order>> {
    let refunding = refunding(payment, Timestamp::now());
    let Some(order) = unit.change::<Order>(refunding).await? else { return Ok(None) };
    if order.restocked {
        unit.require(Listing::take_back(order.ticket_id, order.quantity));
    }
    unit.emit(order.event(kind::OrderRefunded)?);
    Ok(Some(order))
}

pub(crate) fn refunding(payment: &PaymentState, now: Timestamp) -> Query {
    query!(
        "UPDATE orders_orders SET refunded_at = ?3, restocked = ?4, version = version + 1, \
         told_version = version + 1 \
         WHERE id = ?1 AND status = 'complete' AND payment_id = ?2 AND refunded_at IS NULL \
         RETURNING {COLUMNS}",
        payment.order_id,
        payment.id,
        now,
        payment.restock
    )
}
