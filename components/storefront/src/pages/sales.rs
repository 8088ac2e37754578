//! `/sales`: what one has sold and given back; `/sales.csv`: the same as a file.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::ledger::{Balance, Statement};
use boxoffice_kernel::Problem;
use boxoffice_kernel::problem::Result;
use boxoffice_rules::listing;
use boxoffice_web::sales::{self, Sales, drawn};
use boxoffice_web::state::{Drawn, Form, Page, State};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use http::{StatusCode, Uri};

use super::browse::read_day;
use super::entrance::sign_in_first;
use super::orders::cursor_of;
use crate::answer::{self, Keep};
use crate::form::{blank, wrong};
use crate::services::ledger;
use crate::show::deals;
use crate::shown::{Day, balance, time_zones};
use crate::visitor::Visit;

pub(crate) const ADDRESS: &str = "/sales";
const FILE: &str = "/sales.csv";
/// The time zone of a range that names none.
const UTC: &str = "UTC";

pub(crate) fn route() -> Router {
    Router::new().route(ADDRESS, get(list)).route(FILE, get(file))
}

async fn list(visit: Visit, uri: Uri) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &visit.here).await;
    }
    let range = Range::parse(&uri);
    let wrong = !range.form.errors.is_empty();
    let state = load(&visit, range, cursor_of(&uri)).await?;
    Ok(match wrong {
        true => answer::refuse(&visit, StatusCode::BAD_REQUEST, state).await?,
        false => answer::show(&visit, state, Keep::Never).await?,
    })
}

/// The page of the visitor's sales in a range, from `cursor` on.
///
/// # Errors
/// When `payments` does not answer.
pub(crate) async fn load(visit: &Visit, range: Range, cursor: Option<String>) -> Result<State> {
    let here = range.address(ADDRESS, cursor.as_deref());
    let mut filters = range.to_api();
    filters.extend(cursor.map(|cursor| ("cursor", cursor)));
    let Statement { balances, page } = ledger::list(visit, &filters).await?;
    let sales = Sales {
        balances: balances.iter().map(|one| range.balance(one, visit)).collect(),
        deals: deals(&page.items, range.zone.as_deref(), visit),
        zones: time_zones().into_iter().filter(|zone| zone != UTC).collect(),
        file: range.address(FILE, None),
        next: page.next_cursor.map(|cursor| range.address(ADDRESS, Some(&cursor))),
        filters: range.form,
    };
    let state = visit.state("Sales", "", Page::Drawn(Drawn::default()));
    Ok(drawn(State { here, ..state }, sales))
}

async fn file(visit: Visit, uri: Uri) -> Result<Response> {
    let range = Range::parse(&uri);
    if visit.user.is_none() {
        return sign_in_first(&visit, &range.address(ADDRESS, None)).await;
    }
    if let Some(error) = range.form.errors.first() {
        return Err(Problem::malformed(&error.message));
    }
    let file = ledger::file(&visit, &range.to_api()).await?;
    let mut response = Response::new(Body::from(file.body().clone()));
    let headers = response.headers_mut();
    for name in [CONTENT_TYPE, CONTENT_DISPOSITION] {
        headers.extend(file.headers().get(&name).map(|value| (name, value.clone())));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// From which day until which, both included, and in which time zone; UTC if none is chosen.
pub(crate) struct Range {
    form: Form,
    from: Option<Day>,
    to: Option<Day>,
    zone: Option<String>,
}

impl Range {
    /// All days.
    pub(crate) fn all() -> Self {
        Self { form: blank(), from: None, to: None, zone: None }
    }

    /// Reads the days and the time zone of an address. What makes no sense is named, and not applied.
    fn parse(uri: &Uri) -> Self {
        let mut range = Self::all();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            let read = match &*name {
                "from" => read_day(value).map(|day| range.from = Some(day)),
                "to" => read_day(value).map(|day| range.to = Some(day)),
                "timeZone" => listing::time_zone(value)
                    .map(|()| range.zone = Some(value.to_owned()))
                    .map_err(|message| format!("{message}.")),
                _ => continue,
            };
            if let Err(message) = read {
                range.form.errors.push(wrong(&name, message));
            }
            range.form.values.insert(name.into_owned(), value.to_owned());
        }
        if range.from.zip(range.to).is_some_and(|(from, to)| to < from) {
            range.form.errors.push(wrong("to", "The last day is before the first; swap the two."));
            range.to = None;
        }
        range
    }

    /// The same in the API's words, whose end is not included.
    fn to_api(&self) -> Vec<(&'static str, String)> {
        let end = self.to.and_then(|day| day.tomorrow().ok());
        let day = |day: Option<Day>| day.map(|day| day.to_string());
        let filters = [("from", day(self.from)), ("to", day(end)), ("timeZone", self.zone.clone())];
        filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// The address at `path` of what is sold in this range, after `cursor`.
    fn address(&self, path: &str, cursor: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.form.values);
        query.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    fn balance(&self, of: &Balance, visit: &Visit) -> sales::Balance {
        let shown = |amount| balance(amount, &of.currency, &visit.language);
        sales::Balance { before: self.from.map(|_| shown(of.opening)), after: shown(of.closing) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn range(address: &str) -> Range {
        Range::parse(&address.parse().unwrap())
    }

    #[test]
    fn both_days_are_included() {
        let range = range("/sales?from=2026-11-01&to=2026-11-30&cursor=x&utm=y");
        let due = [("from", "2026-11-01".to_owned()), ("to", "2026-12-01".to_owned())];
        assert_eq!(range.to_api(), due);
        assert_eq!(range.address(FILE, None), "/sales.csv?from=2026-11-01&to=2026-11-30");
        let next = "/sales?from=2026-11-01&to=2026-11-30&cursor=a%2Bb";
        assert_eq!(range.address(ADDRESS, Some("a+b")), next);
    }

    #[test]
    fn days_are_those_of_the_chosen_time_zone() {
        let range = range("/sales?from=2026-11-01&timeZone=Europe%2FZurich");
        let due = [("from", "2026-11-01".to_owned()), ("timeZone", "Europe/Zurich".to_owned())];
        assert_eq!(range.to_api(), due);
        let file = "/sales.csv?from=2026-11-01&timeZone=Europe%2FZurich";
        assert_eq!(range.address(FILE, None), file);
    }

    #[test]
    fn days_that_make_no_sense_are_named_and_not_applied() {
        let unread = range("/sales?from=yesterday&to=");
        assert_eq!(unread.form.errors.len(), 1);
        assert_eq!(unread.form.value("from"), "yesterday");
        assert_eq!(unread.to_api(), []);
        let swapped = range("/sales?from=2026-11-30&to=2026-11-01");
        assert_eq!(swapped.form.errors[0].field.as_deref(), Some("to"));
        assert_eq!(swapped.to_api().len(), 1);
        assert_eq!(range("/sales").address(ADDRESS, None), "/sales");
        let nowhere = range("/sales?timeZone=Mars/Olympus");
        assert_eq!(nowhere.form.errors[0].field.as_deref(), Some("timeZone"));
        assert_eq!(nowhere.to_api(), []);
    }
}
