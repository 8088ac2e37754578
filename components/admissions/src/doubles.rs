//! `GET /api/door/{ticketId}/doubles`: whom doors let in by themselves, and the shop would have refused.

use axum::routing::get;
use axum::{Json, Router};
use boxoffice_contract::admissions::AdmissionStatus;
use boxoffice_contract::door::{Double, Doubles, Entry, Verdict};
use boxoffice_contract::orders::number;
use boxoffice_contract::{AdmissionId, OrderId, ScanId, TicketId};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::{self, ProblemBody};
use boxoffice_kernel::{Timestamp, UserCx, query, row};

use crate::SERVICE;
use crate::door::AtDoor;
use crate::listing::Listing;

row! {
    /// A scan that let somebody in at a door, and was refused here; with its admission.
    struct Row {
        id: ScanId = "scan.id",
        admission_id: AdmissionId = "scan.admission_id",
        verdict: Verdict = "scan.verdict",
        door: String = "scan.door",
        at: Timestamp = "scan.at",
        order_id: OrderId = "admission.order_id",
        number: i64 = "admission.number",
        total: i64 = "admission.total",
        guest_name: Option<String> = "admission.guest_name",
        status: AdmissionStatus = "admission.status",
        used_at: Option<Timestamp> = "admission.used_at",
        used_door: Option<String> = "admission.used_door",
    }
}

pub(crate) fn route() -> Router {
    Router::new().route("/api/door/{ticketId}/doubles", get(doubles))
}

/// Who came in twice
///
/// A door without a network lets in by its list. Where the shop has heard of another entry before, or
/// of a refund or a new holder, the organizer finds both here.
#[utoipa::path(
    get, path = "/api/door/{ticketId}/doubles", tag = "door", operation_id = "list_doubles",
    params(("ticketId" = Uuid, Path, description = "The listing, which is the event")),
    responses(
        (status = 200, description = "The entries", body = Doubles),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's event", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This event does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn doubles(cx: UserCx, Id(id): Id<TicketId>) -> problem::Result<Json<Doubles>> {
    let listing = AtDoor::check_organizer(&cx, &cx.user, id).await?;
    let rows: Vec<Row> = Reader::new(&SERVICE).read_all(of_door(id)).await?;
    Ok(Json(Doubles { items: rows.into_iter().map(|row| row.body(&listing)).collect() }))
}

impl Row {
    fn body(self, listing: &Listing) -> Double {
        // Who was let in by a void code is not the guest: see `scan::scanned`.
        let is_guest = self.verdict != Verdict::Void;
        let used = self.status == AdmissionStatus::Used;
        let first = self.used_at.zip(self.used_door).filter(|_| used);
        Double {
            id: self.id,
            admission_id: self.admission_id,
            order: number(self.order_id),
            number: self.number,
            of: self.total,
            name: self.guest_name.filter(|_| listing.asks_names && is_guest),
            verdict: self.verdict.into(),
            entry: Entry { at: self.at, door: self.door },
            first: first.map(|(at, door)| Entry { at, door }),
        }
    }
}

/// Finds the last 200 such scans of the listing's doors.
pub(crate) fn of_door(id: TicketId) -> Query {
    const COLUMNS: &str = Row::COLUMNS;
    query!(
        "SELECT {COLUMNS} FROM admissions_scans AS scan \
         JOIN admissions_admissions AS admission ON admission.id = scan.admission_id \
         WHERE scan.ticket_id = ?1 AND scan.admitted = 1 AND scan.verdict <> 'admitted' \
         ORDER BY scan.heard_at DESC, scan.id DESC LIMIT 200",
        id
    )
}
