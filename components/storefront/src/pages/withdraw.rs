//! `POST /tickets/{id}/withdraw`: takes a listing of one's own off sale.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::TicketId;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::state::{self, State, Tone};
use http::{Method, StatusCode};

use super::entrance::sign_in_first;
use super::{listings, offer};
use crate::answer;
use crate::form::Sent;
use crate::notice::Notice;
use crate::services::{Change, TICKETS};
use crate::visitor::Visit;

pub(crate) fn route() -> Router {
    Router::new().route("/tickets/{id}/withdraw", post(withdraw))
}

async fn withdraw(visit: Visit, Id(id): Id<TicketId>, sent: Sent) -> Result<Response> {
    let path = format!("/api/tickets/{id}");
    let change = Change::new(Method::DELETE, &path, sent.key());
    match visit.command(&TICKETS, change, None::<&()>).await? {
        Ok(_) => Ok(answer::go(&visit, listings::ADDRESS, Some(Notice::Withdrawn)).await?),
        Err(refusal) if refusal.is_unauthorized() => sign_in_first(&visit, listings::ADDRESS).await,
        Err(refusal) if refusal.status == StatusCode::CONFLICT => {
            let text = match refusal.code.as_str() {
                "held" => offer::HELD.to_owned(),
                _ => refusal.detail,
            };
            let notice = Some(state::Notice { tone: Tone::Bad, text });
            let state = State { notice, ..listings::load(&visit, None).await? };
            Ok(answer::refuse(&visit, StatusCode::CONFLICT, state).await?)
        }
        Err(refusal) => Err(refusal.into_problem()),
    }
}
