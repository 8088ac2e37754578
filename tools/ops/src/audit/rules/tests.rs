//! For each rule the smallest change to a clean shop that breaks it, and what is told then.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashSet;

use boxoffice_contract::EventType;
use boxoffice_contract::admissions::AdmissionStatus;
use boxoffice_contract::door::Verdict;

use super::*;
use crate::books::{
    self, Adjustment, Admission, Books, DISPUTE, Entry, Event, HeardOrder, Listing, Order,
    OrderEnd, Outbox, PART_REFUND, Payment, PaymentStatus, Person, Sale, Scan, Stock, Timer,
    Unpublished, Upgrade, publishers,
};
use crate::bus::{Group, Letter, Stream};
use crate::leftovers::Leftover;
use crate::provider::{Dispute, Intent};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const NOW: i64 = 30 * DAY_MS;

// The orders of the clean shop, by their place in its books.
const SOLD: usize = 0;
const HELD: usize = 1;
const GIVEN_UP: usize = 2;
const UNDONE: usize = 4;
// The admissions of the sold order.
const TO_COME: usize = 0;
const INSIDE: usize = 1;

fn order(id: &str, status: OrderStatus, payment: Option<&str>, version: i64) -> Order {
    Order {
        id: id.to_owned(),
        buyer_id: "buyer".to_owned(),
        ticket_id: "gig".to_owned(),
        quantity: 2,
        price: 450,
        amount: 900,
        currency: "EUR".to_owned(),
        status,
        payment_id: payment.map(str::to_owned),
        expires_at: NOW + 1,
        version,
        created_at: NOW - 1_000,
        refunded_at: None,
        restocked: 0,
        resale_of: None,
    }
}

fn suspended(id: &str, at: i64) -> Person {
    Person { id: id.to_owned(), suspended_at: Some(at) }
}

/// A sale that was refunded; its tickets are for sale again.
fn undone() -> Order {
    Order {
        refunded_at: Some(NOW),
        restocked: 1,
        resale_of: None,
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
        fee: 0,
        undone_at: None,
    }
}

fn admission(order: &str, number: i64, status: AdmissionStatus) -> Admission {
    Admission {
        id: format!("{order}-{number}"),
        order_id: order.to_owned(),
        number,
        total: 2,
        ticket_id: "gig".to_owned(),
        holder_id: "buyer".to_owned(),
        status,
        generation: 1,
        transfer_id: None,
        used_scan: None,
        unit_id: format!("{order}-{number}"),
        offer_id: None,
        resold_order_id: None,
        undone: 0,
    }
}

/// The admissions of the sold order, whose first ticket is being handed on and whose second somebody
/// has entered with; and those of the refunded one, of which one had been handed on and used.
fn admissions() -> Vec<Admission> {
    use AdmissionStatus::{Used, Valid, Void};
    vec![
        Admission { transfer_id: Some("gift".to_owned()), ..admission("sold", 1, Valid) },
        Admission { used_scan: Some("entry".to_owned()), ..admission("sold", 2, Used) },
        admission("undone", 1, Void),
        Admission {
            holder_id: "friend".to_owned(),
            generation: 2,
            used_scan: Some("earlier".to_owned()),
            ..admission("undone", 2, Void)
        },
    ]
}

fn scan(id: &str, admission: &str, verdict: Verdict) -> Scan {
    Scan { id: id.to_owned(), admission_id: admission.to_owned(), verdict }
}

fn letter(kind: &str, order: &str) -> books::Letter {
    books::Letter {
        id: format!("{kind}-{order}"),
        kind: kind.to_owned(),
        subject: order.to_owned(),
        created_at: NOW,
    }
}

