//! `POST /api/payments/webhook`: what Stripe tells by itself.
//!
//! An event is stored before it is acted on, and acted on once: what a crash or a busy database
//! leaves is for a tick. Acting means the same moves as those of an answer ([`moves`]), and
//! never a call to anyone: Stripe waits, and what money is to be given back is for a tick, too.

use std::time::Duration;

use anyhow::bail;
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use boxoffice_kernel::db::{self, Query};
use boxoffice_kernel::log::Security;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Problem, Timestamp, config, log, query, row, signature, unit};
use boxoffice_rules::money;
use bytes::Bytes;
use futures::channel::oneshot::{Receiver, channel};
use futures::future::{Either, FutureExt, select};
use http::{HeaderMap, StatusCode};
use send_wrapper::SendWrapper;

use crate::machine::{State, Status};
use crate::payment::{COLUMNS, Payment};
use crate::stripe::Intent;
use crate::stripe::event::{Charge, Event, News, Trouble};
use crate::{SERVICE, adjust, mode, moves, observe};

/// Stripe's header with the signature.
const SIGNATURE: &str = "stripe-signature";
/// Stripe gives up after some seconds and shop owners are told of it: what takes longer than this is
/// not waited for.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// How long ids are kept, in seconds, so that a repeat is known: Stripe sends for three days, and
/// lets its users send again for thirty.
const KEEP_SECONDS: i64 = 35 * 24 * 60 * 60;
/// How many events a tick takes up.
const BATCH: i64 = 50;
/// How long a request is left to act on its event, in seconds, before a tick does.
const LEFT_TO_REQUEST: i64 = 10;
/// After so many tries in vain an event is let go of: how an intent stands is looked up, too, and the
/// audit finds what was given back.
const MAX_TRIES: i64 = 10;

pub(crate) fn route() -> Router {
    Router::new().route("/api/payments/webhook", post(receive))
}

/// Receive an event from Stripe
///
/// Stripe calls this. The signature covers the body, byte for byte. The variable
/// `stripe_webhook_secret` holds the endpoint's secrets, separated by commas. It has several while
/// they are being changed. While it is empty, events are refused and the shop asks Stripe instead.
#[utoipa::path(
    post, path = "/api/payments/webhook", tag = "payments", operation_id = "receive_webhook",
    params(("Stripe-Signature" = String, Header, description = "Time and signatures: `t=…,v1=…`")),
    request_body(content = String, content_type = "application/json", description = "The event"),
    responses(
        (status = 200, description = "The event is stored"),
        (status = 400, description = "Not signed by Stripe, or signed too long ago, or of another mode (`livemode`) than the shop's key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The event is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No secret is set, or the event cannot be stored now", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn receive(cx: Cx, headers: HeaderMap, body: Bytes) -> Result<Response> {
    let body = admit(&cx, &headers, &body).await?;
    let event = Event::parse(body)
        .map_err(|error| Problem::malformed(format!("The body is not an event: {error}")))?;
    check_mode(&cx, &event).await?;
    let (stored, done) = begin(cx.with("event", &event.id), event, body.to_owned());
    let alarm = SendWrapper::new(spin_sdk::time::sleep(PATIENCE)).shared();
    match select(stored, alarm.clone()).await {
        Either::Left((Ok(stored), _)) => stored?,
        Either::Left((Err(_), _)) | Either::Right(_) => {
            let cause = anyhow::anyhow!("Stripe's event could not be stored in time");
            return Err(Problem::unavailable(
                "The service is busy; send the event again later",
                10,
                cause,
            ));
        }
    }
    // However that ends: what is stored and not done is for a tick.
    select(done, alarm).await;
    Ok(StatusCode::OK.into_response())
}

/// Refuses an event about real money in a shop for tests, and one of Stripe's test mode in a real shop:
/// a secret of the other mode must not move anything here.
async fn check_mode(cx: &Cx, event: &Event) -> Result<()> {
    let is_real = mode::is_real().await?;
    if event.livemode == is_real {
        return Ok(());
    }
    let detail = format!(
        "The event's livemode is {}, but this shop's key is for livemode {is_real}",
        event.livemode
    );
    log::noted(cx, "an event of the wrong mode was refused", &event.id);
    Err(Problem::malformed(detail).with_code("wrong_mode"))
}

/// Begins to store the event and act on it, and goes on with that even if nobody waits any more: a
/// call to the database that is given up half way would leave a connection in an unknown state. Says
/// first whether it is stored, then that everything is done.
fn begin(cx: Cx, event: Event, body: String) -> (Receiver<db::Result<()>>, Receiver<()>) {
    let ((stored, when_stored), (done, when_done)) = (channel(), channel());
    spin_sdk::wasip3::spawn(async move {
        let is_open = store(&cx, &event, &body).await;
        let act = matches!(is_open, Ok(true));
        // Who waits for either may have gone.
        let _ = stored.send(is_open.map(drop));
        if act && let Err(error) = apply(&cx, &event).await {
            log::failed(&cx, "acting on Stripe's event; a tick will try again", &error);
        }
        let _ = done.send(());
    });
    (when_stored, when_done)
}

/// The body, if it was signed with one of our secrets.
async fn admit<'a>(cx: &Cx, headers: &HeaderMap, body: &'a [u8]) -> Result<&'a str> {
    let secrets = config::variable("stripe_webhook_secret").await?;
    if signature::secrets(&secrets).next().is_none() {
        let cause = anyhow::anyhow!("Stripe's event was refused: stripe_webhook_secret is not set");
        let detail = "No webhook secret is set here (stripe_webhook_secret); send it again later";
        return Err(Problem::unavailable(detail, 3_600, cause).with_code("webhooks_off"));
    }
    let header = headers.get(SIGNATURE).and_then(|header| header.to_str().ok());
    let now = Timestamp::now().as_millis() / 1_000;
    signature::verify(header, body, &secrets, now).map_err(|refusal| {
        let sentence = refusal.sentence("Stripe-Signature", "stripe_webhook_secret");
        log::noted(cx, "an event that claims to be Stripe's was refused", &sentence);
        log::security(&cx.with("what", "webhook"), Security::Forged, None);
        Problem::malformed(sentence).with_code("bad_signature")
    })?;
    std::str::from_utf8(body).map_err(|_| Problem::malformed("The body is not UTF-8"))
}

