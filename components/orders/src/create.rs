//! `POST /api/orders`: holds tickets for a buyer.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::TicketId;
use boxoffice_contract::events::{TicketState, kind};
use boxoffice_contract::orders::{self as api, NewOrder};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::db::Read;
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::peer::{Call, Peer};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Timestamp, Unit, UserCx, config, unit};
use boxoffice_rules::money;
use http::Method;

use crate::SERVICE;
use crate::buyer::{Buyer, Limits};
use crate::listing::Listing;
use crate::order::Order;
use crate::price::Seen;
use crate::refusal::{self, Refusal};

const TICKETS: Peer = Peer { name: "tickets", base_url: "tickets_base_url" };

pub(crate) fn route() -> Router {
    Router::new().route("/api/orders", post(create))
}

/// Hold tickets
///
/// Takes tickets off sale for the buyer until `expiresAt`. A buyer who has paid by then owns them.
#[utoipa::path(
    post, path = "/api/orders", tag = "orders", operation_id = "create_order", request_body = NewOrder,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
        ("X-Expected-Price" = Option<String>, Header, pattern = "^[0-9]{1,15}-[A-Z]{3}$", example = "9900-GBP",
            description = "The price of one ticket as the buyer saw it, in the currency's minor unit; at another price nothing is held"),
    ),
    responses(
        (status = 201, description = "The order, with its tickets held", body = api::Order),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The buyer's own listing", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This listing does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The tickets are held, sold, off sale, or have another price", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many holds; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create(
    cx: UserCx,
    idempotency: Idempotency,
    seen: Seen,
    Valid(new_order): Valid<NewOrder>,
) -> Result<Response> {
    let terms = Terms::load().await?;
    let work = async |unit: &mut Unit<'_>| hold(&cx, unit, &new_order, seen, terms).await;
    let outcome = match command::run(&cx, &SERVICE, &idempotency, work).await {
        // That may only be news that has not arrived: the event of a new listing, or of a change for
        // which the listing was frozen. The listing's owner knows.
        Err(command::Error::Refused(
            Refusal::NoSuchListing | Refusal::Changing | Refusal::Repriced { .. },
        )) => {
            replicate(&cx, new_order.ticket_id).await?;
            command::run(&cx, &SERVICE, &idempotency, work).await
        }
        held => held,
    };
    if let Err(command::Error::Refused(refusal)) = &outcome
        && let Some(limit) = refusal.limit()
    {
        log::security(&cx.with("limit", limit), Security::LimitMet, None);
    }
    Ok(outcome?)
}

/// On which terms tickets are held.
#[derive(Clone, Copy)]
struct Terms {
    /// How long a hold lasts.
    seconds: i64,
    limits: Limits,
}

impl Terms {
    async fn load() -> anyhow::Result<Self> {
        let seconds = config::number("hold_seconds").await?;
        Ok(Self { seconds, limits: Limits::load().await? })
    }
}

/// Holds tickets: a guarded change of the listing, the order and its event.
async fn hold(
    cx: &UserCx,
    unit: &mut Unit<'_>,
    new_order: &NewOrder,
    seen: Seen,
    terms: Terms,
) -> refusal::Result<Reply> {
    let now = Timestamp::now();
    let listing = available(cx, unit, new_order, now).await?;
    if !seen.is(listing.price, &listing.currency) {
        return Err(Refusal::Repriced { price: listing.price, currency: listing.currency });
    }
    let NewOrder { quantity, .. } = *new_order;
    let buyer = Buyer::find_in(unit, cx.user.id, listing.ticket_id, now).await?;
    buyer.check(&listing, quantity, terms.limits, now)?;
    let amount = money::total(listing.price, quantity, &listing.currency);
    let amount = amount.ok_or(Refusal::TooDear)?;
    unit.require(listing.hold(quantity));
    unit.require(buyer.hold(cx.user.id));
    let until = now.plus_seconds(terms.seconds);
    let order = Order::new(listing, cx.user.id, quantity, amount, now, until);
    unit.insert(order.insert());
    unit.emit(order.event(kind::OrderCreated)?);
    let location = format!("/api/orders/{}", order.id);
    Ok(Reply::created(&location, &order.body())?.at_version(order.version))
}

/// Finds the listing, if `new_order` can be had of it. When tickets go on sale that many want, most
/// are told that there are none left: that takes no lock, which would keep those waiting who still
/// get some.
async fn available(
    cx: &UserCx,
    read: &mut impl Read,
    new_order: &NewOrder,
    now: Timestamp,
) -> refusal::Result<Listing> {
    let listing = Listing::find_in(read, new_order.ticket_id).await?;
    let listing = listing.ok_or(Refusal::NoSuchListing)?;
    let available = listing.quantity - listing.held - listing.sold;
    Err(if listing.seller_id == cx.user.id {
        Refusal::OwnListing
    } else if listing.withdrawn {
        Refusal::Withdrawn
    } else if listing.is_frozen() {
        Refusal::Changing
    } else if listing.starts_at.is_some_and(|start| start <= now) {
        Refusal::Begun
    } else if listing.sold == listing.quantity {
        Refusal::SoldOut
    } else if available == 0 {
        Refusal::Reserved
    } else if available < new_order.quantity {
        Refusal::NotEnough { available }
    } else {
        return Ok(listing);
    })
}

/// Takes a listing over from `tickets`, if there is one, and ends a freeze whose time is up.
async fn replicate(cx: &Cx, ticket_id: TicketId) -> refusal::Result<()> {
    let asked = Timestamp::now();
    let path = format!("/internal/tickets/{ticket_id}");
    let call = Call::by_nobody(cx, Method::GET, &path);
    let Some(state) = TICKETS.ask::<TicketState>(call, None::<&()>).await? else {
        return Ok(());
    };
    unit::run(cx, &SERVICE, async |unit| {
        unit.change::<()>(Listing::replicate(&[&state])).await?;
        unit.change::<()>(Listing::thaw(ticket_id, asked)).await?;
        Ok(())
    })
    .await
}
