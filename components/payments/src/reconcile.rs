//! What a tick does about money: finds out about answers that were lost, tries again what failed,
//! and tells operators of what will not come right by itself.

use anyhow::{Context, Result};
use boxoffice_kernel::db::{Connection, Read};
use boxoffice_kernel::events::Deadline;
use boxoffice_kernel::{Problem, Timestamp, Trace, log, params};

use crate::attempt::{self, Answer};
use crate::payment::{NEEDS_OPERATOR, Payment, Stage, Status};
use crate::stripe::Patience;
use crate::{SERVICE, settle};

/// How many payments one tick takes up: the next tick comes soon, and others want their turn.
const BATCH: i64 = 25;
/// Most authorizations lapse after seven days
/// (<https://docs.stripe.com/payments/place-a-hold-on-a-payment-method>). After so long, in seconds,
/// an operator is told that one is about to.
const LAPSES_SOON: i64 = 6 * 24 * 60 * 60;

/// Does what is due for payments, the one that has waited longest first.
///
/// # Errors
/// When the database fails.
pub(crate) async fn due(deadline: &Deadline) -> Result<()> {
    // Of captured payments only those that somebody is to look at: looking at each that was ever sold
    // would hold up everyone, and the more so the more were sold. The conditions are the indexes',
    // word for word, or the indexes would not be used.
    let due = "try_again_at <= ?1 AND (status IN ('pending', 'authorized') \
            OR (status = 'captured' AND tries > 0) OR stage = 'open') \
        AND (status IN ('pending', 'declined') \
            OR EXISTS (SELECT 1 FROM payments_orders AS ended \
            WHERE ended.id = payments_payments.order_id \
                AND ended.status IN ('complete', 'cancelled'))) \
        ORDER BY try_again_at LIMIT ?2";
    for payment in Payment::select(due, params![Timestamp::now(), BATCH]).await? {
        if deadline.has_passed() {
            break;
        }
        // What was done for the others took a while.
        let payment = payment.reload().await?;
        let outcome = match payment.status {
            Status::Pending => find_out(payment).await,
            Status::Declined => settle::close(&payment, Patience::Worker, Trace::NONE).await,
            _ => settle::settle(&payment, Patience::Worker, Trace::NONE).await.map(drop),
        };
        if let Err(error) = outcome {
            log::failed("settling a payment that is due; a tick will try again", &error);
            // Who does not answer for one will hardly for the next, and others queue behind.
            break;
        }
    }
    Ok(())
}

/// Asks the provider again about a payment whose answer was lost or is still to come, and does what
/// is due then.
async fn find_out(payment: Payment) -> Result<()> {
    let id = payment.id;
    let waited = payment.stage == Some(Stage::Action) || payment.stage == Some(Stage::Processing);
    if waited && settle::settle(&payment, Patience::Worker, Trace::NONE).await? {
        return Ok(());
    }
    let answer =
        attempt::finish(payment, Patience::Worker, Trace::NONE).await.map_err(Problem::into_cause);
    match answer.with_context(|| format!("looking up payment {id}"))? {
        Answer::Authorized(payment) => {
            let payment = payment.reload().await?;
            settle::settle(&payment, Patience::Worker, Trace::NONE).await.map(drop)
        }
        Answer::Waiting(payment, _) => {
            // The order may have ended, and this be the first that is heard of an intent.
            if !settle::settle(&payment, Patience::Worker, Trace::NONE).await? {
                payment.wait().await?;
            }
            Ok(())
        }
        Answer::Declined(_) | Answer::InProgress => Ok(()),
        Answer::Unknown(cause) => Err(cause),
    }
}

/// Puts authorizations before an operator that will lapse before anybody takes the money.
///
/// # Errors
/// When the database fails.
pub(crate) async fn warn_of_lapsing() -> Result<()> {
    let now = Timestamp::now();
    // The first condition is the index's, word for word, as above.
    let sql = "UPDATE payments_payments SET attention = ?1, attention_since = ?2 \
               WHERE status IN ('pending', 'authorized') AND status = 'authorized' \
               AND created_at < ?3 AND attention IS NULL \
               RETURNING id";
    let cause = "the authorization is about to expire, and the money is neither taken nor released";
    let connection = Connection::open(&SERVICE).await?;
    let rows = connection.query(sql, params![cause, now, now.plus_seconds(-LAPSES_SOON)]).await?;
    for row in rows {
        log::noted(NEEDS_OPERATOR, format!("{}: {cause}", row.get::<String>("id")?));
    }
    Ok(())
}
