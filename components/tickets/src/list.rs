//! `GET /api/tickets`: browse and search.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::tickets as api;
use boxoffice_contract::{Page, TicketId, UserId};
use boxoffice_kernel::db::{self, Query, Read, Reader, Record, Row, Value};
use boxoffice_kernel::http::page;
use boxoffice_kernel::http::{Fields, json};
use boxoffice_kernel::identity::MaybeUser;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Timestamp, query};
use boxoffice_rules::{money, text};
use http::header::LINK;
use http::{HeaderMap, HeaderValue, Uri};
use send_wrapper::SendWrapper;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::SERVICE;
use crate::pages::{self, Written};
use crate::stored_json::{Stored, StoredJson};
use crate::ticket::{self, Ticket};

/// The longest search, in characters.
const MAX_SEARCH: usize = 200;
/// How many digits most currencies have after the point, and how many they have at most.
const USUAL_DIGITS: u8 = 2;
const MAX_DIGITS: u8 = 4;

pub(crate) fn route() -> Router {
    Router::new().route("/api/tickets", get(list))
}

/// The filters that there are.
const FILTERS: [&str; 11] = [
    "q", "city", "from", "to", "maxPrice", "maxUnits", "sellerId", "resaleOf", "sort", "limit",
    "cursor",
];

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
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Position(Sort, i64, TicketId);

impl Sort {
    /// What is compared, before the id, and whether it descends.
    const fn key(self) -> (&'static str, bool) {
        match self {
            // Ids are UUIDv7: they sort by time.
            Self::Newest => ("0", true),
            // What has no date comes after all that have one.
            Self::StartsAt => ("COALESCE(starts_at, 9223372036854775807)", false),
            Self::Price => ("price", false),
            Self::PriceDescending => ("price", true),
        }
    }

    /// Reads a cursor, which must be from a list in this order.
    fn read_position(self, text: &str) -> Result<Position, String> {
        let position: Position = page::read_cursor(text)?;
        if position.0 == self {
            return Ok(position);
        }
        Err("This cursor belongs to another order; start again without one".to_owned())
    }
}

/// Browse and search
///
/// Lists tickets that are on sale, held or sold. Withdrawn listings and past events are left out,
/// except from a seller's own list. So are the tickets that fans sell on, unless `resaleOf` or
/// `sellerId` asks for them.
#[utoipa::path(
    get, path = "/api/tickets", tag = "tickets", operation_id = "list_tickets",
    params(
        ("q" = Option<String>, Query, description = "Words; a listing must contain all of them in its title, venue, city or description"),
        ("city" = Option<String>, Query, description = "The city, in upper or lower case"),
        ("from" = Option<Timestamp>, Query, description = "Begins at this time or later. Without it, events that have begun are left out"),
        ("to" = Option<Timestamp>, Query, description = "Begins before this time"),
        ("maxPrice" = Option<i64>, Query, description = "Costs at most this much, in its currency's minor units"),
        ("maxUnits" = Option<String>, Query, description = "Costs at most this much, in its currency's main unit: 45.50 is 4550 cents, or 45 yen"),
        ("sellerId" = Option<Uuid>, Query, description = "Listed by this account. Your own list includes withdrawn and past listings"),
        ("resaleOf" = Option<Uuid>, Query, description = "Sold on by fans who bought them of this listing, and not sold yet"),
        ("sort" = inline(Option<Sort>), Query, description = "The sort order; by default newest listings first, or with `resaleOf` the cheapest"),
        ("limit" = Option<i64>, Query, description = "How many entries a page has: 1 to 100, by default 20"),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the previous page"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of the client's copy"),
    ),
    responses(
        (status = 200, description = "One page; the Link header names the next", body = Page<api::Ticket>),
        (status = 304, description = "Not modified since this ETag"),
        (status = 400, description = "A filter is invalid", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    MaybeUser(user): MaybeUser,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response> {
    let select = Select::parse(uri.query(), user.map(|user| user.id))?;
    let read = async || select.read(&uri).await;
    let page = match select.is_for_everybody {
        true => pages::kept(uri.query(), read).await?,
        false => SendWrapper::new(read()).await?,
    };
    let mut response = json::revalidated(&headers, page.tag, || page.json);
    response.headers_mut().extend(page.link.map(|link| (LINK, link)));
    Ok(response)
}

/// A row of a list, with what it is sorted by.
struct Listed<T> {
    id: TicketId,
    sort_key: i64,
    listing: T,
}

impl<T: Row> Row for Listed<T> {
    fn read(record: &Record) -> db::Result<Self> {
        let (id, sort_key) = (record.get("id")?, record.get("sort_key")?);
        Ok(Self { id, sort_key, listing: T::read(record)? })
    }
}

/// An entry of a page.
struct Entry {
    id: TicketId,
    position: Position,
    shown: StoredJson,
}

/// What tells this page from what it was or will be: its entries at their versions.
fn tag_of(page: &Page<Entry>) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    page.next_cursor.hash(&mut hasher);
    for Entry { id, shown, .. } in &page.items {
        (id, shown.version).hash(&mut hasher);
    }
    let tag = format!("W/\"{:016x}\"", hasher.finish());
    HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("W/\"\""))
}

