//! Listings and their orders, in `orders`: what is held and sold is what was ordered, and there is
//! enough of it.

use std::collections::{HashMap, HashSet};

use boxoffice_contract::orders::OrderStatus;

use super::{Facts, Found, Rule, is_held};
use crate::books::Order;

/// The tickets of a listing's active orders.
#[derive(Clone, Copy, Default)]
struct Ordered {
    held: i64,
    sold: i64,
}

/// How long a hold may outlast its time, in milliseconds: it ends with a tick, and the events that
/// follow from it.
const OVERDUE_MS: i64 = 60_000;

pub(super) fn check(facts: &Facts, found: &mut Found) {
    let books = &facts.books;
    let listings: HashSet<&str> =
        books.stocks.iter().map(|stock| stock.ticket_id.as_str()).collect();
    let mut ordered: HashMap<&str, Ordered> = HashMap::new();
    for order in &books.orders {
        amount(order, found);
        if is_held(order.status) && order.expires_at.saturating_add(OVERDUE_MS) < facts.now {
            let seconds = (facts.now - order.expires_at) / 1_000;
            let sentence = format!("its hold should have ended {seconds} s ago");
            found.add(Rule::OverdueHold, [("order", &order.id)], sentence);
        }
        if !listings.contains(order.ticket_id.as_str()) {
            let ids = [("order", order.id.as_str()), ("listing", &order.ticket_id)];
            found.add(Rule::OrderListing, ids, "orders does not know the listing of this order");
        }
        let of_listing = ordered.entry(&order.ticket_id).or_default();
        if is_held(order.status) {
            of_listing.held += order.quantity;
        } else if order.status == OrderStatus::Complete && order.restocked == 0 {
            of_listing.sold += order.quantity;
        }
    }
    for stock in &books.stocks {
        let (held, sold, quantity) = (stock.held, stock.sold, stock.quantity);
        let ordered = ordered.get(stock.ticket_id.as_str()).copied().unwrap_or_default();
        let ids = [("listing", stock.ticket_id.as_str())];
        if held < 0 || sold < 0 || held + sold > quantity {
            found.add(
                Rule::Oversold,
                ids,
                format!(
                    "the listing has {quantity} tickets, but {held} are held and {sold} are sold"
                ),
            );
        } else if ordered.held + ordered.sold > quantity {
            found.add(
                Rule::Oversold,
                ids,
                format!(
                    "the listing has {quantity} tickets, but its orders hold {} and have bought {}",
                    ordered.held, ordered.sold
                ),
            );
        }
        if (held, sold) != (ordered.held, ordered.sold) {
            found.add(
                Rule::Inventory,
                ids,
                format!(
                    "{held} tickets are counted as held and {sold} as sold; its orders hold {} \
                     and have bought {}",
                    ordered.held, ordered.sold
                ),
            );
        }
    }
}

fn amount(order: &Order, found: &mut Found) {
    let Order { id, price, quantity, amount, .. } = order;
    if i128::from(*amount) != i128::from(*price) * i128::from(*quantity) {
        let sentence = format!("its amount is {amount}, but it has {quantity} tickets at {price}");
        found.add(Rule::OrderAmount, [("order", id)], sentence);
    }
}
