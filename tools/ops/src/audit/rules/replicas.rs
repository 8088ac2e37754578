//! What one service decides, and what the others have heard of it.

use std::collections::HashMap;

use boxoffice_contract::orders::OrderStatus;

use super::{Differences, Found, Rule, by_id, is_held};
use crate::audit::Facts;
use crate::books::{Books, Event, Listing, Order, Stock, Timer};

/// How long `expiration` keeps the timer of an order that has ended, counted from the end of its
/// hold, in milliseconds.
const TIMERS_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

pub(super) fn check(facts: &Facts, found: &mut Found) {
    let books = &facts.books;
    let orders = by_id(&books.orders, |order| &order.id);
    listings(books, found);
    events(books, found);
    heard_orders(books, &orders, found);
    order_ends(books, &orders, found);
    sales(books, &orders, found);
    timers(facts, &orders, found);
}

fn listings(books: &Books, found: &mut Found) {
    let stocks = by_id(&books.stocks, |stock| &stock.ticket_id);
    let listings = by_id(&books.listings, |listing| &listing.id);
    for listing in &books.listings {
        let ids = [("listing", listing.id.as_str())];
        let Some(stock) = stocks.get(listing.id.as_str()) else {
            found.add(Rule::ListingReplica, ids, "orders does not know this listing");
            continue;
        };
        if let Some(differences) = replica_differs(stock, listing) {
            let sentence = format!("in orders, {differences}");
            found.add(Rule::ListingReplica, ids, sentence);
        }
        let counts = Differences::default().of("held", &listing.held, &stock.held).of(
            "sold",
            &listing.sold,
            &stock.sold,
        );
        if let Some(differences) = counts.all() {
            found.add(Rule::ListingCounts, ids, format!("in tickets, {differences}"));
        }
    }
    for stock in &books.stocks {
        if !listings.contains_key(stock.ticket_id.as_str()) {
            let ids = [("listing", stock.ticket_id.as_str())];
            found.add(Rule::ListingReplica, ids, "orders knows this listing, but tickets does not");
        }
    }
}

fn replica_differs(stock: &Stock, listing: &Listing) -> Option<String> {
    let differences = Differences::default()
        .of("seller_id", &stock.seller_id, &listing.seller_id)
        .of("title", &stock.title, &listing.title)
        .of("price", &stock.price, &listing.price)
        .of("currency", &stock.currency, &listing.currency)
        .of("quantity", &stock.quantity, &listing.quantity)
        .of("withdrawn", &stock.withdrawn, &listing.withdrawn)
        .of("venue", &stock.venue, &listing.venue)
        .of("city", &stock.city, &listing.city)
        .of("starts_at", &stock.starts_at, &listing.starts_at)
        .of("time_zone", &stock.time_zone, &listing.time_zone)
        .of("resale_of", &stock.resale_of, &listing.resale_of);
    newer_version(differences, stock.version, listing).all()
}

/// Checks the listings as `admissions` has them. It need not know those that are older than its
/// tables: it asks `tickets` for one when somebody needs it.
fn events(books: &Books, found: &mut Found) {
    let events = by_id(&books.events, |event| &event.ticket_id);
    let listings = by_id(&books.listings, |listing| &listing.id);
    let since = books.upgrades.iter().map(|upgrade| upgrade.applied_at).min();
    for listing in &books.listings {
        let ids = [("listing", listing.id.as_str()), ("service", "admissions")];
        let Some(event) = events.get(listing.id.as_str()) else {
            if since.is_some_and(|since| since < listing.created_at) {
                found.add(Rule::ListingReplica, ids, "admissions does not know this listing");
            }
            continue;
        };
        if let Some(differences) = event_differs(event, listing) {
            let sentence = format!("in admissions, {differences}");
            found.add(Rule::ListingReplica, ids, sentence);
        }
    }
    for event in &books.events {
        if !listings.contains_key(event.ticket_id.as_str()) {
            let ids = [("listing", event.ticket_id.as_str()), ("service", "admissions")];
            let sentence = "admissions knows this listing, but tickets does not";
            found.add(Rule::ListingReplica, ids, sentence);
        }
    }
}

fn event_differs(event: &Event, listing: &Listing) -> Option<String> {
    let differences = Differences::default()
        .of("seller_id", &event.seller_id, &listing.seller_id)
        .of("title", &event.title, &listing.title)
        .of("venue", &event.venue, &listing.venue)
        .of("city", &event.city, &listing.city)
        .of("starts_at", &event.starts_at, &listing.starts_at)
        .of("time_zone", &event.time_zone, &listing.time_zone);
    newer_version(differences, event.version, listing).all()
}

/// The counts raise the listing's version too, of which nobody is told: an older one is fine. A
/// newer one would refuse the seller's next edits.
fn newer_version(differences: Differences, seen: i64, listing: &Listing) -> Differences {
    if seen <= listing.version {
        return differences;
    }
    differences.of("version", &seen, &listing.version)
}

/// An order as `tickets` has it: with what it does to the counts.
fn as_counted(order: &Order) -> OrderStatus {
    if order.restocked != 0 { OrderStatus::Refunded } else { order.status }
}

/// The version of an order that those have heard of who are not told that it was refunded.
fn before_refund(order: &Order) -> i64 {
    order.version - i64::from(order.refunded_at.is_some())
}

