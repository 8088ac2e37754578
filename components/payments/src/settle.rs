//! Captures, voids and refunds, by how the order ended, and whether its sale is undone.
//!
//! [`machine::due`](crate::machine::due) says what is due. The provider is asked with a key made of the
//! payment's id and the action, so that a repeat after a crash does nothing twice.

use anyhow::{Context, Result, anyhow};
use boxoffice_contract::orders::OrderStatus;
use boxoffice_contract::payments::RefundReason;
use boxoffice_contract::{OrderId, PaymentId};
use boxoffice_kernel::db::{self, Query};
use boxoffice_kernel::{Cx, Timestamp, log, query, unit};

use crate::machine::{Due, MoneyAction};
use crate::moves::{self, News, RefundRequest};
use crate::payment::{NEEDS_OPERATOR, Payment};
use crate::stripe::{self, Intent, IntentState, Patience};
use crate::{SERVICE, observe};

/// Stores how an order stands, unless something newer is known. Returns whether it did.
pub(crate) async fn note(
    cx: &Cx,
    order_id: OrderId,
    status: OrderStatus,
    payment_id: Option<PaymentId>,
    version: i64,
) -> db::Result<bool> {
    let noting = noting(order_id, status, payment_id, version);
    Ok(unit::change::<()>(cx, &SERVICE, noting).await?.is_some())
}

pub(crate) fn noting(
    order_id: OrderId,
    status: OrderStatus,
    payment_id: Option<PaymentId>,
    version: i64,
) -> Query {
    query!(
        "INSERT INTO payments_orders (id, status, payment_id, version) \
         VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, \
         payment_id = excluded.payment_id, version = excluded.version \
         WHERE excluded.version > payments_orders.version RETURNING id",
        order_id,
        status,
        payment_id,
        version
    )
}

/// Stores that the sale of this order is undone. That is committed first, so that it is due from then
/// on, whatever is known of the order and wherever its payment stands. Returns whether it is new.
///
/// # Errors
/// When the order has no payment: an order that was sold has one, since before it was sold.
pub(crate) async fn note_undone(cx: &Cx, order_id: OrderId) -> Result<bool> {
    if unit::change::<()>(cx, &SERVICE, undoing(order_id)).await?.is_some() {
        return Ok(true);
    }
    match Payment::one(Payment::of_order(order_id)).await? {
        Some(_) => Ok(false),
        None => Err(anyhow!("the order {order_id} has no payment whose sale could be undone")),
    }
}

pub(crate) fn undoing(order_id: OrderId) -> Query {
    query!(
        "UPDATE payments_payments SET undone_at = ?2, version = version + 1 \
         WHERE order_id = ?1 AND undone_at IS NULL RETURNING id",
        order_id,
        Timestamp::now()
    )
}

/// Reads the payment again and does what is due for it. Returns the payment as it is then. Logs a
/// failure of the provider: the action stays due for a tick.
///
/// # Errors
/// When the payment cannot be read.
pub(crate) async fn settle_latest(
    cx: &Cx,
    payment: &Payment,
    patience: Patience,
) -> Result<Payment> {
    let payment = payment.reload().await?;
    Ok(settle_or_log(cx, &payment, patience).await.unwrap_or(payment))
}

/// Calls [`settle`], and logs its failure: the action stays due for a tick.
pub(crate) async fn settle_or_log(
    cx: &Cx,
    payment: &Payment,
    patience: Patience,
) -> Option<Payment> {
    settle(cx, payment, patience).await.unwrap_or_else(|error| {
        log::failed(
            &cx.with("payment", payment.id),
            "settling a payment; a tick will try again",
            &error,
        );
        None
    })
}

/// Does what is due for `payment`, by what was known when it was read. Returns the payment as it is
/// then, or `None` if the provider was not asked for anything.
///
/// # Errors
/// When the provider or the database fail. It stays due then.
pub(crate) async fn settle(
    cx: &Cx,
    payment: &Payment,
    patience: Patience,
) -> Result<Option<Payment>> {
    match payment.due() {
        Some(Due::Act(action)) => act(cx, payment, action, patience).await.map(Some),
        Some(Due::Keep) => {
            moves::write(cx, payment, News::SaleKnown).await?;
            Ok(None)
        }
        Some(Due::Undo) => undo(cx, payment, patience).await,
        // That is for a tick: an event, or a buyer, would wait too long.
        Some(Due::FindOut | Due::Close) => Ok(None),
        None => {
            payment.warn_if_owed(cx).await?;
            Ok(None)
        }
    }
}

