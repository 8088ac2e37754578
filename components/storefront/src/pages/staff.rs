//! `POST /door/{listing}/staff`: makes a link for a door's staff. `POST …/{id}/end`: ends one.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::door::NewStaff;
use boxoffice_contract::{StaffId, TicketId};
use boxoffice_kernel::http::{Id, Ids};
use boxoffice_kernel::problem::Result;
use http::{HeaderMap, Method, StatusCode};

use super::door::{Inside, address};
use crate::answer;
use crate::form::{Sent, new_key};
use crate::notice::Notice;
use crate::services::Refusal;
use crate::visitor::Visit;

const FIELDS: [&str; 1] = ["name"];

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/door/{id}/staff", post(make))
        .route("/door/{id}/staff/{staff}/end", post(end))
}

async fn make(
    visit: Visit,
    Id(ticket): Id<TicketId>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    let inside = Inside::of(&visit, ticket, &headers);
    let wanted = NewStaff { name: sent.value("name").to_owned() };
    match inside.at.ask(&visit, Method::POST, "/staff", sent.key(), Some(&wanted)).await? {
        Ok(_) => Ok(answer::go(&visit, &address(ticket), Some(Notice::LinkMade)).await?),
        Err(refusal) if refusal.status == StatusCode::BAD_REQUEST => {
            let form = sent.again(&FIELDS, refusal.on(&FIELDS), new_key());
            inside.with_links(refusal.status, form).await
        }
        Err(refusal) => refused(&inside, refusal).await,
    }
}

async fn end(
    visit: Visit,
    Ids(ticket, id): Ids<TicketId, StaffId>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    let inside = Inside::of(&visit, ticket, &headers);
    match inside.at.end(&visit, id, sent.key()).await? {
        Ok(_) => Ok(answer::go(&visit, &address(ticket), Some(Notice::LinkEnded)).await?),
        Err(refusal) => refused(&inside, refusal).await,
    }
}

async fn refused(inside: &Inside<'_>, refusal: Refusal) -> Result<Response> {
    match refusal.status {
        StatusCode::CONFLICT => inside.tell(refusal).await,
        _ => inside.shut(refusal).await,
    }
}
