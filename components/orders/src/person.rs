//! What is known here of one account: told to `auth` for its file, and erased with the account.
//!
//! Orders stay, with their amounts and what was bought: the law asks for them. An id is all that they name
//! of a person.

use std::collections::BTreeMap;

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::events::kind;
use boxoffice_contract::people::{
    AskPerson, AskStanding, KNOWERS, ORDERS_STANDING, Obstacle, ObstacleKind, PersonPage, Standing,
};
use boxoffice_contract::{OrderId, TicketId, UserId};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::person::{self, Part};
use boxoffice_kernel::{Sibling, Timestamp, Unit, problem, query};

use crate::SERVICE;
use crate::listing::Listing;
use crate::order::{COLUMNS, Order};

/// How many obstacles are told of each kind.
const TOLD: i64 = 20;

pub(crate) const PARTS: [Part; 1] = [Part { kind: "order", query: orders }];

pub(crate) fn route() -> Router {
    Router::new().route(KNOWERS[1].path, post(page)).route(ORDERS_STANDING, post(standing))
}

async fn page(Sibling(asked): Sibling<AskPerson>) -> problem::Result<Json<PersonPage>> {
    Ok(Json(person::page(&SERVICE, &PARTS, &asked).await?))
}

async fn standing(Sibling(asked): Sibling<AskStanding>) -> problem::Result<Json<Standing>> {
    let AskStanding { user_id } = asked;
    let mut reader = Reader::new(&SERVICE);
    let sold = sold_to_come(user_id, Timestamp::now());
    let sold: Vec<(TicketId, String)> = reader.read_all(sold).await?;
    let paying: Vec<(OrderId, String)> = reader.read_all(paying(user_id)).await?;
    let sold = sold.into_iter().map(|(id, title)| (ObstacleKind::ListingSold, id.0, title));
    let paying = paying.into_iter().map(|(id, title)| (ObstacleKind::OrderPaying, id.0, title));
    let obstacle = |(kind, id, title)| Obstacle { kind, id, title: Some(title) };
    let obstacles = sold.chain(paying).map(obstacle).collect();
    Ok(Json(Standing { obstacles, tickets: Vec::new() }))
}

/// Ends the holds of `user`, and forgets how often they held.
///
/// # Errors
/// What the database says.
pub(crate) async fn erase(unit: &mut Unit<'_>, user: UserId) -> anyhow::Result<()> {
    // Once for each listing: Postgres changes a row once in a statement.
    let mut freed: BTreeMap<TicketId, i64> = BTreeMap::new();
    for order in unit.change_all::<Order>(releasing(user)).await? {
        *freed.entry(order.ticket_id).or_default() += order.quantity;
        unit.emit(order.event(kind::OrderCancelled)?);
    }
    for (listing, quantity) in freed {
        unit.require(Listing::free(listing, quantity));
    }
    unit.change::<()>(forgetting_buyer(user)).await?;
    Ok(())
}

pub(crate) fn orders(user: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT id, ticket_id, quantity, price, amount, currency, status, cancel_reason, payment_id, \
         title, venue, city, starts_at, time_zone, resale_of, expires_at, refunded_at, created_at \
         FROM orders_orders WHERE buyer_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        user,
        after,
        most
    )
}

/// Finds the listings of `seller` whose buyers wait for the event, or are at the checkout. An event without
/// a date is to come until its tickets are refunded.
pub(crate) fn sold_to_come(seller: UserId, now: Timestamp) -> Query {
    query!(
        "SELECT ticket_id AS id, title FROM orders_listings AS l WHERE seller_id = ?1 \
         AND (held > 0 OR ((starts_at IS NULL OR starts_at > ?2) AND EXISTS \
         (SELECT 1 FROM orders_orders AS o WHERE o.ticket_id = l.ticket_id \
         AND o.status = 'complete' AND o.refunded_at IS NULL))) \
         ORDER BY ticket_id LIMIT ?3",
        seller,
        now,
        TOLD
    )
}

pub(crate) fn paying(buyer: UserId) -> Query {
    query!(
        "SELECT id, title FROM orders_orders WHERE buyer_id = ?1 AND status = 'awaiting:payment' \
         ORDER BY id LIMIT ?2",
        buyer,
        TOLD
    )
}

/// Gives up all holds of `buyer`.
pub(crate) fn releasing(buyer: UserId) -> Query {
    query!(
        "UPDATE orders_orders SET status = 'cancelled', cancel_reason = 'buyer', \
         version = version + 1 \
         WHERE buyer_id = ?1 AND status IN ('created', 'awaiting:payment') RETURNING {COLUMNS}",
        buyer
    )
}

pub(crate) fn forgetting_buyer(buyer: UserId) -> Query {
    query!("DELETE FROM orders_buyers WHERE buyer_id = ?1", buyer)
}
