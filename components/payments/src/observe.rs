//! What the provider says of an intent, written down.
//!
//! Answers, look-ups and webhooks all come here, in any order and as often as they like: each
//! statement is guarded by the status that it leads on from. Whoever is first has moved the payment;
//! the others find that there is nothing to do.

use boxoffice_kernel::db::{self, Connection, Read, Transaction};
use boxoffice_kernel::events::EventType;
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Timestamp, Trace, params};
use uuid::Uuid;

use crate::payment::{COLUMNS, End, Payment, Stage, Status};
use crate::stripe::{Decline, Intent, State};
use crate::{SERVICE, ledger, settle};

/// After so many declines of one order it will not be paid: it ends, and its tickets go back on
/// sale.
pub(crate) const MAX_DECLINES: i64 = 5;
/// The decline's code of an attempt whose buyer went on with another payment method.
pub(crate) const ABANDONED: &str = "authentication_abandoned";

/// Writes down how the provider says that `intent`, which is `payment`'s, stands; answers with the
/// payment as it is then.
pub(crate) async fn observe(payment: &Payment, intent: &Intent, trace: Trace) -> Result<Payment> {
    let mut payment = payment.clone();
    loop {
        if let Some(moved) = step(&payment, intent, trace).await? {
            return Ok(moved);
        }
        let Some(now) = Payment::find(payment.id).await? else { return Ok(payment) };
        if (now.version, now.stage) == (payment.version, payment.stage) {
            return Ok(now);
        }
        // Somebody else has changed it meanwhile, not knowing of the intent: what that means for it as
        // it is now is still to be seen. It changes a few times at most.
        payment = now;
    }
}

/// Moves the payment from where it was read, if the intent gives reason to and nobody was faster.
async fn step(payment: &Payment, intent: &Intent, trace: Trace) -> Result<Option<Payment>> {
    Ok(match intent.state() {
        State::Held => held(payment, &intent.id, trace).await?,
        State::Taken => taken(payment, &intent.id, trace).await?,
        State::Action => waits(payment, &intent.id, Stage::Action).await?,
        State::Processing => waits(payment, &intent.id, Stage::Processing).await?,
        // Whoever has the intent's client secret could go on with another method: it is closed.
        State::Failed(decline) => declined(payment, &decline, Some(&intent.id), trace).await?,
        State::Canceled => canceled(payment, &intent.id, trace).await?,
        State::Odd(status) => {
            let cause = format!("{} is {status}, a state that Boxoffice does not use", intent.id);
            payment.call_attention(&cause).await?;
            None
        }
    })
}

async fn held(payment: &Payment, intent: &str, trace: Trace) -> Result<Option<Payment>> {
    match payment.status {
        Status::Pending => {
            let event = EventType::PaymentCreated;
            Ok(moved(payment, Status::Authorized, intent, event, trace).await?)
        }
        Status::Declined => reopened(payment, intent).await,
        _ => Ok(None),
    }
}

async fn taken(payment: &Payment, intent: &str, trace: Trace) -> Result<Option<Payment>> {
    match payment.status {
        Status::Pending | Status::Authorized => captured(payment, intent, trace).await,
        Status::Declined => reopened(payment, intent).await,
        _ => Ok(None),
    }
}

/// Moves the payment on to `status`, and tells of it by `event`.
pub(crate) async fn moved(
    payment: &Payment,
    status: Status,
    intent: &str,
    event: EventType,
    trace: Trace,
) -> anyhow::Result<Option<Payment>> {
    let mut transaction = Transaction::begin(&SERVICE, trace).await?;
    let moved = payment.moved_to(status, intent);
    payment.replace_by(&mut transaction, &moved);
    transaction.emit(moved.event(event)?);
    Ok(commit(transaction).await?.then_some(moved))
}

