//! From a payment method to authorized money, or a decline.
//!
//! What is about to be asked of the provider is committed first, as a pending payment whose id is
//! the provider's idempotency key. However the answer gets lost, asking again with that key finds
//! out what it was, and never takes the money twice.

use anyhow::anyhow;
use boxoffice_contract::orders::Order;
use boxoffice_contract::{OrderId, PaymentId, UserId};
use boxoffice_kernel::command::Idempotency;
use boxoffice_kernel::db::{self, Query};
use boxoffice_kernel::log::Security;
use boxoffice_kernel::{Cx, Timestamp, Unit, UserCx, log, query, unit};

use crate::abuse::Attempt;
use crate::machine::{ABANDONED, MAX_DECLINES, State};
use crate::moves::{self, News};
use crate::payment::{COLUMNS, Payment};
use crate::refusal::{Refusal, Result};
use crate::stripe::{self, Decline, Error, Intent, Patience};
use crate::{SERVICE, abuse, fee, observe, settle};

/// An answer that has not come after this many seconds is looked for.
const LOST_AFTER_SECONDS: i64 = 30;
/// How long a request may be on its way to the provider: longer than anybody waits for its answer.
const IN_FLIGHT_SECONDS: i64 = 60;
/// Stripe keeps idempotency keys for 24 hours at least
/// (<https://docs.stripe.com/api/idempotent_requests>). After that a request that is made again would
/// be a new one: its intent is looked for instead.
const KEYS_KEPT_SECONDS: i64 = 23 * 60 * 60;

/// What the provider said.
pub(crate) enum Answer {
    /// The money is set aside, or even further.
    Authorized(Payment),
    /// It will not be.
    Declined(Payment),
    /// That depends on the buyer, or will be known later. The intent is there if the buyer has to do
    /// something.
    Waiting(Payment, Option<Box<Intent>>),
    /// The same is being asked already.
    InProgress,
    /// It is not known; a tick, or the same request again, finds out.
    Unknown(anyhow::Error),
}

/// Finds the attempt that the buyer has made with the same idempotency key, if any.
pub(crate) async fn made_before(
    cx: &UserCx,
    idempotency: &Idempotency,
) -> db::Result<Option<Payment>> {
    let Some(key) = idempotency.key() else { return Ok(None) };
    Payment::one(made_with(cx.user.id, key)).await
}

pub(crate) fn made_with(buyer: UserId, key: &str) -> Query {
    query!(
        "SELECT {COLUMNS} FROM payments_payments WHERE buyer_id = ?1 AND idempotency_key = ?2",
        buyer,
        key
    )
}

/// Commits that the provider is about to be asked.
///
/// # Errors
/// That the order is paid, or is being paid, or has been declined too often; or that too much else was
/// declined lately.
pub(crate) async fn begin(
    cx: &UserCx,
    order: &Order,
    token: &str,
    idempotency: &Idempotency,
) -> Result<Payment> {
    let fee = fee::decide(order).await?;
    let attempt =
        Attempt { account: cx.user.id, client: abuse::client(cx), listing: order.ticket.id };
    let work = async |unit: &mut Unit<'_>| {
        abuse::admit(unit, &attempt).await?;
        let (key, client) = (idempotency.key(), &attempt.client);
        let beginning = beginning(cx.user.id, order, fee, token, key, client);
        begin_in(unit, order.id, beginning).await
    };
    match unit::run(cx, &SERVICE, work).await {
        Err(Refusal::InProgress) if is_paid(order.id).await? => Err(Refusal::AlreadyPaid),
        Err(Refusal::TooManyDeclines(met)) => {
            let cx = cx.with("limit", format!("{:?}", met.limit)).with("key", &met.key);
            log::security(&cx, Security::LimitMet, None);
            Err(Refusal::TooManyDeclines(met))
        }
        outcome => outcome,
    }
}

