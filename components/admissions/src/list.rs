//! `GET /api/admissions`: one's own tickets.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::admissions as api;
use boxoffice_contract::events::OrderState;
use boxoffice_contract::orders::{Order, OrderStatus};
use boxoffice_contract::{AdmissionId, OrderId, Page, UserId};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::http::Fields;
use boxoffice_kernel::http::page;
use boxoffice_kernel::peer::{self, Call, Peer};
use boxoffice_kernel::problem::{self, ProblemBody};
use boxoffice_kernel::{Timestamp, UserCx, query, unit};
use http::{Method, Uri};

use crate::SERVICE;
use crate::admission::{Admission, COLUMNS};
use crate::issue;
use crate::issuer::Issuer;
use crate::listing::Listing;
use crate::refusal::Result;

const ORDERS: Peer = Peer { name: "orders", base_url: "orders_base_url" };
/// How long after its beginning an event still counts as one that is to come, in seconds: people
/// arrive late, and some events take all day.
const UNDER_WAY_SECONDS: i64 = 12 * 60 * 60;

/// Which tickets are wanted.
#[derive(Clone, Copy, Default)]
pub(crate) struct Filter {
    /// Those of this order.
    pub(crate) order: Option<OrderId>,
    /// Those of events that are not over by this time, and that were not refunded.
    pub(crate) upcoming: Option<Timestamp>,
    /// Those after this one.
    pub(crate) after: Option<AdmissionId>,
}

pub(crate) fn route() -> Router {
    Router::new().route("/api/admissions", get(list))
}

/// List your own tickets
///
/// In the order in which they were issued.
#[utoipa::path(
    get, path = "/api/admissions", tag = "admissions", operation_id = "list_admissions",
    params(
        ("orderId" = Option<Uuid>, Query, description = "Only the tickets of this order"),
        ("upcoming" = Option<bool>, Query, description = "`true`: only valid and used tickets of events that are not over"),
        ("limit" = Option<i64>, Query, description = "How many entries a page has: 1 to 100, by default 20"),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the previous page"),
    ),
    responses(
        (status = 200, description = "One page; the Link header names the next", body = Page<api::Admission>),
        (status = 400, description = "A filter, the limit or the cursor is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(cx: UserCx, uri: Uri) -> problem::Result<Response> {
    let mut fields = Fields::parse(uri.query(), &["orderId", "upcoming", "limit", "cursor"]);
    let limit = fields.take("limit", page::read_limit).unwrap_or(page::DEFAULT_LIMIT);
    let filter = Filter {
        order: fields.take("orderId", read_order),
        upcoming: fields.take("upcoming", read_upcoming).flatten(),
        after: fields.take("cursor", page::read_cursor::<AdmissionId>),
    };
    fields.finish()?;
    let admissions = find(&cx, filter, limit + 1).await?;
    let page = page::cut(admissions, limit, |admission| admission.id)?;
    let bodies = bodies(&cx, page.items).await?;
    let page = Page { items: bodies, next_cursor: page.next_cursor };
    Ok(page::respond(page, uri.path(), uri.query()))
}

fn read_order(text: &str) -> std::result::Result<OrderId, String> {
    text.parse().map_err(|_| "Give the id of an order".to_owned())
}

fn read_upcoming(text: &str) -> std::result::Result<Option<Timestamp>, String> {
    match text {
        "true" => Ok(Some(Timestamp::now().plus_seconds(-UNDER_WAY_SECONDS))),
        "false" => Ok(None),
        _ => Err("Write upcoming as true or false".to_owned()),
    }
}

/// Finds the tickets. An order's may be paid for just now: if there are none yet, `orders` is asked.
async fn find(cx: &UserCx, filter: Filter, most: i64) -> Result<Vec<Admission>> {
    let mut reader = Reader::new(&SERVICE);
    let found: Vec<Admission> = reader.read_all(of_holder(cx.user.id, filter, most)).await?;
    let Some(order) = filter.order.filter(|_| found.is_empty() && filter.after.is_none()) else {
        return Ok(found);
    };
    // Not two connections at a time.
    drop(reader);
    if !catch_up(cx, order).await? {
        return Ok(found);
    }
    Ok(Reader::new(&SERVICE).read_all(of_holder(cx.user.id, filter, most)).await?)
}

/// Asks `orders` for an order of the user's whose event has not arrived, and issues its admissions if
/// it is complete. Tells whether it is: others may have issued them meanwhile.
async fn catch_up(cx: &UserCx, id: OrderId) -> Result<bool> {
    let path = format!("/api/orders/{id}");
    let order = match ORDERS.ask::<Order>(Call::by(cx, Method::GET, &path), None::<&()>).await {
        Ok(Some(order)) => order,
        // Somebody else's order has no tickets of this user's; nor has one that does not exist.
        Ok(None) | Err(peer::Error::Refused { .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    if order.status != OrderStatus::Complete {
        return Ok(false);
    }
    let order = OrderState {
        id: order.id,
        version: order.version,
        status: OrderStatus::Complete,
        buyer_id: cx.user.id,
        ticket_id: order.ticket.id,
        quantity: order.quantity,
        amount: order.amount,
        currency: order.currency,
        expires_at: order.expires_at,
        payment_id: None,
        restocked: false,
    };
    unit::run(cx, &SERVICE, async |unit| issue::follow(unit, &order).await).await?;
    Ok(true)
}

/// What the API answers of `admissions`. Each event is looked up once.
async fn bodies(cx: &UserCx, admissions: Vec<Admission>) -> Result<Vec<api::Admission>> {
    let issuer = Issuer::load().await?;
    let mut listings = HashMap::new();
    let mut bodies = Vec::with_capacity(admissions.len());
    for admission in admissions {
        let listing = match listings.entry(admission.ticket_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(Listing::get(cx, admission.ticket_id).await?),
        };
        bodies.push(admission.body(listing, &issuer));
    }
    Ok(bodies)
}

/// Finds the first `most` tickets of `holder` that `filter` lets through.
pub(crate) fn of_holder(holder: UserId, filter: Filter, most: i64) -> Query {
    let Filter { order, upcoming, after } = filter;
    let mut place = 2;
    let mut condition = |is_there: bool, text: &str| {
        if !is_there {
            return String::new();
        }
        place += 1;
        text.replace('?', &format!("?{place}"))
    };
    let of_order = condition(order.is_some(), " AND order_id = ?");
    let to_come = condition(
        upcoming.is_some(),
        " AND status <> 'void' AND NOT EXISTS (SELECT 1 FROM admissions_listings AS event \
         WHERE event.ticket_id = admissions_admissions.ticket_id AND event.starts_at < ?)",
    );
    let later = condition(after.is_some(), " AND id > ?");
    query!(
        "SELECT {COLUMNS} FROM admissions_admissions \
         WHERE holder_id = ?1{of_order}{to_come}{later} ORDER BY id LIMIT ?2",
        holder,
        most
    )
    .bind_all(order)
    .bind_all(upcoming)
    .bind_all(after)
}
