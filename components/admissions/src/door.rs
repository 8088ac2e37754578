//! `GET /api/door/{ticketId}`: the door of an event, and who may come in.

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use boxoffice_contract::admissions::AdmissionStatus;
use boxoffice_contract::door::{self as api, Counts, Guest, KEY_COOKIE};
use boxoffice_contract::{AdmissionId, Page, TicketId};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::http::cookie::cookies;
use boxoffice_kernel::http::page;
use boxoffice_kernel::http::{Fields, Id};
use boxoffice_kernel::identity::{MaybeUser, User};
use boxoffice_kernel::problem::{self, ProblemBody};
use boxoffice_kernel::{Cx, query, row};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, Uri};

use crate::SERVICE;
use crate::admission::{Admission, COLUMNS};
use crate::key::Keys;
use crate::listing::Listing;
use crate::refusal::{Refusal, Result};
use crate::staff;

/// The header that carries the key of a staff's link.
const DOOR_KEY: HeaderName = HeaderName::from_static("x-door-key");
/// How many guests a page has if the door does not say, and how many it may have.
const GUESTS: i64 = 1000;

/// Somebody who may use a door.
pub(crate) struct AtDoor {
    /// The event.
    pub(crate) listing: Listing,
    /// The organizer, who is signed in; staff are not.
    pub(crate) organizer: Option<User>,
}

row! {
    /// How many admissions of an event have a status.
    struct Standing {
        status: AdmissionStatus,
        number: i64 = "COUNT(*)",
    }
}

pub(crate) fn route() -> Router {
    Router::new()
        .route("/api/door/{ticketId}", get(door))
        .route("/api/door/{ticketId}/guests", get(guests))
        .route("/api/door/{ticketId}/keys", get(keys))
}

impl AtDoor {
    /// Checks that who asks is the organizer of the listing `id`, or has a link for its staff.
    pub(crate) async fn check(
        cx: &Cx,
        user: MaybeUser,
        headers: &HeaderMap,
        id: TicketId,
    ) -> Result<Self> {
        let listing = Listing::get(cx, id).await?;
        let organizer = user.0.filter(|user| user.id == listing.seller_id);
        if organizer.is_none() {
            staff::check(key(headers).ok_or(Refusal::NotAtDoor)?, id).await?;
        }
        Ok(Self { listing, organizer })
    }

    /// Checks that who asks is the organizer of the listing `id`, and returns it.
    pub(crate) async fn check_organizer(cx: &Cx, user: &User, id: TicketId) -> Result<Listing> {
        let listing = Listing::get(cx, id).await?;
        if user.id == listing.seller_id { Ok(listing) } else { Err(Refusal::NotOrganizer) }
    }
}

/// Returns the key of a link for staff: from its header, or from the cookie that the shop's pages keep
/// out of their scripts' sight.
fn key(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(DOOR_KEY).and_then(|key| key.to_str().ok());
    given.or_else(|| cookies(headers).find_map(|(name, key)| (name == KEY_COOKIE).then_some(key)))
}

