//! For each rule the smallest change to a clean shop that breaks it, and what is told then.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashSet;

use boxoffice_contract::EventType;

use super::*;
use crate::books::{
    Books, Entry, HeardOrder, Listing, Order, OrderEnd, Outbox, Payment, PaymentStatus, Stock,
    Timer, Unpublished, publishers,
};
use crate::bus::{Group, Letter, Stream};
use crate::provider::Intent;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const NOW: i64 = 30 * DAY_MS;

// The orders of the clean shop, by their place in its books.
const SOLD: usize = 0;
const HELD: usize = 1;
const GIVEN_UP: usize = 2;
const UNDONE: usize = 4;

fn order(id: &str, status: OrderStatus, payment: Option<&str>, version: i64) -> Order {
    Order {
        id: id.to_owned(),
        ticket_id: "gig".to_owned(),
        quantity: 2,
        price: 450,
        amount: 900,
        currency: "EUR".to_owned(),
        status,
        payment_id: payment.map(str::to_owned),
        expires_at: NOW + 1,
        version,
        refunded_at: None,
        restocked: 0,
    }
}

/// A sale that was refunded; its tickets are for sale again.
fn undone() -> Order {
    Order {
        refunded_at: Some(NOW),
        restocked: 1,
        ..order("undone", OrderStatus::Complete, Some("undoing"), 4)
    }
}

fn payment(id: &str, order: &str, status: PaymentStatus, intent: Option<&str>) -> Payment {
    Payment {
        id: id.to_owned(),
        order_id: order.to_owned(),
        amount: 900,
        currency: "EUR".to_owned(),
        status,
        intent_id: intent.map(str::to_owned),
        attention: None,
    }
}

/// Writes the ledger that the payments make, as sales if they are captured.
fn book(books: &mut Books) {
    let entry = |payment: &Payment, movement: &str, account: &str, amount: i64| Entry {
        payment_id: payment.id.clone(),
        movement: movement.to_owned(),
        account: account.to_owned(),
        amount,
        currency: payment.currency.clone(),
    };
    let movements = [("charge", "buyers", "provider"), ("sale", "sellers", "buyers")];
    let captured =
        books.payments.iter().filter(|payment| payment.status == PaymentStatus::Captured);
    let entries = captured.flat_map(|payment| {
        let is_sale = books.orders.iter().any(|order| {
            order.status == OrderStatus::Complete && order.payment_id.as_ref() == Some(&payment.id)
        });
        let made = movements.iter().take(1 + usize::from(is_sale));
        made.flat_map(move |(movement, from, to)| {
            [
                entry(payment, movement, from, -payment.amount),
                entry(payment, movement, to, payment.amount),
            ]
        })
    });
    books.entries = entries.collect();
}

