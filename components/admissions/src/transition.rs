//! How an admission goes on from being issued: to another holder, to the door, or to its end.
//!
//! Each way is one guarded statement on the admission's row. Whichever commits first has decided; the
//! others then find no row to change. So a scan, a transfer, a resale and a refund can race as they like,
//! and nobody enters with what was refunded, or on a code of somebody who no longer holds the ticket.
//!
//! A statement that changes the status, the generation or the name sets `changed_at`: doors ask for that.

use anyhow::Context as _;
use boxoffice_contract::admissions::AdmissionStatus;
use boxoffice_contract::events::{OrderState, kind};
use boxoffice_contract::{AdmissionId, OrderId, ScanId, TicketId, TransferId, UserId};
use boxoffice_kernel::db::Query;
use boxoffice_kernel::{Timestamp, Unit, query};

use crate::admission::{Admission, COLUMNS};

/// Columns without a transfer.
pub(crate) const NO_TRANSFER: &str =
    "transfer_email = NULL, transfer_until = NULL, transfer_id = NULL";

/// Whom a transfer is for, and until when.
pub(crate) struct Transfer<'a> {
    /// The transfer's id, of which its link is made.
    pub(crate) id: TransferId,
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
    /// Whether the door let the person in without asking.
    pub(crate) admitted: bool,
}

/// Gives an admission of `holder`'s the name of its guest, in place of an earlier one.
pub(crate) async fn name(
    unit: &mut Unit<'_>,
    id: AdmissionId,
    holder: UserId,
    name: &str,
) -> anyhow::Result<Option<Admission>> {
    Ok(unit.change(naming(id, holder, name)).await?)
}

pub(crate) fn naming(id: AdmissionId, holder: UserId, name: &str) -> Query {
    query!(
        "UPDATE admissions_admissions SET guest_name = ?3, changed_at = ?4, \
         version = version + 1 \
         WHERE id = ?1 AND holder_id = ?2 AND status = 'valid' RETURNING {COLUMNS}",
        id,
        holder,
        name,
        Timestamp::now()
    )
}

/// Begins a transfer of an admission of `holder`'s, in place of one that waits already. The unit may
/// have been handed on fewer than `limit` times.
pub(crate) async fn begin_transfer(
    unit: &mut Unit<'_>,
    id: AdmissionId,
    holder: UserId,
    transfer: &Transfer<'_>,
    limit: Option<i64>,
) -> anyhow::Result<Option<Admission>> {
    let beginning = beginning(id, holder, transfer, limit);
    let Some(admission) = unit.change::<Admission>(beginning).await? else { return Ok(None) };
    unit.emit(admission.transfer_event(transfer)?);
    Ok(Some(admission))
}

