//! `GET /api/tickets`: browse and search.

use axum::Router;
use axum::extract::{Query, rejection::QueryRejection};
use axum::response::Response;
use axum::routing::get;
use boxoffice_common::db::{Connection, Value};
use boxoffice_common::http::page::{self, Page};
use boxoffice_common::problem::{FieldError, ProblemBody, Result};
use boxoffice_common::{Problem, Timestamp};
use http::Uri;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::SERVICE;
use crate::ticket::{COLUMNS, Ticket};

/// The most words that a search looks for.
const MAX_WORDS: usize = 8;
/// What a listing without a date sorts as: after all that have one.
const NO_DATE: i64 = i64::MAX;

pub(crate) fn route() -> Router {
    Router::new().route("/api/tickets", get(list))
}

/// What to show, in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Filter {
    /// Words that title, venue, city or description contain, all of them.
    q: Option<String>,
    /// The city, whatever its capitals.
    city: Option<String>,
    /// Begins at this time or later (RFC 3339). Events that have begun show only when asked for.
    from: Option<String>,
    /// Begins before this time (RFC 3339).
    to: Option<String>,
    /// Price of at most this much, in minor units.
    max_price: Option<String>,
    /// The order; newest listings first if not given.
    #[param(inline)]
    sort: Option<String>,
    /// How many a page has, 1 to 100.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// How a list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
enum Sort {
    #[default]
    #[serde(rename = "newest")]
    Newest,
    #[serde(rename = "startsAt")]
    StartsAt,
    #[serde(rename = "price")]
    Price,
    #[serde(rename = "-price")]
    PriceDescending,
}

/// Where a page ended: the sort that it belongs to, and its last entry.
#[derive(Serialize, Deserialize)]
struct Position(Sort, i64, Uuid);

impl Sort {
    /// What is compared, before the id, and whether it descends.
    const fn key(self) -> (&'static str, bool) {
        match self {
            // Ids are UUIDv7: they sort by time.
            Self::Newest => ("0", true),
            Self::StartsAt => ("COALESCE(starts_at, 9223372036854775807)", false),
            Self::Price => ("price", false),
            Self::PriceDescending => ("price", true),
        }
    }

    fn position(self, ticket: &Ticket) -> Position {
        let key = match self {
            Self::Newest => 0,
            Self::StartsAt => ticket.starts_at.map_or(NO_DATE, Timestamp::as_millis),
            Self::Price | Self::PriceDescending => ticket.price,
        };
        Position(self, key, ticket.id)
    }
}

