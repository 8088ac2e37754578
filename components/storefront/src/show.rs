//! From what the services answer to what a page shows.

use boxoffice_contract::Word;
use boxoffice_contract::admissions::{self as api, AdmissionStatus};
use boxoffice_contract::ledger::{Entry, Movement};
use boxoffice_contract::orders::{CancelReason, EventChange, Order, OrderStatus, number};
use boxoffice_contract::payments::{Payment, PaymentStatus as Paid};
use boxoffice_contract::tickets::{Ticket, TicketStatus};
use boxoffice_web::isolated;
use boxoffice_web::sales::{Deal, DealKind};
use boxoffice_web::state::{self, Card, Moment, Standing};

use crate::form::new_key;
use crate::services::{orders, tickets};
use crate::shown::{Language, balance, moment, money};
use crate::visitor::Visit;

/// A listing at a glance.
pub(crate) fn card(ticket: &Ticket, visit: &Visit) -> Card {
    let zone = ticket.time_zone.as_deref();
    Card {
        id: ticket.id,
        version: ticket.version,
        title: ticket.title.clone(),
        price: money(ticket.price, &ticket.currency, &visit.language),
        venue: ticket.venue.clone(),
        city: ticket.city.clone(),
        when: ticket.starts_at.map(|at| moment(at, zone, &visit.language)),
        sale: tickets::status(ticket),
        available: ticket.available,
        quantity: ticket.quantity,
        mine: visit.is(ticket.seller_id),
    }
}

/// Listings at a glance.
pub(crate) fn cards(tickets: &[Ticket], visit: &Visit) -> Vec<Card> {
    tickets.iter().map(|ticket| card(ticket, visit)).collect()
}

/// The same listing with tickets that are all in someone's checkout, or gone: what a service has just
/// said of them is newer than what another knew.
pub(crate) fn no_longer_to_be_had(ticket: &mut Ticket, sale: TicketStatus) {
    ticket.status = sale.into();
    ticket.available = 0;
}

/// An order at a glance, with what `payments` are known of it.
pub(crate) fn order(order: &Order, payments: &[Payment], visit: &Visit) -> state::Order {
    let ticket = &order.ticket;
    let zone = ticket.time_zone.as_deref();
    let amount = |minor| money(minor, &order.currency, &visit.language);
    state::Order {
        id: order.id,
        number: number(order.id),
        standing: standing(order, payments),
        ticket: ticket.id,
        title: ticket.title.clone(),
        venue: ticket.venue.clone(),
        city: ticket.city.clone(),
        when: ticket.starts_at.map(|at| moment(at, zone, &visit.language)),
        quantity: order.quantity,
        price: amount(ticket.price),
        total: amount(order.amount),
        expires_at: order.expires_at.as_millis(),
        made: moment(order.created_at, None, &visit.language),
        admission: None,
        changed: order.changed.as_ref().map(|change| changed(order, change, &visit.language)),
    }
}

/// Says what a seller has changed of an order's event, and what it was.
fn changed(
    order: &Order,
    EventChange { at, was, .. }: &EventChange,
    language: &Language,
) -> String {
    let now = &order.ticket;
    let mut parts = Vec::new();
    if was.title != now.title {
        parts.push(format!("“{}”", isolated(&was.title)));
    }
    if (&was.venue, &was.city) != (&now.venue, &now.city) {
        let place = [&was.venue, &was.city].into_iter().flatten();
        let place: Vec<String> = place.map(|text| isolated(text)).collect();
        parts.push(if place.is_empty() { "without a place".to_owned() } else { place.join(", ") });
    }
    if was.starts_at != now.starts_at {
        let told = |start| {
            let Moment { date, time, zone, .. } = moment(start, was.time_zone.as_deref(), language);
            format!("{date}, {time} ({zone})")
        };
        parts.push(was.starts_at.map_or("without a date".to_owned(), told));
    }
    let on = at.map(|at| format!(" on {}", moment(at, None, language).date)).unwrap_or_default();
    format!("The seller changed this event{on}. It was: {}.", parts.join("; "))
}

/// A ticket at a glance. Of a newer service's word this version knows only that it lets nobody in.
pub(crate) fn admission(admission: &api::Admission) -> state::Admission {
    state::Admission {
        id: admission.id,
        number: admission.number,
        of: admission.of,
        status: admission.status.known().unwrap_or(AdmissionStatus::Void),
    }
}

