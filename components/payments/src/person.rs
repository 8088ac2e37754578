//! What is known here of one account: told to `auth` for its file, and erased with the account.
//!
//! Payments and the ledger stay, with their amounts and with what the provider calls them: the law asks for
//! them, and a dispute may come late. The payment method, the client's address and messages go.

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::people::{
    AskPerson, AskStanding, KNOWERS, Obstacle, ObstacleKind, PAYMENTS_STANDING, PersonPage,
    Standing,
};
use boxoffice_contract::{OrderId, UserId};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::person::{self, Part};
use boxoffice_kernel::{Sibling, Unit, problem, query};

use crate::SERVICE;

/// How many obstacles are told of each kind.
const TOLD: i64 = 20;

pub(crate) const PARTS: [Part; 3] = [
    Part { kind: "payment", query: payments },
    Part { kind: "ledger_entry", query: entries },
    Part { kind: "ledger_adjustment", query: adjustments },
];

pub(crate) fn route() -> Router {
    Router::new().route(KNOWERS[2].path, post(page)).route(PAYMENTS_STANDING, post(standing))
}

async fn page(Sibling(asked): Sibling<AskPerson>) -> problem::Result<Json<PersonPage>> {
    Ok(Json(person::page(&SERVICE, &PARTS, &asked).await?))
}

async fn standing(Sibling(asked): Sibling<AskStanding>) -> problem::Result<Json<Standing>> {
    let AskStanding { user_id } = asked;
    let mut reader = Reader::new(&SERVICE);
    let pending: Vec<(OrderId, Option<String>)> = reader.read_all(pending(user_id)).await?;
    let disputed: Vec<(OrderId, Option<String>)> = reader.read_all(disputed(user_id)).await?;
    let pending = pending.into_iter().map(|(id, title)| (ObstacleKind::PaymentPending, id, title));
    let disputed =
        disputed.into_iter().map(|(id, title)| (ObstacleKind::PaymentDisputed, id, title));
    let obstacle = |(kind, id, title): (_, OrderId, _)| Obstacle { kind, id: id.0, title };
    let obstacles = pending.chain(disputed).map(obstacle).collect();
    Ok(Json(Standing { obstacles, tickets: Vec::new() }))
}

/// Forgets how `user` paid, and from where. What is still at the provider is left to the next time.
///
/// # Errors
/// What the database says.
pub(crate) async fn erase(unit: &mut Unit<'_>, user: UserId) -> anyhow::Result<()> {
    unit.change::<()>(erasing(user)).await?;
    unit.change::<()>(forgetting_limits(user)).await?;
    Ok(())
}

pub(crate) fn payments(user: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT id, order_id, amount, currency, status, token, intent_id, decline_code, \
         decline_message, client, ticket_id, title, quantity, refund_asked_at, refund_reason, \
         created_at FROM payments_payments WHERE buyer_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        user,
        after,
        most
    )
}

pub(crate) fn entries(user: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT id, payment_id, movement, account, amount, currency, at FROM payments_ledger \
         WHERE owner_id = ?1 AND account = 'sellers' AND id > ?2 ORDER BY id LIMIT ?3",
        user,
        after,
        most
    )
}

pub(crate) fn adjustments(user: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT id, payment_id, movement, account, amount, currency, at FROM payments_adjustments \
         WHERE owner_id = ?1 AND account = 'sellers' AND id > ?2 ORDER BY id LIMIT ?3",
        user,
        after,
        most
    )
}

/// Finds payments of or to `user` whose money is on its way.
pub(crate) fn pending(user: UserId) -> Query {
    query!(
        "SELECT order_id, title FROM payments_payments WHERE (buyer_id = ?1 OR seller_id = ?1) \
         AND (status IN ('pending', 'authorized') OR (status = 'captured' \
         AND (refund_asked_at IS NOT NULL OR undone_at IS NOT NULL) AND refund_refusal IS NULL)) \
         ORDER BY id LIMIT ?2",
        user,
        TOLD
    )
}

/// Finds payments of or to `user` that wait for an operator.
pub(crate) fn disputed(user: UserId) -> Query {
    query!(
        "SELECT order_id, title FROM payments_payments WHERE (buyer_id = ?1 OR seller_id = ?1) \
         AND attention IS NOT NULL ORDER BY id LIMIT ?2",
        user,
        TOLD
    )
}

pub(crate) fn erasing(buyer: UserId) -> Query {
    query!(
        "UPDATE payments_payments SET token = '', idempotency_key = NULL, client = NULL, \
         decline_message = NULL WHERE buyer_id = ?1 AND status NOT IN ('pending', 'authorized') \
         AND (token <> '' OR idempotency_key IS NOT NULL OR client IS NOT NULL \
         OR decline_message IS NOT NULL)",
        buyer
    )
}

pub(crate) fn forgetting_limits(user: UserId) -> Query {
    query!("DELETE FROM payments_limits WHERE key = ?1", user)
}
