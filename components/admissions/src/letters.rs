//! What `mail` asks: the letter of a transfer, who holds what of an event, and an order's tickets as files.
//!
//! Only a service of ours gets an answer: it names addresses, links and who holds what.

use axum::routing::post;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use boxoffice_contract::admissions::AdmissionStatus;
use boxoffice_contract::mail::{
    AskHeld, AskHolders, AskTickets, AskTransfer, HELD, HOLDERS, HOLDERS_PER_PAGE, HeldOf, Holders,
    TICKETS, TRANSFERS, TicketFile, Tickets, TransferFacts,
};
use boxoffice_contract::{AdmissionId, OrderId, TicketId, TransferId, UserId};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::{Cx, Sibling, Timestamp, log, problem, query};

use crate::SERVICE;
use crate::admission::{Admission, COLUMNS};
use crate::key::Keys;
use crate::listing::Listing;
use crate::refusal::{Refusal, Result};
use crate::{paper, wallet};

/// The most passes that one letter encloses: each is a file.
const MOST_PASSES: usize = 10;
/// The most tickets that a letter encloses. Drawing each takes some milliseconds.
const MOST_TICKETS: usize = 20;

pub(crate) fn route() -> Router {
    Router::new()
        .route(TRANSFERS, post(transfer))
        .route(HOLDERS, post(holders))
        .route(HELD, post(held))
        .route(TICKETS, post(tickets))
}

async fn transfer(
    cx: Cx,
    Sibling(asked): Sibling<AskTransfer>,
) -> problem::Result<Json<TransferFacts>> {
    Ok(Json(facts(&cx, asked.transfer_id).await?))
}

/// Says what the letter of the transfer says, while the transfer waits.
async fn facts(cx: &Cx, id: TransferId) -> Result<TransferFacts> {
    let found: Option<Admission> = Reader::new(&SERVICE).read(of_transfer(id)).await?;
    let admission = found.ok_or(Refusal::TransferOver)?;
    let waits = admission.transfer_email.clone().zip(admission.transfer_until);
    let waits = waits.filter(|(_, until)| *until > Timestamp::now());
    let (email, expires_at) = waits.ok_or(Refusal::TransferOver)?;
    let link = admission.transfer_path(&Keys::load().await?.signer);
    let link = link.ok_or(Refusal::TransferOver)?;
    let event = Listing::get(cx, admission.ticket_id).await?.event();
    Ok(TransferFacts {
        email,
        link,
        admission_id: admission.id,
        ticket_id: admission.ticket_id,
        holder_id: admission.holder_id,
        event,
        expires_at,
    })
}

async fn holders(Sibling(asked): Sibling<AskHolders>) -> problem::Result<Json<Holders>> {
    let found = holding(asked.ticket_id, asked.after);
    let found: Vec<(UserId,)> = Reader::new(&SERVICE).read_all(found).await?;
    let holders: Vec<UserId> = found.into_iter().map(|(holder,)| holder).collect();
    // A full page may be the last: the next one is empty then.
    let is_full = i64::try_from(holders.len()).is_ok_and(|count| count >= HOLDERS_PER_PAGE);
    let next = holders.last().copied().filter(|_| is_full);
    Ok(Json(Holders { holders, next }))
}

async fn held(Sibling(asked): Sibling<AskHeld>) -> problem::Result<Json<HeldOf>> {
    let found = held_by(asked.ticket_id, asked.holder_id);
    let found: Option<(AdmissionId, OrderId, i64)> = Reader::new(&SERVICE).read(found).await?;
    Ok(Json(match found {
        // Nobody has handed it on, so its holder is who bought it.
        Some((_, order, 0)) => HeldOf::Order(order),
        Some((admission, ..)) => HeldOf::Admission(admission),
        None => HeldOf::Nothing,
    }))
}

async fn tickets(cx: Cx, Sibling(asked): Sibling<AskTickets>) -> problem::Result<Json<Tickets>> {
    let found: Vec<Admission> = Reader::new(&SERVICE).read_all(of_order(asked.order_id)).await?;
    Ok(Json(files(&cx, &found, &asked).await?))
}

/// Makes the files of `admissions`, which are all of an order: one with all that the addressee holds, and
/// a pass for each.
async fn files(cx: &Cx, admissions: &[Admission], asked: &AskTickets) -> Result<Tickets> {
    let mut tickets = Tickets { issued: !admissions.is_empty(), turning: false, files: Vec::new() };
    let Some(first) = admissions.first() else { return Ok(tickets) };
    let listing = Listing::get(cx, first.ticket_id).await?;
    tickets.turning = listing.turns();
    let is_theirs = |admission: &&Admission| {
        admission.holder_id == asked.holder_id
            && admission.status == AdmissionStatus::Valid
            && !admission.needs_name(&listing)
    };
    let theirs: Vec<&Admission> = admissions.iter().filter(is_theirs).collect();
    if theirs.is_empty() || theirs.len() > MOST_TICKETS || tickets.turning {
        return Ok(tickets);
    }
    let keys = Keys::load().await?;
    let pdf = paper::draw_all(&theirs, &listing, &asked.email, &keys.signer)?;
    tickets.files.push(file("tickets.pdf".to_owned(), "application/pdf", &pdf));
    for admission in theirs.into_iter().take(MOST_PASSES) {
        let pass = wallet::enclosed(admission, &listing, &asked.email, &keys.signer).await;
        let pass = pass.unwrap_or_else(|error| {
            log::failed(cx, "making a pass for a letter; it goes without one", &error);
            None
        });
        if let Some((media_type, pass)) = pass {
            tickets.files.push(file(
                format!("ticket-{}.pkpass", admission.number),
                media_type,
                &pass,
            ));
        }
    }
    Ok(tickets)
}

fn file(name: String, media_type: &str, content: &[u8]) -> TicketFile {
    let content = STANDARD.encode(content);
    TicketFile { name, media_type: media_type.to_owned(), content }
}

/// Finds what `holder` has of an event that may still let somebody in. What they bought comes first.
pub(crate) fn held_by(ticket_id: TicketId, holder: UserId) -> Query {
    query!(
        "SELECT id, order_id, transfers FROM admissions_admissions \
         WHERE ticket_id = ?1 AND holder_id = ?2 AND status IN ('valid', 'offered') \
         ORDER BY transfers, id LIMIT 1",
        ticket_id,
        holder
    )
}

/// Finds the admissions of an order, in their order.
pub(crate) fn of_order(order_id: OrderId) -> Query {
    query!(
        "SELECT {COLUMNS} FROM admissions_admissions WHERE order_id = ?1 ORDER BY number",
        order_id
    )
}

pub(crate) fn of_transfer(id: TransferId) -> Query {
    query!("SELECT {COLUMNS} FROM admissions_admissions WHERE transfer_id = ?1", id)
}

/// Finds who holds admissions that may still let somebody in, each holder once.
pub(crate) fn holding(ticket_id: TicketId, after: Option<UserId>) -> Query {
    let rest = after.map_or("", |_| "AND holder_id > ?3");
    query!(
        "SELECT DISTINCT holder_id FROM admissions_admissions \
         WHERE ticket_id = ?1 AND status IN ('valid', 'offered') {rest} \
         ORDER BY holder_id LIMIT ?2",
        ticket_id,
        HOLDERS_PER_PAGE
    )
    .bind_all(after)
}