/// Stores the event, and tells whether it is still to be acted on: it is new, or what it tells was
/// never applied.
async fn store(cx: &Cx, event: &Event, body: &str) -> db::Result<bool> {
    let stored = unit::change(cx, &SERVICE, storing(&event.id, &event.kind, body)).await?;
    Ok(stored.is_some_and(|(body,): (Option<String>,)| body.is_some()))
}

pub(crate) fn storing(id: &str, kind: &str, body: &str) -> Query {
    let now = Timestamp::now();
    query!(
        "INSERT INTO payments_webhooks (id, type, body, received_at, try_again_at) \
         VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (id) DO UPDATE SET type = excluded.type RETURNING body",
        id,
        kind,
        body,
        now,
        now.plus_seconds(LEFT_TO_REQUEST)
    )
}

/// Does what the event asks for, and notes that it is done.
async fn apply(cx: &Cx, event: &Event) -> anyhow::Result<()> {
    match event.news()? {
        Some(News::Intent(intent)) => {
            if let Some(payment) = payment_of(cx, &intent).await? {
                observe::observe(cx, &payment, &intent).await?;
            }
        }
        Some(News::Charge(charge)) => refunded(cx, &event.id, charge).await?,
        Some(News::Trouble(trouble)) => warn(cx, &event.kind, trouble).await?,
        None => {}
    }
    Ok(done(cx, &event.id).await?)
}

/// Follows a refund, of all or of a part. It is kept for later where our books do not know yet that
/// money was taken.
async fn refunded(cx: &Cx, event: &str, charge: Charge) -> anyhow::Result<()> {
    let is_refund = charge.captured && (charge.refunded || charge.amount_refunded > 0);
    let Some(intent) = charge.payment_intent.filter(|_| is_refund) else { return Ok(()) };
    let Some(payment) = Payment::one(by_intent(&intent)).await? else { return Ok(()) };
    must_be_taken(&payment, "a refund")?;
    if charge.refunded {
        return moves::write(cx, &payment, moves::News::GivenBack).await.map(drop);
    }
    adjust::part_refunded(cx, &payment, event, charge.amount_refunded).await
}

/// Fails if our books do not know that the payment's money was taken: what follows it is too early.
fn must_be_taken(payment: &Payment, what: &str) -> anyhow::Result<()> {
    if matches!(payment.state.status(), Status::Pending | Status::Authorized) {
        bail!("{what} of the payment {} arrived before its capture was recorded", payment.id);
    }
    Ok(())
}

