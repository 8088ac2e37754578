//! What a tick does about money: finds out about answers that were lost, tries again what failed,
//! and tells operators of what will not come right by itself.

use anyhow::{Context, Result};
use boxoffice_contract::PaymentId;
use boxoffice_kernel::db::Query;
use boxoffice_kernel::{Cx, Timestamp, log, query, unit};

use crate::attempt::{self, Answer};
use crate::machine::Due;
use crate::payment::{COLUMNS, NEEDS_OPERATOR, Payment};
use crate::stripe::Patience;
use crate::{SERVICE, settle};

/// How many payments one tick takes up: the next tick comes soon, and others want their turn.
const BATCH: i64 = 25;
/// Most authorizations lapse after seven days
/// (<https://docs.stripe.com/payments/place-a-hold-on-a-payment-method>). After so long, in seconds,
/// an operator is told that one is about to.
const LAPSES_SOON: i64 = 6 * 24 * 60 * 60;

/// Selects the payments for which something is due at the time `?1`. A test compares it with
/// [`machine::due`](crate::machine::due).
// Of captured payments only those that somebody is to look at: looking at each that was ever sold
// would hold up everyone, and the more so the more were sold. Undone ones are found whatever their
// `tries`, so that a move which was under way when the sale was undone cannot hide them. The conditions are the indexes', word
// for word, or the indexes would not be used.
pub(crate) const DUE: &str = "try_again_at <= ?1 AND (status IN ('pending', 'authorized') \
            OR (status = 'captured' AND tries > 0) OR stage = 'open' \
            OR (status = 'captured' AND undone_at IS NOT NULL AND refund_asked_at IS NULL \
                AND refund_refusal IS NULL)) \
        AND (status IN ('pending', 'declined') \
            OR EXISTS (SELECT 1 FROM payments_orders AS ended \
            WHERE ended.id = payments_payments.order_id \
                AND ended.status IN ('complete', 'cancelled')))";

/// Does what is due for payments, the one that has waited longest first.
///
/// # Errors
/// When the database fails.
pub(crate) async fn due(cx: &Cx) -> Result<()> {
    for payment in Payment::all(due_at(Timestamp::now())).await? {
        if cx.is_out_of_time() {
            break;
        }
        let cx = cx.with("payment", payment.id);
        if let Err(error) = advance(&cx, payment).await {
            log::failed(&cx, "settling a payment that is due; a tick will try again", &error);
            // Who does not answer for one will hardly for the next, and others queue behind.
            break;
        }
    }
    Ok(())
}

pub(crate) fn due_at(now: Timestamp) -> Query {
    query!(
        "SELECT {COLUMNS} FROM payments_payments WHERE {DUE} ORDER BY try_again_at LIMIT ?2",
        now,
        BATCH
    )
}

/// Does what is due for one payment. If the provider turns out to have its money, does what is due
/// for that too.
async fn advance(cx: &Cx, mut payment: Payment) -> Result<()> {
    loop {
        // What was done for the others, or by the provider, took a while.
        payment = payment.reload().await?;
        match payment.due() {
            Some(Due::FindOut) => match find_out(cx, payment).await? {
                Some(authorized) => payment = authorized,
                None => return Ok(()),
            },
            Some(Due::Close) => {
                return settle::close(cx, &payment, Patience::Worker).await;
            }
            _ => return settle::settle(cx, &payment, Patience::Worker).await.map(drop),
        }
    }
}

/// Asks the provider again about a payment whose answer was lost or is still to come. Returns the
/// payment if the provider has its money.
async fn find_out(cx: &Cx, payment: Payment) -> Result<Option<Payment>> {
    let id = payment.id;
    let answer = attempt::finish(cx, payment, Patience::Worker).await;
    match answer.with_context(|| format!("looking up payment {id}"))? {
        Answer::Authorized(payment) => Ok(Some(payment)),
        Answer::Waiting(payment, _) => {
            // The order may have ended, and this be the first that is heard of an intent.
            if settle::settle(cx, &payment, Patience::Worker).await?.is_none() {
                payment.wait(cx).await?;
            }
            Ok(None)
        }
        Answer::Declined(_) | Answer::InProgress => Ok(None),
        Answer::Unknown(cause) => Err(cause),
    }
}

/// Puts authorizations before an operator that will lapse before anybody takes the money.
///
/// # Errors
/// When the database fails.
pub(crate) async fn warn_of_lapsing(cx: &Cx) -> Result<()> {
    let cause = "the authorization is about to expire, and the money is neither taken nor released";
    let warning = warning(cause, Timestamp::now());
    for (id,) in unit::change_all::<(PaymentId,)>(cx, &SERVICE, warning).await? {
        log::noted(cx, NEEDS_OPERATOR, format!("{id}: {cause}"));
    }
    Ok(())
}

pub(crate) fn warning(cause: &str, now: Timestamp) -> Query {
    // The first condition is the index's, word for word, as above.
    query!(
        "UPDATE payments_payments SET attention = ?1, attention_since = ?2 \
         WHERE status IN ('pending', 'authorized') AND status = 'authorized' \
         AND created_at < ?3 AND attention IS NULL \
         RETURNING id",
        cause,
        now,
        now.plus_seconds(-LAPSES_SOON)
    )
}
