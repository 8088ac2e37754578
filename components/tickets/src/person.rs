//! What is known here of one account: told to `auth` for its file, and erased with the account.
//!
//! A listing stays, off sale, with its title and its place: buyers have paid for that. Its description goes.

use std::cell::Cell;

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::UserId;
use boxoffice_contract::events::kind;
use boxoffice_contract::people::{AskPerson, KNOWERS, PersonPage};
use boxoffice_kernel::db::Query;
use boxoffice_kernel::person::{self, Part};
use boxoffice_kernel::{Cx, Sibling, Unit, erasure, problem, query};
use send_wrapper::SendWrapper;

use crate::ticket::{COLUMNS, Ticket};
use crate::{SERVICE, pages};

pub(crate) const PARTS: [Part; 1] = [Part { kind: "listing", query: listings }];

pub(crate) fn route() -> Router {
    Router::new().route(KNOWERS[0].path, post(page))
}

async fn page(Sibling(asked): Sibling<AskPerson>) -> problem::Result<Json<PersonPage>> {
    Ok(Json(person::page(&SERVICE, &PARTS, &asked).await?))
}

/// Takes the listings of `user` off sale, without their descriptions.
///
/// # Errors
/// What the database says.
pub(crate) async fn erase(unit: &mut Unit<'_>, user: UserId) -> anyhow::Result<()> {
    for ticket in unit.change_all::<Ticket>(erasing(user)).await? {
        unit.emit(ticket.event(kind::TicketUpdated)?);
        unit.tell(ticket.news(true));
    }
    Ok(())
}

/// Erases again what was written while an account was deleted. Tells whether there may be more.
///
/// # Errors
/// What the database and Redis say.
pub(crate) async fn erase_again(cx: &Cx) -> anyhow::Result<bool> {
    let has_erased = SendWrapper::new(Cell::new(false));
    let more = erasure::tick(cx, &SERVICE, async |unit: &mut Unit<'_>, user| {
        has_erased.set(true);
        erase(unit, user).await
    })
    .await?;
    if has_erased.get() {
        pages::forget().await?;
    }
    Ok(more)
}

pub(crate) fn listings(user: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT id, title, price, currency, quantity, held, sold, withdrawn, venue, city, starts_at, \
         time_zone, description, resale_cap, transfer_limit, max_per_buyer, asks_names, \
         turning_codes, resale_of, created_at FROM tickets_tickets \
         WHERE seller_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        user,
        after,
        most
    )
}

/// Ends what `seller` lists. Nobody searches for it any more, and its content is written again.
pub(crate) fn erasing(seller: UserId) -> Query {
    query!(
        "UPDATE tickets_tickets SET withdrawn = 1, description = NULL, words = '', content = NULL, \
         content_at = 0, version = version + 1 WHERE seller_id = ?1 \
         AND (withdrawn = 0 OR description IS NOT NULL OR words <> '') RETURNING {COLUMNS}",
        seller
    )
}