/// The statement that a filter asks for.
#[derive(Debug)]
struct Select {
    conditions: Vec<String>,
    params: Vec<Value>,
    sort: Sort,
    limit: i64,
    /// Whoever asks for it sees the same.
    is_for_everybody: bool,
}

impl Select {
    /// Reads a filter that `caller` asks for, if anyone is signed in.
    fn parse(query: Option<&str>, caller: Option<UserId>) -> Result<Self> {
        let mut fields = Fields::parse(query, &FILTERS);
        let search = fields.take("q", read_search);
        let city = fields.take("city", read_search);
        let from = fields.take("from", Timestamp::parse);
        let to = fields.take("to", Timestamp::parse);
        let max_price = fields.take("maxPrice", read_price);
        let max_units = fields.take("maxUnits", read_units);
        let seller = fields.take("sellerId", read_seller);
        let event = fields.take("resaleOf", read_event);
        let usual = event.map_or(Sort::Newest, |_| Sort::Price);
        let sort = fields.take("sort", read_sort).unwrap_or(usual);
        let limit = fields.take("limit", page::read_limit).unwrap_or(page::DEFAULT_LIMIT);
        let after = fields.take("cursor", |text| sort.read_position(text));
        fields.finish()?;

        let is_for_everybody = seller.is_none();
        let (conditions, params) = (Vec::new(), Vec::new());
        let mut select = Self { conditions, params, sort, limit, is_for_everybody };
        match seller {
            Some(seller) => select.of_seller(seller, caller, from),
            None => select.on_show(from),
        }
        match event {
            Some(event) => select.that("resale_of = ? AND sold < quantity", [event.into()]),
            None if seller.is_none() => select.that("resale_of IS NULL", []),
            None => {}
        }
        select.events_between(from, to);
        select.containing(&search.unwrap_or_default());
        if let Some(city) = city {
            select.that("city_key = ?", [city.into()]);
        }
        if let Some(price) = max_price {
            select.that("price <= ?", [price.into()]);
        }
        if let Some(units) = max_units {
            select.costing_at_most(&units);
        }
        if let Some(position) = after {
            select.after(&position);
        }
        Ok(select)
    }

    /// Adds a condition; each `?` in it becomes the number of one of `params`.
    fn that<const N: usize>(&mut self, condition: &str, params: [Value; N]) {
        let mut pieces = condition.split('?');
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for (param, piece) in params.into_iter().zip(pieces) {
            text.push_str(&self.param(param));
            text.push_str(piece);
        }
        self.conditions.push(text);
    }

    /// What everybody may see, from where on they do not ask for themselves.
    fn on_show(&mut self, from: Option<Timestamp>) {
        self.that("withdrawn = 0", []);
        if from.is_none() {
            self.that("(starts_at IS NULL OR starts_at > ?)", [Timestamp::now().into()]);
        }
    }

