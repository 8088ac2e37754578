//! Writes a payment's moves down: the only place that changes where one stands.
//!
//! [`machine::next`] says where news leads a payment, and what is committed with the move. Each
//! statement is guarded by the status that it leads on from. The first one moves the payment; the
//! others change nothing.

use anyhow::Result;
use boxoffice_contract::{OrderId, PaymentId, UserId};
use boxoffice_kernel::db::{self, Query, Read};
use boxoffice_kernel::{Cx, Timestamp, Unit, query, unit};

use crate::machine::{self, ABANDONED, End, MAX_DECLINES, Move, Signal, State};
use crate::payment::{COLUMNS, Payment};
use crate::stripe::{Decline, Intent, IntentState};
use crate::{SERVICE, abuse, ledger};

/// How long, in seconds, a request has to get the provider's answer to a refund before a tick asks.
const LEFT_TO_REQUEST: i64 = 30;

/// What the shop learns about a payment.
#[derive(Clone, Copy)]
pub(crate) enum News<'a> {
    /// How the provider says that the payment's intent stands.
    Intent(&'a Intent),
    /// [`Signal::Refused`].
    Refused(&'a Decline),
    /// [`Signal::OtherCard`].
    OtherCard,
    /// [`Signal::SaleKnown`].
    SaleKnown,
    /// [`Signal::RefundAsked`].
    RefundAsked(RefundRequest),
    /// [`Signal::GivenBack`].
    GivenBack,
    /// [`Signal::RefundRefused`], with the provider's reason.
    RefundRefused(&'a str),
    /// [`Signal::DisputeWon`].
    DisputeWon,
    /// [`Signal::Closed`].
    Closed,
    /// [`Signal::Returned`].
    Returned,
}

/// Who wants a sale undone, and how.
#[derive(Clone, Copy)]
pub(crate) struct RefundRequest {
    /// The seller or an operator; `None`: the shop itself.
    pub(crate) by: Option<UserId>,
    /// In Stripe's words.
    pub(crate) reason: &'static str,
    /// Whether the tickets are to be for sale again.
    pub(crate) restock: bool,
}

impl News<'_> {
    /// The signal that it is, or `None` if it moves no payment.
    fn signal(self) -> Option<Signal> {
        Some(match self {
            Self::Intent(intent) => match intent.state() {
                IntentState::Held => Signal::Held,
                IntentState::Taken => Signal::Taken,
                IntentState::Action => Signal::Action,
                IntentState::Processing => Signal::Processing,
                IntentState::Failed(_) => Signal::Failed,
                IntentState::Canceled => Signal::Canceled,
                IntentState::Odd(_) => return None,
            },
            Self::Refused(_) => Signal::Refused,
            Self::OtherCard => Signal::OtherCard,
            Self::SaleKnown => Signal::SaleKnown,
            Self::RefundAsked(_) => Signal::RefundAsked,
            Self::GivenBack => Signal::GivenBack,
            Self::RefundRefused(_) => Signal::RefundRefused,
            Self::DisputeWon => Signal::DisputeWon,
            Self::Closed => Signal::Closed,
            Self::Returned => Signal::Returned,
        })
    }

    /// The intent that it tells of, or else the payment's own.
    fn intent<'a>(&'a self, payment: &'a Payment) -> Option<&'a str> {
        match self {
            Self::Intent(intent) => Some(&intent.id),
            _ => payment.intent_id.as_deref(),
        }
    }

    /// Why the payment is declined by it.
    fn decline(self) -> Decline {
        if let Self::Intent(intent) = self
            && let IntentState::Failed(decline) = intent.state()
        {
            return decline;
        }
        let (code, message) = match self {
            Self::Refused(decline) => return decline.clone(),
            Self::OtherCard => (ABANDONED, "Another payment method was used."),
            _ => ("payment_canceled", ""),
        };
        Decline { code: code.to_owned(), message: message.to_owned() }
    }
}

/// Moves the payment as `news` wants it. Returns the payment as it is then, or `None` if there is
/// nothing to move, or another move was faster.
pub(crate) async fn write(cx: &Cx, payment: &Payment, news: News<'_>) -> Result<Option<Payment>> {
    let work = async |unit: &mut Unit<'_>| {
        let payment = latest(unit, payment).await?;
        step(unit, &payment, news).await
    };
    let moved = unit::run(cx, &SERVICE, work).await?;
    if let Some(moved) = &moved {
        warn_if_owed(cx, moved).await?;
    }
    Ok(moved)
}

/// Returns the payment as it was read, or, when the unit runs again, as it is by then.
pub(crate) async fn latest(unit: &mut Unit<'_>, payment: &Payment) -> db::Result<Payment> {
    if unit.is_repeat() { payment.reload_in(unit).await } else { Ok(payment.clone()) }
}

/// Puts a payment that was voided before an operator, if its order has become complete meanwhile.
pub(crate) async fn warn_if_owed(cx: &Cx, moved: &Payment) -> Result<()> {
    if moved.state == State::Voided && moved.end != End::Unsold {
        moved.reload().await?.warn_if_owed(cx).await?;
    }
    Ok(())
}

