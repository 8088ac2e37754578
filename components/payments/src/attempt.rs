//! From a payment method to authorized money, or a decline.
//!
//! What is about to be asked of the provider is committed first, as a pending payment whose id is
//! the provider's idempotency key. However the answer gets lost, asking again with that key finds
//! out what it was, and never takes the money twice.

use anyhow::anyhow;
use boxoffice_common::command::Idempotency;
use boxoffice_common::db::{self, Transaction};
use boxoffice_common::events::EventType;
use boxoffice_common::problem::Result;
use boxoffice_common::{Problem, Timestamp, params};
use uuid::Uuid;

use crate::SERVICE;
use crate::pay::Payable;
use crate::payment::{COLUMNS, Payment, Status};
use crate::stripe::{self, Decline, Error, Patience};

/// After so many declines of one order it will not be paid: it ends, and its tickets go back on
/// sale.
const MAX_DECLINES: i64 = 5;
/// An answer that has not come after this many seconds is looked for.
const LOST_AFTER_SECONDS: i64 = 30;

/// What the provider said.
pub(crate) enum Answer {
    /// The money is set aside, or even further.
    Authorized(Payment),
    /// It will not be.
    Declined(Payment),
    /// The same is being asked already.
    UnderWay,
    /// It is not known; a tick, or the same request again, finds out.
    Unknown(anyhow::Error),
}

/// The attempt that `buyer` has made with the same idempotency key, if any.
pub(crate) async fn made_before(
    buyer: Uuid,
    idempotency: &Idempotency,
) -> db::Result<Option<Payment>> {
    let Some(key) = idempotency.key() else { return Ok(None) };
    let condition = "buyer_id = ?1 AND idempotency_key = ?2";
    Ok(Payment::select(condition, params![buyer, key]).await?.pop())
}

/// Commits that the provider is about to be asked.
///
/// # Errors
/// 409 when the order is paid, or is being paid, or has been declined too often.
pub(crate) async fn begin(
    buyer: Uuid,
    order: &Payable,
    token: &str,
    idempotency: &Idempotency,
) -> Result<Payment> {
    let transaction = Transaction::begin(&SERVICE).await?;
    // `orders` may not have heard of it yet.
    if declines(&transaction, order.id).await? >= MAX_DECLINES {
        let detail = "This order is cancelled: its payments were declined. You were not charged";
        return Err(Problem::conflict(detail, "cancelled"));
    }
    let now = Timestamp::now();
    let sql = format!(
        "INSERT INTO payments_payments (id, order_id, buyer_id, amount, currency, token, \
         idempotency_key, status, try_again_at, created_at, version) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'pending', ?8, ?9, 1) RETURNING {COLUMNS}"
    );
    let row = params![
        Uuid::now_v7(),
        order.id,
        buyer,
        order.amount,
        &order.currency,
        token,
        idempotency.key(),
        now.plus_seconds(LOST_AFTER_SECONDS),
        now
    ];
    let row = match transaction.first(&sql, row).await {
        Ok(row) => row.ok_or_else(|| anyhow!("an insert returned nothing"))?,
        Err(db::Error::Constraint(db::Constraint::Unique(_))) => {
            drop(transaction);
            return Err(in_the_way(order.id).await?);
        }
        Err(error) => return Err(error.into()),
    };
    let payment = Payment::read(&row)?;
    transaction.commit().await?;
    Ok(payment)
}

/// Why another payment of the order cannot begin.
async fn in_the_way(order_id: Uuid) -> Result<Problem> {
    let condition = "order_id = ?1 AND status IN ('authorized', 'captured')";
    let paid = !Payment::select(condition, params![order_id]).await?.is_empty();
    Ok(if paid {
        Problem::conflict("This order is paid for already", "already_paid")
    } else {
        under_way()
    })
}

/// Refuses what is being done already.
pub(crate) fn under_way() -> Problem {
    let detail = "A payment for this order is under way. Don't pay again";
    Problem::conflict(detail, "payment_pending")
}

/// Asks the provider, and commits what it says. A payment that is past that already is its answer.
pub(crate) async fn finish(payment: Payment, patience: Patience) -> Result<Answer> {
    let outcome = match payment.status {
        Status::Pending => stripe::authorize(&payment, patience).await,
        Status::Declined => return Ok(Answer::Declined(payment)),
        _ => return Ok(Answer::Authorized(payment)),
    };
    let finished = match outcome {
        Ok(intent) => authorized(&payment, &intent).await?,
        Err(Error::Declined(decline)) => declined(&payment, &decline).await?,
        Err(Error::Refused(cause)) => {
            // Such a request never works, with whatever card: it counts as declined, not as lost.
            boxoffice_common::log::failed("authorizing a payment", &cause);
            let decline = Decline {
                code: "invalid_payment_method".to_owned(),
                message: "This payment method cannot be used.".to_owned(),
            };
            declined(&payment, &decline).await?
        }
        Err(Error::UnderWay) => return Ok(Answer::UnderWay),
        Err(Error::Unknown(cause)) => {
            payment.put_off().await?;
            return Ok(Answer::Unknown(cause));
        }
    };
    // `None`: the same question was asked twice at once, and the other has committed the answer.
    let finished = match finished {
        Some(payment) => Some(payment),
        None => Payment::find(payment.id).await?,
    };
    Ok(match finished {
        Some(payment) if payment.status == Status::Declined => Answer::Declined(payment),
        Some(payment) => Answer::Authorized(payment),
        None => Answer::Unknown(anyhow!("the payment {} went missing", payment.id)),
    })
}

/// Whether `payment` was the decline that its order ends with.
pub(crate) async fn was_last(payment: &Payment) -> Result<bool> {
    let condition = "order_id = ?1 AND status = 'declined' AND id <= ?2";
    let before = Payment::select(condition, params![payment.order_id, payment.id]).await?;
    Ok(i64::try_from(before.len()).unwrap_or(MAX_DECLINES) >= MAX_DECLINES)
}

async fn authorized(payment: &Payment, intent_id: &str) -> Result<Option<Payment>> {
    let mut transaction = Transaction::begin(&SERVICE).await?;
    let moved = payment.advance(&transaction, Status::Authorized, Some(intent_id)).await?;
    if let Some(payment) = &moved {
        transaction.emit(payment.event(EventType::PaymentCreated)?);
        transaction.commit().await?;
    }
    Ok(moved)
}

async fn declined(payment: &Payment, decline: &Decline) -> Result<Option<Payment>> {
    let mut transaction = Transaction::begin(&SERVICE).await?;
    let sql = format!(
        "UPDATE payments_payments SET status = 'declined', decline_code = ?2, \
         decline_message = ?3, version = version + 1 \
         WHERE id = ?1 AND status = 'pending' RETURNING {COLUMNS}"
    );
    let params = params![payment.id, &decline.code, &decline.message];
    let Some(row) = transaction.first(&sql, params).await? else { return Ok(None) };
    let payment = Payment::read(&row)?;
    if declines(&transaction, payment.order_id).await? >= MAX_DECLINES {
        transaction.emit(payment.event(EventType::PaymentDeclined)?);
    }
    transaction.commit().await?;
    Ok(Some(payment))
}

async fn declines(transaction: &Transaction, order_id: Uuid) -> db::Result<i64> {
    let sql = "SELECT COUNT(*) AS declines FROM payments_payments \
               WHERE order_id = ?1 AND status = 'declined'";
    let row = transaction.first(sql, params![order_id]).await?;
    row.map_or(Ok(0), |row| row.get("declines"))
}
