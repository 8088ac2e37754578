//! `/orders/{id}/event.ics` and `/admissions/{id}/event.ics`: the event, for a calendar (RFC 5545).

use anyhow::Context;
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use boxoffice_contract::admissions::{Admission, AdmissionStatus};
use boxoffice_contract::orders::{Order, OrderStatus};
use boxoffice_contract::{AdmissionId, OrderId};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Problem, Timestamp, config};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use icalendar::{Calendar, Component, DatePerhapsTime, Event, EventLike};
use uuid::Uuid;

use super::entrance::sign_in_first;
use crate::services::{admissions, orders};
use crate::visitor::Visit;

/// Nobody says how long an event lasts: an entry of this many seconds is easily seen, and moved.
const SECONDS: i64 = 2 * 60 * 60;

pub(crate) fn route() -> Router {
    Router::new()
        .route("/orders/{id}/event.ics", get(of_order))
        .route("/admissions/{id}/event.ics", get(of_admission))
}

/// What a calendar's entry says.
struct Entry<'a> {
    /// The id of what was bought, which tells entries apart.
    id: Uuid,
    /// The path of its page.
    page: String,
    title: &'a str,
    venue: Option<&'a str>,
    city: Option<&'a str>,
    start: Timestamp,
    about: String,
    /// Grows when the event changes: calendars take the newer file for an event (RFC 5545, 3.8.7.4).
    sequence: i64,
}

async fn of_order(visit: Visit, Id(id): Id<OrderId>) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &visit.here).await;
    }
    let order = orders::find(&visit, id).await?;
    let order = order.filter(|order| order.status == OrderStatus::Complete);
    let order = order.ok_or_else(nothing)?;
    file(&entry(&order)?).await
}

async fn of_admission(visit: Visit, Id(id): Id<AdmissionId>) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &visit.here).await;
    }
    let admission = admissions::find(&visit, id).await?;
    let admission = admission.filter(|admission| admission.status != AdmissionStatus::Void);
    let Admission { event, number, of, .. } = admission.ok_or_else(nothing)?;
    let entry = Entry {
        id: id.0,
        page: format!("/admissions/{id}"),
        title: &event.title,
        venue: event.venue.as_deref(),
        city: event.city.as_deref(),
        start: event.starts_at.ok_or_else(nothing)?,
        about: format!("Ticket {number} of {of}, from Boxoffice"),
        sequence: event.revision.unwrap_or(0),
    };
    file(&entry).await
}

fn nothing() -> Problem {
    Problem::not_found("There is no event to put into a calendar")
}

fn entry(order: &Order) -> Result<Entry<'_>> {
    let ticket = &order.ticket;
    let count = if order.quantity == 1 {
        "1 ticket".to_owned()
    } else {
        format!("{} tickets", order.quantity)
    };
    Ok(Entry {
        id: order.id.0,
        page: format!("/orders/{}", order.id),
        title: &ticket.title,
        venue: ticket.venue.as_deref(),
        city: ticket.city.as_deref(),
        start: ticket.starts_at.ok_or_else(nothing)?,
        about: format!("{count}, bought on Boxoffice"),
        sequence: ticket.revision.unwrap_or(0),
    })
}

async fn file(entry: &Entry<'_>) -> Result<Response> {
    let text = written(entry, &config::variable("public_url").await?)?;
    let headers = [
        (CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"event.ics\""),
    ];
    Ok((headers, text).into_response())
}

/// A calendar with `entry`, whose page is at `url`.
fn written(entry: &Entry<'_>, url: &str) -> anyhow::Result<String> {
    let Entry { id, page, title, venue, city, start, about, sequence } = entry;
    let place: Vec<&str> = [*venue, *city].into_iter().flatten().collect();
    let mut event = Event::new();
    event
        .uid(&format!("{id}@boxoffice"))
        .timestamp(instant(Timestamp::now())?)
        .starts(DatePerhapsTime::from(instant(*start)?))
        .ends(DatePerhapsTime::from(instant(start.plus_seconds(SECONDS))?))
        .summary(title)
        .description(about)
        .add_property("SEQUENCE", sequence.to_string())
        .url(&format!("{}{page}", url.trim_end_matches('/')));
    if !place.is_empty() {
        event.location(&place.join(", "));
    }
    let calendar = Calendar::new().push(event.done()).done();
    Ok(calendar.to_string())
}

/// An instant as the calendar's library has it.
fn instant(at: Timestamp) -> anyhow::Result<chrono::DateTime<chrono::Utc>> {
    chrono::DateTime::from_timestamp_millis(at.as_millis()).context("a time beyond all calendars")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_written_by_the_book() {
        let title = "Kites; live, at \\ the \"Mill\"\nand a title that goes on and on and on é é é";
        let order: Order = serde_json::from_value(json!({
            "id": "01980f3c-0000-7000-8000-000000000000", "status": "complete", "quantity": 2,
            "amount": 100, "currency": "EUR", "version": 1, "expiresAt": "2027-06-01T00:00:00Z",
            "createdAt": "2027-06-01T00:00:00Z",
            "ticket": {
                "id": "01980f3c-0000-7000-8000-000000000001", "title": title, "price": 50,
                "revision": 7,
                "venue": "Old Mill", "city": "Basel", "startsAt": "2027-06-12T18:30:00Z",
            },
        }))
        .unwrap();
        let text = written(&entry(&order).unwrap(), "https://tickets.example/").unwrap();
        assert!(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"), "{text}");
        assert!(text.ends_with("END:VEVENT\r\nEND:VCALENDAR\r\n"), "{text}");
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        assert!(text.lines().all(|line| line.len() <= 75), "{text}");
        let unfolded = text.replace("\r\n ", "");
        for line in [
            "UID:01980f3c-0000-7000-8000-000000000000@boxoffice",
            "SEQUENCE:7",
            "DTSTART:20270612T183000Z",
            "DTEND:20270612T203000Z",
            "LOCATION:Old Mill\\, Basel",
            "SUMMARY:Kites\\; live\\, at \\\\ the \"Mill\"\\nand a title that goes on and on and on é é é",
            "URL:https://tickets.example/orders/01980f3c-0000-7000-8000-000000000000",
            "DESCRIPTION:2 tickets\\, bought on Boxoffice",
        ] {
            assert!(unfolded.contains(&format!("\r\n{line}\r\n")), "{line} is not in\n{unfolded}");
        }
        assert!(unfolded.contains("\r\nDTSTAMP:2") && unfolded.contains("\r\nPRODID:"), "{text}");
    }
}
