//! The listings by which fans sell their tickets on: `admissions` decides when one begins, and when
//! one ends for another reason than its seller's wish.

use anyhow::{Context, Result};
use boxoffice_contract::admissions::{AdmissionStatus, Offer};
use boxoffice_contract::events::{AdmissionState, kind};
use boxoffice_contract::{AdmissionId, TicketId};
use boxoffice_kernel::db::Query;
use boxoffice_kernel::{Cx, Unit, erasure, query, unit};

use crate::ticket::{COLUMNS, NEXT_VERSION, Ticket};
use crate::{SERVICE, pages};

/// Takes over an admission's state, unless a newer one is known: an offer becomes a listing, and the
/// listing of an offer that has ended goes off sale. Tells whether the state was news.
///
/// # Errors
/// When the event's listing does not exist, and what the database says.
pub(crate) async fn follow(cx: &Cx, admission: &AdmissionState) -> Result<bool> {
    let changed = unit::run(cx, &SERVICE, async |unit| take_over(unit, admission).await).await?;
    if changed {
        pages::forget().await?;
    }
    Ok(changed)
}

async fn take_over(unit: &mut Unit<'_>, admission: &AdmissionState) -> Result<bool> {
    // The version decides, not the listing: an offer that ended before it was heard of is never listed.
    let Some((_,)) = unit.change::<(AdmissionId,)>(noting(admission)).await? else {
        return Ok(false);
    };
    if let Some(offer) = &admission.offer {
        match admission.status {
            AdmissionStatus::Offered => list(unit, admission, offer).await?,
            _ => end(unit, offer.ticket_id).await?,
        }
    }
    Ok(true)
}

/// Lists the ticket, described as its event is now. A repeat under a newer version changes nothing.
async fn list(unit: &mut Unit<'_>, admission: &AdmissionState, offer: &Offer) -> Result<()> {
    if Ticket::find_in(unit, offer.ticket_id).await?.is_some() {
        return Ok(());
    }
    // An event that comes late must not put the ticket of a deleted account on sale.
    if erasure::is_deleted(unit, &SERVICE, admission.holder_id).await? {
        return Ok(());
    }
    // Locked, or an edit at the same time would miss this listing, which then told of the event as it
    // was.
    let event = unit.read_locked::<Ticket>(locking(admission.ticket_id)).await?.into_iter().next();
    let event =
        event.with_context(|| format!("the listing {} does not exist", admission.ticket_id))?;
    let ticket = Ticket::offered(admission.holder_id, offer, &event);
    unit.insert(ticket.insert()?);
    unit.emit(ticket.event(kind::TicketCreated)?);
    unit.tell(ticket.news(false));
    Ok(())
}

/// Takes the listing of an offer off sale, unless it is. Who holds it may pay for it all the same:
/// `admissions` undoes that sale.
async fn end(unit: &mut Unit<'_>, id: TicketId) -> Result<()> {
    if let Some(ended) = unit.change::<Ticket>(ending(id)).await? {
        unit.emit(ended.event(kind::TicketUpdated)?);
        unit.tell(ended.news(false));
    }
    Ok(())
}

pub(crate) fn noting(admission: &AdmissionState) -> Query {
    query!(
        "INSERT INTO tickets_offers (admission_id, version, ticket_id) VALUES (?1, ?2, ?3) \
         ON CONFLICT (admission_id) DO UPDATE SET version = excluded.version, \
         ticket_id = excluded.ticket_id \
         WHERE excluded.version > tickets_offers.version RETURNING admission_id",
        admission.id,
        admission.version,
        admission.offer.as_ref().map(|offer| offer.ticket_id)
    )
}

pub(crate) fn locking(event: TicketId) -> Query {
    query!("SELECT {COLUMNS} FROM tickets_tickets WHERE id = ?1 FOR UPDATE", event)
}

pub(crate) fn ending(id: TicketId) -> Query {
    query!(
        "UPDATE tickets_tickets SET withdrawn = 1, {NEXT_VERSION} \
         WHERE id = ?1 AND withdrawn = 0 RETURNING {COLUMNS}",
        id
    )
}
