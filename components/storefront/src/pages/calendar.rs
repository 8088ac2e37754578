//! `/orders/{id}/event.ics` and `/admissions/{id}/event.ics`: the event, for a calendar.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use boxoffice_contract::admissions::{Admission, AdmissionStatus};
use boxoffice_contract::orders::OrderStatus;
use boxoffice_contract::{AdmissionId, OrderId};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Problem, Timestamp, config};
use boxoffice_shown::calendar::{Entry, bought, written};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use super::entrance::sign_in_first;
use crate::services::{admissions, orders};
use crate::visitor::Visit;

pub(crate) fn route() -> Router {
    Router::new()
        .route("/orders/{id}/event.ics", get(of_order))
        .route("/admissions/{id}/event.ics", get(of_admission))
}

async fn of_order(visit: Visit, Id(id): Id<OrderId>) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &visit.here).await;
    }
    let order = orders::find(&visit, id).await?;
    let order = order.filter(|order| order.status == OrderStatus::Complete);
    let order = order.ok_or_else(nothing)?;
    let ticket = &order.ticket;
    let (about, url) = (bought(order.quantity), address(&format!("/orders/{id}")).await?);
    file(&Entry {
        id: id.0,
        url: &url,
        title: &ticket.title,
        venue: ticket.venue.as_deref(),
        city: ticket.city.as_deref(),
        start: ticket.starts_at.ok_or_else(nothing)?,
        about: &about,
        sequence: ticket.revision.unwrap_or(0),
    })
}

async fn of_admission(visit: Visit, Id(id): Id<AdmissionId>) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &visit.here).await;
    }
    let admission = admissions::find(&visit, id).await?;
    let admission = admission.filter(|admission| admission.status != AdmissionStatus::Void);
    let Admission { event, number, of, .. } = admission.ok_or_else(nothing)?;
    let about = format!("Ticket {number} of {of}, from Boxoffice");
    let url = address(&format!("/admissions/{id}")).await?;
    file(&Entry {
        id: id.0,
        url: &url,
        title: &event.title,
        venue: event.venue.as_deref(),
        city: event.city.as_deref(),
        start: event.starts_at.ok_or_else(nothing)?,
        about: &about,
        sequence: event.revision.unwrap_or(0),
    })
}

fn nothing() -> Problem {
    Problem::not_found("There is no event to put into a calendar")
}

/// The address of the page at `path`.
async fn address(path: &str) -> Result<String> {
    let public_url = config::variable("public_url").await?;
    Ok(format!("{}{path}", public_url.trim_end_matches('/')))
}

fn file(entry: &Entry<'_>) -> Result<Response> {
    let text = written(entry, Timestamp::now())?;
    let headers = [
        (CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"event.ics\""),
    ];
    Ok((headers, text).into_response())
}
