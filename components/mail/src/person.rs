//! What is known here of one account: told to `auth` for its file, and erased with the account.
//!
//! Letters hold no address and no text. What is left of a sent one tells that there was a letter about an
//! order, or about an account that is deleted. Its key stays, so that a late event makes no second letter.

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::UserId;
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::people::{AskPerson, KNOWERS, PersonPage};
use boxoffice_kernel::db::Query;
use boxoffice_kernel::person::{self, Part};
use boxoffice_kernel::{Sibling, Unit, problem, query};

use crate::{SERVICE, refused, suppressed};

pub(crate) const PARTS: [Part; 2] = [
    Part { kind: "letter", query: letters },
    Part { kind: "refused_letters", query: refused::told },
];

pub(crate) fn route() -> Router {
    Router::new().route(KNOWERS[4].path, post(page))
}

async fn page(Sibling(asked): Sibling<AskPerson>) -> problem::Result<Json<PersonPage>> {
    Ok(Json(person::page(&SERVICE, &PARTS, &asked).await?))
}

/// Drops the letters to `user` that wait, but for the last one. Forgets who got the others, and which
/// letters `user` does without.
///
/// # Errors
/// What the database says.
pub(crate) async fn erase(unit: &mut Unit<'_>, user: UserId) -> anyhow::Result<()> {
    // By the letters that still say whose they are.
    unit.change::<()>(suppressed::forgetting(user)).await?;
    unit.change::<()>(refused::forgetting(user)).await?;
    unit.change::<()>(erasing(user)).await?;
    Ok(())
}

pub(crate) fn letters(user: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT id, kind, subject, status, attempts, created_at, sent_at FROM mail_letters \
         WHERE recipient = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        user,
        after,
        most
    )
}

pub(crate) fn erasing(user: UserId) -> Query {
    query!(
        "UPDATE mail_letters SET \
         status = CASE WHEN status = 'waiting' THEN 'dropped' ELSE status END, \
         recipient = NULL, last_error = NULL, server_answer = NULL, address_hash = NULL \
         WHERE recipient = ?1 AND (status <> 'waiting' OR kind <> ?2)",
        user,
        AccountLetter::AccountDeleted.name()
    )
}
