//! Pieces that show a listing.

use boxoffice_contract::TicketId;
use sycamore::prelude::*;

use crate::artwork::artwork;
use crate::isolated;
use crate::state::{Moment, TicketStatus};

/// The picture of the listing `id`.
pub(crate) fn art(id: TicketId) -> View {
    let svg = artwork(&id.to_string());
    view! { div(class="art", dangerously_set_inner_html=svg) {} }
}

/// What stands on a listing that cannot be had, in words.
pub(crate) fn badge(sale: TicketStatus) -> Option<&'static str> {
    match sale {
        TicketStatus::Open => None,
        TicketStatus::Held => Some("In someone's checkout"),
        TicketStatus::Sold => Some("Sold"),
        TicketStatus::Withdrawn => Some("No longer for sale"),
    }
}

/// `sale` as the suites and the style sheet know it.
pub(crate) fn status(sale: TicketStatus) -> &'static str {
    match sale {
        TicketStatus::Open => "open",
        TicketStatus::Held => "held",
        TicketStatus::Sold => "sold",
        TicketStatus::Withdrawn => "withdrawn",
    }
}

/// Day, time and time zone of an event, at the venue.
pub(crate) fn moment(when: Moment) -> View {
    let Moment { iso, date, time, zone } = when;
    view! {
        time(datetime=iso) {
            span(class="date") { (date) }
            " "
            span(class="hour") { (time) }
            " "
            span(class="zone") { (zone) }
        }
    }
}

/// The same as a line, where it is known.
pub(crate) fn when(when: Option<Moment>) -> View {
    let line = |when| view! { p(class="when") { (when) } };
    when.map(moment).map(line).unwrap_or_default()
}

/// A line of this class, where there is something to say.
pub(crate) fn line(class: &'static str, text: Option<String>) -> View {
    text.map(|text| view! { p(class=class) { (text) } }).unwrap_or_default()
}

/// Venue and city, as far as they are known.
pub(crate) fn place(venue: Option<&str>, city: Option<&str>) -> Option<String> {
    match (venue, city) {
        (Some(venue), Some(city)) => Some(format!("{}, {}", isolated(venue), isolated(city))),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

/// The way to the next page of a list that has the newest first, if there is one.
pub(crate) fn older(next: Option<String>, label: &'static str) -> View {
    let link = |href| {
        view! {
            nav(class="pages", aria-label="Pages") {
                a(class="button quiet", href=href, rel="next") { (label) }
            }
        }
    };
    next.map(link).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_as_far_as_it_is_known() {
        assert_eq!(place(Some("Old Mill"), Some("Basel")).as_deref(), Some("Old Mill, Basel"));
        assert_eq!(place(None, Some("Basel")).as_deref(), Some("Basel"));
        assert_eq!(place(None, None), None);
    }
}