/// `orders` tells nobody that a payment has begun.
fn as_told(status: OrderStatus) -> OrderStatus {
    if is_held(status) { OrderStatus::Created } else { status }
}

/// A held order's version grows when a payment begins, which nobody is told of either.
fn version_differs(differences: Differences, seen: i64, due: i64, order: &Order) -> Differences {
    if is_held(order.status) && seen <= due {
        return differences;
    }
    differences.of("version", &seen, &due)
}

fn heard_orders(books: &Books, orders: &HashMap<&str, &Order>, found: &mut Found) {
    let heard = by_id(&books.heard_orders, |heard| &heard.id);
    for order in &books.orders {
        let ids = [("order", order.id.as_str()), ("service", "tickets")];
        let Some(heard) = heard.get(order.id.as_str()) else {
            found.add(Rule::OrderReplica, ids, "tickets does not know this order");
            continue;
        };
        let differences = Differences::default()
            .of("ticket_id", &heard.ticket_id, &order.ticket_id)
            .of("quantity", &heard.quantity, &order.quantity)
            .of("status", &as_told(heard.status).name(), &as_told(as_counted(order)).name());
        let differences = version_differs(differences, heard.version, order.version, order);
        if let Some(differences) = differences.all() {
            let sentence = format!("in tickets, {differences}");
            found.add(Rule::OrderReplica, ids, sentence);
        }
    }
    for heard in &books.heard_orders {
        if !orders.contains_key(heard.id.as_str()) {
            let ids = [("order", heard.id.as_str()), ("service", "tickets")];
            found.add(Rule::OrderReplica, ids, "tickets knows this order, but orders does not");
        }
    }
}

fn order_ends(books: &Books, orders: &HashMap<&str, &Order>, found: &mut Found) {
    let ends = by_id(&books.order_ends, |end| &end.id);
    for order in &books.orders {
        let ids = [("order", order.id.as_str()), ("service", "payments")];
        let Some(end) = ends.get(order.id.as_str()) else {
            // Only the end is told to payments.
            if !is_held(order.status) {
                let sentence = "payments does not know that this order has ended";
                found.add(Rule::OrderReplica, ids, sentence);
            }
            continue;
        };
        let differences = Differences::default()
            .of("status", &as_told(end.status).name(), &as_told(order.status).name())
            .of("payment_id", &end.payment_id, &order.payment_id);
        let differences = version_differs(differences, end.version, before_refund(order), order);
        if let Some(differences) = differences.all() {
            let sentence = format!("in payments, {differences}");
            found.add(Rule::OrderReplica, ids, sentence);
        }
    }
    for end in &books.order_ends {
        if !orders.contains_key(end.id.as_str()) {
            let ids = [("order", end.id.as_str()), ("service", "payments")];
            found.add(Rule::OrderReplica, ids, "payments knows this order, but orders does not");
        }
    }
}

/// Checks the orders as `admissions` has them: only those that were sold, each by its version.
fn sales(books: &Books, orders: &HashMap<&str, &Order>, found: &mut Found) {
    let sales = by_id(&books.sales, |sale| &sale.id);
    for order in &books.orders {
        let ids = [("order", order.id.as_str()), ("service", "admissions")];
        let is_sold = order.status == OrderStatus::Complete;
        let sentence = match sales.get(order.id.as_str()) {
            None if is_sold => "admissions does not know that this order is sold".to_owned(),
            None => continue,
            Some(_) if !is_sold => {
                format!("in admissions it is sold, but it is {}", order.status.name())
            }
            Some(sale) if sale.version == order.version => continue,
            Some(sale) => {
                format!("in admissions, version is {}, not {}", sale.version, order.version)
            }
        };
        found.add(Rule::OrderReplica, ids, sentence);
    }
    for sale in &books.sales {
        if !orders.contains_key(sale.id.as_str()) {
            let ids = [("order", sale.id.as_str()), ("service", "admissions")];
            found.add(Rule::OrderReplica, ids, "admissions knows this order, but orders does not");
        }
    }
}

fn timers(facts: &Facts, orders: &HashMap<&str, &Order>, found: &mut Found) {
    let timers = by_id(&facts.books.timers, |timer| &timer.order_id);
    for order in &facts.books.orders {
        let ids = [("order", order.id.as_str())];
        match timers.get(order.id.as_str()) {
            Some(timer) => {
                if let Some(differences) = timer_differs(timer, order) {
                    let sentence = format!("in expiration, {differences}");
                    found.add(Rule::TimerReplica, ids, sentence);
                }
            }
            None if is_held(order.status) => {
                found.add(Rule::TimerReplica, ids, "this order is held, but no timer runs for it");
            }
            None if order.expires_at.saturating_add(TIMERS_KEPT_MS) > facts.now => {
                found.add(Rule::TimerReplica, ids, "expiration does not know this order");
            }
            None => {}
        }
    }
    for timer in &facts.books.timers {
        if !orders.contains_key(timer.order_id.as_str()) {
            let ids = [("order", timer.order_id.as_str())];
            found.add(
                Rule::TimerReplica,
                ids,
                "a timer exists for this order, but orders does not know it",
            );
        }
    }
}

fn timer_differs(timer: &Timer, order: &Order) -> Option<String> {
    let differences = Differences::default()
        .of("expires_at", &timer.expires_at, &order.expires_at)
        .of("running", &timer.running, &i64::from(is_held(order.status)));
    version_differs(differences, timer.version, before_refund(order), order).all()
}
