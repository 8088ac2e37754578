//! `/`: what is for sale.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::tickets::Ticket;
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::problem::Result;
use boxoffice_web::state::{Browse, Form, Page, State};
use http::{StatusCode, Uri};

use crate::answer::{self, Keep};
use crate::form::wrong;
use crate::services::tickets;
use crate::show::cards;
use crate::shown::{Day, day, read_units, shift};
use crate::visitor::Visit;

/// The filters, as in the address.
const FILTERS: [&str; 6] = ["q", "city", "from", "to", "maxPrice", "sort"];
/// How many listings a page has: full rows, whether of one, two or three.
const LIMIT: &str = "24";

const TITLE: &str = "Tickets for sale";
const DESCRIPTION: &str = "Concerts, theatre, sports: find tickets that people sell to people. \
    Hold them while you pay; nobody is charged without a ticket.";

pub(crate) fn route() -> Router {
    Router::new().route("/", get(browse))
}

async fn browse(visit: Visit, uri: Uri) -> Result<Response> {
    let asked = Asked::parse(uri.query(), &visit);
    let wrong = !asked.form.errors.is_empty();
    let page = tickets::list(&visit, &asked.to_api()).await?;
    let tickets: Vec<_> = page.items.into_iter().filter(|one| asked.includes(one)).collect();
    let state = asked.state(&tickets, page.next_cursor.as_deref(), &visit);
    Ok(if wrong {
        answer::refuse(&visit, StatusCode::BAD_REQUEST, state).await?
    } else {
        answer::show(&visit, state, Keep::Revalidated).await?
    })
}

/// What a visitor looks for.
#[derive(Default)]
struct Asked {
    form: Form,
    /// The same in the API's words, of what makes sense.
    api: Vec<(&'static str, String)>,
    from: Option<Day>,
    to: Option<Day>,
    cursor: Option<String>,
}

impl Asked {
    /// Reads the filters of an address. One that makes no sense is named, and not applied.
    fn parse(query: Option<&str>, visit: &Visit) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let value = value.trim().to_owned();
            if value.is_empty() {
                continue;
            }
            match FILTERS.iter().find(|known| **known == name) {
                Some(known) => asked.take(known, value, visit),
                None if name == "cursor" => asked.cursor = Some(value),
                // Links from elsewhere carry all sorts of things.
                None => {}
            }
        }
        asked.dates();
        asked
    }

    fn take(&mut self, name: &'static str, value: String, visit: &Visit) {
        let read = match name {
            "from" => read_day(&value).map(|day| self.from = Some(day)),
            "to" => read_day(&value).map(|day| self.to = Some(day)),
            "maxPrice" => {
                read_units(&value, &visit.language).map(|units| self.api.push(("maxUnits", units)))
            }
            "sort" => read_sort(&value).map(|()| self.api.push(("sort", value.clone()))),
            _ => read_words(&value).map(|()| self.api.push((name, value.clone()))),
        };
        self.form.values.insert(name.to_owned(), value);
        self.form.errors.extend(read.err().map(|message| wrong(name, message)));
    }

    /// The API knows instants. What begins on a day, wherever that is, begins between these; what
    /// does not is left out by [`Asked::includes`]. What has begun does not show.
    fn dates(&mut self) {
        if self.from.zip(self.to).is_some_and(|(from, to)| to < from) {
            self.form.errors.push(wrong("to", "The last day is before the first; swap the two."));
            self.to = None;
        }
        let (from, to) = shift(self.from, self.to);
        let now = Timestamp::now();
        if let Some(from) = from.or_else(|| self.from.map(|_| now)) {
            self.api.push(("from", from.max(now).to_string()));
        }
        self.api.extend(to.map(|to| ("to", to.to_string())));
    }

    /// Whether a listing begins on one of the days that are asked for, where it takes place.
    fn includes(&self, ticket: &Ticket) -> bool {
        let zone = ticket.time_zone.as_deref();
        let Some(day) = ticket.starts_at.and_then(|at| day(at, zone)) else { return true };
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    fn to_api(&self) -> Vec<(&str, &str)> {
        let filters = self.api.iter().map(|(name, value)| (*name, value.as_str()));
        let cursor = self.cursor.as_deref().map(|cursor| ("cursor", cursor));
        filters.chain([("limit", LIMIT)]).chain(cursor).collect()
    }

    /// The address of these filters, with what they do not filter away after `cursor`.
    fn address(&self, cursor: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(
            FILTERS.iter().filter_map(|name| Some((*name, self.form.values.get(*name)?))),
        );
        query.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
        match query.finish() {
            query if query.is_empty() => "/".to_owned(),
            query => format!("/?{query}"),
        }
    }

    fn state(self, tickets: &[Ticket], next: Option<&str>, visit: &Visit) -> State {
        let filtered = self.form.values.keys().any(|name| name != "sort");
        let title = match self.form.values.get("q") {
            Some(words) => format!("“{words}”"),
            None => TITLE.to_owned(),
        };
        let page = Browse {
            filtered,
            cards: cards(tickets, visit),
            next: next.map(|cursor| self.address(Some(cursor))),
            first: self.cursor.is_some().then(|| self.address(None)),
            filters: self.form,
        };
        visit.state(&title, DESCRIPTION, Page::Browse(page))
    }
}

/// Reads a day as fields of kind `date` hold it.
///
/// # Errors
/// A sentence for whoever filled it in.
pub(crate) fn read_day(text: &str) -> Result<Day, String> {
    text.parse().map_err(|_| "Give the day as year, month and day, such as 2027-05-01.".to_owned())
}

fn read_words(text: &str) -> Result<(), String> {
    let fits = text.chars().count() <= 200;
    if fits { Ok(()) } else { Err("Search for at most 200 characters.".to_owned()) }
}

fn read_sort(text: &str) -> Result<(), String> {
    let known = matches!(text, "newest" | "startsAt" | "price" | "-price");
    if known { Ok(()) } else { Err("This sort order does not exist; choose another.".to_owned()) }
}
