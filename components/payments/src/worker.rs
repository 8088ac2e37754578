//! What the events of orders, and ticks, set off here.

use anyhow::{Context, Result};
use boxoffice_common::events::contract::OrderState;
use boxoffice_common::events::worker::Handler;
use boxoffice_common::events::{Deadline, Event, EventType, Outcome};
use boxoffice_common::{Problem, Service, Timestamp, log, params};

use crate::attempt::{self, Answer};
use crate::payment::{Payment, Status};
use crate::stripe::Patience;
use crate::{SERVICE, settle};

/// How many payments one tick takes up: the next tick comes soon, and others want their turn.
const BATCH: i64 = 25;

/// This service's side of the events.
pub(crate) struct Payments;

impl Handler for Payments {
    const SERVICE: &'static Service = &SERVICE;

    async fn handle(event: &Event) -> Result<Outcome> {
        match event.event_type {
            EventType::OrderCancelled | EventType::OrderCompleted => {
                let order: OrderState = event.data()?;
                let changed =
                    settle::note(order.id, order.status, order.payment_id, order.version).await?;
                let payments = Payment::select("order_id = ?1", params![order.id]).await?;
                for payment in payments {
                    // What fails stays due for a tick; the event has been applied all the same.
                    if let Err(error) = settle::settle(&payment, Patience::Worker).await {
                        log::failed("settling a payment; a tick will try again", &error);
                    }
                }
                Ok(Outcome::of(changed))
            }
            other => anyhow::bail!("payments has no use for {}", other.name()),
        }
    }

    /// Finds out about answers that were lost, and does what is still due.
    async fn tick(deadline: Deadline) -> Result<bool> {
        // Of captured payments only those that an event has tried to give back: looking at each that
        // was ever sold would hold up everyone, and the more so the more were sold. The conditions
        // are the indexes', word for word, or the indexes would not be used.
        let due = "try_again_at <= ?1 AND (status IN ('pending', 'authorized') \
                OR (status = 'captured' AND tries > 0)) \
            AND (status = 'pending' OR EXISTS (SELECT 1 FROM payments_orders AS ended \
                WHERE ended.id = payments_payments.order_id AND (ended.status = 'cancelled' OR \
                    (ended.status = 'complete' AND payments_payments.status = 'authorized')))) \
            ORDER BY try_again_at LIMIT ?2";
        for payment in Payment::select(due, params![Timestamp::now(), BATCH]).await? {
            if deadline.has_passed() {
                break;
            }
            let outcome = match payment.status {
                Status::Pending => find_out(payment).await,
                _ => settle::settle(&payment, Patience::Worker).await.map(drop),
            };
            if let Err(error) = outcome {
                log::failed("a payment that is due; a tick will try again", &error);
                // Who does not answer for one will hardly for the next, and others queue behind.
                break;
            }
        }
        Ok(false)
    }
}

/// Asks the provider again about a payment whose answer was lost, and does what is due then.
async fn find_out(payment: Payment) -> Result<()> {
    let id = payment.id;
    let answer = attempt::finish(payment, Patience::Worker).await.map_err(Problem::into_cause);
    match answer.with_context(|| format!("finding out about payment {id}"))? {
        Answer::Authorized(payment) => settle::settle(&payment, Patience::Worker).await.map(drop),
        Answer::Declined(_) | Answer::UnderWay => Ok(()),
        Answer::Unknown(cause) => Err(cause),
    }
}
