//! `POST /api/door/{ticketId}/scans`: lets people in. `DELETE …/scans/{id}`: takes one back.

use axum::Router;
use axum::response::Response;
use axum::routing::{delete, post};
use boxoffice_admission_code::Verifier;
use boxoffice_contract::admissions::AdmissionStatus;
use boxoffice_contract::door::{self as api, NewScans, Scan, Scanned, Verdict};
use boxoffice_contract::{AdmissionId, ScanId, TicketId};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::db::{self, Query, Read as _};
use boxoffice_kernel::http::{Id, Ids, Valid};
use boxoffice_kernel::identity::MaybeUser;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Timestamp, Unit, query, row};
use http::HeaderMap;

use crate::SERVICE;
use crate::admission::Admission;
use crate::door::AtDoor;
use crate::key::Keys;
use crate::listing::Listing;
use crate::refusal::{self, Refusal};
use crate::transition::{self, Entering};

row! {
    /// A scan of an admission, and what it came to.
    struct ScanRow in "admissions_scans" {
        id: ScanId,
        ticket_id: TicketId,
        admission_id: AdmissionId,
        door: String,
        at: Timestamp,
        verdict: Verdict,
        heard_at: Timestamp,
        admitted: bool,
    }
}

/// What a scan is of, as far as the code itself tells.
enum Read {
    /// An admission of this event, of this generation if a code was read.
    Admission(AdmissionId, Option<u32>),
    /// Nothing that this door lets in.
    Nothing(Verdict),
}

pub(crate) fn route() -> Router {
    Router::new()
        .route("/api/door/{ticketId}/scans", post(scan))
        .route("/api/door/{ticketId}/scans/{id}", delete(undo))
}

/// Let people in
///
/// Each scan has an id of the door's: who sends it again, after a lost answer or a night without a
/// network, gets the same verdict.
#[utoipa::path(
    post, path = "/api/door/{ticketId}/scans", tag = "door", operation_id = "scan",
    request_body = NewScans,
    params(
        ("ticketId" = Uuid, Path, description = "The listing, which is the event"),
        ("X-Door-Key" = Option<String>, Header, description = "The key in a link for staff"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 200, description = "A verdict for each scan", body = api::Scans),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Neither the organizer nor staff", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This event does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The Idempotency-Key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn scan(
    cx: Cx,
    Id(id): Id<TicketId>,
    user: MaybeUser,
    headers: HeaderMap,
    idempotency: Idempotency,
    Valid(scans): Valid<NewScans>,
) -> Result<Response> {
    let AtDoor { listing, .. } = AtDoor::check(&cx, user, &headers, id).await?;
    let keys = Keys::load().await?;
    let read: Vec<Read> =
        scans.scans.iter().map(|scan| read(&keys.verifier, &listing, scan)).collect();
    let work = async |unit: &mut Unit<'_>| -> refusal::Result<Reply> {
        let mut results: Vec<Option<Scanned>> = vec![None; read.len()];
        let noted: Vec<ScanRow> = unit.read_all(noted(&scans.scans)).await?;
        for at in in_order(&read) {
            let scan = &scans.scans[at];
            let known = noted.iter().find(|row| row.id == scan.id);
            results[at] = Some(match known {
                Some(row) => repeat(unit, row, scan, &listing).await?,
                None => decide(unit, &listing, &scans.door, scan, &read[at]).await?,
            });
        }
        let results = results.into_iter().flatten().collect();
        Ok(Reply::ok(&api::Scans { results })?)
    };
    Ok(command::run(&cx, &SERVICE, &idempotency, work).await?)
}

