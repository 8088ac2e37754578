//! `GET /api/door/{ticketId}/changes`: what a door's list lacks. Doors ask each second.

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use boxoffice_contract::TicketId;
use boxoffice_contract::door::Changes;
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::http::{Fields, Id, etag};
use boxoffice_kernel::identity::MaybeUser;
use boxoffice_kernel::problem::{self, ProblemBody};
use boxoffice_kernel::{Cx, Timestamp, query};
use http::header::{CACHE_CONTROL, ETAG, HeaderValue};
use http::{HeaderMap, StatusCode, Uri};

use crate::SERVICE;
use crate::admission::{Admission, COLUMNS};
use crate::door::AtDoor;
use crate::listing::Listing;

/// How many seconds before `since` changes are told again. A replica's clock may be slow, and a change
/// may be committed after a later one.
const OVERLAP_SECONDS: i64 = 5;
/// How many admissions an answer may hold. A door that lacks more reads the whole list.
const MOST: usize = 1000;

pub(crate) fn route() -> Router {
    Router::new().route("/api/door/{ticketId}/changes", get(changes))
}

/// What has changed
///
/// A door without `since` gets the time from which on it can ask, and then reads the list. From then
/// on it asks with the last answer's `since`, and gets 304 while nothing changes.
#[utoipa::path(
    get, path = "/api/door/{ticketId}/changes", tag = "door", operation_id = "list_door_changes",
    params(
        ("ticketId" = Uuid, Path, description = "The listing, which is the event"),
        ("X-Door-Key" = Option<String>, Header, description = "The key in a link for staff"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of the last answer"),
        ("since" = Option<String>, Query, description = "`since` of the last answer (RFC 3339)"),
    ),
    responses(
        (status = 200, description = "The changes", body = Changes),
        (status = 304, description = "Nothing has changed since the last answer"),
        (status = 400, description = "The time is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Neither the organizer nor staff", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This event does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn changes(
    cx: Cx,
    Id(id): Id<TicketId>,
    user: MaybeUser,
    headers: HeaderMap,
    uri: Uri,
) -> problem::Result<Response> {
    let AtDoor { listing, .. } = AtDoor::check(&cx, user, &headers, id).await?;
    let mut fields = Fields::parse(uri.query(), &["since"]);
    let since = fields.take("since", Timestamp::parse);
    fields.finish()?;
    let Some(since) = since else {
        let begin = Changes { since: Timestamp::now(), reload: false, guests: Vec::new() };
        return Ok(Json(begin).into_response());
    };
    let changed: Vec<Admission> = Reader::new(&SERVICE).read_all(since_then(id, since)).await?;
    let tag = tag(since, &changed);
    let kept = [
        (ETAG, HeaderValue::try_from(&tag).map_err(anyhow::Error::from)?),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    if etag::is_fresh(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    Ok((kept, Json(told(since, &changed, &listing))).into_response())
}

fn told(since: Timestamp, changed: &[Admission], listing: &Listing) -> Changes {
    let reload = changed.len() > MOST;
    let last = changed.last().map_or(since, |last| last.changed_at.max(since));
    Changes {
        since: last,
        reload,
        guests: changed.iter().take(MOST).map(|admission| admission.guest(listing)).collect(),
    }
}

/// Returns the entity tag of what has changed since `since`. With time, admissions only join those
/// that have, and each change makes a version greater: no two answers have the same tag.
fn tag(since: Timestamp, changed: &[Admission]) -> String {
    let versions: i64 = changed.iter().map(|admission| admission.version).sum();
    format!("\"{}-{}-{versions}\"", since.as_millis(), changed.len())
}

/// Finds the admissions of the listing `id` that have changed since `since`, or shortly before: the
/// last that changed comes last, and one more than an answer may hold.
pub(crate) fn since_then(id: TicketId, since: Timestamp) -> Query {
    query!(
        "SELECT {COLUMNS} FROM admissions_admissions WHERE ticket_id = ?1 AND changed_at > ?2 \
         ORDER BY changed_at LIMIT ?3",
        id,
        since.plus_seconds(-OVERLAP_SECONDS),
        i64::try_from(MOST + 1).unwrap_or(i64::MAX)
    )
}
