//! Accounts, and what they hold and sell.

use std::collections::HashSet;

use super::{Facts, Found, Rule, is_held};

/// How long after a suspension holds may go on and listings be on sale, in milliseconds: its event has to
/// be heard.
const GRACE_MS: i64 = 60_000;

pub(super) fn check(facts: &Facts, found: &mut Found) {
    let books = &facts.books;
    let is_due = |at: i64| at.saturating_add(GRACE_MS) < facts.now;
    let suspended = books.people.iter().filter(|person| person.suspended_at.is_some_and(is_due));
    let suspended: HashSet<&str> = suspended.map(|person| person.id.as_str()).collect();
    for order in books.orders.iter().filter(|order| is_held(order.status)) {
        if suspended.contains(order.buyer_id.as_str()) {
            let ids = [("account", order.buyer_id.as_str()), ("order", &order.id)];
            found.add(Rule::SuspendedAccount, ids, "a suspended account holds tickets");
        }
    }
    for listing in &books.listings {
        // A fan's ticket that was sold is its buyer's.
        let is_sold = listing.resale_of.is_some() && listing.sold >= listing.quantity;
        let is_on_sale = listing.withdrawn == 0 && !is_sold;
        if is_on_sale && suspended.contains(listing.seller_id.as_str()) {
            let ids = [("account", listing.seller_id.as_str()), ("listing", &listing.id)];
            found.add(Rule::SuspendedAccount, ids, "a suspended account has a listing on sale");
        }
    }
}
