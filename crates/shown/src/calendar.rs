//! An event for a calendar (RFC 5545).

use anyhow::{Context, Result};
use boxoffice_contract::Timestamp;
use icalendar::{Calendar, Component, DatePerhapsTime, Event, EventLike};
use uuid::Uuid;

/// Nobody says how long an event lasts: an entry of this many seconds is easily seen, and moved.
const SECONDS: i64 = 2 * 60 * 60;

/// What a calendar's entry says.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The id of what was bought, which tells entries apart.
    pub id: Uuid,
    /// The address of its page.
    pub url: &'a str,
    /// The event's title.
    pub title: &'a str,
    /// The venue's name.
    pub venue: Option<&'a str>,
    /// The venue's city.
    pub city: Option<&'a str>,
    /// When it begins.
    pub start: Timestamp,
    /// What was bought, in a sentence.
    pub about: &'a str,
    /// Grows when the event changes: calendars take the newer file for an event (RFC 5545, 3.8.7.4).
    pub sequence: i64,
}

/// Returns a calendar with `entry`, made at `now`.
///
/// # Errors
/// If the event is beyond the years that calendars know.
pub fn written(entry: &Entry<'_>, now: Timestamp) -> Result<String> {
    let Entry { id, url, title, venue, city, start, about, sequence } = entry;
    let place: Vec<&str> = [*venue, *city].into_iter().flatten().collect();
    let mut event = Event::new();
    event
        .uid(&format!("{id}@boxoffice"))
        .timestamp(instant(now)?)
        .starts(DatePerhapsTime::from(instant(*start)?))
        .ends(DatePerhapsTime::from(instant(start.plus_seconds(SECONDS))?))
        .summary(title)
        .description(about)
        .add_property("SEQUENCE", sequence.to_string())
        .url(url);
    if !place.is_empty() {
        event.location(&place.join(", "));
    }
    let calendar = Calendar::new().push(event.done()).done();
    Ok(calendar.to_string())
}

/// Returns what an entry says of `quantity` tickets that somebody bought.
#[must_use]
pub fn bought(quantity: i64) -> String {
    match quantity {
        1 => "1 ticket, bought on Boxoffice".to_owned(),
        _ => format!("{quantity} tickets, bought on Boxoffice"),
    }
}

/// An instant as the calendar's library has it.
fn instant(at: Timestamp) -> Result<chrono::DateTime<chrono::Utc>> {
    chrono::DateTime::from_timestamp_millis(at.as_millis()).context("a time beyond all calendars")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn an_event_is_written_by_the_book() {
        let entry = Entry {
            id: Uuid::from_u128(7),
            url: "https://tickets.example/orders/7",
            title: "Kites; live, at \\ the \"Mill\"\nand a title that goes on and on and on é é é",
            venue: Some("Old Mill"),
            city: Some("Basel"),
            start: Timestamp::parse("2027-06-12T18:30:00Z").unwrap(),
            about: &bought(2),
            sequence: 7,
        };
        let text = written(&entry, Timestamp::from_millis(0)).unwrap();
        assert!(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"), "{text}");
        assert!(text.ends_with("END:VEVENT\r\nEND:VCALENDAR\r\n"), "{text}");
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        assert!(text.lines().all(|line| line.len() <= 75), "{text}");
        let unfolded = text.replace("\r\n ", "");
        for line in [
            "UID:00000000-0000-0000-0000-000000000007@boxoffice",
            "DTSTAMP:19700101T000000Z",
            "SEQUENCE:7",
            "DTSTART:20270612T183000Z",
            "DTEND:20270612T203000Z",
            "LOCATION:Old Mill\\, Basel",
            "SUMMARY:Kites\\; live\\, at \\\\ the \"Mill\"\\nand a title that goes on and on and on é é é",
            "URL:https://tickets.example/orders/7",
            "DESCRIPTION:2 tickets\\, bought on Boxoffice",
        ] {
            assert!(unfolded.contains(&format!("\r\n{line}\r\n")), "{line} is not in\n{unfolded}");
        }
        assert!(unfolded.contains("\r\nPRODID:"), "{text}");
    }

    #[test]
    fn what_was_bought_is_counted() {
        assert_eq!(bought(1), "1 ticket, bought on Boxoffice");
        assert_eq!(bought(2), "2 tickets, bought on Boxoffice");
    }
}
