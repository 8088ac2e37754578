//! What is known here of one account: told to `auth` for its file, and erased with the account.
//!
//! Admissions stay, each its holder's by an id alone. The names of guests go, and the addresses that tickets
//! were to be handed on to. Of an organizer go the names of staff and of doors.

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::people::{
    ADMISSIONS_STANDING, AskPerson, AskStanding, KNOWERS, Loss, PersonPage, Standing,
};
use boxoffice_contract::{AdmissionId, UserId};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::person::{self, Part};
use boxoffice_kernel::{Sibling, Timestamp, Unit, problem, query};

use crate::SERVICE;
use crate::transition::NO_TRANSFER;

/// How many tickets are told.
const TOLD: i64 = 20;
/// Selects the listings of an organizer.
const OF_SELLER: &str =
    "ticket_id IN (SELECT ticket_id FROM admissions_listings WHERE seller_id = ?1)";

pub(crate) const PARTS: [Part; 2] =
    [Part { kind: "admission", query: admissions }, Part { kind: "staff_link", query: staff }];

pub(crate) fn route() -> Router {
    Router::new().route(KNOWERS[3].path, post(page)).route(ADMISSIONS_STANDING, post(standing))
}

async fn page(Sibling(asked): Sibling<AskPerson>) -> problem::Result<Json<PersonPage>> {
    Ok(Json(person::page(&SERVICE, &PARTS, &asked).await?))
}

async fn standing(Sibling(asked): Sibling<AskStanding>) -> problem::Result<Json<Standing>> {
    let held = to_come(asked.user_id, Timestamp::now());
    let held: Vec<(AdmissionId, String)> = Reader::new(&SERVICE).read_all(held).await?;
    let tickets = held.into_iter().map(|(id, title)| Loss { id: id.0, title }).collect();
    Ok(Json(Standing { obstacles: Vec::new(), tickets }))
}

/// Forgets the guests and receivers of `user`, and who stood at their doors.
///
/// # Errors
/// What the database says.
pub(crate) async fn erase(unit: &mut Unit<'_>, user: UserId) -> anyhow::Result<()> {
    let now = Timestamp::now();
    for query in [
        erasing_guests(user, now),
        erasing_staff(user),
        erasing_doors(user),
        erasing_scans(user),
        forgetting_limits(user),
    ] {
        unit.change::<()>(query).await?;
    }
    Ok(())
}

pub(crate) fn admissions(user: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT id, order_id, number, total, ticket_id, face_price, currency, status, transfers, \
         transfer_email, transfer_until, used_at, used_door, offer_id, offer_price, guest_name, \
         created_at FROM admissions_admissions \
         WHERE holder_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        user,
        after,
        most
    )
}

pub(crate) fn staff(user: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT id, ticket_id, name, expires_at FROM admissions_staff \
         WHERE {OF_SELLER} AND id > ?2 ORDER BY id LIMIT ?3",
        user,
        after,
        most
    )
}

/// Finds the tickets of `holder` that may still let somebody in. An event without a date may be to come.
pub(crate) fn to_come(holder: UserId, now: Timestamp) -> Query {
    query!(
        "SELECT a.id AS id, l.title AS title FROM admissions_admissions AS a \
         JOIN admissions_listings AS l ON l.ticket_id = a.ticket_id \
         WHERE a.holder_id = ?1 AND a.status IN ('valid', 'offered') \
         AND (l.starts_at IS NULL OR l.starts_at > ?2) ORDER BY a.id LIMIT ?3",
        holder,
        now,
        TOLD
    )
}

pub(crate) fn erasing_guests(holder: UserId, now: Timestamp) -> Query {
    query!(
        "UPDATE admissions_admissions SET guest_name = NULL, {NO_TRANSFER}, changed_at = ?2, \
         version = version + 1 WHERE holder_id = ?1 \
         AND (guest_name IS NOT NULL OR transfer_id IS NOT NULL)",
        holder,
        now
    )
}

pub(crate) fn erasing_staff(seller: UserId) -> Query {
    query!("DELETE FROM admissions_staff WHERE {OF_SELLER}", seller)
}

pub(crate) fn erasing_doors(seller: UserId) -> Query {
    query!(
        "UPDATE admissions_admissions SET used_door = '' WHERE used_door <> '' AND {OF_SELLER}",
        seller
    )
}

pub(crate) fn erasing_scans(seller: UserId) -> Query {
    query!("UPDATE admissions_scans SET door = '' WHERE door <> '' AND {OF_SELLER}", seller)
}

pub(crate) fn forgetting_limits(user: UserId) -> Query {
    query!("DELETE FROM admissions_limits WHERE key = ?1", user)
}