/// A listing of ten tickets: two are sold, two are held and being paid, two were given up after
/// they had been paid for, two after the money had even been taken, two were sold, refunded and put
/// back on sale; one card was declined.
fn clean() -> Facts {
    let listing = Listing {
        id: "gig".to_owned(),
        seller_id: "seller".to_owned(),
        title: "Gig".to_owned(),
        price: 450,
        currency: "EUR".to_owned(),
        quantity: 10,
        held: 2,
        sold: 2,
        withdrawn: 0,
        venue: Some("Hall".to_owned()),
        city: None,
        starts_at: Some(NOW),
        time_zone: Some("Europe/Berlin".to_owned()),
        version: 7,
    };
    let stock = Stock {
        ticket_id: listing.id.clone(),
        seller_id: listing.seller_id.clone(),
        title: listing.title.clone(),
        price: listing.price,
        currency: listing.currency.clone(),
        quantity: listing.quantity,
        withdrawn: listing.withdrawn,
        venue: listing.venue.clone(),
        city: listing.city.clone(),
        starts_at: listing.starts_at,
        time_zone: listing.time_zone.clone(),
        version: 1,
        held: listing.held,
        sold: listing.sold,
    };
    let orders = vec![
        order("sold", OrderStatus::Complete, Some("captured"), 3),
        order("held", OrderStatus::AwaitingPayment, None, 2),
        order("given-up", OrderStatus::Cancelled, None, 3),
        order("refunded", OrderStatus::Cancelled, None, 3),
        undone(),
    ];
    let heard = |order: &Order| HeardOrder {
        id: order.id.clone(),
        ticket_id: order.ticket_id.clone(),
        quantity: order.quantity,
        // Nobody is told that a payment has begun.
        status: match order.status {
            _ if order.restocked != 0 => OrderStatus::Refunded,
            status if is_held(status) => OrderStatus::Created,
            status => status,
        },
        version: if is_held(order.status) { 1 } else { order.version },
    };
    // Only `tickets` is told of refunds.
    let before_refund = |order: &Order| order.version - i64::from(order.refunded_at.is_some());
    let timer = |order: &Order| Timer {
        order_id: order.id.clone(),
        expires_at: order.expires_at,
        version: before_refund(order).min(heard(order).version),
        running: i64::from(is_held(order.status)),
    };
    let end = |order: &Order| OrderEnd {
        id: order.id.clone(),
        status: order.status,
        payment_id: order.payment_id.clone(),
        version: before_refund(order),
    };
    let ended = orders.iter().filter(|order| !is_held(order.status));
    let mut books = Books {
        listings: vec![listing],
        heard_orders: orders.iter().map(heard).collect(),
        stocks: vec![stock],
        payments: vec![
            payment("captured", "sold", PaymentStatus::Captured, Some("pi_captured")),
            payment("pending", "held", PaymentStatus::Pending, None),
            payment("voided", "given-up", PaymentStatus::Voided, Some("pi_voided")),
            payment("returned", "refunded", PaymentStatus::Refunded, Some("pi_returned")),
            payment("declined", "held", PaymentStatus::Declined, None),
            payment("undoing", "undone", PaymentStatus::Refunded, Some("pi_undoing")),
        ],
        entries: Vec::new(),
        order_ends: ended.map(end).collect(),
        timers: orders.iter().map(timer).collect(),
        outboxes: publishers()
            .into_iter()
            .map(|service| Outbox { service, waiting: Vec::new() })
            .collect(),
        orders,
    };
    book(&mut books);
    let group = |name: &&str| Group {
        name: (*name).to_owned(),
        lag: 0,
        unread: None,
        pending: 0,
        unacknowledged: None,
    };
    let streams = EventType::ALL.map(|event_type| Stream {
        event_type,
        length: 1,
        oldest: Some("1-0".to_owned()),
        groups: event_type.groups().iter().map(group).collect(),
    });
    Facts {
        books,
        streams: streams.into(),
        dead_letters: Vec::new(),
        intents: vec![
            Intent::new("pi_captured", "succeeded", 900, 900, 0, ("sold", "captured")),
            Intent::new("pi_voided", "canceled", 900, 0, 900, ("given-up", "voided")),
            Intent::new("pi_returned", "succeeded", 900, 900, 900, ("refunded", "returned")),
            Intent::new("pi_else", "succeeded", 7, 7, 0, ("o", "p")).without_metadata(),
            Intent::new("pi_undoing", "succeeded", 900, 900, 900, ("undone", "undoing")),
        ],
        now: NOW,
    }
}

type Change = fn(&mut Facts);