/// Take an entry back
///
/// For a scan that let somebody in by mistake: the ticket is valid again. A repeat finds nothing to undo.
#[utoipa::path(
    delete, path = "/api/door/{ticketId}/scans/{id}", tag = "door", operation_id = "undo_scan",
    params(
        ("ticketId" = Uuid, Path, description = "The listing, which is the event"),
        ("id" = Uuid, Path, description = "The scan"),
        ("X-Door-Key" = Option<String>, Header, description = "The key in a link for staff"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 204, description = "The ticket is valid again"),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Neither the organizer nor staff", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This scan let nobody in, or was undone", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The Idempotency-Key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn undo(
    cx: Cx,
    Ids(ticket_id, id): Ids<TicketId, ScanId>,
    user: MaybeUser,
    headers: HeaderMap,
    idempotency: Idempotency,
) -> Result<Response> {
    AtDoor::check(&cx, user, &headers, ticket_id).await?;
    let work = async |unit: &mut Unit<'_>| -> refusal::Result<Reply> {
        if transition::restore(unit, ticket_id, id).await?.is_none() {
            let withdrawn: Option<(ScanId,)> = unit.change(withdrawing(ticket_id, id)).await?;
            withdrawn.ok_or(Refusal::NoSuchScan)?;
        }
        Ok(Reply::no_content())
    };
    Ok(command::run(&cx, &SERVICE, &idempotency, work).await?)
}

/// Returns the places of the scans in the order of their admissions. Two doors that tell of the same
/// people in opposite orders would otherwise wait for each other's rows.
fn in_order(read: &[Read]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..read.len()).collect();
    places.sort_by_key(|place| match read[*place] {
        Read::Admission(id, _) => Some(id),
        Read::Nothing(_) => None,
    });
    places
}

/// Reads what was scanned at the door of `listing`, without asking anybody.
fn read(verifier: &Verifier, listing: &Listing, scan: &Scan) -> Read {
    let Some(text) = &scan.code else {
        return scan
            .admission_id
            .map_or(Read::Nothing(Verdict::Invalid), |id| Read::Admission(id, None));
    };
    match verifier.read(text) {
        Ok(shown) if shown.code.ticket_id != listing.ticket_id => {
            Read::Nothing(Verdict::OtherEvent)
        }
        // Of a person who is inside, the code may be as old as it is.
        Ok(shown) if !scan.admitted && !shown.is_live(listing.turns(), at(scan)) => {
            Read::Nothing(Verdict::Stale)
        }
        Ok(shown) => Read::Admission(shown.code.admission_id, Some(shown.code.generation)),
        Err(_) => Read::Nothing(Verdict::Invalid),
    }
}

/// Returns when something was scanned. A door's clock may be fast; nobody enters in the future.
fn at(scan: &Scan) -> Timestamp {
    let now = Timestamp::now();
    scan.at.map_or(now, |at| at.min(now))
}

/// Finds what scans came to that were heard of before.
pub(crate) fn noted(scans: &[Scan]) -> Query {
    const COLUMNS: &str = ScanRow::COLUMNS;
    let ids = db::padded(scans.iter().map(|scan| scan.id).collect());
    let list = db::list(0, ids.len());
    query!("SELECT {COLUMNS} FROM admissions_scans WHERE id IN ({list})").bind_all(ids)
}

/// Answers a scan that was heard of before with what it came to then, whatever has happened since: a
/// repeat must not let in who was refused, or whose entry was taken back.
///
/// A door that got no answer in time may have let the person in meanwhile, and says so with the repeat.
async fn repeat(
    unit: &mut Unit<'_>,
    row: &ScanRow,
    scan: &Scan,
    listing: &Listing,
) -> anyhow::Result<Scanned> {
    if scan.admitted && !row.admitted {
        unit.change::<()>(keeping(row.ticket_id, row.id)).await?;
    }
    let admission = Admission::find_in(unit, row.admission_id).await?;
    Ok(scanned(row.id, row.verdict, admission.as_ref().map(|one| (one, listing))))
}

/// Keeps that the door let somebody in by itself.
pub(crate) fn keeping(ticket_id: TicketId, id: ScanId) -> Query {
    query!(
        "UPDATE admissions_scans SET admitted = 1 WHERE id = ?2 AND ticket_id = ?1",
        ticket_id,
        id
    )
}

