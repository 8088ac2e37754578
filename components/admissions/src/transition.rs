//! How an admission goes on from being issued: to another holder, to the door, or to its end.
//!
//! Each way is one guarded statement on the admission's row. Whichever commits first has decided; the
//! others then find no row to change. So a scan, a transfer and a refund can race as they like, and
//! nobody enters with what was refunded, or on a code of somebody who no longer holds the ticket.

use boxoffice_contract::events::kind;
use boxoffice_contract::{AdmissionId, OrderId, ScanId, TicketId, UserId};
use boxoffice_kernel::db::Query;
use boxoffice_kernel::{Timestamp, Unit, query};
use uuid::Uuid;

use crate::admission::{Admission, COLUMNS};

/// Columns without a transfer.
const NO_TRANSFER: &str = "transfer_email = NULL, transfer_until = NULL, transfer_id = NULL";

/// Whom a transfer is for, and until when.
pub(crate) struct Transfer<'a> {
    /// The transfer's id, of which its link is made.
    pub(crate) id: Uuid,
    /// The address of the account that may accept it.
    pub(crate) email: &'a str,
    /// When it can no longer be accepted.
    pub(crate) until: Timestamp,
}

/// An entry at a door.
pub(crate) struct Entering<'a> {
    /// The scan that lets in.
    pub(crate) scan: ScanId,
    /// When it was made, by the door's clock.
    pub(crate) at: Timestamp,
    /// The door's name.
    pub(crate) door: &'a str,
}

/// Begins a transfer of an admission of `holder`'s, in place of one that waits already.
pub(crate) async fn begin_transfer(
    unit: &mut Unit<'_>,
    id: AdmissionId,
    holder: UserId,
    transfer: &Transfer<'_>,
) -> anyhow::Result<Option<Admission>> {
    Ok(unit.change(beginning(id, holder, transfer)).await?)
}

pub(crate) fn beginning(id: AdmissionId, holder: UserId, transfer: &Transfer<'_>) -> Query {
    query!(
        "UPDATE admissions_admissions SET transfer_id = ?3, transfer_email = ?4, \
         transfer_until = ?5, version = version + 1 \
         WHERE id = ?1 AND holder_id = ?2 AND status = 'valid' RETURNING {COLUMNS}",
        id,
        holder,
        transfer.id,
        transfer.email,
        transfer.until
    )
}

/// Takes back the transfer of an admission of `holder`'s, if one waits.
pub(crate) async fn take_back(
    unit: &mut Unit<'_>,
    id: AdmissionId,
    holder: UserId,
) -> anyhow::Result<Option<Admission>> {
    Ok(unit.change(taking_back(id, holder)).await?)
}

pub(crate) fn taking_back(id: AdmissionId, holder: UserId) -> Query {
    query!(
        "UPDATE admissions_admissions SET {NO_TRANSFER}, version = version + 1 \
         WHERE id = ?1 AND holder_id = ?2 AND transfer_id IS NOT NULL RETURNING {COLUMNS}",
        id,
        holder
    )
}

/// Gives the admission to `receiver`, whom its transfer `transfer` is for. From the commit on the old
/// code is void and the new one lets in: they are generations of one row.
pub(crate) async fn accept(
    unit: &mut Unit<'_>,
    id: AdmissionId,
    transfer: Uuid,
    receiver: UserId,
    now: Timestamp,
) -> anyhow::Result<Option<Admission>> {
    let accepting = accepting(id, transfer, receiver, now);
    let Some(admission) = unit.change::<Admission>(accepting).await? else { return Ok(None) };
    unit.emit(admission.event(kind::AdmissionTransferred)?);
    Ok(Some(admission))
}

pub(crate) fn accepting(
    id: AdmissionId,
    transfer: Uuid,
    receiver: UserId,
    now: Timestamp,
) -> Query {
    query!(
        "UPDATE admissions_admissions SET holder_id = ?3, generation = generation + 1, \
         {NO_TRANSFER}, version = version + 1 \
         WHERE id = ?1 AND transfer_id = ?2 AND transfer_until > ?4 AND status = 'valid' \
         RETURNING {COLUMNS}",
        id,
        transfer,
        receiver,
        now
    )
}

/// Lets in who shows the code of this `generation`, or whom the door found by hand if it is `None`. A
/// transfer that waits ends: nobody can enter a second time.
pub(crate) async fn admit(
    unit: &mut Unit<'_>,
    id: AdmissionId,
    ticket_id: TicketId,
    generation: Option<u32>,
    entering: &Entering<'_>,
) -> anyhow::Result<Option<Admission>> {
    let admitting = admitting(id, ticket_id, generation, entering);
    let Some(admission) = unit.change::<Admission>(admitting).await? else { return Ok(None) };
    unit.emit(admission.event(kind::AdmissionUsed)?);
    Ok(Some(admission))
}

pub(crate) fn admitting(
    id: AdmissionId,
    ticket_id: TicketId,
    generation: Option<u32>,
    entering: &Entering<'_>,
) -> Query {
    let guard = generation.map_or("", |_| "AND generation = ?6");
    query!(
        "UPDATE admissions_admissions SET status = 'used', used_scan = ?3, used_at = ?4, \
         used_door = ?5, {NO_TRANSFER}, version = version + 1 \
         WHERE id = ?1 AND ticket_id = ?2 AND status = 'valid' {guard} RETURNING {COLUMNS}",
        id,
        ticket_id,
        entering.scan,
        entering.at,
        entering.door
    )
    .bind_all(generation.map(i64::from))
}

/// Takes back that somebody has entered by `scan`.
pub(crate) async fn restore(
    unit: &mut Unit<'_>,
    ticket_id: TicketId,
    scan: ScanId,
) -> anyhow::Result<Option<Admission>> {
    let Some(admission) = unit.change::<Admission>(restoring(ticket_id, scan)).await? else {
        return Ok(None);
    };
    unit.emit(admission.event(kind::AdmissionRestored)?);
    Ok(Some(admission))
}

pub(crate) fn restoring(ticket_id: TicketId, scan: ScanId) -> Query {
    query!(
        "UPDATE admissions_admissions SET status = 'valid', used_scan = NULL, used_at = NULL, \
         used_door = NULL, version = version + 1 \
         WHERE id IN (SELECT admission_id FROM admissions_scans WHERE id = ?2) AND ticket_id = ?1 \
         AND used_scan = ?2 AND status = 'used' RETURNING {COLUMNS}",
        ticket_id,
        scan
    )
}

/// Ends all admissions of the order `order`, used ones too: its money was given back.
pub(crate) async fn end_all(unit: &mut Unit<'_>, order: OrderId) -> anyhow::Result<()> {
    for admission in unit.change_all::<Admission>(voiding(order)).await? {
        unit.emit(admission.event(kind::AdmissionVoided)?);
    }
    Ok(())
}

pub(crate) fn voiding(order: OrderId) -> Query {
    query!(
        "UPDATE admissions_admissions SET status = 'void', {NO_TRANSFER}, version = version + 1 \
         WHERE order_id = ?1 AND status <> 'void' RETURNING {COLUMNS}",
        order
    )
}
