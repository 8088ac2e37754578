//! `POST /tickets/{id}/hold`: takes tickets off sale while the visitor pays.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::TicketId;
use boxoffice_contract::orders::{NewOrder, Order};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::state::{FieldError, Notice, State, TicketStatus, Tone};
use http::Method;

use super::entrance::sign_in_first;
use super::ticket::Loaded;
use crate::answer;
use crate::form::{Sent, new_key, wrong};
use crate::services::{Change, ORDERS, Refusal, made};
use crate::show::no_longer_to_be_had;
use crate::visitor::Visit;

const FIELDS: [&str; 1] = ["quantity"];

pub(crate) fn route() -> Router {
    Router::new().route("/tickets/{id}/hold", post(hold))
}

async fn hold(visit: Visit, Id(id): Id<TicketId>, sent: Sent) -> Result<Response> {
    let here = format!("/tickets/{id}");
    if visit.user.is_none() {
        return sign_in_first(&visit, &here).await;
    }
    let quantity: Result<i64, _> = sent.given("quantity").unwrap_or("1").parse();
    let Ok(quantity) = quantity else {
        let errors = vec![wrong("quantity", "Give the number of tickets as a whole number.")];
        return again(&visit, id, &sent, http::StatusCode::BAD_REQUEST, errors).await;
    };
    let order = NewOrder { ticket_id: id, quantity };
    let change = Change::new(Method::POST, "/api/orders", sent.key());
    match visit.command(&ORDERS, change, Some(&order)).await? {
        Ok(answer) => {
            let Order { id, .. } = made(&answer)?;
            Ok(answer::go(&visit, &format!("/orders/{id}/checkout"), None).await?)
        }
        Err(refusal) if refusal.is_unauthorized() => sign_in_first(&visit, &here).await,
        Err(refusal) => refused(&visit, id, &sent, refusal).await,
    }
}

async fn refused(visit: &Visit, id: TicketId, sent: &Sent, refusal: Refusal) -> Result<Response> {
    match refusal.code.as_str() {
        "not_enough" | "too_many_for_one" | "too_many_holds" => {
            let errors = vec![wrong("quantity", refusal.detail)];
            again(visit, id, sent, refusal.status, errors).await
        }
        "reserved" => too_late(visit, id, &refusal, Some(TicketStatus::Held)).await,
        "sold" => too_late(visit, id, &refusal, Some(TicketStatus::Sold)).await,
        "withdrawn" => too_late(visit, id, &refusal, Some(TicketStatus::Withdrawn)).await,
        "begun" | "changing" | "changed" => too_late(visit, id, &refusal, None).await,
        _ if refusal.status == http::StatusCode::BAD_REQUEST => {
            again(visit, id, sent, refusal.status, refusal.on(&FIELDS)).await
        }
        _ => Err(refusal.into_problem()),
    }
}

/// The listing's page, with what is wrong with the form.
async fn again(
    visit: &Visit,
    id: TicketId,
    sent: &Sent,
    status: http::StatusCode,
    errors: Vec<FieldError>,
) -> Result<Response> {
    let loaded = Loaded::of(visit, id).await?;
    let form = sent.again(&FIELDS, errors, new_key());
    let state = State { here: format!("/tickets/{id}"), ..loaded.state(visit, form).await };
    Ok(answer::refuse(visit, status, state).await?)
}

/// The listing's page as it is now, with why nothing was held. `sale` is what `orders` says of it,
/// which `tickets` may not have heard yet.
async fn too_late(
    visit: &Visit,
    id: TicketId,
    refusal: &Refusal,
    sale: Option<TicketStatus>,
) -> Result<Response> {
    let mut loaded = Loaded::of(visit, id).await?;
    if let Some(order) = &loaded.unpaid
        && sale == Some(TicketStatus::Held)
    {
        // The visitor's own hold was in the way.
        return Ok(answer::go(visit, &format!("/orders/{}/checkout", order.id), None).await?);
    }
    if let Some(sale) = sale {
        no_longer_to_be_had(&mut loaded.ticket, sale);
    }
    let form = loaded.hold_form(visit);
    let state = loaded.state(visit, form).await;
    let notice = Some(Notice { tone: Tone::Bad, text: refusal.detail.clone() });
    let state = State { here: format!("/tickets/{id}"), notice, ..state };
    Ok(answer::refuse(visit, refusal.status, state).await?)
}
