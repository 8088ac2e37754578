//! What the pages to sell and to edit share: the form, and what the API takes of it.

use std::hash::{DefaultHasher, Hash, Hasher};

use boxoffice_contract::tickets::{RESALE_CAP, Ticket};
use boxoffice_kernel::Timestamp;
use boxoffice_rules::money::most;
use boxoffice_web::state::{BEFORE, FieldError, Form, SEEN, Sell};
use serde_json::{Map, Value, json};

use crate::form::{Sent, filled, wrong};
use crate::services::Refusal;
use crate::services::tickets::has_begun;
use crate::shown::{
    self, Language, amount_field, currencies, instant, local_currency, moment_field, point,
    read_amount, time_zones,
};
use crate::visitor::Visit;

/// The fields of the form.
pub(crate) const FIELDS: [&str; 14] = [
    "title",
    "price",
    "currency",
    "quantity",
    "venue",
    "city",
    "startsAt",
    "timeZone",
    "description",
    "resaleCap",
    "transferLimit",
    "maxPerBuyer",
    "asksNames",
    "turningCodes",
];

/// A draft as the API takes it, with what could not be read.
pub(crate) struct Draft {
    pub(crate) body: Value,
    errors: Vec<FieldError>,
}

impl Draft {
    /// Reads a form. What cannot be read is sent as what the API refuses, so that it names all else
    /// that is wrong at the same time.
    pub(crate) fn read(sent: &Sent, visit: &Visit) -> Self {
        let mut errors = Vec::new();
        let mut body = Map::new();
        for name in ["title", "currency", "venue", "city", "timeZone", "description"] {
            body.extend(sent.given(name).map(|value| (name.to_owned(), value.into())));
        }
        body.insert("price".to_owned(), read_price(sent, visit, &mut errors));
        body.insert("quantity".to_owned(), read_quantity(sent, &mut errors));
        for (name, message) in WHOLE {
            let number = read_whole(sent, name, message, &mut errors);
            body.extend(number.map(|number| (name.to_owned(), number)));
        }
        for name in TICKS {
            body.extend(sent.given(name).map(|_| (name.to_owned(), true.into())));
        }
        match start_as_before(sent) {
            Some((start, zone)) => {
                body.insert("startsAt".to_owned(), start.to_string().into());
                if zone.is_none() {
                    body.remove("timeZone");
                }
            }
            None => {
                let start = read_start(sent, &mut errors);
                body.extend(start.map(|start| ("startsAt".to_owned(), start)));
            }
        }
        Self { body: body.into(), errors }
    }

    /// Everything that is wrong with the form, now that the API has refused it.
    pub(crate) fn errors(self, refusal: &Refusal, sent: &Sent, visit: &Visit) -> Vec<FieldError> {
        let Self { mut errors, .. } = self;
        let unread = !errors.is_empty();
        for error in refusal.on(&FIELDS) {
            let field = error.field.as_deref();
            let known = errors.iter().any(|one| one.field.as_deref() == field);
            // Refused only because a start was sent as unreadable: the time zone is to blame, or
            // codes are taken to have no date to turn around.
            let poisoned = unread
                && match field {
                    Some("startsAt") => sent.given("timeZone").is_none(),
                    Some("turningCodes") => sent.given("startsAt").is_some(),
                    _ => false,
                };
            if !known && !poisoned {
                errors.push(match field {
                    Some("price") => wrong("price", price_range(sent, visit)),
                    _ => error,
                });
            }
        }
        let place = |error: &FieldError| {
            FIELDS.iter().position(|field| error.field.as_deref() == Some(field))
        };
        errors.sort_by_key(place);
        errors
    }
}

fn read_price(sent: &Sent, visit: &Visit, errors: &mut Vec<FieldError>) -> Value {
    let currency = sent.given("currency").unwrap_or("USD");
    match read_amount(sent.value("price"), currency, &visit.language) {
        Ok(price) => price.into(),
        Err(message) => {
            errors.push(wrong("price", format!("{message}.")));
            0.into()
        }
    }
}

/// What prices the API takes, for people.
fn price_range(sent: &Sent, visit: &Visit) -> String {
    let currency = sent.given("currency").unwrap_or("USD");
    shown::price_range(most(currency), currency, &visit.language)
}