/// Browse and search
///
/// Listings that are on sale, held or sold; withdrawn ones and past events do not show.
#[utoipa::path(
    get, path = "/api/tickets", tag = "tickets", params(Filter),
    responses(
        (status = 200, description = "A page; Link names the next", body = Page<Ticket>),
        (status = 400, description = "A filter is invalid", body = ProblemBody),
    )
)]
pub(crate) async fn list(
    uri: Uri,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Response> {
    let Query(filter) = filter.map_err(|error| Problem::malformed(error.body_text()))?;
    let query = Select::from_filter(filter)?;
    let rows = {
        let connection = Connection::open(&SERVICE).await?;
        connection.query(&query.sql(), &query.params).await?
    };
    let tickets = rows.iter().map(Ticket::read).collect::<Result<Vec<_>, _>>()?;
    let page = Page::of(tickets, query.limit, |ticket| query.sort.position(ticket))?;
    Ok(page.respond(uri.path(), uri.query()))
}

/// The statement that a filter asks for.
#[derive(Debug)]
struct Select {
    conditions: Vec<String>,
    params: Vec<Value>,
    sort: Sort,
    limit: i64,
}

impl Select {
    fn from_filter(filter: Filter) -> Result<Self> {
        let mut errors = Vec::new();
        let from = parse(&mut errors, "from", filter.from, |text| Timestamp::parse(&text));
        let to = parse(&mut errors, "to", filter.to, |text| Timestamp::parse(&text));
        let max_price = parse(&mut errors, "maxPrice", filter.max_price, |text| {
            text.parse::<i64>().map_err(|_| "Give the highest price in minor units".to_owned())
        });
        let limit = parse(&mut errors, "limit", filter.limit, |text| {
            let complaint = || format!("The limit is a number from 1 to {}", page::MAX_LIMIT);
            text.parse().ok().and_then(|n| page::limit(Some(n)).ok()).ok_or_else(complaint)
        });
        let sort = parse(&mut errors, "sort", filter.sort, |text| {
            serde_json::from_value(text.into())
                .map_err(|_| "Sort by newest, startsAt, price or -price".to_owned())
        });
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        let sort = sort.unwrap_or_default();
        let mut select = Self {
            conditions: vec!["withdrawn = 0".to_owned()],
            params: Vec::new(),
            sort,
            limit: limit.unwrap_or(page::DEFAULT_LIMIT),
        };
        select.events_between(from, to);
        select.containing(&filter.q.unwrap_or_default());
        if let Some(city) =
            filter.city.map(|city| city.trim().to_lowercase()).filter(|city| !city.is_empty())
        {
            select.that("city_key = ?", [city.into()]);
        }
        if let Some(price) = max_price {
            select.that("price <= ?", [price.into()]);
        }
        if let Some(cursor) = filter.cursor {
            select.after(page::read_cursor(&cursor)?)?;
        }
        Ok(select)
    }

    /// Adds a condition; each `?` in it becomes the number of one of `params`.
    fn that<const N: usize>(&mut self, condition: &str, params: [Value; N]) {
        let mut pieces = condition.split('?');
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for (param, piece) in params.into_iter().zip(pieces) {
            self.params.push(param);
            text.push_str(&format!("?{}{piece}", self.params.len()));
        }
        self.conditions.push(text);
    }

    fn events_between(&mut self, from: Option<Timestamp>, to: Option<Timestamp>) {
        match from {
            Some(from) => self.that("starts_at >= ?", [from.into()]),
            None => self.that("(starts_at IS NULL OR starts_at > ?)", [Timestamp::now().into()]),
        }
        if let Some(to) = to {
            self.that("starts_at < ?", [to.into()]);
        }
    }

    fn containing(&mut self, search: &str) {
        for word in search.to_lowercase().split_whitespace().take(MAX_WORDS) {
            let literal = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            self.that("words LIKE ? ESCAPE '\\'", [format!("%{literal}%").into()]);
        }
    }

    fn after(&mut self, Position(sort, key, id): Position) -> Result<()> {
        if sort != self.sort {
            return Err(Problem::invalid_field(
                "cursor",
                "This cursor belongs to another order; start again without one",
            ));
        }
        let (column, descends) = self.sort.key();
        let sign = if descends { '<' } else { '>' };
        if self.sort == Sort::Newest {
            self.that("id < ?", [id.into()]);
        } else {
            self.that(&format!("({column}, id) {sign} (?, ?)"), [key.into(), id.into()]);
        }
        Ok(())
    }

    fn sql(&self) -> String {
        let (column, descends) = self.sort.key();
        let way = if descends { "DESC" } else { "ASC" };
        let order = match self.sort {
            Sort::Newest => "id DESC".to_owned(),
            _ => format!("{column} {way}, id {way}"),
        };
        format!(
            "SELECT {COLUMNS} FROM tickets_tickets WHERE {} ORDER BY {order} LIMIT {}",
            self.conditions.join(" AND "),
            self.limit + 1
        )
    }
}

fn parse<T>(
    errors: &mut Vec<FieldError>,
    field: &str,
    text: Option<String>,
    read: impl FnOnce(String) -> Result<T, String>,
) -> Option<T> {
    // A form that was left empty asks for nothing.
    match read(text.filter(|text| !text.is_empty())?) {
        Ok(value) => Some(value),
        Err(message) => {
            errors.push(FieldError { message, field: Some(field.to_owned()) });
            None
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn select(query: &str) -> Result<Select> {
        let uri = format!("/api/tickets?{query}").parse().unwrap();
        let Query(filter) = Query::<Filter>::try_from_uri(&uri).unwrap();
        Select::from_filter(filter)
    }

    #[test]
    fn every_value_is_a_parameter() {
        let select =
            select("q=O'Hara%20100%25&city=Basel&maxPrice=500&sort=-price&limit=5").unwrap();
        let sql = select.sql();
        assert!(sql.contains("words LIKE ?2 ESCAPE '\\' AND words LIKE ?3"), "{sql}");
        assert!(sql.ends_with("ORDER BY price DESC, id DESC LIMIT 6"), "{sql}");
        assert!(!sql.contains("O'Hara") && !sql.contains("500"), "{sql}");
        assert_eq!(select.params[1], Value::from("%o'hara%"));
        assert_eq!(select.params[2], Value::from("%100\\%%"));
        assert_eq!(select.params.len(), 5);
    }

    #[test]
    fn all_wrong_filters_are_named_at_once() {
        let problem = select("from=yesterday&maxPrice=cheap&limit=0&sort=best").unwrap_err();
        assert_eq!(problem.status(), 400);
        let text = format!("{problem:?}");
        for field in ["from", "maxPrice", "limit", "sort"] {
            assert!(text.contains(&format!("Some(\"{field}\")")), "{text}");
        }
    }

    #[test]
    fn a_cursor_belongs_to_its_order() {
        let cursor = page::write_cursor(&Position(Sort::Price, 500, Uuid::nil())).unwrap();
        let sql = select(&format!("sort=price&cursor={cursor}")).unwrap().sql();
        assert!(sql.contains("(price, id) > (?2, ?3)"), "{sql}");
        assert_eq!(select(&format!("cursor={cursor}")).unwrap_err().status(), 400);
    }
}