    /// What `seller` lists: all of it, if it is they who ask.
    fn of_seller(&mut self, seller: UserId, caller: Option<UserId>, from: Option<Timestamp>) {
        self.that("seller_id = ?", [seller.into()]);
        if caller != Some(seller) {
            self.on_show(from);
        }
    }

    /// One number stands for as many amounts as there are currencies: 45 is 4500 cents, or 45 yen.
    fn costing_at_most(&mut self, units: &Units) {
        let mut cases = String::new();
        for digits in (0..=MAX_DIGITS).filter(|digits| *digits != USUAL_DIGITS) {
            let of_these = money::currencies().map(|currency| currency.code());
            let codes: Vec<String> = of_these
                .filter(|code| money::digits(code) == digits)
                .map(|code| format!("'{code}'"))
                .collect();
            if !codes.is_empty() {
                let price = self.param(units.minor(digits));
                cases.push_str(&format!(
                    " WHEN currency IN ({}) THEN CAST({price} AS BIGINT)",
                    codes.join(", ")
                ));
            }
        }
        let usual = self.param(units.minor(USUAL_DIGITS));
        self.conditions.push(format!("price <= CASE{cases} ELSE CAST({usual} AS BIGINT) END"));
    }

    /// Adds a parameter; answers with what stands for it in a condition.
    fn param(&mut self, value: impl Into<Value>) -> String {
        self.params.push(value.into());
        format!("?{}", self.params.len())
    }

    fn events_between(&mut self, from: Option<Timestamp>, to: Option<Timestamp>) {
        if let Some(from) = from {
            self.that("starts_at >= ?", [from.into()]);
        }
        if let Some(to) = to {
            self.that("starts_at < ?", [to.into()]);
        }
    }

    fn containing(&mut self, search: &str) {
        for word in search.split_whitespace() {
            let literal = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            self.that("words LIKE ? ESCAPE '\\'", [format!("%{literal}%").into()]);
        }
    }

    fn after(&mut self, Position(_, key, id): &Position) {
        let (column, descends) = self.sort.key();
        let sign = if descends { '<' } else { '>' };
        if self.sort == Sort::Newest {
            self.that("id < ?", [(*id).into()]);
        } else {
            self.that(&format!("({column}, id) {sign} (?, ?)"), [(*key).into(), (*id).into()]);
        }
    }

    /// The page, which `uri` asks for.
    async fn read(&self, uri: &Uri) -> Result<Written> {
        let found: Vec<Listed<Stored>> = self.run(Stored::COLUMNS).await?;
        let entries = found
            .into_iter()
            .map(|Listed { id, sort_key, listing }| {
                Some(self.entry(id, sort_key, listing.shown()?))
            })
            .collect::<Option<Vec<_>>>();
        let entries = match entries {
            Some(entries) => entries,
            None => self.renewed().await?,
        };
        let page = page::cut(entries, self.limit, |entry| entry.position)?;
        let link = page::link(&page, uri.path(), uri.query()).map(|[(_, link)]| link);
        let tag = tag_of(&page);
        Ok(Written { tag, link, json: page::written(&page.map(|entry| entry.shown.json)) })
    }

    /// The rows that the filter finds, with `columns`.
    async fn run<T: Row>(&self, columns: &str) -> db::Result<Vec<Listed<T>>> {
        Reader::new(&SERVICE).read_all(self.query(columns)).await
    }

    fn entry(&self, id: TicketId, sort_key: i64, shown: StoredJson) -> Entry {
        Entry { id, position: Position(self.sort, sort_key, id), shown }
    }

    /// The same page, of which something is behind.
    async fn renewed(&self) -> Result<Vec<Entry>> {
        let found: Vec<Listed<Ticket>> = self.run(ticket::COLUMNS).await?;
        let renewed = found.into_iter().map(|Listed { id, sort_key, listing }| {
            Ok(self.entry(id, sort_key, StoredJson::renewed(&listing)?))
        });
        renewed.collect()
    }