/// The events of `admissions`, the next one first, and those without a date last. The tickets of one
/// order are together.
pub(crate) fn going(admissions: &[api::Admission], visit: &Visit) -> Vec<state::Going> {
    let mut sorted: Vec<&api::Admission> = admissions.iter().collect();
    sorted.sort_by_key(|it| {
        let start = it.event.starts_at;
        (start.is_none(), start, it.order_id, it.number)
    });
    let groups = sorted.chunk_by(|one, next| one.order_id == next.order_id);
    groups.filter_map(|group| event(group, visit)).collect()
}

fn event(group: &[&api::Admission], visit: &Visit) -> Option<state::Going> {
    let first = group.first()?;
    let event = &first.event;
    let zone = event.time_zone.as_deref();
    Some(state::Going {
        ticket: first.ticket_id,
        title: event.title.clone(),
        venue: event.venue.clone(),
        city: event.city.clone(),
        when: event.starts_at.map(|at| moment(at, zone, &visit.language)),
        admissions: group.iter().map(|one| admission(one)).collect(),
    })
}

/// The status of an order.
pub(crate) fn standing(order: &Order, payments: &[Payment]) -> Standing {
    let is_any = |wanted: &[Paid]| {
        let mut own = payments.iter().filter(|payment| payment.order_id == order.id);
        own.any(|payment| payment.status.known().is_some_and(|status| wanted.contains(&status)))
    };
    let Some(status) = order.status.known() else { return Standing::Unclear };
    let reason = order.cancel_reason.as_ref().and_then(Word::known);
    match status {
        OrderStatus::Complete => Standing::Paid,
        OrderStatus::Refunded => Standing::Refunded,
        OrderStatus::Cancelled if is_any(&[Paid::Refunding, Paid::Refunded]) => Standing::Refunded,
        OrderStatus::Cancelled => match reason {
            Some(CancelReason::Buyer) => Standing::Cancelled,
            Some(CancelReason::Declined) => Standing::Declined,
            Some(CancelReason::Expired) | None => Standing::Expired,
        },
        OrderStatus::Created | OrderStatus::AwaitingPayment => {
            if is_any(&[Paid::Pending, Paid::Authorized, Paid::Captured]) {
                Standing::Paying
            } else if is_any(&[Paid::Processing]) {
                Standing::Processing
            } else if orders::is_held(order) && is_any(&[Paid::RequiresAction]) {
                Standing::Asked
            } else if orders::is_held(order) {
                Standing::Unpaid
            } else {
                Standing::Expired
            }
        }
    }
}

/// Sales and what follows from them at a glance, by the clocks of the time zone `zone`. A sale that a fee was taken for is a fan's, which is
/// refunded only with its first sale.
pub(crate) fn deals(entries: &[Entry], zone: Option<&str>, visit: &Visit) -> Vec<Deal> {
    let is_resale = |sale: &Entry| {
        let mut others = entries.iter().filter(|entry| entry.payment_id == sale.payment_id);
        others.any(|entry| entry.movement == Movement::Fee)
    };
    let deal = |entry| match deal(entry, zone, visit) {
        sale if is_resale(entry) => Deal { refund: None, ..sale },
        deal => deal,
    };
    entries.iter().map(deal).collect()
}

fn deal(entry: &Entry, zone: Option<&str>, visit: &Visit) -> Deal {
    let kind = match (entry.movement.known(), entry.payment_status.known()) {
        (Some(Movement::Sale), Some(Paid::Refunding)) => DealKind::Refunding,
        (Some(Movement::Sale), Some(Paid::Refunded)) => DealKind::Undone,
        (Some(Movement::Sale), Some(Paid::Disputed)) => DealKind::Disputed,
        (Some(Movement::Sale), _) => DealKind::Sale,
        (Some(Movement::PartRefund), _) => DealKind::PartRefund,
        (Some(Movement::Dispute), _) => DealKind::Dispute,
        (Some(Movement::Fee), _) => DealKind::Fee,
        (Some(Movement::FeeReturn), _) => DealKind::FeeReturned,
        // What is no sale is not to be refunded, whatever a newer `payments` calls it.
        (Some(Movement::Refund) | None, _) => DealKind::Refund,
    };
    Deal {
        kind,
        payment: entry.payment_id,
        number: number(entry.order_id),
        ticket: entry.ticket_id,
        title: entry.title.clone(),
        quantity: entry.quantity,
        amount: balance(entry.amount, &entry.currency, &visit.language),
        at: moment(entry.at, zone, &visit.language),
        refund: (kind == DealKind::Sale).then(new_key),
    }
}

