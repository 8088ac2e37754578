//! `GET /live?ticket=<id>&ticket=<id>…`: who wants to hear of what.
//!
//! The answer is a stream of server-sent events (HTML Standard, 9.2): `ticket` for each change of
//! one of those listings, `reload` when more has been missed than is kept. It ends itself before
//! hosts end it; browsers come back with `Last-Event-ID` and miss nothing.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::RawQuery;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::TicketId;
use boxoffice_kernel::events::entry::EntryId;
use boxoffice_kernel::problem::{FieldError, Result};
use boxoffice_kernel::{Problem, config};
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use send_wrapper::SendWrapper;

use crate::poller;
use crate::subscription::Subscription;

/// How many listings one stream may tell of: more than a page shows.
const MOST: usize = 100;
/// After how many seconds those who cannot be served may ask again.
const RETRY_SECONDS: i64 = 5;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(crate) fn route() -> Router {
    Router::new().route("/live", get(follow))
}

async fn follow(RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response> {
    let tickets = tickets(query.as_deref().unwrap_or_default())?;
    let after = headers.get(LAST_EVENT_ID).map(heard_last);
    let seconds = config::number("live_seconds").await?;
    let length = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    SendWrapper::new(poller::ready()).await.map_err(|cause| {
        let detail = "Live updates are not available right now; reload the page instead";
        Problem::unavailable(detail, RETRY_SECONDS, cause)
    })?;
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // nginx and its like would collect the stream before they pass it on.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.extensions_mut().insert(Subscription { tickets, after, length });
    Ok(response)
}

/// The listings that a query names.
fn tickets(query: &str) -> Result<Vec<TicketId>> {
    let mut tickets = Vec::new();
    let mut wrong = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "ticket" {
            let message = format!("The parameter {name:?} does not exist; use `ticket`");
            wrong.push(FieldError { message, field: Some(name.into_owned()) });
        } else if let Ok(id) = value.parse() {
            tickets.push(id);
        } else {
            wrong.push(about_tickets(format!("{value:?} is not the id of a listing")));
        }
    }
    tickets.sort_unstable();
    tickets.dedup();
    match tickets.len() {
        0 if wrong.is_empty() => {
            wrong.push(about_tickets("Name a listing: /live?ticket=<its id>".to_owned()));
        }
        0..=MOST => {}
        many => {
            wrong.push(about_tickets(format!("{many} listings are too many: name at most {MOST}")))
        }
    }
    if wrong.is_empty() { Ok(tickets) } else { Err(Problem::invalid(wrong)) }
}

fn about_tickets(message: String) -> FieldError {
    FieldError { message, field: Some("ticket".to_owned()) }
}

/// What a client says that it heard last. What is no id of ours is before everything that is kept:
/// a browser would repeat it for ever, so it is not refused.
fn heard_last(header: &HeaderValue) -> EntryId {
    let id = header.to_str().ok().and_then(|text| text.parse().ok());
    id.unwrap_or(EntryId::ZERO)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_listing_is_followed_once() {
        let (a, b) = (TicketId(Uuid::from_u128(1)), TicketId(Uuid::from_u128(2)));
        let query = format!("ticket={b}&ticket={a}&ticket={b}");
        assert_eq!(tickets(&query).unwrap(), [a, b]);
        let hundred: Vec<_> =
            (0..100).map(|n| format!("ticket={}", TicketId(Uuid::from_u128(n)))).collect();
        assert_eq!(tickets(&hundred.join("&")).unwrap().len(), 100);
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        let many: Vec<_> =
            (0..101).map(|n| format!("ticket={}", TicketId(Uuid::from_u128(n)))).collect();
        for query in ["", "ticket=", "ticket=1", "id=1", &many.join("&")] {
            assert_eq!(tickets(query).unwrap_err().status(), 400, "{query}");
        }
    }

    #[test]
    fn what_is_no_id_was_heard_before_everything() {
        let last = |text| heard_last(&HeaderValue::from_str(text).unwrap());
        assert_eq!(last("17-3"), EntryId { ms: 17, seq: 3 });
        assert_eq!(last("yesterday"), EntryId::ZERO);
    }
}