/// Commits the shop's own request for the refund of a sale that is undone, and gives the money back.
/// The tickets stay off sale: they are those of the sale before.
async fn undo(cx: &Cx, payment: &Payment, patience: Patience) -> Result<Option<Payment>> {
    let reason = RefundReason::RequestedByCustomer.name();
    let request = RefundRequest { by: None, reason, restock: false };
    moves::write(cx, payment, News::RefundAsked(request)).await?;
    let payment = payment.reload().await?;
    match payment.due() {
        Some(Due::Act(action)) => act(cx, &payment, action, patience).await.map(Some),
        _ => Ok(None),
    }
}

/// Asks the provider to act, and writes down its answer. Puts a failure off.
async fn act(
    cx: &Cx,
    payment: &Payment,
    action: MoneyAction,
    patience: Patience,
) -> Result<Payment> {
    let intent =
        payment.intent_id.as_deref().ok_or_else(|| anyhow!("the payment has no intent"))?;
    let done = match action {
        MoneyAction::Capture => {
            let asked = stripe::capture(cx, payment, intent, patience).await;
            follow(cx, payment, asked).await
        }
        MoneyAction::Void => {
            let asked = stripe::void(cx, payment, intent, patience).await;
            follow(cx, payment, asked).await
        }
        MoneyAction::Refund => refund(cx, payment, intent, patience).await,
    };
    if let Err(error) = &done {
        let what = format!("{action:?} of payment {} ({intent})", payment.id);
        payment.put_off(cx, &format!("{what}: {error:#}")).await?;
        return done.context(what);
    }
    done
}

/// Writes down how the intent stands after an action. Where that is not what the action was for, the
/// rest is due after it: what could not be voided since it was taken is given back next.
async fn follow(
    cx: &Cx,
    payment: &Payment,
    asked: Result<Intent, stripe::Error>,
) -> Result<Payment> {
    let intent = asked?;
    // What was pending and is over is voided, not declined: its order has ended.
    let now = observe::observe(cx, payment, &intent).await?;
    if now.state.status() != payment.state.status() {
        return Ok(now);
    }
    if !matches!(intent.state(), IntentState::Processing) {
        return Err(anyhow!("the intent {} did not change: {:?}", intent.id, intent.state()));
    }
    // Nothing went wrong; the provider does not know yet.
    payment.wait(cx).await?;
    Ok(now)
}

async fn refund(cx: &Cx, payment: &Payment, intent: &str, patience: Patience) -> Result<Payment> {
    let why;
    let news = match stripe::refund(cx, payment, intent, patience).await {
        // Asking again is in vain: the buyer's bank decides.
        Err(stripe::Error::Disputed(cause)) => {
            why = format!("the refund is refused, since the buyer disputes the charge: {cause:#}");
            log::noted(cx, NEEDS_OPERATOR, format!("{}: {why}", payment.id));
            News::RefundRefused(&why)
        }
        asked => {
            asked?;
            News::GivenBack
        }
    };
    match moves::write(cx, payment, news).await? {
        Some(refunded) => Ok(refunded),
        None => Ok(payment.reload().await?),
    }
}

/// Closes the intent of a payment that was declined and could be gone on with; gives back what came
/// in by it.
///
/// # Errors
/// When the provider or the database fail. It stays to be done then.
pub(crate) async fn close(cx: &Cx, payment: &Payment, patience: Patience) -> Result<()> {
    let closed = try_to_close(cx, payment, patience).await;
    if let Err(error) = &closed {
        payment.put_off(cx, &format!("closing the intent of {}: {error:#}", payment.id)).await?;
    }
    closed
}

async fn try_to_close(cx: &Cx, payment: &Payment, patience: Patience) -> Result<()> {
    let intent =
        payment.intent_id.as_deref().ok_or_else(|| anyhow!("the payment has no intent"))?;
    let asked = stripe::void(cx, payment, intent, patience).await;
    let news = match asked?.state() {
        IntentState::Canceled => News::Closed,
        IntentState::Taken => {
            let asked = stripe::refund(cx, payment, intent, patience).await;
            asked?;
            News::Returned
        }
        state => return Err(anyhow!("the intent was not closed: {state:?}")),
    };
    moves::write(cx, payment, news).await.map(drop)
}
