//! Listings.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::model::{Draft, Ticket, Time};
use crate::page;
use crate::problem::{Problem, Result, Valid};
use crate::session::User;
use crate::store::{After, Filter, Store};

/// The longest search, in characters.
const MAX_SEARCH: usize = 200;

/// How a list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sort {
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

#[derive(Deserialize)]
pub(crate) struct Wish {
    q: Option<String>,
    sort: Option<Sort>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Where a page ended.
#[derive(Serialize, Deserialize)]
struct Position(Sort, i64, Uuid);

impl Sort {
    fn position(self, ticket: &Ticket) -> Position {
        let key = match self {
            Self::Newest => 0,
            Self::StartsAt => ticket.starts_at.map_or(i64::MAX, |time| time.0),
            Self::Price | Self::PriceDescending => ticket.price,
        };
        Position(self, key, ticket.id)
    }
}

pub(crate) async fn create<S: Store>(
    State(app): State<App<S>>,
    User(user): User,
    Valid(draft): Valid<Draft>,
) -> Result<(StatusCode, Json<Ticket>)> {
    let ticket = Ticket::new(user.id, draft);
    app.store.add_ticket(ticket.clone()).await?;
    app.events.publish("ticket:created", ticket.id, &ticket).await;
    Ok((StatusCode::CREATED, Json(ticket)))
}

pub(crate) async fn show<S: Store>(
    State(app): State<App<S>>,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<Ticket>> {
    let Path(id) = id?;
    let ticket = app.store.ticket(id).await?;
    ticket.map(Json).ok_or_else(|| Problem::not_found("There is no such listing"))
}

pub(crate) async fn list<S: Store>(
    State(app): State<App<S>>,
    uri: Uri,
    wish: Result<Query<Wish>, QueryRejection>,
) -> Result<Response> {
    let Query(wish) = wish?;
    let limit = page::limit(wish.limit)?;
    let sort = wish.sort.unwrap_or_default();
    let search = wish.q.unwrap_or_default().to_lowercase();
    if search.chars().count() > MAX_SEARCH {
        return Err(Problem::invalid(format!("Search for at most {MAX_SEARCH} characters")));
    }
    let after = wish.cursor.as_deref().map(|text| position(sort, text)).transpose()?;
    let words = search.split_whitespace().map(str::to_owned).collect();
    let filter = Filter { words, sort, after, now: Time::now(), limit: limit + 1 };
    let tickets = app.store.tickets(filter).await?;
    page::answer(tickets, limit, &uri, |ticket| sort.position(ticket))
}

fn position(sort: Sort, text: &str) -> Result<After> {
    let Position(of, key, id) = page::read_cursor(text)?;
    if of == sort {
        return Ok(After { key, id });
    }
    Err(Problem::invalid("This cursor belongs to another order; start again without one"))
}