fn read_quantity(sent: &Sent, errors: &mut Vec<FieldError>) -> Value {
    match sent.given("quantity").unwrap_or("1").parse::<i64>() {
        Ok(quantity) => quantity.into(),
        Err(_) => {
            errors.push(wrong("quantity", "Give the number of tickets as a whole number."));
            0.into()
        }
    }
}

/// The whole numbers that may be left out, and the sentence for what is not a number.
const WHOLE: [(&str, &str); 3] = [
    ("resaleCap", "Give the highest resale price as a whole number of percent."),
    ("transferLimit", "Give how often a ticket may be handed on as a whole number."),
    ("maxPerBuyer", "Give how many tickets one buyer may have as a whole number."),
];

/// The checkboxes, which are sent only if they are ticked.
const TICKS: [&str; 2] = ["asksNames", "turningCodes"];

fn read_whole(
    sent: &Sent,
    name: &str,
    message: &str,
    errors: &mut Vec<FieldError>,
) -> Option<Value> {
    let number = sent.given(name)?.parse::<i64>().unwrap_or_else(|_| {
        errors.push(wrong(name, message));
        -1
    });
    Some(number.into())
}

/// Returns the start and the time zone that the form was filled with, if its fields show them still.
///
/// A field shows less than there is. It has no seconds, it says nothing of which hour is meant on the
/// night when clocks go back, and it shows UTC where the listing has no time zone.
fn start_as_before(sent: &Sent) -> Option<(Timestamp, Option<&str>)> {
    let [start, zone] = BEFORE.map(|name| sent.given(name));
    let start = Timestamp::parse(start?).ok()?;
    let shown = start_fields(start, zone);
    let are_as_shown = [sent.value("startsAt"), sent.value("timeZone")] == shown;
    are_as_shown.then_some((start, zone))
}

/// What the fields of an event's start show, and of its time zone. A time without a zone is shown in
/// UTC: the form must say so to be read back.
fn start_fields(start: Timestamp, zone: Option<&str>) -> [String; 2] {
    [moment_field(start, zone), zone.unwrap_or("UTC").to_owned()]
}

fn read_start(sent: &Sent, errors: &mut Vec<FieldError>) -> Option<Value> {
    let start = sent.given("startsAt")?;
    let unreadable = Some(json!("unreadable"));
    let Some(zone) = sent.given("timeZone") else {
        errors.push(wrong("timeZone", "Choose the time zone that the event's time is in."));
        return unreadable;
    };
    match instant(start, zone) {
        Ok(start) => Some(start.to_string().into()),
        Err(message) => {
            errors.push(wrong("startsAt", format!("{message}.")));
            unreadable
        }
    }
}

/// The page, but for what tells selling from editing.
pub(crate) fn page(form: Form, language: &Language) -> Sell {
    let mut time_zones = time_zones();
    // A listing may have a zone that is not offered to others, such as an old name of one that is.
    let zone = form.value("timeZone").trim();
    if !zone.is_empty() && !time_zones.iter().any(|known| known == zone) {
        time_zones.push(zone.to_owned());
    }
    Sell {
        ticket: None,
        version: None,
        locked: None,
        form,
        currencies: currencies(),
        time_zones,
        withdraw: None,
        point: point(language),
    }
}

/// The form for a new listing.
pub(crate) fn empty(visit: &Visit) -> Form {
    filled([
        ("currency", local_currency(&visit.language).to_owned()),
        ("quantity", "1".to_owned()),
        ("resaleCap", RESALE_CAP.to_string()),
    ])
}

