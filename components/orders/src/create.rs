//! `POST /api/orders`: holds tickets for a buyer.

use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use boxoffice_contract::TicketId;
use boxoffice_contract::events::{TicketState, kind};
use boxoffice_contract::orders::{self as api, NewOrder};
use boxoffice_contract::tickets::{Ticket, TicketStatus};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::db::{Read, Transaction};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::http::serve::RequestId;
use boxoffice_kernel::identity::User;
use boxoffice_kernel::peer::{Call, Peer};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::trace::Traced;
use boxoffice_kernel::{Problem, Timestamp, Trace, config};
use boxoffice_rules::money;
use http::{HeaderMap, Method, StatusCode};

use crate::SERVICE;
use crate::listing::Listing;
use crate::order::Order;

/// The code of a refusal because the seller may be changing the listing.
const CHANGING: &str = "changing";

const TICKETS: Peer = Peer { name: "tickets", base_url: "tickets_base_url" };

pub(crate) fn route() -> Router {
    Router::new().route("/api/orders", post(create))
}

/// Hold tickets
///
/// Takes tickets off sale for the buyer until `expiresAt`. A buyer who has paid by then owns them.
#[utoipa::path(
    post, path = "/api/orders", tag = "orders", operation_id = "create_order", request_body = NewOrder,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 201, description = "The order, with its tickets held", body = api::Order),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The buyer's own listing", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This listing does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The tickets are held, sold or off sale", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create(
    user: User,
    idempotency: Idempotency,
    Traced(trace): Traced,
    Extension(request_id): Extension<RequestId>,
    Valid(wish): Valid<NewOrder>,
) -> Result<Response> {
    let hold_seconds = config::number("hold_seconds").await?;
    let caller = user.id.to_string();
    let attempt =
        async |transaction: &mut Transaction| hold(transaction, &user, &wish, hold_seconds).await;
    match command::run(&SERVICE, &caller, trace, &idempotency, attempt).await {
        Err(problem) if may_be_behind(&problem) => {
            replicate(wish.ticket_id, &request_id).await?;
            command::run(&SERVICE, &caller, trace, &idempotency, attempt).await
        }
        outcome => outcome,
    }
}

/// Whether a hold was refused for what may only be news that has not arrived: the event of a new
/// listing, or of a change for which the listing was frozen. The listing's owner knows.
fn may_be_behind(problem: &Problem) -> bool {
    problem.status() == StatusCode::NOT_FOUND || problem.code() == Some(CHANGING)
}

async fn hold(
    transaction: &mut Transaction,
    user: &User,
    wish: &NewOrder,
    hold_seconds: i64,
) -> Result<Reply> {
    let now = Timestamp::now();
    let listing = look(&transaction.before(), user, wish, now).await?;
    let amount =
        money::total(listing.price, wish.quantity, &listing.currency).ok_or_else(|| {
            Problem::invalid_field(
                "quantity",
                "These tickets cost more than can be paid at once; order fewer",
            )
        })?;
    listing.hold(transaction, wish.quantity);
    let until = now.plus_seconds(hold_seconds);
    let order = Order::new(listing, user.id, wish.quantity, amount, now, until);
    order.insert(transaction);
    transaction.emit(order.event(kind::OrderCreated)?);
    let location = format!("/api/orders/{}", order.id);
    Ok(Reply::created(&location, &order.body())?.at_version(order.version))
}

/// The listing, if `wish` can be had of it. When tickets go on sale that many want, most are told that
/// there are none left: that takes no lock, which would keep those waiting who still get some.
async fn look(read: &impl Read, user: &User, wish: &NewOrder, now: Timestamp) -> Result<Listing> {
    let Some(listing) = Listing::find(read, wish.ticket_id).await? else {
        return Err(Problem::not_found("This listing does not exist"));
    };
    let available = listing.quantity - listing.held - listing.sold;
    Err(if listing.seller_id == user.id {
        Problem::forbidden("These are your own tickets; edit or withdraw the listing instead")
    } else if listing.withdrawn {
        Problem::conflict("The seller has withdrawn these tickets", "withdrawn")
    } else if listing.frozen {
        Problem::conflict("The seller is changing this listing; try again in a moment", CHANGING)
    } else if listing.starts_at.is_some_and(|start| start <= now) {
        Problem::conflict("The event has begun; its tickets are off sale", "begun")
    } else if listing.sold == listing.quantity {
        Problem::conflict("These tickets are sold", "sold")
    } else if available == 0 {
        Problem::conflict(
            "Someone else just reserved this ticket. You haven't been charged",
            "reserved",
        )
    } else if available < wish.quantity {
        let detail = format!("Only {available} of these tickets are left; order fewer");
        Problem::conflict(detail, "not_enough")
    } else {
        return Ok(listing);
    })
}

/// Takes a listing over from `tickets`, if there is one, and ends a freeze whose time is up.
async fn replicate(ticket_id: TicketId, request_id: &RequestId) -> Result<()> {
    let asked = Timestamp::now();
    let path = format!("/api/tickets/{ticket_id}");
    let call = Call {
        method: Method::GET,
        path: &path,
        token: None,
        request_id: Some(request_id),
        headers: HeaderMap::new(),
    };
    let Some(ticket) = TICKETS.ask::<Ticket>(call, None::<&()>).await? else {
        return Ok(());
    };
    let state = state(ticket);
    let transaction = Transaction::begin(&SERVICE, Trace::NONE).await?;
    Listing::replicate(&transaction, &[&state]).await?;
    Listing::thaw(&transaction, ticket_id, asked).await?;
    Ok(transaction.commit().await?)
}

/// A listing's state, as its event would tell it.
fn state(ticket: Ticket) -> TicketState {
    TicketState {
        id: ticket.id,
        version: ticket.version,
        seller_id: ticket.seller_id,
        title: ticket.title,
        price: ticket.price,
        currency: ticket.currency,
        quantity: ticket.quantity,
        withdrawn: ticket.status == TicketStatus::Withdrawn,
        venue: ticket.venue,
        city: ticket.city,
        starts_at: ticket.starts_at,
        time_zone: ticket.time_zone,
    }
}