/// Where the tickets of an order can be found again.
pub(crate) fn again(order: &Order) -> String {
    format!("/tickets/{}", order.ticket.id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use boxoffice_contract::orders::OrderedEvent;
    use boxoffice_contract::{OrderId, PaymentId, Timestamp};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn an_order(status: &str, reason: Option<&str>, expires: i64) -> Order {
        serde_json::from_value(json!({
            "id": OrderId::new(), "status": status, "cancelReason": reason, "quantity": 1,
            "amount": 100, "currency": "EUR", "version": 1,
            "ticket": { "id": Uuid::nil(), "title": "A", "price": 100 },
            "expiresAt": Timestamp::now().plus_seconds(expires), "createdAt": Timestamp::now(),
        }))
        .unwrap()
    }

    fn a_payment(order: OrderId, status: &str) -> Payment {
        serde_json::from_value(json!({
            "id": PaymentId::new(), "orderId": order, "status": status, "amount": 100,
            "currency": "EUR", "version": 1, "createdAt": Timestamp::now(),
        }))
        .unwrap()
    }

    #[test]
    fn a_changed_event_is_told_with_what_it_was() {
        let mut order = an_order("complete", None, -1);
        let language = Language::of("en-GB");
        let mut was = OrderedEvent {
            title: "A".to_owned(),
            venue: None,
            city: None,
            starts_at: Some(Timestamp::parse("2027-06-12T18:30:00Z").unwrap()),
            time_zone: Some("Europe/Zurich".to_owned()),
        };
        let at = Some(Timestamp::parse("2027-06-01T00:00:00Z").unwrap());
        let told = |order: &Order, was: &OrderedEvent, at| {
            let change = EventChange { at, was: was.clone(), refundable_until: None };
            changed(order, &change, &language)
        };
        assert_eq!(
            told(&order, &was, at),
            "The seller changed this event on Tue, 1 Jun 2027. It was: Sat, 12 Jun 2027, 20:30 \
             (CEST, Zurich)."
        );
        was.starts_at = None;
        was.title = "שלום".to_owned();
        order.ticket.city = Some("Basel".to_owned());
        assert_eq!(
            told(&order, &was, None),
            "The seller changed this event. It was: “\u{2068}שלום\u{2069}”; without a place."
        );
    }

    #[test]
    fn an_order_stands_where_its_payments_have_it() {
        for (status, reason, expires, paid, due) in [
            ("created", None, 60, None, Standing::Unpaid),
            ("created", None, -1, None, Standing::Expired),
            ("awaiting:payment", None, 60, Some("declined"), Standing::Unpaid),
            ("awaiting:payment", None, 60, Some("pending"), Standing::Paying),
            ("awaiting:payment", None, -1, Some("authorized"), Standing::Paying),
            ("awaiting:payment", None, 60, Some("requires_action"), Standing::Asked),
            ("awaiting:payment", None, -1, Some("requires_action"), Standing::Expired),
            ("awaiting:payment", None, 60, Some("processing"), Standing::Processing),
            ("awaiting:payment", None, 60, Some("unheard_of"), Standing::Unpaid),
            ("unheard:of", None, 60, None, Standing::Unclear),
            ("refunded", None, -1, None, Standing::Refunded),
            ("cancelled", Some("unheard of"), -1, None, Standing::Expired),
            ("cancelled", Some("expired"), -1, Some("refunding"), Standing::Refunded),
            ("complete", None, 60, None, Standing::Paid),
            ("cancelled", Some("expired"), -1, Some("voided"), Standing::Expired),
            ("cancelled", Some("buyer"), 60, None, Standing::Cancelled),
            ("cancelled", Some("declined"), 60, Some("declined"), Standing::Declined),
            ("cancelled", Some("expired"), -1, Some("refunded"), Standing::Refunded),
        ] {
            let order = an_order(status, reason, expires);
            let payments: Vec<_> = paid.map(|paid| a_payment(order.id, paid)).into_iter().collect();
            assert_eq!(standing(&order, &payments), due, "{status} {reason:?} {paid:?}");
            let foreign = [a_payment(OrderId::new(), "pending")];
            assert_eq!(standing(&order, &foreign), standing(&order, &[]), "another order's");
        }
    }
}