    fn query(&self, columns: &str) -> Query {
        let (column, descends) = self.sort.key();
        let way = if descends { "DESC" } else { "ASC" };
        let order = match self.sort {
            Sort::Newest => "id DESC".to_owned(),
            _ => format!("{column} {way}, id {way}"),
        };
        let (conditions, most) = (self.conditions.join(" AND "), self.limit + 1);
        query!(
            "SELECT id, {column} AS sort_key, {columns} FROM tickets_tickets WHERE {conditions} ORDER BY {order} LIMIT {most}"
        )
        .bind_all(self.params.iter().cloned())
    }
}

fn read_search(text: &str) -> Result<String, String> {
    if text.chars().count() > MAX_SEARCH {
        return Err(format!("Search for at most {MAX_SEARCH} characters"));
    }
    // Stored texts are composed; letters are compared in lower case.
    Ok(text::tidied(text).to_lowercase())
}

fn read_price(text: &str) -> Result<i64, String> {
    let price = text.parse().ok().filter(|price| *price >= 0);
    price.ok_or_else(|| "Give the highest price as a whole number of minor units".to_owned())
}

/// A price in any currency's main unit: whole units, and the digits of the rest.
#[derive(Debug)]
struct Units {
    whole: i64,
    rest: String,
}

impl Units {
    /// The most that this can be in minor units, of which `digits` make one.
    fn minor(&self, digits: u8) -> i64 {
        let rest = self.rest.chars().chain(std::iter::repeat('0')).take(digits.into());
        let minor: i64 = rest.collect::<String>().parse().unwrap_or(0);
        self.whole.saturating_mul(10_i64.pow(digits.into())).saturating_add(minor)
    }
}

fn read_units(text: &str) -> Result<Units, String> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let plain = [whole, rest].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let units = whole.parse().ok().filter(|_| plain && !text.ends_with('.'));
    let whole = units.ok_or("Give the highest price as a number such as 45 or 45.50")?;
    Ok(Units { whole, rest: rest.to_owned() })
}

fn read_seller(text: &str) -> Result<UserId, String> {
    text.parse().map_err(|_| "Give the seller by their account's id".to_owned())
}

fn read_event(text: &str) -> Result<TicketId, String> {
    text.parse().map_err(|_| "Give the event by its listing's id".to_owned())
}

fn read_sort(text: &str) -> Result<Sort, String> {
    serde_json::from_value(text.into())
        .map_err(|_| "Sort by newest, startsAt, price or -price".to_owned())
}

