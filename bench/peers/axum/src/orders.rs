//! Orders: holds that may become sales.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use crate::app::App;
use crate::model::{NewOrder, Order, Time};
use crate::page;
use crate::problem::{Problem, Result, Valid};
use crate::session::User;
use crate::store::{Held, Hold, Store};

#[derive(Deserialize)]
pub(crate) struct Wish {
    limit: Option<i64>,
    cursor: Option<String>,
}

pub(crate) async fn create<S: Store>(
    State(app): State<App<S>>,
    User(user): User,
    Valid(wish): Valid<NewOrder>,
) -> Result<(StatusCode, Json<Order>)> {
    let now = Time::now();
    let hold = Hold {
        id: Uuid::now_v7(),
        ticket_id: wish.ticket_id,
        buyer_id: user.id,
        quantity: wish.quantity,
        now,
        until: now.plus_seconds(app.hold_seconds),
    };
    match app.store.hold(hold).await? {
        Held::Order(order) => {
            app.events.publish("order:created", order.id, &order).await;
            Ok((StatusCode::CREATED, Json(order)))
        }
        Held::Refused(ticket) => Err(refusal(ticket.as_ref(), user.id, &wish, now)),
    }
}

/// Why nothing was held.
fn refusal(
    ticket: Option<&crate::model::Ticket>,
    buyer: Uuid,
    wish: &NewOrder,
    now: Time,
) -> Problem {
    let Some(ticket) = ticket else { return Problem::not_found("There is no such listing") };
    if ticket.seller_id == buyer {
        Problem::forbidden("These are your own tickets")
    } else if ticket.starts_at.is_some_and(|start| start <= now) {
        Problem::conflict("The event has begun; its tickets are off sale", "begun")
    } else if ticket.status == "sold" {
        Problem::conflict("These tickets are sold", "sold")
    } else if ticket.available == 0 {
        Problem::conflict("Someone else just reserved this ticket", "reserved")
    } else if ticket.available < wish.quantity {
        Problem::conflict("So many are not left; order fewer", "not_enough")
    } else {
        Problem::conflict("This listing changed just now; try again", "changed")
    }
}

pub(crate) async fn show<S: Store>(
    State(app): State<App<S>>,
    User(user): User,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<Order>> {
    let Path(id) = id?;
    own(&app, user.id, id).await.map(Json)
}

/// The order `id`, which must be `buyer`'s.
pub(crate) async fn own<S: Store>(app: &App<S>, buyer: Uuid, id: Uuid) -> Result<Order> {
    let order = app.store.order(id).await?;
    let order = order.ok_or_else(|| Problem::not_found("There is no such order"))?;
    if order.buyer_id == buyer {
        return Ok(order);
    }
    Err(Problem::forbidden("This is somebody else's order"))
}

pub(crate) async fn list<S: Store>(
    State(app): State<App<S>>,
    User(user): User,
    uri: Uri,
    wish: Result<Query<Wish>, QueryRejection>,
) -> Result<Response> {
    let Query(wish) = wish?;
    let limit = page::limit(wish.limit)?;
    let after = wish.cursor.as_deref().map(page::read_cursor).transpose()?;
    let orders = app.store.orders(user.id, after, limit + 1).await?;
    page::answer(orders, limit, &uri, |order| order.id)
}

pub(crate) async fn cancel<S: Store>(
    State(app): State<App<S>>,
    User(user): User,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<StatusCode> {
    let Path(id) = id?;
    own(&app, user.id, id).await?;
    if let Some(order) = app.store.cancel(id).await? {
        app.events.publish("order:cancelled", order.id, &order).await;
        return Ok(StatusCode::NO_CONTENT);
    }
    // It had ended before, or is being paid.
    match own(&app, user.id, id).await?.status.as_str() {
        "cancelled" => Ok(StatusCode::NO_CONTENT),
        "complete" => Err(Problem::conflict("This order is paid for", "complete")),
        _ => Err(Problem::conflict("This order is being paid for", "payment_pending")),
    }
}
