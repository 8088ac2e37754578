//! Capturing, voiding or refunding, by how the order ended.
//!
//! What is due follows from two facts, whichever is learnt first: where the payment stands and how
//! its order ended. The provider is asked with a key made of the payment's id and the action, so that
//! a repeat after a crash does nothing twice.

use anyhow::{Result, anyhow};
use boxoffice_kernel::db::{Connection, Read, Transaction};
use boxoffice_kernel::events::contract::OrderStatus;
use boxoffice_kernel::{Problem, Trace, params};
use uuid::Uuid;

use crate::payment::{End, Payment, Stage, Status};
use crate::stripe::{self, Intent, Patience, State};
use crate::{SERVICE, ledger, observe};

/// What is to be done with a payment's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MoneyAction {
    Capture,
    Void,
    Refund,
}

/// Takes over how an order stands, unless something newer is known; tells whether it did.
pub(crate) async fn note(
    order_id: Uuid,
    status: OrderStatus,
    payment_id: Option<Uuid>,
    version: i64,
) -> Result<bool> {
    let connection = Connection::open(&SERVICE).await?;
    let sql = "INSERT INTO payments_orders (id, status, payment_id, version) \
               VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (id) DO UPDATE SET status = excluded.status, \
               payment_id = excluded.payment_id, version = excluded.version \
               WHERE excluded.version > payments_orders.version RETURNING id";
    let row = params![order_id, status.name(), payment_id, version];
    Ok(connection.first(sql, row).await?.is_some())
}

/// Does what is due for `payment`, by how its order ended, as far as that was known when it was read;
/// tells whether anything was.
///
/// # Errors
/// When the provider or the database fail. It stays due then.
pub(crate) async fn settle(payment: &Payment, patience: Patience, trace: Trace) -> Result<bool> {
    let Some(action) = due(payment) else {
        warn_if_owed(payment).await?;
        if payment.status == Status::Captured && payment.tries > 0 && payment.has_sold() {
            keep(payment).await?;
        }
        return Ok(false);
    };
    let intent =
        payment.intent_id.as_deref().ok_or_else(|| anyhow!("the payment has no intent"))?;
    let done = match action {
        MoneyAction::Capture => {
            let asked = stripe::capture(payment, intent, patience, trace).await;
            finish(payment, asked, trace).await
        }
        MoneyAction::Void => {
            let asked = stripe::void(payment, intent, patience, trace).await;
            finish(payment, asked, trace).await
        }
        MoneyAction::Refund => refund(payment, intent, patience, trace).await,
    };
    if let Err(error) = done {
        let what = format!("{action:?} of payment {} ({intent})", payment.id);
        payment.put_off(&format!("{what}: {error:#}")).await?;
        return Err(error.context(what));
    }
    Ok(true)
}

/// Writes down how the intent stands after an action. Where that is not what the action was for, the rest
/// is due after it: what could not be voided since it was taken is given back next.
async fn finish(
    payment: &Payment,
    asked: Result<Intent, stripe::Error>,
    trace: Trace,
) -> Result<()> {
    let intent = asked.map_err(stripe::Error::into_cause)?;
    // What was pending and is over is voided, not declined: its order has ended.
    let now = observe::observe(payment, &intent, trace).await.map_err(Problem::into_cause)?;
    let is_undecided = matches!(intent.state(), State::Processing);
    if now.status == payment.status && is_undecided {
        // Nothing went wrong; the provider does not know yet.
        return Ok(payment.wait().await?);
    }
    if now.status == payment.status {
        return Err(anyhow!("the intent {} did not change: {:?}", intent.id, intent.state()));
    }
    Ok(())
}

async fn refund(payment: &Payment, intent: &str, patience: Patience, trace: Trace) -> Result<()> {
    stripe::refund(payment, intent, patience, trace).await.map_err(stripe::Error::into_cause)?;
    observe::refunded(payment, intent, trace).await.map(drop)
}

/// Closes the intent of a payment that was declined and could be gone on with; gives back what came
/// in by it.
///
/// # Errors
/// When the provider or the database fail. It stays to be done then.
pub(crate) async fn close(payment: &Payment, patience: Patience, trace: Trace) -> Result<()> {
    let closed = try_to_close(payment, patience, trace).await;
    if let Err(error) = &closed {
        payment.put_off(&format!("closing the intent of {}: {error:#}", payment.id)).await?;
    }
    closed
}

async fn try_to_close(payment: &Payment, patience: Patience, trace: Trace) -> Result<()> {
    if payment.status != Status::Declined || payment.stage != Some(Stage::Open) {
        return Ok(());
    }
    let intent =
        payment.intent_id.as_deref().ok_or_else(|| anyhow!("the payment has no intent"))?;
    let asked = stripe::void(payment, intent, patience, trace).await;
    let came_in = match asked.map_err(stripe::Error::into_cause)?.state() {
        State::Canceled => false,
        State::Taken => {
            let asked = stripe::refund(payment, intent, patience, trace).await;
            asked.map_err(stripe::Error::into_cause)?;
            true
        }
        state => return Err(anyhow!("the intent was not closed: {state:?}")),
    };
    let mut transaction = Transaction::begin(&SERVICE, trace).await?;
    if came_in {
        ledger::charge(&mut transaction, payment);
        ledger::refund(&mut transaction, payment).await?;
    }
    let sql = "UPDATE payments_payments SET stage = NULL, attention = NULL, \
               attention_since = NULL, tries = 0, failures = 0 \
               WHERE id = ?1 AND status = 'declined' AND stage = 'open'";
    transaction.execute(sql, params![payment.id]).await?;
    Ok(transaction.commit().await?)
}

/// The order of a payment that was charged at once is complete: the money is the seller's now, and
/// nothing is left to do.
async fn keep(payment: &Payment) -> Result<()> {
    let mut transaction = Transaction::begin(&SERVICE, Trace::NONE).await?;
    // First, since it locks the payment: what is given back meanwhile is no sale any more, and a
    // refund that was asked for meanwhile has booked the sale and stays due.
    let sql = "UPDATE payments_payments SET tries = 0, failures = 0 \
               WHERE id = ?1 AND status = 'captured' AND refund_asked_at IS NULL RETURNING id";
    if transaction.first(sql, params![payment.id]).await?.is_some() {
        ledger::sale(&mut transaction, payment);
        transaction.commit().await?;
    }
    Ok(())
}

/// Puts a payment before an operator whose money is gone while its order is complete: somebody has a
/// ticket and was not charged.
pub(crate) async fn warn_if_owed(payment: &Payment) -> Result<()> {
    if payment.status == Status::Voided && payment.has_sold() {
        let cause = "the authorization is gone, and the order is complete: nobody has paid";
        payment.call_attention(cause).await?;
    }
    Ok(())
}

/// What is due, by what is known of the payment's order.
fn due(payment: &Payment) -> Option<MoneyAction> {
    if payment.end == End::Unknown {
        return None;
    }
    let has_sold = payment.has_sold();
    match payment.status {
        Status::Authorized if has_sold => Some(MoneyAction::Capture),
        Status::Authorized => Some(MoneyAction::Void),
        // Nobody else could still be asked for the money: the intent is closed.
        Status::Pending if !has_sold && payment.intent_id.is_some() => Some(MoneyAction::Void),
        Status::Captured if !has_sold || payment.refund_reason.is_some() => {
            Some(MoneyAction::Refund)
        }
        _ => None,
    }
}
