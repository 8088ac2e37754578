//! `/api/door/{ticketId}/staff`: links by which staff reach one door without an account.

use axum::response::Response;
use axum::routing::{delete, get};
use axum::{Json, Router};
use boxoffice_admission_code::Signer;
use boxoffice_contract::door::{self as api, NewStaff};
use boxoffice_contract::{StaffId, TicketId};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::http::{Id, Ids, Valid};
use boxoffice_kernel::problem::{self, ProblemBody, Result};
use boxoffice_kernel::{Timestamp, Unit, UserCx, query, row};

use crate::SERVICE;
use crate::door::AtDoor;
use crate::issuer::Issuer;
use crate::key::{self, Keys};
use crate::refusal::{self, Refusal};

/// How long a link works, in seconds: a festival's week.
const LASTS_SECONDS: i64 = 7 * 24 * 60 * 60;
/// How many links of a door work at a time.
const MOST: usize = 50;

row! {
    /// A link for a door's staff.
    #[derive(Clone, Debug)]
    pub(crate) struct Staff in "admissions_staff" {
        id: StaffId,
        ticket_id: TicketId,
        name: String,
        expires_at: Timestamp,
    }
}

const COLUMNS: &str = Staff::COLUMNS;

pub(crate) fn route() -> Router {
    Router::new()
        .route("/api/door/{ticketId}/staff", get(list).post(create))
        .route("/api/door/{ticketId}/staff/{id}", delete(end))
}

/// Make a link for staff
///
/// Who has it can let people in at this door for a week, without an account, until it is ended.
#[utoipa::path(
    post, path = "/api/door/{ticketId}/staff", tag = "door", operation_id = "create_staff",
    request_body = NewStaff,
    params(
        ("ticketId" = Uuid, Path, description = "The listing, which is the event"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 201, description = "The link", body = api::Staff),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's event", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This event does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The door has as many links as it may have", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create(
    cx: UserCx,
    Id(id): Id<TicketId>,
    idempotency: Idempotency,
    Valid(wanted): Valid<NewStaff>,
) -> Result<Response> {
    AtDoor::check_organizer(&cx, &cx.user, id).await?;
    let issuer = Issuer::load().await?;
    let until = Timestamp::now().plus_seconds(LASTS_SECONDS);
    let staff = Staff::new(id, wanted.name, until);
    let work = async |unit: &mut Unit<'_>| -> refusal::Result<Reply> {
        let known: Vec<Staff> = unit.read_all(of_door(id, Timestamp::now())).await?;
        if known.len() >= MOST {
            return Err(Refusal::TooManyStaff);
        }
        unit.insert(staff.insert());
        let location = format!("/api/door/{id}/staff/{}", staff.id);
        Ok(Reply::created(&location, &staff.body(&issuer))?)
    };
    Ok(command::run(&cx, &SERVICE, &idempotency, work).await?)
}

/// List the links for staff
///
/// Those that work, oldest first.
#[utoipa::path(
    get, path = "/api/door/{ticketId}/staff", tag = "door", operation_id = "list_staff",
    params(("ticketId" = Uuid, Path, description = "The listing, which is the event")),
    responses(
        (status = 200, description = "The links", body = Vec<api::Staff>),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's event", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This event does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    cx: UserCx,
    Id(id): Id<TicketId>,
) -> problem::Result<Json<Vec<api::Staff>>> {
    AtDoor::check_organizer(&cx, &cx.user, id).await?;
    let issuer = Issuer::load().await?;
    let staff: Vec<Staff> = Reader::new(&SERVICE).read_all(of_door(id, Timestamp::now())).await?;
    Ok(Json(staff.iter().map(|staff| staff.body(&issuer)).collect()))
}

/// End a link for staff
///
/// It lets nobody in any more. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/door/{ticketId}/staff/{id}", tag = "door", operation_id = "end_staff",
    params(
        ("ticketId" = Uuid, Path, description = "The listing, which is the event"),
        ("id" = Uuid, Path, description = "The link"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 204, description = "The link has ended"),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's event", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This event does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The Idempotency-Key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end(
    cx: UserCx,
    Ids(ticket_id, id): Ids<TicketId, StaffId>,
    idempotency: Idempotency,
) -> Result<Response> {
    AtDoor::check_organizer(&cx, &cx.user, ticket_id).await?;
    let work = async |unit: &mut Unit<'_>| -> refusal::Result<Reply> {
        unit.change::<()>(ending(ticket_id, id)).await?;
        Ok(Reply::no_content())
    };
    Ok(command::run(&cx, &SERVICE, &idempotency, work).await?)
}

/// Checks the key of a link for staff of the listing `ticket_id`.
pub(crate) async fn check(text: &str, ticket_id: TicketId) -> refusal::Result<()> {
    let (id, secret) = text.split_once('.').ok_or(Refusal::NotAtDoor)?;
    let id: StaffId = id.parse().map_err(|_| Refusal::NotAtDoor)?;
    let keys = Keys::load().await?;
    if !key::is_same(secret, &secret_of(&keys.signer, id)) {
        return Err(Refusal::NotAtDoor);
    }
    let working = working(ticket_id, id, Timestamp::now());
    let found = Reader::new(&SERVICE).read::<Staff>(working).await?;
    found.map(drop).ok_or(Refusal::NotAtDoor)
}

fn secret_of(signer: &Signer, id: StaffId) -> String {
    key::text(signer.secret("staff", &[id.0.as_bytes()]))
}

impl Staff {
    /// Makes a link for the door of `ticket_id`.
    pub(crate) fn new(ticket_id: TicketId, name: String, expires_at: Timestamp) -> Self {
        Self { id: StaffId::new(), ticket_id, name, expires_at }
    }

    fn body(&self, issuer: &Issuer) -> api::Staff {
        let Self { id, ticket_id, name, expires_at } = self.clone();
        let secret = secret_of(&issuer.keys.signer, id);
        let link = format!("{}/door/{ticket_id}?key={id}.{secret}", issuer.shop);
        api::Staff { id, name, link, expires_at }
    }
}

/// Finds the links of the listing's door that work at `now`.
pub(crate) fn of_door(ticket_id: TicketId, now: Timestamp) -> Query {
    query!(
        "SELECT {COLUMNS} FROM admissions_staff WHERE ticket_id = ?1 AND expires_at > ?2 ORDER BY id",
        ticket_id,
        now
    )
}

pub(crate) fn working(ticket_id: TicketId, id: StaffId, now: Timestamp) -> Query {
    query!(
        "SELECT {COLUMNS} FROM admissions_staff \
         WHERE id = ?2 AND ticket_id = ?1 AND expires_at > ?3",
        ticket_id,
        id,
        now
    )
}

pub(crate) fn ending(ticket_id: TicketId, id: StaffId) -> Query {
    query!("DELETE FROM admissions_staff WHERE ticket_id = ?1 AND id = ?2", ticket_id, id)
}