/// Queues, or makes, the move of a payment that stands as it was read. Returns the payment as it is
/// after the commit, or `None` if there is nothing to move, or another move was faster.
pub(crate) async fn step(
    unit: &mut Unit<'_>,
    payment: &Payment,
    news: News<'_>,
) -> Result<Option<Payment>> {
    let Some(signal) = news.signal() else { return Ok(None) };
    let mut payment = payment.clone();
    if payment.end == End::Unknown && machine::is_up_to_order(payment.state, signal) {
        // It may be known by now.
        payment.end = payment.reload_in(unit).await?.end;
    }
    let Some(step) = machine::next(payment.state, signal, payment.end) else { return Ok(None) };
    let change = match (step.to, news) {
        (State::Action | State::Processing, _) => {
            return Ok(unit.change_alone(waiting(&payment, step, news)).await?);
        }
        (State::Declined | State::Open, _) if payment.state.is_waiting() => {
            return decline(unit, &payment, step, news).await;
        }
        (State::Open, _) => return Ok(unit.change_alone(reopening(&payment, news)).await?),
        (State::Refunded, _) => return give_back(unit, &payment).await,
        (State::Declined, _) => {
            // Whether or not another was faster: each books at most once.
            unit.change::<()>(closing(&payment)).await?;
            Some(())
        }
        (_, News::RefundAsked(request)) => {
            unit.change::<()>(asking_refund(&payment, request)).await?
        }
        (_, News::SaleKnown) => unit.change::<()>(keeping(&payment)).await?,
        (_, News::RefundRefused(why)) => unit.change::<()>(refusing(&payment, why)).await?,
        (_, News::DisputeWon) => unit.change::<()>(asking_again(&payment)).await?,
        _ => return replace(unit, &payment, step, news).await,
    };
    let Some(()) = change else { return Ok(None) };
    follow(unit, Payment { state: step.to, ..payment }, step).await
}

/// Books and emits what `step` says of the payment that has `moved`.
async fn follow(unit: &mut Unit<'_>, moved: Payment, step: Move) -> Result<Option<Payment>> {
    for &movement in step.books {
        ledger::book(unit, &moved, movement).await?;
    }
    for (version, &event) in (1 + moved.version - events(step)..).zip(step.emits) {
        unit.emit(Payment { version, ..moved.clone() }.event(event)?);
    }
    Ok(Some(moved))
}

/// How many events `step` emits: by so many versions the payment grows.
fn events(step: Move) -> i64 {
    i64::try_from(step.emits.len()).unwrap_or(i64::MAX)
}

/// Queues a guarded update that moves the payment, and what the move counts, books and emits.
async fn replace(
    unit: &mut Unit<'_>,
    payment: &Payment,
    step: Move,
    news: News<'_>,
) -> Result<Option<Payment>> {
    let moved = Payment {
        state: step.to,
        intent_id: news.intent(payment).map(str::to_owned),
        tries: step.to.first_tries(),
        failures: 0,
        version: payment.version + events(step),
        ..payment.clone()
    };
    unit.require(replacing(payment, &moved));
    abuse::note(unit, payment, moved.state);
    follow(unit, moved, step).await
}

pub(crate) fn replacing(payment: &Payment, moved: &Payment) -> Query {
    query!(
        "UPDATE payments_payments SET status = ?4, intent_id = ?5, stage = NULL, client = NULL, \
         attention = NULL, attention_since = NULL, tries = ?6, failures = 0, \
         try_again_at = ?7, version = ?8 \
         WHERE id = ?1 AND status = ?2 AND version = ?3",
        payment.id,
        payment.state.status(),
        payment.version,
        moved.state.status(),
        moved.intent_id.as_deref(),
        moved.tries,
        Timestamp::now(),
        moved.version
    )
}

/// Notes that the money was given back.
async fn give_back(unit: &mut Unit<'_>, payment: &Payment) -> Result<Option<Payment>> {
    // Locked, so that no sale is booked between looking for one and giving the money back.
    let now = unit.read_locked::<Payment>(locking(payment.id)).await?;
    let Some(now) = now.into_iter().next() else { return Ok(None) };
    let Some(step) = machine::next(now.state, Signal::GivenBack, now.end) else { return Ok(None) };
    replace(unit, &now, step, News::GivenBack).await
}

pub(crate) fn locking(id: PaymentId) -> Query {
    query!("SELECT {COLUMNS} FROM payments_payments WHERE id = ?1 FOR UPDATE", id)
}

/// Notes the intent, and that its buyer or a bank has to act.
pub(crate) fn waiting(payment: &Payment, step: Move, news: News<'_>) -> Query {
    query!(
        "UPDATE payments_payments SET intent_id = ?2, stage = ?3, version = version + 1 \
         WHERE id = ?1 AND status = 'pending' \
         AND (stage IS NULL OR (stage = 'action' AND ?3 = 'processing')) RETURNING {COLUMNS}",
        payment.id,
        news.intent(payment),
        step.to.stage()
    )
}