/// A door
#[utoipa::path(
    get, path = "/api/door/{ticketId}", tag = "door", operation_id = "show_door",
    params(
        ("ticketId" = Uuid, Path, description = "The listing, which is the event"),
        ("X-Door-Key" = Option<String>, Header, description = "The key in a link for staff"),
    ),
    responses(
        (status = 200, description = "The door", body = api::Door),
        (status = 403, description = "Neither the organizer nor staff", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This event does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn door(
    cx: Cx,
    Id(id): Id<TicketId>,
    user: MaybeUser,
    headers: HeaderMap,
) -> problem::Result<Json<api::Door>> {
    let AtDoor { listing, organizer } = AtDoor::check(&cx, user, &headers, id).await?;
    let counts = counts(id).await?;
    Ok(Json(api::Door {
        ticket_id: id,
        turns: listing.turns(),
        title: listing.title,
        starts_at: listing.starts_at,
        time_zone: listing.time_zone,
        counts,
        is_organizer: organizer.is_some(),
        asks_names: listing.asks_names,
    }))
}

/// Who may come in
///
/// What a door needs to go on without a network: each admission's generation and status. Names are told
/// where the organizer asks for them.
#[utoipa::path(
    get, path = "/api/door/{ticketId}/guests", tag = "door", operation_id = "list_guests",
    params(
        ("ticketId" = Uuid, Path, description = "The listing, which is the event"),
        ("X-Door-Key" = Option<String>, Header, description = "The key in a link for staff"),
        ("limit" = Option<i64>, Query, description = "How many entries a page has: 1 to 1000, by default 1000"),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the previous page"),
    ),
    responses(
        (status = 200, description = "One page; the Link header names the next", body = Page<Guest>),
        (status = 400, description = "Limit or cursor is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Neither the organizer nor staff", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This event does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn guests(
    cx: Cx,
    Id(id): Id<TicketId>,
    user: MaybeUser,
    headers: HeaderMap,
    uri: Uri,
) -> problem::Result<Response> {
    let AtDoor { listing, .. } = AtDoor::check(&cx, user, &headers, id).await?;
    let mut fields = Fields::parse(uri.query(), &["limit", "cursor"]);
    let limit = fields.take("limit", |text| page::read_limit_to(GUESTS, text)).unwrap_or(GUESTS);
    let cursor = fields.take("cursor", page::read_cursor::<AdmissionId>);
    fields.finish()?;
    let admissions: Vec<Admission> =
        Reader::new(&SERVICE).read_all(of_listing(id, cursor, limit + 1)).await?;
    let page = page::cut(admissions, limit, |admission| admission.id)?;
    let page = page.map(|admission| admission.guest(&listing));
    Ok(page::respond(page, uri.path(), uri.query()))
}

/// The public keys
///
/// What a door needs to check codes without a network, beside the list. It fetches them again when it
/// meets a code of a key that it does not know.
#[utoipa::path(
    get, path = "/api/door/{ticketId}/keys", tag = "door", operation_id = "list_door_keys",
    params(
        ("ticketId" = Uuid, Path, description = "The listing, which is the event"),
        ("X-Door-Key" = Option<String>, Header, description = "The key in a link for staff"),
    ),
    responses(
        (status = 200, description = "A JWK set (RFC 7517)", content_type = "application/jwk-set+json", body = Object),
        (status = 403, description = "Neither the organizer nor staff", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This event does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn keys(
    cx: Cx,
    Id(id): Id<TicketId>,
    user: MaybeUser,
    headers: HeaderMap,
) -> problem::Result<impl IntoResponse> {
    AtDoor::check(&cx, user, &headers, id).await?;
    let set = Keys::load().await?.verifier.public();
    Ok(([(CONTENT_TYPE, "application/jwk-set+json")], Json(set)))
}

async fn counts(id: TicketId) -> Result<Counts> {
    let standings: Vec<Standing> = Reader::new(&SERVICE).read_all(counting(id)).await?;
    let of = |status: AdmissionStatus| {
        standings.iter().find(|standing| standing.status == status).map_or(0, |found| found.number)
    };
    Ok(Counts { valid: of(AdmissionStatus::Valid), used: of(AdmissionStatus::Used) })
}

pub(crate) fn counting(id: TicketId) -> Query {
    const STANDING: &str = Standing::COLUMNS;
    query!("SELECT {STANDING} FROM admissions_admissions WHERE ticket_id = ?1 GROUP BY status", id)
}

/// Finds the first `most` admissions of the listing `id`, of those after `last` if it is given.
pub(crate) fn of_listing(id: TicketId, last: Option<AdmissionId>, most: i64) -> Query {
    let after = last.map_or("", |_| "AND id > ?3");
    query!(
        "SELECT {COLUMNS} FROM admissions_admissions WHERE ticket_id = ?1 {after} ORDER BY id LIMIT ?2",
        id,
        most
    )
    .bind_all(last)
}
