//! `POST /tickets/{id}/hold`: takes tickets off sale while the visitor pays. `GET` of the same shows the
//! listing with the number chosen that one had in mind before one signed in.

use std::collections::BTreeMap;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::TicketId;
use boxoffice_contract::orders::{NewOrder, Order};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::state::{self, FieldError, Form, State, TicketStatus, Tone};
use http::{Method, Uri};

use super::entrance::sign_in_first;
use super::ticket::Loaded;
use crate::answer::{self, Keep};
use crate::form::{Sent, new_key, wrong};
use crate::notice::Notice;
use crate::redirect_target::Wish;
use crate::services::{Change, ORDERS, Refusal, made};
use crate::show::no_longer_to_be_had;
use crate::shown::money;
use crate::visitor::{Visit, local_part};

const FIELDS: [&str; 1] = ["quantity"];

/// What was typed into the form.
type Typed = BTreeMap<String, String>;

pub(crate) fn route() -> Router {
    Router::new().route("/tickets/{id}/hold", get(show).post(hold))
}

async fn show(visit: Visit, Id(id): Id<TicketId>, uri: Uri) -> Result<Response> {
    let loaded = Loaded::of(&visit, id).await?;
    let mut form = loaded.hold_form(&visit);
    if let Some(wish) = Wish::of(&local_part(&uri)) {
        form.values.insert("quantity".to_owned(), wish.quantity.to_string());
    }
    let state = loaded.state(&visit, form).await;
    let state = State { here: format!("/tickets/{id}"), ..state };
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

async fn hold(visit: Visit, Id(id): Id<TicketId>, sent: Sent) -> Result<Response> {
    let typed = sent.typed(&FIELDS);
    let quantity: Result<i64, _> = sent.given("quantity").unwrap_or("1").parse();
    let Ok(quantity) = quantity else {
        let errors = vec![wrong("quantity", "Give the number of tickets as a whole number.")];
        return again(&visit, id, typed, http::StatusCode::BAD_REQUEST, errors).await;
    };
    let price = sent.given("price").and_then(|price| price.parse().ok());
    let wish = Wish { ticket: id, quantity, price };
    if visit.user.is_none() {
        return sign_in_first(&visit, &wish.address()).await;
    }
    match take(&visit, wish, sent.key()).await? {
        Ok(Order { id, .. }) => {
            Ok(answer::go(&visit, &format!("/orders/{id}/checkout"), None).await?)
        }
        Err(refusal) if refusal.is_unauthorized() => sign_in_first(&visit, &wish.address()).await,
        Err(refusal) => refused(&visit, wish, typed, refusal).await,
    }
}

/// Holds what the visitor wanted to buy before they signed in, and goes on to pay for it. If that does
/// not work, the listing's page says why.
///
/// # Errors
/// When a page cannot be rendered.
pub(crate) async fn at_once(
    visit: &Visit,
    wish: Wish,
    notice: Option<Notice>,
    key: &str,
) -> Result<Response> {
    let outcome = match take(visit, wish, key).await {
        Ok(Ok(Order { id, .. })) => {
            return Ok(answer::go(visit, &format!("/orders/{id}/checkout"), notice).await?);
        }
        Ok(Err(refusal)) => {
            let typed = [("quantity".to_owned(), wish.quantity.to_string())];
            refused(visit, wish, typed.into(), refusal).await
        }
        Err(problem) => Err(problem),
    };
    // They are signed in whatever became of it: another try is theirs.
    match outcome {
        Ok(page) => Ok(page),
        Err(_) => Ok(answer::go(visit, &wish.address(), notice).await?),
    }
}

/// Asks `orders` to hold what is wished for.
async fn take(visit: &Visit, wish: Wish, key: &str) -> Result<Result<Order, Refusal>> {
    let order = NewOrder { ticket_id: wish.ticket, quantity: wish.quantity };
    let new = Change::new(Method::POST, "/api/orders", key);
    let change = Change { price: wish.price, ..new };
    match visit.command(&ORDERS, change, Some(&order)).await? {
        Ok(answer) => Ok(Ok(made(&answer)?)),
        Err(refusal) => Ok(Err(refusal)),
    }
}

async fn refused(visit: &Visit, wish: Wish, typed: Typed, refusal: Refusal) -> Result<Response> {
    let id = wish.ticket;
    match refusal.code.as_str() {
        "price_changed" => repriced(visit, wish, typed, &refusal).await,
        "not_enough" | "too_many_for_one" | "too_many_holds" => {
            let errors = vec![wrong("quantity", refusal.detail)];
            again(visit, id, typed, refusal.status, errors).await
        }
        "reserved" => too_late(visit, id, &refusal, Some(TicketStatus::Held)).await,
        "sold" => too_late(visit, id, &refusal, Some(TicketStatus::Sold)).await,
        "withdrawn" => too_late(visit, id, &refusal, Some(TicketStatus::Withdrawn)).await,
        "begun" | "changing" | "changed" => too_late(visit, id, &refusal, None).await,
        _ if refusal.status == http::StatusCode::BAD_REQUEST => {
            again(visit, id, typed, refusal.status, refusal.on(&FIELDS)).await
        }
        _ => Err(refusal.into_problem()),
    }
}

/// The listing's page, with what is wrong with the form.
async fn again(
    visit: &Visit,
    id: TicketId,
    typed: Typed,
    status: http::StatusCode,
    errors: Vec<FieldError>,
) -> Result<Response> {
    let loaded = Loaded::of(visit, id).await?;
    let form = Form { key: new_key(), values: typed, errors };
    let state = State { here: format!("/tickets/{id}"), ..loaded.state(visit, form).await };
    Ok(answer::refuse(visit, status, state).await?)
}

/// The listing's page at its new price, which the next press of the button agrees to. The number chosen
/// stays.
async fn repriced(visit: &Visit, wish: Wish, typed: Typed, refusal: &Refusal) -> Result<Response> {
    let loaded = Loaded::of(visit, wish.ticket).await?;
    let shown = |price, currency: &str| money(price, currency, &visit.language);
    let now = shown(loaded.ticket.price, &loaded.ticket.currency);
    let text = match wish.price {
        Some(seen) => format!(
            "The seller changed the price from {} to {now}. You hold nothing yet.",
            shown(seen.price, seen.currency())
        ),
        None => refusal.detail.clone(),
    };
    let form = Form { key: new_key(), values: typed, errors: Vec::new() };
    let state = loaded.state(visit, form).await;
    let notice = Some(state::Notice { tone: Tone::Bad, text });
    let state = State { here: format!("/tickets/{}", wish.ticket), notice, ..state };
    Ok(answer::refuse(visit, refusal.status, state).await?)
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
    let notice = Some(state::Notice { tone: Tone::Bad, text: refusal.detail.clone() });
    let state = State { here: format!("/tickets/{id}"), notice, ..state };
    Ok(answer::refuse(visit, refusal.status, state).await?)
}