/// Commits; tells whether nobody had been faster.
async fn commit(transaction: Transaction) -> db::Result<bool> {
    match transaction.commit().await {
        Ok(()) => Ok(true),
        Err(db::Error::Overtaken(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The money that was taken is given back.
pub(crate) async fn refunded(
    payment: &Payment,
    intent: &str,
    trace: Trace,
) -> anyhow::Result<Option<Payment>> {
    let mut transaction = Transaction::begin(&SERVICE, trace).await?;
    // Locked, so that no sale is booked between looking for one and giving the money back.
    let now = Payment::select_in(&transaction, "id = ?1 FOR UPDATE", params![payment.id]).await?;
    let Some(now) = now.into_iter().find(|now| now.status == payment.status) else {
        return Ok(None);
    };
    let refunded = now.moved_to(Status::Refunded, intent);
    now.replace_by(&mut transaction, &refunded);
    ledger::refund(&mut transaction, &refunded).await?;
    transaction.emit(refunded.event(EventType::PaymentRefunded)?);
    Ok(commit(transaction).await?.then_some(refunded))
}

/// The money is taken: since we asked for it, or, of a pending payment, at once, by a method that
/// cannot wait. Should the order have ended or end without it, it is to be given back: `tries` has a
/// tick look at it.
async fn captured(payment: &Payment, intent: &str, trace: Trace) -> Result<Option<Payment>> {
    let mut payment = payment.clone();
    if payment.end == End::Unknown {
        // It may be known by now.
        payment.end = payment.reload().await?.end;
    }
    let mut transaction = Transaction::begin(&SERVICE, trace).await?;
    let mut authorized = payment.clone();
    if payment.status == Status::Pending {
        authorized = payment.moved_to(Status::Authorized, intent);
        transaction.emit(authorized.event(EventType::PaymentCreated)?);
    }
    let mut captured = authorized.moved_to(Status::Captured, intent);
    captured.tries = i64::from(!captured.has_sold());
    payment.replace_by(&mut transaction, &captured);
    transaction.emit(captured.event(EventType::PaymentCaptured)?);
    ledger::charge(&mut transaction, &captured);
    if captured.has_sold() {
        ledger::sale(&mut transaction, &captured);
    }
    Ok(commit(transaction).await?.then_some(captured))
}

/// Nothing is decided, but more is known.
async fn waits(payment: &Payment, intent: &str, stage: Stage) -> Result<Option<Payment>> {
    let connection = Connection::open(&SERVICE).await?;
    // An older event may come after a newer one: what is being processed is past the action.
    let sql = format!(
        "UPDATE payments_payments SET intent_id = ?2, stage = ?3, version = version + 1 \
         WHERE id = ?1 AND status = 'pending' \
         AND (stage IS NULL OR (stage = 'action' AND ?3 = 'processing')) RETURNING {COLUMNS}"
    );
    let row = connection.first(&sql, params![payment.id, intent, stage.name()]).await?;
    Ok(row.as_ref().map(Payment::read).transpose()?)
}

/// Writes down that the payment was declined; `open` is the intent that is to be closed.
pub(crate) async fn declined(
    payment: &Payment,
    decline: &Decline,
    open: Option<&str>,
    trace: Trace,
) -> Result<Option<Payment>> {
    let mut transaction = Transaction::begin(&SERVICE, trace).await?;
    let sql = format!(
        "UPDATE payments_payments SET status = 'declined', decline_code = ?2, \
         decline_message = ?3, intent_id = COALESCE(?4, intent_id), stage = ?5, \
         attention = NULL, attention_since = NULL, tries = 0, try_again_at = ?6, \
         version = version + 1 WHERE id = ?1 AND status = 'pending' RETURNING {COLUMNS}"
    );
    let stage = open.map(|_| Stage::Open.name());
    let params =
        params![payment.id, &decline.code, &decline.message, open, stage, Timestamp::now()];
    let Some(row) = transaction.first(&sql, params).await? else { return Ok(None) };
    let payment = Payment::read(&row)?;
    if declines(&transaction, payment.order_id).await? >= MAX_DECLINES {
        transaction.emit(payment.event(EventType::PaymentDeclined)?);
    }
    transaction.commit().await?;
    Ok(Some(payment))
}

/// How often payments of this order were declined: by the provider, not by their buyer.
pub(crate) async fn declines(transaction: &Transaction, order_id: Uuid) -> db::Result<i64> {
    let sql = "SELECT COUNT(*) AS declines FROM payments_payments \
               WHERE order_id = ?1 AND status = 'declined' AND decline_code <> ?2";
    let row = transaction.first(sql, params![order_id, ABANDONED]).await?;
    row.map_or(Ok(0), |row| row.get("declines"))
}

/// Money came in for a payment that counts as declined: a browser has gone on with its intent. The
/// buyer was told that they did not pay, so a tick gives it back.
async fn reopened(payment: &Payment, intent: &str) -> Result<Option<Payment>> {
    let connection = Connection::open(&SERVICE).await?;
    let sql = format!(
        "UPDATE payments_payments SET stage = 'open', intent_id = ?2, tries = 0, \
         try_again_at = ?3 WHERE id = ?1 AND status = 'declined' \
         AND (intent_id IS NULL OR intent_id = ?2) RETURNING {COLUMNS}"
    );
    let row = connection.first(&sql, params![payment.id, intent, Timestamp::now()]).await?;
    Ok(row.as_ref().map(Payment::read).transpose()?)
}

/// The intent is over. For a pending payment whose order has ended, that is as it should be; for one
/// whose order has not, it is one more way not to have paid. An authorization that is gone before its
/// order is complete is given up; afterwards somebody has a ticket and was not charged.
async fn canceled(payment: &Payment, intent: &str, trace: Trace) -> Result<Option<Payment>> {
    match payment.status {
        Status::Pending if payment.reload().await?.is_given_up() => {
            Ok(moved(payment, Status::Voided, intent, EventType::PaymentVoided, trace).await?)
        }
        Status::Pending => {
            let decline = Decline { code: "payment_canceled".to_owned(), message: String::new() };
            declined(payment, &decline, None, trace).await
        }
        Status::Authorized => {
            let event = EventType::PaymentVoided;
            let voided = moved(payment, Status::Voided, intent, event, trace).await?;
            if let Some(voided) = &voided {
                settle::warn_if_owed(&voided.reload().await?).await?;
            }
            Ok(voided)
        }
        _ => Ok(None),
    }
}
