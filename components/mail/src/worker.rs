//! Which letters the events bring about, and what a tick does.

use anyhow::Result;
use boxoffice_contract::events::{LetterAsked, OrderState, TicketState, TransferState};
use boxoffice_kernel::events::worker::{BATCH_LIMIT, Handler, one_by_one};
use boxoffice_kernel::events::{Event, EventType, Outcome};
use boxoffice_kernel::{Cx, Service, erasure, unit};
use boxoffice_rules::purchase;

use crate::letter::{Kind, NewLetter};
use crate::{SERVICE, person};

/// This service's side of the events.
pub(crate) struct Mail;

impl Handler for Mail {
    const SERVICE: &'static Service = &SERVICE;

    fn batch_limit(_: EventType) -> usize {
        BATCH_LIMIT
    }

    async fn handle(cx: &Cx, events: &[Event]) -> Result<Vec<Outcome>> {
        if events.iter().all(|event| event.event_type == EventType::UserDeleted) {
            return one_by_one(events, async |event| {
                erasure::follow(cx, &SERVICE, event, person::erase).await
            })
            .await;
        }
        let letters = events.iter().map(letters).collect::<Result<Vec<_>>>()?;
        let all: Vec<NewLetter> = letters.iter().flatten().map(NewLetter::clone).collect();
        if all.is_empty() {
            return Ok(vec![Outcome::Stale; events.len()]);
        }
        let stored = unit::change_all(cx, &SERVICE, NewLetter::storing(&all)).await?;
        let stored: Vec<String> = stored.into_iter().map(|(key,)| key).collect();
        let is_new =
            |letters: &Vec<NewLetter>| letters.iter().any(|letter| stored.contains(&letter.key));
        Ok(letters.iter().map(|letters| Outcome::of(is_new(letters))).collect())
    }

    /// Erases again what was written while an account was deleted. Letters are sent after every message,
    /// ticks among them.
    async fn tick(cx: &Cx) -> Result<bool> {
        erasure::tick(cx, &SERVICE, person::erase).await
    }
}

/// Returns the letters that an event brings about.
fn letters(event: &Event) -> Result<Vec<NewLetter>> {
    Ok(match event.event_type {
        EventType::OrderCompleted => {
            let order: OrderState = event.data()?;
            let about =
                |kind, recipient| NewLetter::new(kind, order.id.0, order.version, recipient, None);
            vec![
                about(Kind::OrderConfirmed, Some(order.buyer_id)),
                // `orders` knows the seller.
                about(Kind::TicketSold, None),
            ]
        }
        EventType::OrderRefunded => {
            let order: OrderState = event.data()?;
            let buyer = Some(order.buyer_id);
            vec![NewLetter::new(Kind::OrderRefunded, order.id.0, order.version, buyer, None)]
        }
        EventType::TicketUpdated => {
            let ticket: TicketState = event.data()?;
            let moved = ticket
                .moved
                .then(|| NewLetter::new(Kind::EventMoved, ticket.id.0, ticket.version, None, None));
            moved.into_iter().collect()
        }
        EventType::TransferCreated => {
            let transfer: TransferState = event.data()?;
            let until = Some(transfer.expires_at);
            let kind = Kind::TicketTransferred;
            vec![NewLetter::new(kind, transfer.id.0, transfer.version, None, until)]
        }
        EventType::LetterAsked => {
            let asked: LetterAsked = event.data()?;
            let kind = Kind::Account(asked.kind);
            let recipient = Some(asked.user_id);
            vec![NewLetter::new(kind, asked.id.0, asked.version, recipient, asked.expires_at)]
        }
        EventType::ReminderAsked => {
            let order: OrderState = event.data()?;
            let (id, buyer) = (order.id.0, Some(order.buyer_id));
            // The hold may be extended meanwhile: `orders` tells its end when the letter is due.
            let letter = NewLetter::new(Kind::HoldEnding, id, order.version, buyer, None);
            vec![letter.due_at(order.expires_at.plus_seconds(-purchase::REMINDED_BEFORE))]
        }
        other => anyhow::bail!("mail does not handle {}", other.name()),
    })
}
