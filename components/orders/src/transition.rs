//! How an order goes on from a hold: to its payment, to a sale, or back, and from a sale back.
//!
//! Each way is one guarded statement on the order's row. Whichever commits first has decided;
//! the others then find no row to change, and change nothing else either. So expiry, cancellation
//! and payment can race as they like, and no unit is freed or sold twice.

use boxoffice_contract::events::{PaymentState, kind};
use boxoffice_contract::orders::CancelReason;
use boxoffice_contract::{OrderId, UserId};
use boxoffice_kernel::db::{Read, Transaction, Value};
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Timestamp, params};

use crate::listing::Listing;
use crate::order::{COLUMNS, Order};

/// Only what still holds its tickets can go on.
const HELD: &str = "status IN ('created', 'awaiting:payment')";

/// Ends a hold of `buyer`'s, because they gave it up.
pub(crate) async fn give_up(
    tx: &mut Transaction,
    id: OrderId,
    buyer: UserId,
) -> Result<Option<Order>> {
    end(tx, id, CancelReason::Buyer, "buyer_id = ?3", buyer.into()).await
}

/// Ends a hold whose time is up.
pub(crate) async fn expire(tx: &mut Transaction, id: OrderId) -> Result<Option<Order>> {
    end(tx, id, CancelReason::Expired, "expires_at <= ?3", Timestamp::now().into()).await
}

/// Ends a hold whose payments were declined once too often.
pub(crate) async fn decline(tx: &mut Transaction, payment: &PaymentState) -> Result<Option<Order>> {
    end(tx, payment.order_id, CancelReason::Declined, "amount = ?3", payment.amount.into()).await
}

/// Cancels the order `id` if it is held and `guard`, with its parameter `?3`, is true, and puts its
/// tickets back on sale.
async fn end(
    transaction: &mut Transaction,
    id: OrderId,
    reason: CancelReason,
    guard: &str,
    param: Value,
) -> Result<Option<Order>> {
    let sql = format!(
        "UPDATE orders_orders SET status = 'cancelled', cancel_reason = ?2, version = version + 1 \
         WHERE id = ?1 AND {HELD} AND {guard} RETURNING {COLUMNS}"
    );
    let row = transaction.first(&sql, params![id, reason.name(), param]).await?;
    let Some(row) = row else { return Ok(None) };
    let order = Order::read(&row)?;
    Listing::free(transaction, order.ticket.id, order.quantity);
    transaction.emit(order.event(kind::OrderCancelled)?);
    Ok(Some(order))
}

/// Notes that `buyer` begins to pay, if the order is held and its time is not up.
pub(crate) async fn begin_payment(
    by: &impl Read,
    id: OrderId,
    buyer: UserId,
) -> Result<Option<Order>> {
    let sql = format!(
        "UPDATE orders_orders SET status = 'awaiting:payment', version = version + 1 \
         WHERE id = ?1 AND buyer_id = ?2 AND {HELD} AND expires_at > ?3 RETURNING {COLUMNS}"
    );
    let row = by.first(&sql, params![id, buyer, Timestamp::now()]).await?;
    Ok(row.as_ref().map(Order::read).transpose()?)
}

/// Gives the hold of a buyer who is paying more time, once: it then lasts for `seconds` from now at
/// least. A hold that lasts longer anyway, has been extended, or is over stays as it is.
pub(crate) async fn extend(
    transaction: &mut Transaction,
    id: OrderId,
    buyer: UserId,
    seconds: i64,
) -> Result<Option<Order>> {
    let sql = format!(
        "UPDATE orders_orders SET expires_at = ?4, extended_at = ?3, version = version + 1 \
         WHERE id = ?1 AND buyer_id = ?2 AND status = 'awaiting:payment' AND extended_at IS NULL \
         AND expires_at > ?3 AND expires_at < ?4 RETURNING {COLUMNS}"
    );
    let now = Timestamp::now();
    let row = transaction.first(&sql, params![id, buyer, now, now.plus_seconds(seconds)]).await?;
    let Some(row) = row else { return Ok(None) };
    let order = Order::read(&row)?;
    transaction.emit(order.event(kind::OrderExtended)?);
    Ok(Some(order))
}

/// Completes the order that `payment` was authorized for, if it is still held: its tickets are
/// sold.
pub(crate) async fn complete(
    transaction: &mut Transaction,
    payment: &PaymentState,
) -> Result<Option<Order>> {
    let sql = format!(
        "UPDATE orders_orders SET status = 'complete', payment_id = ?2, version = version + 1 \
         WHERE id = ?1 AND {HELD} AND amount = ?3 AND currency = ?4 RETURNING {COLUMNS}"
    );
    let params = params![payment.order_id, payment.id, payment.amount, &payment.currency];
    let Some(row) = transaction.first(&sql, params).await? else { return Ok(None) };
    let order = Order::read(&row)?;
    Listing::sell(transaction, order.ticket.id, order.quantity);
    transaction.emit(order.event(kind::OrderCompleted)?);
    Ok(Some(order))
}

/// Undoes the sale that `payment`, whose money was given back, had made. Its tickets are for sale
/// again if the seller wants that; if not they count as sold still, and nobody gets them.
pub(crate) async fn refund(
    transaction: &mut Transaction,
    payment: &PaymentState,
) -> Result<Option<Order>> {
    let sql = format!(
        "UPDATE orders_orders SET refunded_at = ?3, restocked = ?4, version = version + 1 \
         WHERE id = ?1 AND status = 'complete' AND payment_id = ?2 AND refunded_at IS NULL \
         RETURNING {COLUMNS}"
    );
    let restock = i64::from(payment.restock);
    let params = params![payment.order_id, payment.id, Timestamp::now(), restock];
    let Some(row) = transaction.first(&sql, params).await? else { return Ok(None) };
    let order = Order::read(&row)?;
    if order.restocked {
        Listing::take_back(transaction, order.ticket.id, order.quantity);
    }
    transaction.emit(order.event(kind::OrderRefunded)?);
    Ok(Some(order))
}