/// A change to the clean shop; the violations that it makes, as rules and ids; and words that one
/// of their sentences has.
type Case = (&'static str, Change, &'static [(Rule, &'static str)], &'static str);

const CASES: &[Case] = &[
    (
        "more is held than there is",
        |facts| {
            for quantity in
                [&mut facts.books.stocks[0].quantity, &mut facts.books.listings[0].quantity]
            {
                *quantity = 3;
            }
        },
        &[(Rule::Oversold, "listing=gig")],
        "has 3 tickets, but 2 are held and 2 are sold",
    ),
    (
        "less than nothing is held",
        |facts| {
            facts.books.stocks[0].held = -1;
            facts.books.listings[0].held = -1;
        },
        &[(Rule::Oversold, "listing=gig"), (Rule::Inventory, "listing=gig")],
        "-1 are held",
    ),
    (
        "two orders hold the same tickets, and the counts do not show it",
        |facts| {
            facts.books.orders[HELD].quantity = 9;
            facts.books.orders[HELD].amount = 9 * 450;
            facts.books.heard_orders[HELD].quantity = 9;
        },
        &[(Rule::Oversold, "listing=gig"), (Rule::Inventory, "listing=gig")],
        "its orders hold",
    ),
    (
        "a ticket is not put back on sale",
        |facts| {
            facts.books.stocks[0].held = 3;
            facts.books.listings[0].held = 3;
        },
        &[(Rule::Inventory, "listing=gig")],
        "3 tickets are counted as held and 2 as sold; its orders hold 2 and have bought 2",
    ),
    (
        "tickets of a refunded order are for sale again, and count as sold",
        |facts| {
            facts.books.stocks[0].sold = 4;
            facts.books.listings[0].sold = 4;
        },
        &[(Rule::Inventory, "listing=gig")],
        "2 tickets are counted as held and 4 as sold; its orders hold 2 and have bought 2",
    ),
    (
        "an order is cheaper than its tickets",
        |facts| facts.books.orders[HELD].amount = 899,
        &[(Rule::OrderAmount, "order=held")],
        "its amount is 899, but it has 2 tickets at 450",
    ),
    (
        "a hold does not end",
        |facts| {
            facts.books.orders[HELD].expires_at = NOW - 61_000;
            facts.books.timers[HELD].expires_at = NOW - 61_000;
        },
        &[(Rule::OverdueHold, "order=held")],
        "should have ended 61 s ago",
    ),
    (
        "an order is for nothing",
        |facts| {
            facts.books.orders[GIVEN_UP].ticket_id = "gone".to_owned();
            facts.books.heard_orders[GIVEN_UP].ticket_id = "gone".to_owned();
        },
        &[(Rule::OrderListing, "order=given-up listing=gone")],
        "does not know the listing",
    ),
    (
        "an edit is not heard of",
        |facts| facts.books.listings[0].price = 451,
        &[(Rule::ListingReplica, "listing=gig")],
        "price is 450, not 451",
    ),
    (
        "an edit of nothing but the place is not heard of",
        |facts| facts.books.listings[0].city = Some("Bern".to_owned()),
        &[(Rule::ListingReplica, "listing=gig")],
        "city is None, not Some(\"Bern\")",
    ),
    (
        "a copy is newer than the listing",
        |facts| facts.books.stocks[0].version = 8,
        &[(Rule::ListingReplica, "listing=gig")],
        "version is 8, not 7",
    ),
    (
        "a listing is not heard of",
        |facts| {
            let mut other = facts.books.listings[0].clone();
            (other.id, other.held, other.sold) = ("other".to_owned(), 0, 0);
            facts.books.listings.push(other);
        },
        &[(Rule::ListingReplica, "listing=other")],
        "orders does not know this listing",
    ),
    (
        "a listing is only heard of",
        |facts| {
            let mut other = facts.books.stocks[0].clone();
            (other.ticket_id, other.held, other.sold) = ("other".to_owned(), 0, 0);
            facts.books.stocks.push(other);
        },
        &[(Rule::ListingReplica, "listing=other")],
        "but tickets does not",
    ),
    (
        "a sale is not shown",
        |facts| facts.books.listings[0].sold = 1,
        &[(Rule::ListingCounts, "listing=gig")],
        "sold is 1, not 2",
    ),
    (
        "tickets has heard nothing of an order",
        |facts| drop(facts.books.heard_orders.remove(GIVEN_UP)),
        &[(Rule::OrderReplica, "order=given-up service=tickets")],
        "does not know this order",
    ),
    (
        "tickets has not heard of an order's end",
        |facts| facts.books.heard_orders[GIVEN_UP].status = OrderStatus::Created,
        &[(Rule::OrderReplica, "order=given-up service=tickets")],
        "status is \"created\", not \"cancelled\"",
    ),
    (
        "tickets has not heard of a refund",
        |facts| {
            let heard = &mut facts.books.heard_orders[UNDONE];
            (heard.status, heard.version) = (OrderStatus::Complete, 3);
        },
        &[(Rule::OrderReplica, "order=undone service=tickets")],
        "status is \"complete\", not \"refunded\"; version is 3, not 4",
    ),
    (
        "tickets knows a version that is to come",
        |facts| facts.books.heard_orders[HELD].version = 3,
        &[(Rule::OrderReplica, "order=held service=tickets")],
        "version is 3, not 2",
    ),
    (
        "tickets knows an order that is none",
        |facts| {
            let mut other = facts.books.heard_orders[GIVEN_UP].clone();
            other.id = "other".to_owned();
            facts.books.heard_orders.push(other);
        },
        &[(Rule::OrderReplica, "order=other service=tickets")],
        "but orders does not",
    ),
    (
        "payments has not heard of an order's end",
        |facts| drop(facts.books.order_ends.remove(0)),
        &[
            (Rule::OrderReplica, "order=sold service=payments"),
            (Rule::BookedPayment, "payment=captured"),
        ],
        "does not know that this order has ended",
    ),
    (
        "payments thinks that a hold has ended",
        |facts| {
            let mut end = facts.books.order_ends[1].clone();
            end.id = "held".to_owned();
            end.version = 2;
            facts.books.order_ends.push(end);
        },
        &[(Rule::OrderReplica, "order=held service=payments")],
        "status is \"cancelled\", not \"created\"",
    ),
    (
        "payments knows another payment",
        |facts| facts.books.order_ends[0].payment_id = Some("voided".to_owned()),
        &[
            (Rule::OrderReplica, "order=sold service=payments"),
            (Rule::BookedPayment, "payment=captured"),
        ],
        "payment_id is Some(\"voided\")",
    ),
    (
        "payments knows an order that is none",
        |facts| {
            let mut other = facts.books.order_ends[1].clone();
            other.id = "other".to_owned();
            facts.books.order_ends.push(other);
        },
        &[(Rule::OrderReplica, "order=other service=payments")],
        "but orders does not",
    ),
    (
        "no timer runs",
        |facts| drop(facts.books.timers.remove(HELD)),
        &[(Rule::TimerReplica, "order=held")],
        "no timer runs",
    ),
    (
        "a timer does not stop",
        |facts| facts.books.timers[SOLD].running = 1,
        &[(Rule::TimerReplica, "order=sold")],
        "running is 1, not 0",
    ),
    (
        "a timer goes off too late",
        |facts| facts.books.timers[HELD].expires_at += 1,
        &[(Rule::TimerReplica, "order=held")],
        "expires_at is",
    ),
    (
        "a timer that is still kept is not there",
        |facts| {
            facts.books.orders[SOLD].expires_at = NOW - 6 * DAY_MS;
            drop(facts.books.timers.remove(SOLD));
        },
        &[(Rule::TimerReplica, "order=sold")],
        "expiration does not know",
    ),
    (
        "a timer is of no order",
        |facts| {
            let mut other = facts.books.timers[SOLD].clone();
            other.order_id = "other".to_owned();
            facts.books.timers.push(other);
        },
        &[(Rule::TimerReplica, "order=other")],
        "but orders does not know it",
    ),
    (
        "an order's payment is none",
        |facts| {
            facts.books.orders[SOLD].payment_id = Some("none".to_owned());
            facts.books.order_ends[0].payment_id = Some("none".to_owned());
            book(&mut facts.books);
        },
        &[
            (Rule::UnpaidOrder, "order=sold payment=none"),
            (Rule::ChargedInVain, "payment=captured order=sold"),
        ],
        "but this payment does not exist",
    ),
    (
        "an order is paid in part, and so it says everywhere",
        |facts| {
            facts.books.payments[0].amount = 899;
            book(&mut facts.books);
            facts.intents[0] =
                Intent::new("pi_captured", "succeeded", 899, 899, 0, ("sold", "captured"));
        },
        &[(Rule::UnpaidOrder, "order=sold payment=captured")],
        "amount is 899, not 900",
    ),
    (
        "a complete order's money was given back",
        |facts| {
            facts.books.payments[0].status = PaymentStatus::Refunded;
            book(&mut facts.books);
            facts.intents[0] =
                Intent::new("pi_captured", "succeeded", 900, 900, 900, ("sold", "captured"));
        },
        &[(Rule::UnpaidOrder, "order=sold payment=captured")],
        "its payment is refunded",
    ),
    (
        "a refunded order's money was not given back",
        |facts| {
            facts.books.payments[5].status = PaymentStatus::Captured;
            book(&mut facts.books);
            facts.intents[4] =
                Intent::new("pi_undoing", "succeeded", 900, 900, 0, ("undone", "undoing"));
        },
        &[(Rule::RefundedOrder, "order=undone payment=undoing")],
        "the order is refunded, but its payment is captured",
    ),
    (
        "a complete order's money is only set aside",
        |facts| {
            facts.books.payments[0].status = PaymentStatus::Authorized;
            book(&mut facts.books);
            facts.intents[0] =
                Intent::new("pi_captured", "requires_capture", 900, 0, 0, ("sold", "captured"));
        },
        &[(Rule::UncapturedPayment, "order=sold payment=captured")],
        "not taken yet",
    ),
    (
        "an order is being paid twice",
        |facts| {
            let other = payment("another", "held", PaymentStatus::Pending, None);
            facts.books.payments.push(other);
        },
        &[(Rule::SecondPayment, "order=held payment=pending")],
        "another live payment, another",
    ),
    (
        "a complete order is being paid again",
        |facts| {
            let other = payment("again", "sold", PaymentStatus::Pending, None);
            facts.books.payments.push(other);
        },
        &[
            (Rule::SecondPayment, "order=sold payment=again"),
            (Rule::UnreleasedPayment, "payment=again order=sold"),
        ],
        "complete without this payment",
    ),
    (
        "money is kept for an order that was given up",
        |facts| {
            facts.books.payments[3].status = PaymentStatus::Captured;
            book(&mut facts.books);
            facts.intents[2] =
                Intent::new("pi_returned", "succeeded", 900, 900, 0, ("refunded", "returned"));
        },
        &[(Rule::ChargedInVain, "payment=returned order=refunded")],
        "cancelled without this payment",
    ),
    (
        "money stays set aside for an order that was given up",
        |facts| {
            facts.books.payments[2].status = PaymentStatus::Authorized;
            facts.intents[1] =
                Intent::new("pi_voided", "requires_capture", 900, 0, 0, ("given-up", "voided"));
        },
        &[(Rule::UnreleasedPayment, "payment=voided order=given-up")],
        "still authorized",
    ),
    (
        "a payment cannot come right by itself",
        |facts| facts.books.payments[0].attention = Some("the capture keeps failing".to_owned()),
        &[(Rule::PaymentAttention, "payment=captured order=sold")],
        "needs an operator: the capture keeps failing",
    ),
    (
        "more is taken out of an account than is put into another",
        |facts| facts.books.entries[0].amount -= 1,
        &[(Rule::UnbalancedEntries, "payment=captured"), (Rule::BookedPayment, "payment=captured")],
        "the entries of its charge add up to -1, not to 0",
    ),
    (
        "a sale is not booked as the seller's",
        |facts| facts.books.entries.truncate(2),
        &[(Rule::BookedPayment, "payment=captured")],
        "account buyers is -900, not 0; account sellers is 0, not -900",
    ),
    (
        "a sale is booked in another currency",
        |facts| facts.books.entries[1].currency = "USD".to_owned(),
        &[(Rule::BookedPayment, "payment=captured")],
        "its currency is EUR, but the ledger has it in USD",
    ),
    (
        "something is booked for no payment",
        |facts| {
            let mut stray = facts.books.entries.clone();
            stray.truncate(2);
            for entry in &mut stray {
                entry.payment_id = "none".to_owned();
            }
            facts.books.entries.extend(stray);
        },
        &[(Rule::BookedPayment, "payment=none")],
        "but the payment does not exist",
    ),
    (
        "money is set aside for a payment that was declined",
        |facts| {
            facts.books.payments[4].intent_id = Some("pi_stray".to_owned());
            let ids = ("held", "declined");
            facts.intents.push(Intent::new("pi_stray", "requires_capture", 900, 0, 0, ids));
        },
        &[(Rule::LedgerPayment, "payment=declined intent=pi_stray")],
        "it is declined, but at the provider it is requires_capture",
    ),
    (
        "a payment is for no order",
        |facts| facts.books.payments[4].order_id = "none".to_owned(),
        &[(Rule::PaymentOrder, "payment=declined order=none")],
        "declined",
    ),
    (
        "the provider has never heard of a payment",
        |facts| drop(facts.intents.remove(1)),
        &[(Rule::LedgerPayment, "payment=voided intent=pi_voided")],
        "the provider does not know it",
    ),
    (
        "the provider has not let money go",
        |facts| {
            facts.intents[1] =
                Intent::new("pi_voided", "requires_capture", 900, 0, 0, ("given-up", "voided"));
        },
        &[(Rule::LedgerPayment, "payment=voided intent=pi_voided")],
        "status is \"requires_capture\", not \"canceled\"",
    ),
    (
        "the provider has given a cent back",
        |facts| {
            facts.intents[0] =
                Intent::new("pi_captured", "succeeded", 900, 900, 1, ("sold", "captured"));
        },
        &[
            (Rule::LedgerPayment, "payment=captured intent=pi_captured"),
            (Rule::LedgerTotal, "currency=eur"),
        ],
        "the amount refunded is 1, not 0",
    ),
    (
        "the provider has taken another currency",
        |facts| facts.intents[0].currency = "usd".to_owned(),
        &[
            (Rule::LedgerPayment, "payment=captured intent=pi_captured"),
            (Rule::LedgerTotal, "currency=eur"),
            (Rule::LedgerTotal, "currency=usd"),
        ],
        "currency is \"usd\", not \"eur\"",
    ),
    (
        "the provider thinks that a payment is for another order",
        |facts| {
            facts.intents[0] =
                Intent::new("pi_captured", "succeeded", 900, 900, 0, ("held", "captured"));
        },
        &[(Rule::LedgerPayment, "payment=captured intent=pi_captured")],
        "order_id is Some(\"held\")",
    ),
    (
        "an answer of the provider's was lost",
        |facts| {
            let intent =
                Intent::new("pi_pending", "requires_capture", 900, 0, 0, ("held", "pending"));
            facts.intents.push(intent);
        },
        &[(Rule::UnrecordedIntent, "intent=pi_pending payment=pending order=held")],
        "not stored yet",
    ),
    (
        "money is set aside for a payment that was declined",
        |facts| {
            let intent =
                Intent::new("pi_declined", "requires_capture", 900, 0, 0, ("held", "declined"));
            facts.intents.push(intent);
        },
        &[(Rule::UnknownIntent, "intent=pi_declined payment=declined order=held")],
        "the payment is declined",
    ),
    (
        "money is taken for a payment that is none of ours",
        |facts| {
            let intent = Intent::new("pi_other", "succeeded", 5, 5, 0, ("lost", "unknown"));
            facts.intents.push(intent);
        },
        &[
            (Rule::UnknownIntent, "intent=pi_other payment=unknown order=lost"),
            (Rule::LedgerTotal, "currency=eur"),
        ],
        "has moved 5 eur (succeeded)",
    ),
    (
        "a card is charged twice for one payment, and one of them let go",
        |facts| {
            let intent = Intent::new("pi_twice", "canceled", 900, 0, 0, ("sold", "captured"));
            facts.intents.push(intent);
        },
        &[
            (Rule::UnknownIntent, "intent=pi_twice payment=captured order=sold"),
            (Rule::DoubleCharge, "payment=captured"),
        ],
        "this payment: pi_captured and pi_twice",
    ),
    (
        "an event is not published",
        |facts| {
            facts.books.outboxes[0].waiting = [("young", 2), ("old", 1)]
                .map(|(id, created_at)| Unpublished { id: id.to_owned(), created_at })
                .into();
        },
        &[(Rule::UnpublishedEvents, "service=expiration event=old")],
        "2 events are committed but not published",
    ),
    (
        "a group is not there",
        |facts| drop(facts.streams[2].groups.remove(1)),
        &[(Rule::MissingGroup, "stream=order:created group=expiration")],
        "the group does not exist",
    ),
    (
        "a group has not read",
        |facts| {
            let group = &mut facts.streams[0].groups[0];
            (group.lag, group.unread) = (4, Some("8-0".to_owned()));
        },
        &[(Rule::UnreadEvents, "stream=ticket:created group=orders entry=8-0")],
        "4 entries are not read",
    ),
    (
        "a group has not acknowledged",
        |facts| {
            let group = &mut facts.streams[0].groups[0];
            (group.pending, group.unacknowledged) = (2, Some("7-0".to_owned()));
        },
        &[(Rule::PendingEvents, "stream=ticket:created group=orders entry=7-0")],
        "2 entries are read but not acknowledged",
    ),
    (
        "an event could not be applied",
        |facts| {
            facts.dead_letters.push(Letter {
                id: "9-0".to_owned(),
                at: String::new(),
                stream: "order:created".to_owned(),
                group: "tickets".to_owned(),
                entry: "1-0".to_owned(),
                deliveries: "8".to_owned(),
                error: "no\nuse".to_owned(),
                event: "{\"id\":\"e\"}".to_owned(),
            });
        },
        &[(Rule::DeadLetter, "letter=9-0 stream=order:created group=tickets event=e")],
        "not applied after 8 deliveries: no use",
    ),
];

/// What is different from the clean shop and still right.
const FINE: &[(&str, Change)] = &[
    ("nothing", |_| {}),
    ("money is set aside for a hold, which will be told in a moment", |facts| {
        facts.books.payments[1].status = PaymentStatus::Authorized;
        facts.books.payments[1].intent_id = Some("pi_pending".to_owned());
        let intent = Intent::new("pi_pending", "requires_capture", 900, 0, 0, ("held", "pending"));
        facts.intents.push(intent);
    }),
    ("the timer of an order that ended long ago is gone", |facts| {
        facts.books.orders[SOLD].expires_at = NOW - 8 * DAY_MS;
        facts.books.timers.remove(SOLD);
    }),
    ("a refunded order's tickets stay off sale", |facts| {
        facts.books.orders[UNDONE].restocked = 0;
        facts.books.heard_orders[UNDONE].status = OrderStatus::Complete;
        facts.books.stocks[0].sold = 4;
        facts.books.listings[0].sold = 4;
    }),
    ("a stream that nothing was written to has no groups", |facts| {
        facts.streams[0].length = 0;
        facts.streams[0].groups.clear();
    }),
    ("a stranger reads slowly", |facts| {
        facts.streams[0].groups.push(Group {
            name: "accounting".to_owned(),
            lag: 1,
            unread: Some("1-0".to_owned()),
            pending: 1,
            unacknowledged: Some("1-0".to_owned()),
        });
    }),
    ("an older version of a listing that was only counted anew", |facts| {
        facts.books.listings[0].version += 5;
    }),
    ("a refused card leaves an intent without money", |facts| {
        let mut intent =
            Intent::new("pi_no", "requires_payment_method", 900, 0, 0, ("held", "declined"));
        intent.latest_charge = None;
        facts.intents.push(intent);
    }),
];

fn after(change: Change) -> Vec<Violation> {
    let mut facts = clean();
    change(&mut facts);
    check(&facts)
}

#[test]
fn what_is_right_is_not_complained_of() {
    for (name, change) in FINE {
        assert_eq!(after(*change), [], "{name}");
    }
}

#[test]
fn each_change_breaks_its_rule_and_no_other() {
    for (name, change, due, words) in CASES {
        let found = after(*change);
        let about = |violation: &Violation| {
            let ids: Vec<String> =
                violation.ids.iter().map(|(name, id)| format!("{name}={id}")).collect();
            (violation.rule, ids.join(" "))
        };
        let mut due: Vec<_> = due.iter().map(|(rule, ids)| (*rule, (*ids).to_owned())).collect();
        due.sort();
        let mut seen: Vec<_> = found.iter().map(about).collect();
        seen.sort();
        assert_eq!(seen, due, "{name}: {found:#?}");
        assert!(found.iter().any(|v| v.sentence.contains(words)), "{name}: {found:#?}");
    }
}

#[test]
fn every_rule_has_been_seen_to_be_broken() {
    let broken: HashSet<Rule> =
        CASES.iter().flat_map(|(_, _, due, _)| due.iter().map(|(rule, _)| *rule)).collect();
    let unseen: Vec<_> = Rule::ALL.iter().filter(|rule| !broken.contains(rule)).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}