/// Puts a dispute, or a refund that did not reach the buyer, before an operator, and books what it did
/// to the money. A dispute that was won needs nobody any more; a refund that it held up is due again.
async fn warn(cx: &Cx, kind: &str, trouble: Trouble) -> anyhow::Result<()> {
    let Some(intent) = &trouble.payment_intent else { return Ok(()) };
    let Some(payment) = Payment::one(by_intent(intent)).await? else { return Ok(()) };
    if kind == "refund.failed" && payment.state == State::Refunding {
        bail!("a failed refund of {} arrived before the refund was recorded", payment.id);
    }
    let status = trouble.status.as_deref().unwrap_or_default();
    let why = trouble.reason.as_deref().or(trouble.failure_reason.as_deref()).unwrap_or_default();
    let id = &trouble.id;
    let cause = format!("Stripe reports {kind}: {id} {status} {why}");
    let is_ours = trouble
        .currency
        .as_ref()
        .is_some_and(|currency| currency.eq_ignore_ascii_case(&payment.currency));
    let amount = trouble.amount;
    let is_booked = match (kind, status) {
        // https://docs.stripe.com/api/disputes/object, `status`.
        ("charge.dispute.closed", "won" | "warning_closed" | "prevented") => {
            moves::write(cx, &payment, moves::News::DisputeWon).await?;
            return Ok(payment.need_no_attention(cx).await?);
        }
        ("charge.dispute.closed", "lost") if is_ours => {
            must_be_taken(&payment, "a lost dispute")?;
            adjust::lost(cx, &payment, id, amount, &cause).await?
        }
        ("refund.failed", _) if is_ours => {
            adjust::part_refund_failed(cx, &payment, id, amount, &cause).await?
        }
        _ => false,
    };
    if is_booked { Ok(()) } else { Ok(payment.call_attention(cx, &cause).await?) }
}

/// Finds our payment whose intent this is.
pub(crate) fn by_intent(intent: &str) -> Query {
    query!("SELECT {COLUMNS} FROM payments_payments WHERE intent_id = ?1", intent)
}

/// Our payment that an intent is for; others may use the account, too.
async fn payment_of(cx: &Cx, intent: &Intent) -> db::Result<Option<Payment>> {
    let Some(id) = intent.payment_id() else { return Ok(None) };
    let Some(payment) = Payment::one(Payment::find(id)).await? else { return Ok(None) };
    let same_money = money::stripe_amount(&payment.currency, payment.amount) == Some(intent.amount)
        && payment.currency.eq_ignore_ascii_case(&intent.currency);
    let same_intent = payment.intent_id.as_ref().is_none_or(|known| *known == intent.id);
    if same_money && same_intent {
        return Ok(Some(payment));
    }
    log::noted(cx, "an event names another intent than the payment does", &intent.id);
    Ok(None)
}

async fn done(cx: &Cx, id: &str) -> db::Result<()> {
    unit::change::<()>(cx, &SERVICE, doing_with(id)).await.map(drop)
}

/// Notes that nothing is left to do about an event.
pub(crate) fn doing_with(id: &str) -> Query {
    query!("UPDATE payments_webhooks SET body = NULL WHERE id = ?1", id)
}

row! {
    /// An event that was stored and not acted on.
    struct Stored {
        id: String,
        body: String,
        tries: i64,
    }
}

/// Acts on events that were stored and not acted on; forgets old ones.
///
/// # Errors
/// When the database fails.
pub(crate) async fn tick(cx: &Cx) -> anyhow::Result<()> {
    for stored in due(cx).await? {
        if cx.is_out_of_time() {
            break;
        }
        let cx = cx.with("event", &stored.id);
        if let Err(error) = act(&cx, &stored).await {
            log::failed(&cx, "acting on Stripe's event", &error);
            unit::change::<()>(&cx, &SERVICE, failing(&stored.id)).await?;
            if stored.tries + 1 >= MAX_TRIES {
                log::noted(&cx, "giving up an event from Stripe", &stored.id);
                done(&cx, &stored.id).await?;
            }
        }
    }
    Ok(())
}

async fn act(cx: &Cx, stored: &Stored) -> anyhow::Result<()> {
    apply(cx, &Event::parse(&stored.body)?).await
}

pub(crate) fn failing(id: &str) -> Query {
    query!("UPDATE payments_webhooks SET tries = tries + 1 WHERE id = ?1", id)
}

/// Takes up events that are due, so that no other replica does, and deletes old ones.
async fn due(cx: &Cx) -> db::Result<Vec<Stored>> {
    let now = Timestamp::now();
    unit::change::<()>(cx, &SERVICE, forgetting(now.plus_seconds(-KEEP_SECONDS))).await?;
    unit::change_all(cx, &SERVICE, taking_up(now)).await
}

pub(crate) fn forgetting(before: Timestamp) -> Query {
    query!("DELETE FROM payments_webhooks WHERE received_at < ?1", before)
}

pub(crate) fn taking_up(now: Timestamp) -> Query {
    query!(
        "WITH due AS \
         (SELECT id FROM payments_webhooks WHERE body IS NOT NULL AND try_again_at <= ?1 \
         ORDER BY try_again_at LIMIT ?3 FOR UPDATE SKIP LOCKED) \
         UPDATE payments_webhooks SET try_again_at = ?2 \
         WHERE id IN (SELECT id FROM due) RETURNING id, body, tries",
        now,
        now.plus_seconds(60),
        BATCH
    )
}