/// Lists by every filter and in every order, of what is stored in JSON and of what is behind.
#[cfg(test)]
pub(crate) fn samples() -> Vec<Query> {
    let filters = [
        None,
        Some(
            "q=a+b&city=c&from=2027-05-01T00:00:00Z&to=2027-05-02T00:00:00Z&maxPrice=1&maxUnits=2",
        ),
        Some("sellerId=00000000-0000-0000-0000-000000000000&sort=startsAt"),
        Some("sort=price"),
        Some("sort=-price"),
        Some("resaleOf=00000000-0000-0000-0000-000000000000"),
    ];
    let parse = |query| Select::parse(query, None).unwrap_or_else(|error| panic!("{error:?}"));
    let mut selects: Vec<Select> = filters.map(parse).into();
    for sort in [Sort::Newest, Sort::StartsAt, Sort::Price, Sort::PriceDescending] {
        let mut select = Select { sort, ..parse(None) };
        select.after(&Position(sort, 1, TicketId::nil()));
        selects.push(select);
    }
    let both = [Stored::COLUMNS, ticket::COLUMNS];
    selects.iter().flat_map(|select| both.map(|columns| select.query(columns))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn select(query: &str) -> Result<Select> {
        Select::parse(Some(query), None)
    }

    fn sql(select: &Select) -> String {
        select.query(ticket::COLUMNS).sql().to_owned()
    }

    #[test]
    fn every_value_is_a_parameter() {
        let select =
            select("q=O'Hara%20100%25&city=Basel&maxPrice=500&sort=-price&limit=5").unwrap();
        let sql = sql(&select);
        assert!(sql.contains("words LIKE ?2 ESCAPE '\\' AND words LIKE ?3"), "{sql}");
        assert!(sql.ends_with("ORDER BY price DESC, id DESC LIMIT 6"), "{sql}");
        assert!(!sql.contains("O'Hara") && !sql.contains("500"), "{sql}");
        assert_eq!(select.params[1], Value::from("%o'hara%"));
        assert_eq!(select.params[2], Value::from("%100\\%%"));
        assert_eq!(select.params.len(), 5);
    }

    #[test]
    fn a_search_is_composed_as_listings_are() {
        let select = select("q=Beyonce%CC%81&city=Zu%CC%88rich").unwrap();
        assert_eq!(select.params[1], Value::from("%beyonc\u{e9}%"));
        assert_eq!(select.params[2], Value::from("z\u{fc}rich"));
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
        let cursor = page::write_cursor(&Position(Sort::Price, 500, TicketId::nil())).unwrap();
        let sql = sql(&select(&format!("sort=price&cursor={cursor}")).unwrap());
        assert!(sql.contains("(price, id) > (?2, ?3)"), "{sql}");
        assert_eq!(select(&format!("cursor={cursor}")).unwrap_err().status(), 400);
    }

    #[test]
    fn a_price_is_at_most_that_many_units_of_whatever_currency() {
        let minor = |text: &str| [0, 2, 3].map(|digits| read_units(text).unwrap().minor(digits));
        assert_eq!(minor("45"), [45, 4500, 45_000]);
        assert_eq!(minor("45.5"), [45, 4550, 45_500]);
        assert_eq!(minor("0.999"), [0, 99, 999]);
        assert_eq!(minor("9223372036854775807")[1], i64::MAX);
        for wrong in ["", ".", "-1", "4,5", "1e3", "45.", "4.5.6", "+1", "99999999999999999999"] {
            read_units(wrong).unwrap_err();
        }
        let sql = sql(&select("maxUnits=45").unwrap());
        assert!(sql.contains("'JPY'") && sql.contains("'KWD'") && !sql.contains("'EUR'"), "{sql}");
    }

    #[test]
    fn sellers_see_all_of_their_own_and_nobody_elses() {
        let (me, other) = (UserId::new(), UserId::new());
        let of =
            |seller| sql(&Select::parse(Some(&format!("sellerId={seller}")), Some(me)).unwrap());
        assert!(
            of(me).contains("seller_id = ?1") && !of(me).contains("withdrawn = 0"),
            "{}",
            of(me)
        );
        assert!(of(other).contains("seller_id = ?1 AND withdrawn = 0 AND (starts_at IS NULL"));
    }

    #[test]
    fn what_fans_sell_on_is_listed_for_those_who_ask_for_it() {
        let (event, seller) = (TicketId::new(), UserId::new());
        for (query, of_fans) in [
            (String::new(), Some(false)),
            ("q=kites&sort=price".to_owned(), Some(false)),
            (format!("resaleOf={event}"), Some(true)),
            (format!("resaleOf={event}&sellerId={seller}"), Some(true)),
            (format!("sellerId={seller}"), None),
        ] {
            let sql = sql(&select(&query).unwrap());
            assert_eq!(sql.contains("resale_of IS NULL"), of_fans == Some(false), "{sql}");
            assert_eq!(sql.contains("resale_of = ?"), of_fans == Some(true), "{sql}");
        }
        let cheapest = sql(&select(&format!("resaleOf={event}")).unwrap());
        assert!(cheapest.contains("ORDER BY price ASC, id ASC"), "{cheapest}");
        let newest = sql(&select(&format!("resaleOf={event}&sort=newest")).unwrap());
        assert!(newest.contains("ORDER BY id DESC"), "{newest}");
        assert_eq!(select("resaleOf=1").unwrap_err().status(), 400);
    }
}
