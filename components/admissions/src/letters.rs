//! What `mail` asks: the letter of a transfer, and the holders of an event's tickets.
//!
//! Only a service of ours gets an answer: it names addresses, links and who holds what.

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::mail::{
    AskHolders, AskTransfer, HOLDERS, HOLDERS_PER_PAGE, Holders, TRANSFERS, TransferFacts,
};
use boxoffice_contract::{TicketId, TransferId, UserId};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::{Cx, Sibling, Timestamp, problem, query};

use crate::SERVICE;
use crate::admission::{Admission, COLUMNS};
use crate::key::Keys;
use crate::listing::Listing;
use crate::refusal::{Refusal, Result};

pub(crate) fn route() -> Router {
    Router::new().route(TRANSFERS, post(transfer)).route(HOLDERS, post(holders))
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