/// Declines the payment. Its intent is noted only if it must be closed.
async fn decline(
    unit: &mut Unit<'_>,
    payment: &Payment,
    mut step: Move,
    news: News<'_>,
) -> Result<Option<Payment>> {
    let declined: Option<Payment> = unit.change(declining(payment, step, news)).await?;
    let Some(declined) = declined else { return Ok(None) };
    abuse::note(unit, payment, declined.state);
    if declines(unit, payment.order_id).await? < MAX_DECLINES {
        step.emits = &[];
    }
    follow(unit, declined, step).await
}

pub(crate) fn declining(payment: &Payment, step: Move, news: News<'_>) -> Query {
    let decline = news.decline();
    let open = news.intent(payment).filter(|_| step.to == State::Open);
    query!(
        "UPDATE payments_payments SET status = 'declined', decline_code = ?2, \
         decline_message = ?3, intent_id = COALESCE(?4, intent_id), stage = ?5, client = NULL, \
         attention = NULL, attention_since = NULL, tries = 0, try_again_at = ?6, \
         version = version + 1 WHERE id = ?1 AND status = 'pending' RETURNING {COLUMNS}",
        payment.id,
        decline.code,
        decline.message,
        open,
        step.to.stage(),
        Timestamp::now()
    )
}

/// Counts the declines of this order by the provider, not by its buyer.
pub(crate) async fn declines(read: &mut impl Read, order_id: OrderId) -> db::Result<i64> {
    Ok(read.read(counting(order_id)).await?.map_or(0, |(declines,)| declines))
}

pub(crate) fn counting(order_id: OrderId) -> Query {
    query!(
        "SELECT COUNT(*) AS declines FROM payments_payments \
         WHERE order_id = ?1 AND status = 'declined' AND decline_code <> ?2",
        order_id,
        ABANDONED
    )
}

/// Notes that the intent of a declined payment must be closed: money came in by it.
pub(crate) fn reopening(payment: &Payment, news: News<'_>) -> Query {
    query!(
        "UPDATE payments_payments SET stage = 'open', intent_id = ?2, tries = 0, \
         try_again_at = ?3 WHERE id = ?1 AND status = 'declined' \
         AND (intent_id IS NULL OR intent_id = ?2) RETURNING {COLUMNS}",
        payment.id,
        news.intent(payment),
        Timestamp::now()
    )
}

/// Notes that the intent of a declined payment is closed.
pub(crate) fn closing(payment: &Payment) -> Query {
    query!(
        "UPDATE payments_payments SET stage = NULL, attention = NULL, \
         attention_since = NULL, tries = 0, failures = 0 \
         WHERE id = ?1 AND status = 'declined' AND stage = 'open'",
        payment.id
    )
}

/// Notes that the money of a payment that was charged at once is the seller's. It comes first in its
/// unit, since it locks the payment: what is given back meanwhile is no sale any more, and a refund
/// that was asked for meanwhile has booked the sale and stays due.
pub(crate) fn keeping(payment: &Payment) -> Query {
    query!(
        "UPDATE payments_payments SET tries = 0, failures = 0 \
         WHERE id = ?1 AND status = 'captured' AND refund_asked_at IS NULL RETURNING id",
        payment.id
    )
}

/// Notes that the sale must be undone. That is due from here on, even if the request fails.
pub(crate) fn asking_refund(payment: &Payment, request: RefundRequest) -> Query {
    let RefundRequest { by, reason, restock } = request;
    let now = Timestamp::now();
    query!(
        "UPDATE payments_payments SET refund_asked_at = ?2, refund_asked_by = ?3, \
         refund_reason = ?4, restock = ?5, tries = 1, try_again_at = ?6, \
         version = version + 1 \
         WHERE id = ?1 AND status = 'captured' AND refund_asked_at IS NULL RETURNING id",
        payment.id,
        now,
        by,
        reason,
        restock,
        now.plus_seconds(LEFT_TO_REQUEST)
    )
}

/// Notes that the provider refuses to give the money back, and puts that before an operator. Nothing is
/// due then. It counts as a failure: a later request needs another key, or the provider repeats what it
/// said.
pub(crate) fn refusing(payment: &Payment, why: &str) -> Query {
    let now = Timestamp::now();
    query!(
        "UPDATE payments_payments SET refund_refusal = ?2, attention = ?2, \
         attention_since = COALESCE(attention_since, ?3), tries = 0, failures = failures + 1 \
         WHERE id = ?1 AND status = 'captured' AND refund_refusal IS NULL RETURNING id",
        payment.id,
        why,
        now
    )
}

/// Notes that the provider no longer refuses to give the money back: that is due again.
pub(crate) fn asking_again(payment: &Payment) -> Query {
    query!(
        "UPDATE payments_payments SET refund_refusal = NULL, attention = NULL, \
         attention_since = NULL, tries = 1, try_again_at = ?2 \
         WHERE id = ?1 AND status = 'captured' AND refund_refusal IS NOT NULL RETURNING id",
        payment.id,
        Timestamp::now()
    )
}
