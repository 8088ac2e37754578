//! Writes a payment's moves down: the only place that changes where one stands.
//!
//! [`machine::next`] says where news leads a payment, and what is committed with the move. Each
//! statement is guarded by the status that it leads on from. The first one moves the payment; the
//! others change nothing.

use anyhow::Result;
use boxoffice_kernel::db::{self};
use boxoffice_kernel::old::{Connection, Read, Transaction};
use boxoffice_kernel::{Timestamp, Trace, params};
use uuid::Uuid;

use crate::machine::{self, ABANDONED, End, MAX_DECLINES, Move, Signal, Stage, State};
use crate::payment::{COLUMNS, Payment};
use crate::stripe::{Decline, Intent, IntentState};
use crate::{SERVICE, ledger};

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
    /// [`Signal::Closed`].
    Closed,
    /// [`Signal::Returned`].
    Returned,
}

/// Who wants a sale undone, and how.
#[derive(Clone, Copy)]
pub(crate) struct RefundRequest {
    pub(crate) by: Uuid,
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
pub(crate) async fn write(
    payment: &Payment,
    news: News<'_>,
    trace: Trace,
) -> Result<Option<Payment>> {
    let Some(signal) = news.signal() else { return Ok(None) };
    let mut payment = payment.clone();
    if payment.end == End::Unknown && machine::is_up_to_order(payment.state, signal) {
        // It may be known by now.
        payment.end = payment.reload().await?.end;
    }
    let Some(step) = machine::next(payment.state, signal, payment.end) else { return Ok(None) };
    let moved = match (step.to, news) {
        (State::Action | State::Processing, _) => wait(&payment, step, news).await?,
        (State::Declined | State::Open, _) if payment.state.is_waiting() => {
            decline(&payment, step, news, trace).await?
        }
        (State::Open, _) => reopen(&payment, news).await?,
        (State::Declined, _) => close(&payment, step, trace).await?,
        (State::Refunded, _) => give_back(&payment, trace).await?,
        (_, News::RefundAsked(request)) => ask_refund(&payment, step, request, trace).await?,
        (_, News::SaleKnown) => keep(&payment, step, trace).await?,
        _ => replace(Transaction::begin(&SERVICE, trace).await?, &payment, step, news).await?,
    };
    if moved.is_some() && step.to == State::Voided && payment.end != End::Unsold {
        // Its order may have become complete meanwhile.
        payment.reload().await?.warn_if_owed().await?;
    }
    Ok(moved)
}

/// Books and emits what `step` says of the payment that has `moved`, and commits. Returns `None` if
/// another move was faster.
async fn commit(
    mut transaction: Transaction,
    moved: Payment,
    step: Move,
) -> Result<Option<Payment>> {
    for &movement in step.books {
        ledger::book(&mut transaction, &moved, movement).await?;
    }
    for (version, &event) in (1 + moved.version - events(step)..).zip(step.emits) {
        transaction.emit(Payment { version, ..moved.clone() }.event(event)?);
    }
    match transaction.commit().await {
        Ok(()) => Ok(Some(moved)),
        Err(db::Error::Overtaken(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// How many events `step` emits: by so many versions the payment grows.
fn events(step: Move) -> i64 {
    i64::try_from(step.emits.len()).unwrap_or(i64::MAX)
}

/// Queues a guarded update that moves the payment, and commits it with what the move books and emits.
async fn replace(
    mut transaction: Transaction,
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
    let sql = "UPDATE payments_payments SET status = ?4, intent_id = ?5, stage = NULL, \
               attention = NULL, attention_since = NULL, tries = ?6, failures = 0, \
               try_again_at = ?7, version = ?8 \
               WHERE id = ?1 AND status = ?2 AND version = ?3";
    let params = params![
        payment.id,
        payment.state.status().name(),
        payment.version,
        moved.state.status().name(),
        moved.intent_id.as_deref(),
        moved.tries,
        Timestamp::now(),
        moved.version
    ];
    transaction.guard(sql, params);
    commit(transaction, moved, step).await
}

/// Notes that the money was given back.
async fn give_back(payment: &Payment, trace: Trace) -> Result<Option<Payment>> {
    let transaction = Transaction::begin(&SERVICE, trace).await?;
    // Locked, so that no sale is booked between looking for one and giving the money back.
    let now = Payment::select_in(&transaction, "id = ?1 FOR UPDATE", params![payment.id]).await?;
    let Some(now) = now.into_iter().next() else { return Ok(None) };
    let Some(step) = machine::next(now.state, Signal::GivenBack, now.end) else { return Ok(None) };
    replace(transaction, &now, step, News::GivenBack).await
}

/// Notes the intent, and that its buyer or a bank has to act.
async fn wait(payment: &Payment, step: Move, news: News<'_>) -> Result<Option<Payment>> {
    let connection = Connection::open(&SERVICE).await?;
    let sql = format!(
        "UPDATE payments_payments SET intent_id = ?2, stage = ?3, version = version + 1 \
         WHERE id = ?1 AND status = 'pending' \
         AND (stage IS NULL OR (stage = 'action' AND ?3 = 'processing')) RETURNING {COLUMNS}"
    );
    let row = params![payment.id, news.intent(payment), step.to.stage().map(Stage::name)];
    Ok(connection.first(&sql, row).await?.as_ref().map(Payment::read).transpose()?)
}

/// Declines the payment. Its intent is noted only if it is to be closed.
async fn decline(
    payment: &Payment,
    mut step: Move,
    news: News<'_>,
    trace: Trace,
) -> Result<Option<Payment>> {
    let transaction = Transaction::begin(&SERVICE, trace).await?;
    let sql = format!(
        "UPDATE payments_payments SET status = 'declined', decline_code = ?2, \
         decline_message = ?3, intent_id = COALESCE(?4, intent_id), stage = ?5, \
         attention = NULL, attention_since = NULL, tries = 0, try_again_at = ?6, \
         version = version + 1 WHERE id = ?1 AND status = 'pending' RETURNING {COLUMNS}"
    );
    let decline = news.decline();
    let open = news.intent(payment).filter(|_| step.to == State::Open);
    let stage = step.to.stage().map(Stage::name);
    let row = params![payment.id, decline.code, decline.message, open, stage, Timestamp::now()];
    let Some(row) = transaction.first(&sql, row).await? else { return Ok(None) };
    let declined = Payment::read(&row)?;
    if declines(&transaction, payment.order_id).await? < MAX_DECLINES {
        step.emits = &[];
    }
    commit(transaction, declined, step).await
}

/// Counts the declines of this order by the provider, not by its buyer.
pub(crate) async fn declines(transaction: &Transaction, order_id: Uuid) -> db::Result<i64> {
    let sql = "SELECT COUNT(*) AS declines FROM payments_payments \
               WHERE order_id = ?1 AND status = 'declined' AND decline_code <> ?2";
    let row = transaction.first(sql, params![order_id, ABANDONED]).await?;
    row.map_or(Ok(0), |row| row.get("declines"))
}

/// Notes that the intent of a declined payment is to be closed: money came in by it.
async fn reopen(payment: &Payment, news: News<'_>) -> Result<Option<Payment>> {
    let connection = Connection::open(&SERVICE).await?;
    let sql = format!(
        "UPDATE payments_payments SET stage = 'open', intent_id = ?2, tries = 0, \
         try_again_at = ?3 WHERE id = ?1 AND status = 'declined' \
         AND (intent_id IS NULL OR intent_id = ?2) RETURNING {COLUMNS}"
    );
    let row = params![payment.id, news.intent(payment), Timestamp::now()];
    Ok(connection.first(&sql, row).await?.as_ref().map(Payment::read).transpose()?)
}

/// Notes that the intent of a declined payment is closed.
async fn close(payment: &Payment, step: Move, trace: Trace) -> Result<Option<Payment>> {
    let transaction = Transaction::begin(&SERVICE, trace).await?;
    let sql = "UPDATE payments_payments SET stage = NULL, attention = NULL, \
               attention_since = NULL, tries = 0, failures = 0 \
               WHERE id = ?1 AND status = 'declined' AND stage = 'open'";
    transaction.execute(sql, params![payment.id]).await?;
    commit(transaction, Payment { state: step.to, ..payment.clone() }, step).await
}

/// Books the money of a payment that was charged at once as the seller's.
async fn keep(payment: &Payment, step: Move, trace: Trace) -> Result<Option<Payment>> {
    let transaction = Transaction::begin(&SERVICE, trace).await?;
    // First, since it locks the payment: what is given back meanwhile is no sale any more, and a
    // refund that was asked for meanwhile has booked the sale and stays due.
    let sql = "UPDATE payments_payments SET tries = 0, failures = 0 \
               WHERE id = ?1 AND status = 'captured' AND refund_asked_at IS NULL RETURNING id";
    let Some(_) = transaction.first(sql, params![payment.id]).await? else { return Ok(None) };
    commit(transaction, Payment { state: step.to, ..payment.clone() }, step).await
}

/// Notes that the sale is to be undone. That is due from here on, whatever becomes of the request.
async fn ask_refund(
    payment: &Payment,
    step: Move,
    request: RefundRequest,
    trace: Trace,
) -> Result<Option<Payment>> {
    let transaction = Transaction::begin(&SERVICE, trace).await?;
    let sql = "UPDATE payments_payments SET refund_asked_at = ?2, refund_asked_by = ?3, \
               refund_reason = ?4, restock = ?5, tries = 1, try_again_at = ?6, \
               version = version + 1 \
               WHERE id = ?1 AND status = 'captured' AND refund_asked_at IS NULL RETURNING id";
    let RefundRequest { by, reason, restock } = request;
    let (now, restock) = (Timestamp::now(), i64::from(restock));
    let later = now.plus_seconds(LEFT_TO_REQUEST);
    let row = params![payment.id, now, by, reason, restock, later];
    let Some(_) = transaction.first(sql, row).await? else { return Ok(None) };
    commit(transaction, Payment { state: step.to, ..payment.clone() }, step).await
}