/// The letters about the sold order and the refunded one, and one that there was before them.
fn letters() -> Vec<books::Letter> {
    vec![
        books::Letter { created_at: NOW - DAY_MS, ..letter("verify_address", "proof") },
        letter("order_confirmed", "sold"),
        letter("ticket_sold", "sold"),
        letter("order_confirmed", "undone"),
        letter("ticket_sold", "undone"),
        letter("order_refunded", "undone"),
    ]
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

/// Books the movement of a fee of the first payment, from one account to another.
fn book_fee(books: &mut Books, movement: &str, from: &str, to: &str) {
    let payment = &books.payments[0];
    let fee = payment.fee;
    let entries = [(from, -fee), (to, fee)].map(|(account, amount)| Entry {
        payment_id: payment.id.clone(),
        movement: movement.to_owned(),
        account: account.to_owned(),
        amount,
        currency: payment.currency.clone(),
    });
    books.entries.extend(entries);
}

/// Books what the provider took out of the first payment, which is a sale.
fn adjust(facts: &mut Facts, movement: &str, amount: i64) {
    let entries =
        [("provider", -amount), ("sellers", amount)].map(|(account, amount)| Adjustment {
            payment_id: "captured".to_owned(),
            movement: movement.to_owned(),
            reference: "du_1".to_owned(),
            account: account.to_owned(),
            amount,
            currency: "EUR".to_owned(),
        });
    facts.books.adjustments.extend(entries);
}

/// Makes the provider give a part of the first payment back.
fn give_part_back(facts: &mut Facts) {
    facts.intents[0] = Intent::new("pi_captured", "succeeded", 900, 900, 100, ("sold", "captured"));
}

/// Makes a buyer dispute the first payment.
fn dispute(facts: &mut Facts, status: &str) {
    facts.disputes.push(Dispute {
        id: "du_1".to_owned(),
        amount: 900,
        currency: "eur".to_owned(),
        status: status.to_owned(),
        payment_intent: Some("pi_captured".to_owned()),
    });
}

/// Makes the sold order one of a ticket that a fan sold on.
fn sell_on(facts: &mut Facts) {
    facts.books.payments[0].fee = 45;
    book_fee(&mut facts.books, "fee", "shop", "sellers");
}

/// Refunds the sold order, and books all that has come of its money but the fee.
fn refund_sold(facts: &mut Facts) {
    let refund = [("provider", -900), ("sellers", 900)].map(|(account, amount)| Entry {
        payment_id: "captured".to_owned(),
        movement: "refund".to_owned(),
        account: account.to_owned(),
        amount,
        currency: "EUR".to_owned(),
    });
    facts.books.entries.extend(refund);
    facts.books.payments[0].status = PaymentStatus::Refunded;
    let order = &mut facts.books.orders[SOLD];
    (order.refunded_at, order.version) = (Some(NOW), 4);
    facts.books.letters.push(letter("order_refunded", "sold"));
    facts.books.heard_orders[SOLD].version = 4;
    facts.books.sales[0].version = 4;
    for admission in &mut facts.books.admissions {
        (admission.status, admission.transfer_id) = (AdmissionStatus::Void, None);
    }
    facts.intents[0] = Intent::new("pi_captured", "succeeded", 900, 900, 900, ("sold", "captured"));
}

/// A listing of ten tickets: two are sold, two are held and being paid, two were given up after
/// they had been paid for, two after the money had even been taken, two were sold, refunded and put
/// back on sale; one card was declined. The listing was made a day before the audit, and the tables of
/// `admissions` a day before that.
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
        resale_of: None,
        created_at: NOW - DAY_MS,
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
        resale_of: listing.resale_of.clone(),
        version: 1,
        held: listing.held,
        sold: listing.sold,
    };
    let event = Event {
        ticket_id: listing.id.clone(),
        seller_id: listing.seller_id.clone(),
        title: listing.title.clone(),
        venue: listing.venue.clone(),
        city: listing.city.clone(),
        starts_at: listing.starts_at,
        time_zone: listing.time_zone.clone(),
        version: 1,
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
    // Only `tickets` and `admissions` are told of refunds.
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
    let sold = orders.iter().filter(|order| order.status == OrderStatus::Complete);
    let sale = |order: &Order| Sale { id: order.id.clone(), version: order.version };
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
        adjustments: Vec::new(),
        order_ends: ended.map(end).collect(),
        timers: orders.iter().map(timer).collect(),
        admissions: admissions(),
        scans: vec![
            scan("entry", "sold-2", Verdict::Admitted),
            scan("again", "sold-2", Verdict::Used),
            scan("earlier", "undone-2", Verdict::Admitted),
        ],
        events: vec![event],
        sales: sold.map(sale).collect(),
        upgrades: vec![Upgrade { applied_at: NOW - 2 * DAY_MS }],
        letters: letters(),
        people: Vec::new(),
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
        leftovers: Vec::new(),
        intents: vec![
            Intent::new("pi_captured", "succeeded", 900, 900, 0, ("sold", "captured")),
            Intent::new("pi_voided", "canceled", 900, 0, 900, ("given-up", "voided")),
            Intent::new("pi_returned", "succeeded", 900, 900, 900, ("refunded", "returned")),
            Intent::new("pi_else", "succeeded", 7, 7, 0, ("o", "p")).without_metadata(),
            Intent::new("pi_undoing", "succeeded", 900, 900, 900, ("undone", "undoing")),
        ],
        disputes: Vec::new(),
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
        &[
            (Rule::ListingReplica, "listing=gig"),
            (Rule::ListingReplica, "listing=gig service=admissions"),
        ],
        "in orders, city is None, not Some(\"Bern\")",
    ),
    (
        "a fan's offer is taken for the organizer's listing",
        |facts| facts.books.listings[0].resale_of = Some("event".to_owned()),
        &[(Rule::ListingReplica, "listing=gig")],
        "in orders, resale_of is None, not Some(\"event\")",
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
        &[
            (Rule::ListingReplica, "listing=other"),
            (Rule::ListingReplica, "listing=other service=admissions"),
        ],
        "orders does not know this listing",
    ),
    (
        "admissions has not heard of a listing",
        |facts| facts.books.events.clear(),
        &[(Rule::ListingReplica, "listing=gig service=admissions")],
        "admissions does not know this listing",
    ),
    (
        "admissions has not heard of an edit",
        |facts| facts.books.events[0].title = "Concert".to_owned(),
        &[(Rule::ListingReplica, "listing=gig service=admissions")],
        "in admissions, title is \"Concert\", not \"Gig\"",
    ),
    (
        "admissions has a listing that is newer than itself",
        |facts| facts.books.events[0].version = 8,
        &[(Rule::ListingReplica, "listing=gig service=admissions")],
        "in admissions, version is 8, not 7",
    ),
    (
        "only admissions has heard of a listing",
        |facts| {
            let mut other = facts.books.events[0].clone();
            other.ticket_id = "other".to_owned();
            facts.books.events.push(other);
        },
        &[(Rule::ListingReplica, "listing=other service=admissions")],
        "admissions knows this listing, but tickets does not",
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
        "admissions has not heard of a sale",
        |facts| drop(facts.books.sales.remove(0)),
        &[(Rule::OrderReplica, "order=sold service=admissions")],
        "admissions does not know that this order is sold",
    ),
    (
        "admissions has heard of the sale, but not of the refund",
        |facts| facts.books.sales[1].version = 3,
        &[(Rule::OrderReplica, "order=undone service=admissions")],
        "in admissions, version is 3, not 4",
    ),
    (
        "admissions knows a version that is to come",
        |facts| facts.books.sales[0].version = 4,
        &[(Rule::OrderReplica, "order=sold service=admissions")],
        "in admissions, version is 4, not 3",
    ),
    (
        "admissions takes a hold for a sale",
        |facts| facts.books.sales.push(Sale { id: "held".to_owned(), version: 1 }),
        &[(Rule::OrderReplica, "order=held service=admissions")],
        "in admissions it is sold, but it is awaiting:payment",
    ),
    (
        "admissions knows a sale of no order",
        |facts| facts.books.sales.push(Sale { id: "other".to_owned(), version: 1 }),
        &[(Rule::OrderReplica, "order=other service=admissions")],
        "admissions knows this order, but orders does not",
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
        "a ticket of a sold order has no admission",
        |facts| drop(facts.books.admissions.remove(TO_COME)),
        &[(Rule::MissingAdmission, "order=sold")],
        "the order has 2 tickets; none lets in for number 1",
    ),
    (
        "a ticket of a sold order lets nobody in",
        |facts| {
            let admission = &mut facts.books.admissions[TO_COME];
            (admission.status, admission.transfer_id) = (AdmissionStatus::Void, None);
        },
        &[(Rule::MissingAdmission, "order=sold")],
        "none lets in for number 1",
    ),
    (
        "two admissions have the number of one",
        |facts| facts.books.admissions[INSIDE].number = 1,
        &[
            (Rule::MissingAdmission, "order=sold"),
            (Rule::SecondAdmission, "admission=sold-2 order=sold"),
        ],
        "none lets in for number 2",
    ),
    (
        "a ticket was issued twice",
        |facts| {
            let mut other = admission("sold", 2, AdmissionStatus::Valid);
            other.id = "twice".to_owned();
            other.unit_id = "twice".to_owned();
            facts.books.admissions.push(other);
        },
        &[(Rule::SecondAdmission, "admission=twice order=sold")],
        "number 2 of the order has another, sold-2",
    ),
    (
        "a void admission stands beside the one that lets in",
        |facts| {
            let mut other = admission("sold", 2, AdmissionStatus::Void);
            other.id = "a-void".to_owned();
            facts.books.admissions.push(other);
        },
        &[(Rule::SecondAdmission, "admission=a-void order=sold")],
        "number 2 of the order has another, sold-2",
    ),
    (
        "more admissions are issued than tickets are sold",
        |facts| facts.books.admissions.push(admission("sold", 3, AdmissionStatus::Valid)),
        &[(Rule::UndueAdmission, "admission=sold-3 order=sold")],
        "it is number 3, but its order has 2",
    ),
    (
        "a refund leaves a ticket that lets in",
        |facts| facts.books.admissions[2].status = AdmissionStatus::Valid,
        &[(Rule::UndueAdmission, "admission=undone-1 order=undone")],
        "it is valid, but its order is refunded",
    ),
    (
        "a refund leaves a ticket that somebody has entered with",
        |facts| facts.books.admissions[3].status = AdmissionStatus::Used,
        &[(Rule::UndueAdmission, "admission=undone-2 order=undone")],
        "it is used, but its order is refunded",
    ),
    (
        "a ticket is issued before it is paid for",
        |facts| facts.books.admissions.push(admission("held", 1, AdmissionStatus::Valid)),
        &[(Rule::UndueAdmission, "admission=held-1 order=held")],
        "it is valid, but its order is awaiting:payment",
    ),
    (
        "a ticket is issued for an order that was given up",
        |facts| facts.books.admissions.push(admission("given-up", 1, AdmissionStatus::Valid)),
        &[(Rule::UndueAdmission, "admission=given-up-1 order=given-up")],
        "it is valid, but its order is cancelled",
    ),
    (
        "two people may enter for one unit",
        |facts| {
            let unit = facts.books.admissions[TO_COME].unit_id.clone();
            facts.books.admissions[INSIDE].unit_id = unit;
        },
        &[(Rule::SecondAdmission, "admission=sold-2 order=sold")],
        "the unit sold-1 has another, sold-1",
    ),
    (
        "a ticket is sold on by an order that was refunded",
        |facts| {
            let admission = &mut facts.books.admissions[TO_COME];
            (admission.status, admission.transfer_id) = (AdmissionStatus::Void, None);
            admission.resold_order_id = Some("undone".to_owned());
        },
        &[(Rule::MissingAdmission, "order=sold")],
        "none lets in for number 1",
    ),
    (
        "a ticket is offered by no listing",
        |facts| {
            let admission = &mut facts.books.admissions[TO_COME];
            (admission.status, admission.transfer_id) = (AdmissionStatus::Offered, None);
        },
        &[(Rule::AdmissionState, "admission=sold-1 order=sold")],
        "it is offered, but by no listing",
    ),
    (
        "a ticket that is not offered has a listing on sale",
        |facts| {
            let listing = facts.books.listings.iter_mut().find(|listing| listing.id == "gig");
            let listing = listing.unwrap();
            let admission = &mut facts.books.admissions[TO_COME];
            admission.offer_id = Some(listing.id.clone());
            (listing.sold, listing.withdrawn) = (0, 0);
        },
        &[
            (Rule::AdmissionState, "admission=sold-1 order=sold"),
            (Rule::ListingCounts, "listing=gig"),
        ],
        "it is valid, but its listing gig is on sale",
    ),
    (
        "an admission is of no order",
        |facts| facts.books.admissions.push(admission("other", 1, AdmissionStatus::Void)),
        &[(Rule::AdmissionOrder, "admission=other-1 order=other")],
        "it exists, but its order does not",
    ),
    (
        "an admission is for another event",
        |facts| facts.books.admissions[TO_COME].ticket_id = "concert".to_owned(),
        &[(Rule::AdmissionOrder, "admission=sold-1 order=sold")],
        "ticket_id is \"concert\", not \"gig\"",
    ),
    (
        "an admission is one of more than its order has",
        |facts| facts.books.admissions[TO_COME].total = 3,
        &[(Rule::AdmissionOrder, "admission=sold-1 order=sold")],
        "total is 3, not 2",
    ),
    (
        "somebody holds what nobody handed on",
        |facts| facts.books.admissions[TO_COME].holder_id = "thief".to_owned(),
        &[(Rule::FirstHolder, "admission=sold-1 order=sold")],
        "thief holds it, but buyer has bought it",
    ),
    (
        "a ticket changes hands and its old code still lets in",
        |facts| facts.books.admissions[3].generation = 1,
        &[(Rule::FirstHolder, "admission=undone-2 order=undone")],
        "friend holds it",
    ),
    (
        "a code has a generation from before the first",
        |facts| facts.books.admissions[TO_COME].generation = 0,
        &[(Rule::AdmissionState, "admission=sold-1 order=sold")],
        "its generation is 0, not 1 or more",
    ),
    (
        "a ticket lets in whose sale is undone",
        |facts| facts.books.admissions[TO_COME].undone = 1,
        &[(Rule::AdmissionState, "admission=sold-1 order=sold")],
        "its sale is undone, but it is valid",
    ),
    (
        "a ticket that somebody has entered with can be handed on",
        |facts| facts.books.admissions[INSIDE].transfer_id = Some("gift".to_owned()),
        &[(Rule::AdmissionState, "admission=sold-2 order=sold")],
        "it is used, but can be handed on",
    ),
    (
        "a ticket that was refunded can be handed on",
        |facts| facts.books.admissions[2].transfer_id = Some("gift".to_owned()),
        &[(Rule::AdmissionState, "admission=undone-1 order=undone")],
        "it is void, but can be handed on",
    ),
    (
        "a ticket is used without a scan",
        |facts| facts.books.admissions[INSIDE].used_scan = None,
        &[(Rule::AdmissionScan, "admission=sold-2 scan=")],
        "it is used, but this scan does not exist",
    ),
    (
        "the scan that let in is lost",
        |facts| drop(facts.books.scans.remove(0)),
        &[(Rule::AdmissionScan, "admission=sold-2 scan=entry")],
        "it is used, but this scan does not exist",
    ),
    (
        "a ticket is used by a scan that let nobody in",
        |facts| facts.books.admissions[INSIDE].used_scan = Some("again".to_owned()),
        &[(Rule::AdmissionScan, "admission=sold-2 scan=again")],
        "it is used, but its scan came to used",
    ),
    (
        "a ticket is used by the scan of another",
        |facts| facts.books.admissions[INSIDE].used_scan = Some("earlier".to_owned()),
        &[(Rule::AdmissionScan, "admission=sold-2 scan=earlier")],
        "it is used, but its scan is of the admission undone-2",
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
        "a fan's sale is booked without its fee",
        |facts| facts.books.payments[0].fee = 45,
        &[(Rule::BookedPayment, "payment=captured"), (Rule::ResaleFee, "payment=captured")],
        "its fee is 0, not 45",
    ),
    (
        "a fee is booked that nobody owes",
        |facts| {
            sell_on(facts);
            facts.books.payments[0].fee = 0;
        },
        &[(Rule::BookedPayment, "payment=captured"), (Rule::ResaleFee, "payment=captured")],
        "account sellers is -855, not -900; account shop is -45, not 0",
    ),
    (
        "a fee is booked twice",
        |facts| {
            sell_on(facts);
            book_fee(&mut facts.books, "fee", "shop", "sellers");
        },
        &[(Rule::BookedPayment, "payment=captured"), (Rule::ResaleFee, "payment=captured")],
        "its fee is 90, not 45",
    ),
    (
        "the shop keeps the fee of a sale that was refunded",
        |facts| {
            sell_on(facts);
            refund_sold(facts);
        },
        &[(Rule::BookedPayment, "payment=captured"), (Rule::ResaleFee, "payment=captured")],
        "the fee that went back is 0, not 45",
    ),
    (
        "a sale that was refunded never had its fee",
        |facts| {
            facts.books.payments[0].fee = 45;
            refund_sold(facts);
        },
        &[(Rule::ResaleFee, "payment=captured")],
        "its fee is 0, not 45; the fee that went back is 0, not 45",
    ),
    (
        "a sale is undone, and its money is kept",
        |facts| facts.books.payments[0].undone_at = Some(NOW),
        &[(Rule::UndoneSale, "payment=captured order=sold")],
        "the sale is undone, but its money is not given back yet",
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
        "a part was given back, and another is booked",
        |facts| {
            give_part_back(facts);
            adjust(facts, PART_REFUND, 99);
        },
        &[
            (Rule::LedgerPayment, "payment=captured intent=pi_captured"),
            (Rule::LedgerTotal, "currency=eur"),
        ],
        "the amount refunded is 100, not 99",
    ),
    (
        "a lost dispute is in no book",
        |facts| dispute(facts, "lost"),
        &[(Rule::LostDispute, "payment=captured dispute=du_1")],
        "the buyer's bank took 900 eur, but no book has it",
    ),
    (
        "a dispute is booked as lost that was won",
        |facts| {
            dispute(facts, "won");
            adjust(facts, DISPUTE, 900);
        },
        &[(Rule::LostDispute, "payment=captured dispute=du_1")],
        "booked as lost, but the provider does not say so",
    ),
    (
        "what a dispute took is put into no account",
        |facts| {
            dispute(facts, "lost");
            adjust(facts, DISPUTE, 900);
            facts.books.adjustments.truncate(1);
        },
        &[(Rule::UnbalancedEntries, "payment=captured"), (Rule::BookedPayment, "payment=captured")],
        "the entries of its dispute add up to -900, not to 0",
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
        "a buyer is not told",
        |facts| drop(facts.books.letters.remove(1)),
        &[(Rule::MissingLetter, "order=sold")],
        "the order has no letter order_confirmed",
    ),
    (
        "nobody is told",
        |facts| facts.books.letters.retain(|letter| letter.subject != "undone"),
        &[(Rule::MissingLetter, "order=undone")],
        "no letter order_confirmed, nor ticket_sold, nor order_refunded",
    ),
    (
        "a suspended seller goes on selling",
        |facts| facts.books.people.push(suspended("seller", NOW - 60_001)),
        &[(Rule::SuspendedAccount, "account=seller listing=gig")],
        "a suspended account has a listing on sale",
    ),
    (
        "a suspended buyer holds tickets",
        |facts| {
            facts.books.people.push(suspended("lodger", NOW - 60_001));
            facts.books.orders[HELD].buyer_id = "lodger".to_owned();
        },
        &[(Rule::SuspendedAccount, "account=lodger order=held")],
        "a suspended account holds tickets",
    ),
    (
        "a seller is told twice",
        |facts| {
            let second = books::Letter { id: "again".to_owned(), ..letter("ticket_sold", "sold") };
            facts.books.letters.push(second);
        },
        &[(Rule::SecondLetter, "letter=again order=sold")],
        "the order has another ticket_sold, ticket_sold-sold",
    ),
    (
        "a guest of a deleted account is still known",
        |facts| {
            let (table, row) = ("admissions_admissions".to_owned(), "to-come".to_owned());
            facts.leftovers.push(Leftover { table, row });
        },
        &[(Rule::LeftBehind, "table=admissions_admissions row=to-come")],
        "an account that is deleted",
    ),
    (
        "an event is not published",
        |facts| {
            facts.books.outboxes[0].waiting = [("young", 2), ("old", 1)]
                .map(|(id, created_at)| Unpublished { id: id.to_owned(), created_at })
                .into();
        },
        &[(Rule::UnpublishedEvents, "service=admissions event=old")],
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
    ("a listing is older than the tables of admissions", |facts| {
        facts.books.listings[0].created_at = NOW - 3 * DAY_MS;
        facts.books.events.clear();
    }),
    ("a listing is made before admissions has tables", |facts| {
        facts.books.events.clear();
        facts.books.upgrades.clear();
    }),
    ("a part is given back at the provider", |facts| {
        give_part_back(facts);
        adjust(facts, PART_REFUND, 100);
    }),
    ("a dispute is lost", |facts| {
        dispute(facts, "lost");
        adjust(facts, DISPUTE, 900);
    }),
    ("a dispute waits for its end", |facts| dispute(facts, "needs_response")),
    ("a dispute of a sale that was refunded is lost", |facts| {
        dispute(facts, "lost");
        facts.disputes[0].payment_intent = Some("pi_undoing".to_owned());
    }),
    ("an account was suspended just now", |facts| {
        facts.books.people.push(suspended("seller", NOW - 60_000));
    }),
    ("nobody is suspended", |facts| {
        facts.books.people.push(Person { id: "seller".to_owned(), suspended_at: None });
    }),
    ("there is no mail", |facts| facts.books.letters.clear()),
    ("a sale is older than the first letter", |facts| {
        facts.books.orders[SOLD].created_at = NOW - 2 * DAY_MS;
        facts.books.letters.retain(|letter| letter.subject != "sold");
    }),
    ("two devices are new, and both are told of", |facts| {
        facts.books.letters.push(letter("new_device", "account"));
        facts.books.letters.push(letter("new_device", "account"));
    }),
    ("a fan sells a ticket on", sell_on),
    ("a fan's sale is undone", |facts| {
        sell_on(facts);
        facts.books.payments[0].undone_at = Some(NOW);
        refund_sold(facts);
        book_fee(&mut facts.books, "fee_return", "sellers", "shop");
    }),
    ("the sale that was refunded first is undone with those after it", |facts| {
        facts.books.payments[5].undone_at = Some(NOW);
    }),
    ("a sold ticket changes hands and is used", |facts| {
        let admission = &mut facts.books.admissions[INSIDE];
        (admission.holder_id, admission.generation) = ("friend".to_owned(), 2);
    }),
    ("the order was refunded before admissions heard of its sale", |facts| {
        facts.books.admissions.truncate(2);
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