async fn begin_in(unit: &mut Unit<'_>, order_id: OrderId, beginning: Query) -> Result<Payment> {
    let payment = match unit.change(beginning).await {
        Err(db::Error::Constraint(db::Constraint::Unique(_))) => return Err(Refusal::InProgress),
        outcome => outcome?.ok_or_else(|| anyhow!("an insert returned nothing"))?,
    };
    // Counted after the insert, which has waited for a decline that was being committed: that one is
    // seen. `orders` may not have heard of it yet.
    if moves::declines(unit, order_id).await? >= MAX_DECLINES {
        return Err(Refusal::DeclinedTooOften);
    }
    Ok(payment)
}

pub(crate) fn beginning(
    buyer: UserId,
    order: &Order,
    fee: i64,
    token: &str,
    key: Option<&str>,
    client: &str,
) -> Query {
    let now = Timestamp::now();
    query!(
        "INSERT INTO payments_payments (id, order_id, buyer_id, amount, currency, token, \
         idempotency_key, status, try_again_at, created_at, version, seller_id, ticket_id, title, \
         quantity, resale_of, fee, client) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'pending', ?8, ?9, \
         1, ?10, ?11, ?12, ?13, ?14, ?15, ?16) RETURNING {COLUMNS}",
        PaymentId::new(),
        order.id,
        buyer,
        order.amount,
        &order.currency,
        token,
        key,
        now.plus_seconds(LOST_AFTER_SECONDS),
        now,
        order.seller_id,
        order.ticket.id,
        &order.ticket.title,
        order.quantity,
        order.ticket.resale_of,
        fee,
        client
    )
}

/// Whether an order is paid for, of which another payment cannot begin.
async fn is_paid(order_id: OrderId) -> db::Result<bool> {
    Ok(Payment::one(paid(order_id)).await?.is_some())
}

pub(crate) fn paid(order_id: OrderId) -> Query {
    query!(
        "SELECT {COLUMNS} FROM payments_payments \
         WHERE order_id = ?1 AND status IN ('authorized', 'captured')",
        order_id
    )
}

/// Asks the provider, and commits what it says. A payment that is past that already is its answer. It
/// was read just now: one whose order has ended is not asked for once more.
pub(crate) async fn finish(
    cx: &Cx,
    payment: Payment,
    patience: Patience,
) -> anyhow::Result<Answer> {
    if !payment.state.is_waiting() {
        return Ok(answer(payment, None));
    }
    match ask(cx, &payment, patience).await {
        Ok(intent) => {
            let payment = observe::observe(cx, &payment, &intent).await?;
            let answer = answer(payment.clone(), Some(intent));
            if let Answer::Unknown(cause) = &answer {
                payment.put_off(cx, &format!("{cause:#}")).await?;
            }
            Ok(answer)
        }
        Err(Error::Declined(decline)) => refused(cx, &payment, &decline).await,
        Err(Error::Refused(cause) | Error::Disputed(cause)) => {
            // Such a request never works, with whatever card: it counts as declined, not as lost.
            log::failed(&cx.with("payment", payment.id), "authorizing a payment", &cause);
            let decline = Decline {
                code: "invalid_payment_method".to_owned(),
                message: "This payment method cannot be used.".to_owned(),
            };
            refused(cx, &payment, &decline).await
        }
        Err(Error::InProgress) => {
            payment.wait(cx).await?;
            Ok(Answer::InProgress)
        }
        Err(Error::KeyReusedDifferently(cause) | Error::Unknown(cause)) => {
            // A buyer who asks again and again does not make it worse: a tick has a rhythm of its own.
            if patience == Patience::Worker {
                payment
                    .put_off(cx, &format!("the provider's answer is not known: {cause:#}"))
                    .await?;
            }
            Ok(Answer::Unknown(cause))
        }
    }
}