/// The form with what a listing says.
pub(crate) fn of(ticket: &Ticket, visit: &Visit) -> Form {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let zone = ticket.time_zone.as_deref();
    let when = ticket.starts_at;
    let [start, shown_zone] = match when {
        Some(start) => start_fields(start, zone),
        None => [String::new(), text(&ticket.time_zone)],
    };
    let [start_before, zone_before] = BEFORE;
    filled([
        ("title", ticket.title.clone()),
        ("price", amount_field(ticket.price, &ticket.currency, &visit.language)),
        ("currency", ticket.currency.clone()),
        ("quantity", ticket.quantity.to_string()),
        ("venue", text(&ticket.venue)),
        ("city", text(&ticket.city)),
        ("startsAt", start),
        ("timeZone", shown_zone),
        (start_before, when.map(|start| start.to_string()).unwrap_or_default()),
        (zone_before, text(&ticket.time_zone)),
        (SEEN, seen(ticket)),
        ("description", text(&ticket.description)),
        ("resaleCap", ticket.resale_cap.to_string()),
        ("transferLimit", ticket.transfer_limit.map(|times| times.to_string()).unwrap_or_default()),
        ("maxPerBuyer", ticket.max_per_buyer.to_string()),
        ("asksNames", ticked(ticket.asks_names)),
        ("turningCodes", ticked(ticket.turning_codes)),
    ])
}

/// The form for a new listing that is like `ticket`: without its date if that has passed.
pub(crate) fn like(ticket: &Ticket, visit: &Visit) -> Form {
    let mut form = of(ticket, visit);
    for name in BEFORE.into_iter().chain([SEEN]) {
        form.values.remove(name);
    }
    if has_begun(ticket) {
        form.values.remove("startsAt");
        form.values.remove("turningCodes");
    }
    form
}

/// Returns the digest of what a seller has written. A hold changes a listing's version, but not this.
pub(crate) fn seen(ticket: &Ticket) -> String {
    let mut hasher = DefaultHasher::new();
    let Ticket { title, price, currency, quantity, venue, city, description, .. } = ticket;
    (title, price, currency, quantity, venue, city, description).hash(&mut hasher);
    let Ticket { starts_at, time_zone, resale_cap, transfer_limit, .. } = ticket;
    (starts_at.map(Timestamp::as_millis), time_zone, resale_cap, transfer_limit).hash(&mut hasher);
    (ticket.max_per_buyer, ticket.asks_names, ticket.turning_codes).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// What a checkbox sends: nothing if it is not ticked.
fn ticked(is_ticked: bool) -> String {
    if is_ticked { "true".to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use form_urlencoded::Serializer;

    use super::*;

    /// A form that was filled with this start and time zone, with other `fields` in their place.
    fn sent(start: &str, zone: &str, fields: &[(&str, &str)]) -> Sent {
        let at = Timestamp::parse(start).unwrap();
        let [local, shown] = start_fields(at, Some(zone).filter(|zone| !zone.is_empty()));
        let mut form = Serializer::new(String::new());
        let [start_before, zone_before] = BEFORE;
        form.append_pair(start_before, start).append_pair(zone_before, zone);
        form.append_pair("startsAt", &local).append_pair("timeZone", &shown);
        form.extend_pairs(fields);
        Sent::parse(form.finish().as_bytes())
    }

    #[test]
    fn a_start_that_is_left_as_it_is_shown_stays_as_it_was() {
        for (start, zone) in [
            ("2027-10-31T01:30:00Z", "Europe/Zurich"),
            ("2027-06-12T18:30:45.25Z", "Europe/Zurich"),
            ("2027-06-12T18:30:00Z", ""),
            ("2027-06-12T18:30:00Z", "US/Pacific"),
        ] {
            let kept = sent(start, zone, &[]);
            let (at, in_zone) = start_as_before(&kept).unwrap();
            assert_eq!((at.to_string().as_str(), in_zone.unwrap_or_default()), (start, zone));
            for changed in [("startsAt", "2027-06-13T20:30"), ("timeZone", "Asia/Tokyo")] {
                let form = sent(start, zone, &[changed]);
                assert_eq!(start_as_before(&form), None, "{start} {zone} {changed:?}");
            }
        }
        assert_eq!(start_as_before(&Sent::parse(b"startsAt=2027-06-13T20:30")), None);
    }

    #[test]
    fn a_zone_that_a_listing_has_can_be_chosen() {
        for (zone, extra) in [("US/Pacific", 1), ("Europe/Zurich", 0), ("", 0)] {
            let form = filled([("timeZone", zone.to_owned())]);
            assert_eq!(
                page(form, &Language::of("en")).time_zones.len(),
                time_zones().len() + extra,
                "{zone}"
            );
        }
    }
}