pub(crate) fn beginning(
    id: AdmissionId,
    holder: UserId,
    transfer: &Transfer<'_>,
    limit: Option<i64>,
) -> Query {
    query!(
        "UPDATE admissions_admissions SET transfer_id = ?3, transfer_email = ?4, \
         transfer_until = ?5, version = version + 1 \
         WHERE id = ?1 AND holder_id = ?2 AND status = 'valid' AND transfers < ?6 \
         RETURNING {COLUMNS}",
        id,
        holder,
        transfer.id,
        transfer.email,
        transfer.until,
        limit.unwrap_or(i64::MAX)
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
/// code is void and the new one lets in: they are generations of one row. The guest was the earlier
/// holder's, so the name goes too.
pub(crate) async fn accept(
    unit: &mut Unit<'_>,
    id: AdmissionId,
    transfer: TransferId,
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
    transfer: TransferId,
    receiver: UserId,
    now: Timestamp,
) -> Query {
    query!(
        "UPDATE admissions_admissions SET holder_id = ?3, generation = generation + 1, \
         transfers = transfers + 1, guest_name = NULL, changed_at = ?4, {NO_TRANSFER}, \
         version = version + 1 \
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
    let guard = generation.map_or("", |_| "AND generation = ?7");
    query!(
        "UPDATE admissions_admissions SET status = 'used', used_scan = ?3, used_at = ?4, \
         used_door = ?5, changed_at = ?6, {NO_TRANSFER}, version = version + 1 \
         WHERE id = ?1 AND ticket_id = ?2 AND status = 'valid' {guard} RETURNING {COLUMNS}",
        id,
        ticket_id,
        entering.scan,
        entering.at,
        entering.door,
        Timestamp::now()
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
         used_door = NULL, changed_at = ?3, version = version + 1 \
         WHERE id IN (SELECT admission_id FROM admissions_scans WHERE id = ?2) AND ticket_id = ?1 \
         AND used_scan = ?2 AND status = 'used' RETURNING {COLUMNS}",
        ticket_id,
        scan,
        Timestamp::now()
    )
}

/// Offers an admission of `holder`'s for sale as the listing `offer`. From the commit on it lets nobody
/// in: its buyer must be able to rely on that.
pub(crate) async fn offer(
    unit: &mut Unit<'_>,
    id: AdmissionId,
    holder: UserId,
    offer: TicketId,
    price: i64,
) -> anyhow::Result<Option<Admission>> {
    let offering = offering(id, holder, offer, price);
    let Some(admission) = unit.change::<Admission>(offering).await? else { return Ok(None) };
    unit.emit(admission.event(kind::AdmissionOffered)?);
    Ok(Some(admission))
}

pub(crate) fn offering(id: AdmissionId, holder: UserId, offer: TicketId, price: i64) -> Query {
    query!(
        "UPDATE admissions_admissions SET status = 'offered', offer_id = ?3, offer_price = ?4, \
         changed_at = ?5, version = version + 1 \
         WHERE id = ?1 AND holder_id = ?2 AND status = 'valid' AND transfer_id IS NULL \
         RETURNING {COLUMNS}",
        id,
        holder,
        offer,
        price,
        Timestamp::now()
    )
}

/// Gives the admission that is offered as the listing `offer` back to its holder. The listing must be
/// off sale for good, with none of it held or sold.
pub(crate) async fn keep(
    unit: &mut Unit<'_>,
    offer: TicketId,
) -> anyhow::Result<Option<Admission>> {
    let Some(admission) = unit.change::<Admission>(keeping(offer)).await? else { return Ok(None) };
    unit.emit(admission.event(kind::AdmissionRestored)?);
    Ok(Some(admission))
}

pub(crate) fn keeping(offer: TicketId) -> Query {
    query!(
        "UPDATE admissions_admissions SET status = 'valid', offer_id = NULL, offer_price = NULL, \
         changed_at = ?2, version = version + 1 \
         WHERE offer_id = ?1 AND status = 'offered' RETURNING {COLUMNS}",
        offer,
        Timestamp::now()
    )
}

/// Sells the admission that is offered as the listing of `order` to that order's buyer: the seller's
/// is void and the buyer's is issued by one commit. If the seller's was refunded meanwhile, so is this
/// sale: its buyer gets a void admission, and the event has their money given back.
pub(crate) async fn sell(unit: &mut Unit<'_>, order: &OrderState) -> anyhow::Result<()> {
    let sold = unit.change::<Admission>(selling(order.ticket_id, order.id)).await?;
    let now = Timestamp::now();
    if let Some(sold) = sold {
        let bought = sold.resold(order, now);
        unit.emit(sold.event(kind::AdmissionVoided)?);
        unit.emit(bought.event(kind::AdmissionIssued)?);
        unit.insert(bought.insert());
        return Ok(());
    }
    let refunded = Admission::find_offered(unit, order.ticket_id).await?;
    let refunded =
        refunded.with_context(|| format!("nothing is offered as {}", order.ticket_id))?;
    let bought = refunded.resold(order, now);
    let bought = Admission { status: AdmissionStatus::Void, undone: true, ..bought };
    unit.emit(bought.event(kind::AdmissionVoided)?);
    unit.insert(bought.insert());
    Ok(())
}

pub(crate) fn selling(offer: TicketId, order: OrderId) -> Query {
    query!(
        "UPDATE admissions_admissions SET status = 'void', offer_id = NULL, offer_price = NULL, \
         resold_order_id = ?2, changed_at = ?3, version = version + 1 \
         WHERE offer_id = ?1 AND status = 'offered' RETURNING {COLUMNS}",
        offer,
        order,
        Timestamp::now()
    )
}

/// Ends all admissions of the order `order`, used ones too, since its money was given back, and those
/// of all later sales of the same units: each event has its own order refunded. A unit that the order
/// had bought of a fan is that fan's again, unless somebody has entered with it.
pub(crate) async fn end_all(unit: &mut Unit<'_>, order: OrderId) -> anyhow::Result<()> {
    unit.lock(locking(order)).await?;
    for admission in unit.change_all::<Admission>(voiding(order)).await? {
        unit.emit(admission.event(kind::AdmissionVoided)?);
    }
    if let Some(admission) = unit.change::<Admission>(giving_back(order)).await? {
        unit.emit(admission.event(kind::AdmissionRestored)?);
    }
    Ok(())
}

/// Locks the units of the order `order`, by their first admissions. A sale of one of them then comes
/// before or after: it could otherwise issue an admission that the refund does not see.
pub(crate) fn locking(order: OrderId) -> Query {
    query!(
        "SELECT id FROM admissions_admissions WHERE id IN \
         (SELECT unit_id FROM admissions_admissions WHERE order_id = ?1) ORDER BY id FOR UPDATE",
        order
    )
}

/// Locks the unit `unit`, which is sold on.
pub(crate) fn locking_unit(unit: AdmissionId) -> Query {
    query!("SELECT id FROM admissions_admissions WHERE id = ?1 FOR UPDATE", unit)
}

/// Generations tell which sales came later, among those that are not undone. So the refund of an order
/// that was undone before ends nothing: what came after it was undone with it. It would otherwise end
/// the ticket that a fan got back meanwhile, which has a newer generation.
pub(crate) fn voiding(order: OrderId) -> Query {
    query!(
        "UPDATE admissions_admissions SET status = 'void', undone = 1, changed_at = ?2, \
         {NO_TRANSFER}, version = version + 1 \
         WHERE unit_id IN (SELECT unit_id FROM admissions_admissions WHERE order_id = ?1) \
         AND undone = 0 AND generation >= (SELECT first.generation \
          FROM admissions_admissions AS first WHERE first.order_id = ?1 AND first.undone = 0 \
          AND first.unit_id = admissions_admissions.unit_id) RETURNING {COLUMNS}",
        order,
        Timestamp::now()
    )
}

pub(crate) fn giving_back(order: OrderId) -> Query {
    query!(
        "UPDATE admissions_admissions SET status = 'valid', resold_order_id = NULL, \
         changed_at = ?2, generation = 1 + (SELECT MAX(later.generation) FROM admissions_admissions AS later \
          WHERE later.unit_id = admissions_admissions.unit_id), version = version + 1 \
         WHERE resold_order_id = ?1 AND undone = 0 AND NOT EXISTS (SELECT 1 \
          FROM admissions_admissions AS later \
          WHERE later.unit_id = admissions_admissions.unit_id \
          AND later.generation > admissions_admissions.generation \
          AND later.used_scan IS NOT NULL) RETURNING {COLUMNS}",
        order,
        Timestamp::now()
    )
}
