//! The event of a letter, for a calendar. The shop's pages offer the same entry, so that it is there once.

use boxoffice_contract::Timestamp;
use boxoffice_shown::calendar::{Entry, bought, written};
use uuid::Uuid;

use crate::content::address;
use crate::letter::{Event, Held, Letter, Setting};
use crate::words;

/// Returns the calendar that goes with `letter`, if it is about an event with a date.
pub(crate) fn of(letter: &Letter, setting: &Setting) -> Option<String> {
    match letter {
        Letter::OrderConfirmed(letter) => {
            let (order, about) = (letter.order, bought(letter.quantity));
            entry(order.0, &words::order::page(order), &letter.event, &about, setting)
        }
        Letter::EventMoved(letter) => {
            let held = letter.held?;
            let id = match held {
                Held::Order(order) => order.0,
                Held::Admission(admission) => admission.0,
            };
            let about = "Your tickets are on Boxoffice";
            entry(id, &words::event::page(held), &letter.event, about, setting)
        }
        _ => None,
    }
}

fn entry(id: Uuid, page: &str, event: &Event, about: &str, setting: &Setting) -> Option<String> {
    let entry = Entry {
        id,
        url: &address(&setting.public_url, page),
        title: &event.title,
        venue: event.venue.as_deref(),
        city: event.city.as_deref(),
        start: event.starts_at?,
        about,
        sequence: event.revision,
    };
    // A year that calendars do not know: the letter says it all the same.
    written(&entry, Timestamp::now()).ok()
}