/// Asks for the money, or what became of asking.
async fn ask(cx: &Cx, payment: &Payment, patience: Patience) -> std::result::Result<Intent, Error> {
    if let Some(intent) = &payment.intent_id {
        return stripe::retrieve(cx, intent, patience).await.map_err(not_refused);
    }
    // Where nobody wants the money any more, it is not asked for once more to find out.
    let keys_kept = payment.created_at.plus_seconds(KEYS_KEPT_SECONDS) > Timestamp::now();
    if keys_kept && !payment.is_in_vain() {
        match stripe::authorize(cx, payment, patience).await {
            Err(Error::KeyReusedDifferently(_)) => {}
            answer => return answer,
        }
    }
    let found = stripe::look_up(cx, payment, patience).await.map_err(not_refused)?;
    if let Some(intent) = found {
        return Ok(intent);
    }
    // The first request may still be on its way.
    if payment.created_at.plus_seconds(IN_FLIGHT_SECONDS) > Timestamp::now() {
        return Err(Error::Unknown(anyhow!("the payment {} has no intent yet", payment.id)));
    }
    Err(Error::Declined(Decline {
        code: "payment_canceled".to_owned(),
        message: "The payment never reached the provider.".to_owned(),
    }))
}

/// That the provider will not tell says nothing about what it has done.
fn not_refused(error: Error) -> Error {
    match error {
        Error::Refused(cause) => Error::Unknown(cause),
        error => error,
    }
}

async fn refused(cx: &Cx, payment: &Payment, decline: &Decline) -> anyhow::Result<Answer> {
    // `None`: the same question was asked twice at once, and the other has committed the answer.
    let finished = match moves::write(cx, payment, News::Refused(decline)).await? {
        Some(payment) => Some(payment),
        None => Payment::one(Payment::find(payment.id)).await?,
    };
    Ok(match finished {
        Some(payment) => answer(payment, None),
        None => Answer::Unknown(anyhow!("the payment {} is missing", payment.id)),
    })
}

fn answer(payment: Payment, intent: Option<Intent>) -> Answer {
    match payment.state {
        State::Pending => {
            Answer::Unknown(anyhow!("the payment {} cannot continue from its state", payment.id))
        }
        State::Action => Answer::Waiting(payment, intent.map(Box::new)),
        State::Processing => Answer::Waiting(payment, None),
        State::Declined | State::Open => Answer::Declined(payment),
        State::Authorized
        | State::Captured
        | State::Settled
        | State::Refunding
        | State::Disputed
        | State::Voided
        | State::Refunded => Answer::Authorized(payment),
    }
}

/// Gives up an attempt that waits for its buyer, who pays in another way. Returns whether it was one.
/// That it is declined is committed before the provider is told: from then on, authenticating late
/// cannot complete the order.
pub(crate) async fn abandon(cx: &Cx, payment: &Payment) -> Result<bool> {
    let Some(declined) = moves::write(cx, payment, News::OtherCard).await? else {
        return Ok(false);
    };
    if let Err(error) = settle::close(cx, &declined, Patience::Worker).await {
        log::failed(
            &cx.with("payment", payment.id),
            "closing an intent; a tick will try again",
            &error,
        );
    }
    Ok(true)
}

/// Finds the payment of this order that is pending, authorized or captured.
pub(crate) fn live(order_id: OrderId) -> Query {
    query!(
        "SELECT {COLUMNS} FROM payments_payments \
         WHERE order_id = ?1 AND status IN ('pending', 'authorized', 'captured')",
        order_id
    )
}

/// Whether `payment` was the decline that its order ends with.
pub(crate) async fn was_last(payment: &Payment) -> db::Result<bool> {
    let before = Payment::all(declined_until(payment)).await?;
    Ok(i64::try_from(before.len()).unwrap_or(MAX_DECLINES) >= MAX_DECLINES)
}

pub(crate) fn declined_until(payment: &Payment) -> Query {
    query!(
        "SELECT {COLUMNS} FROM payments_payments \
         WHERE order_id = ?1 AND status = 'declined' AND id <= ?2 AND decline_code <> ?3",
        payment.order_id,
        payment.id,
        ABANDONED
    )
}