/// Takes back that the door let somebody in whom the shop would have refused.
pub(crate) fn withdrawing(ticket_id: TicketId, id: ScanId) -> Query {
    query!(
        "UPDATE admissions_scans SET admitted = 0 WHERE id = ?2 AND ticket_id = ?1 \
         AND admitted = 1 AND verdict <> 'admitted' RETURNING id",
        ticket_id,
        id
    )
}

/// Lets in who may enter, and notes the scan. Nobody is let in twice: the admission's row decides.
async fn decide(
    unit: &mut Unit<'_>,
    listing: &Listing,
    door: &str,
    scan: &Scan,
    read: &Read,
) -> anyhow::Result<Scanned> {
    let ticket_id = listing.ticket_id;
    let (id, generation) = match *read {
        Read::Admission(id, generation) => (id, generation),
        Read::Nothing(verdict) => return Ok(scanned(scan.id, verdict, None)),
    };
    let entering = Entering { scan: scan.id, at: at(scan), door, admitted: scan.admitted };
    let admitted = transition::admit(unit, id, ticket_id, generation, &entering).await?;
    let (verdict, admission) = match admitted {
        Some(admission) => (Verdict::Admitted, admission),
        None => match find(unit, id, ticket_id).await? {
            Some(admission) => (refused(&admission, generation, scan.id), admission),
            // Signed by this shop for this event, and not known: no such thing was ever issued.
            None => return Ok(scanned(scan.id, Verdict::Invalid, None)),
        },
    };
    unit.insert(noting(ticket_id, &admission, &entering, verdict));
    Ok(scanned(scan.id, verdict, Some((&admission, listing))))
}

/// Finds the admission `id` of the listing `ticket_id`.
async fn find(
    unit: &mut Unit<'_>,
    id: AdmissionId,
    ticket_id: TicketId,
) -> anyhow::Result<Option<Admission>> {
    let found = Admission::find_in(unit, id).await?;
    Ok(found.filter(|admission| admission.ticket_id == ticket_id))
}

/// Returns what a scan comes to that changes nothing: it may be a repeat of the one that let in.
fn refused(admission: &Admission, generation: Option<u32>, scan: ScanId) -> Verdict {
    let is_old = generation.is_some_and(|read| i64::from(read) != admission.generation);
    match admission.status {
        AdmissionStatus::Used if admission.used_scan == Some(scan) => Verdict::Admitted,
        AdmissionStatus::Used if !is_old => Verdict::Used,
        AdmissionStatus::Offered if !is_old => Verdict::Offered,
        _ => Verdict::Void,
    }
}

pub(crate) fn noting(
    ticket_id: TicketId,
    admission: &Admission,
    entering: &Entering<'_>,
    verdict: Verdict,
) -> Query {
    let row = ScanRow {
        id: entering.scan,
        ticket_id,
        admission_id: admission.id,
        door: entering.door.to_owned(),
        at: entering.at,
        verdict,
        heard_at: Timestamp::now(),
        admitted: entering.admitted,
    };
    // A repeat is known already.
    row.insert().unless_known()
}

fn scanned(id: ScanId, verdict: Verdict, found: Option<(&Admission, &Listing)>) -> Scanned {
    let (admission, listing) = found.unzip();
    let is_again = verdict == Verdict::Used;
    // Who shows a void code is not the guest: the ticket may have another holder by now.
    let is_guest = verdict != Verdict::Void;
    Scanned {
        id,
        verdict: verdict.into(),
        admission_id: admission.map(|admission| admission.id),
        number: admission.map(|admission| admission.number),
        of: admission.map(|admission| admission.total),
        name: admission
            .zip(listing)
            .filter(|_| is_guest)
            .and_then(|(one, listing)| one.name(listing)),
        first: admission.filter(|_| is_again).and_then(Admission::entry),
    }
}
