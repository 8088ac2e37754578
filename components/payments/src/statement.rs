//! `GET /api/payments/ledger`: what a seller has sold and given back, and the shop's fees.

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use boxoffice_contract::ledger::{Balance, Entry, Movement, Statement};
use boxoffice_contract::payments::PaymentStatus;
use boxoffice_contract::{OrderId, PaymentId, TicketId, UserId};
use boxoffice_kernel::db::{self, Query, Read, Reader};
use boxoffice_kernel::http::Fields;
use boxoffice_kernel::http::page;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Problem, Timestamp, UserCx, query, row};
use http::Uri;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use crate::SERVICE;
use crate::file::{self, Separator, Zone};
use crate::machine::Status;

/// The most lines that a file may have: a component answers within its memory and its host's limit
/// for a request.
const MAX_LINES: i64 = 20_000;

/// The first and the last instant: no bound is given.
const START: Timestamp = Timestamp::from_millis(0);
const END: Timestamp = Timestamp::from_millis(i64::MAX);

/// The columns of an entry, of the ledger and of its payments.
const COLUMNS: &str = "entry.id, entry.payment_id, payment.order_id, payment.ticket_id, \
    payment.title, payment.quantity, entry.movement, entry.amount, entry.currency, entry.at, \
    payment.status, payment.refund_reason, payment.refund_refusal";

/// The columns of an entry alone.
const PART: &str = "id, payment_id, movement, amount, currency, at";

row! {
    /// An entry, with its payment.
    struct EntryRow {
        id: String,
        payment_id: PaymentId,
        order_id: OrderId,
        ticket_id: TicketId,
        title: String,
        quantity: i64,
        movement: Movement,
        amount: i64,
        currency: String,
        at: Timestamp,
        status: Status,
        refund_reason: Option<String>,
        refund_refusal: Option<String>,
    }
}

impl From<EntryRow> for Entry {
    fn from(row: EntryRow) -> Self {
        let payment_status = match row.status {
            Status::Refunded => PaymentStatus::Refunded,
            _ if row.refund_refusal.is_some() => PaymentStatus::Disputed,
            _ if row.refund_reason.is_some() => PaymentStatus::Refunding,
            _ => PaymentStatus::Captured,
        };
        Self {
            id: row.id,
            payment_id: row.payment_id,
            order_id: row.order_id,
            ticket_id: row.ticket_id,
            title: row.title,
            quantity: row.quantity,
            movement: row.movement.into(),
            // What is owed to the seller is negative in the books.
            amount: -row.amount,
            currency: row.currency,
            at: row.at,
            payment_status: payment_status.into(),
        }
    }
}

/// Which part of the ledger is wanted.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    pub(crate) seller: UserId,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

pub(crate) fn route() -> Router {
    Router::new().route("/api/payments/ledger", get(statement))
}

/// List your own sales
///
/// Your sales, refunds and fees, newest first, and your balances. With `format=csv`, all of them in a
/// file for spreadsheets, oldest first: UTF-8 with a byte order mark, every field quoted. Its columns
/// are the date by the clocks of `timeZone`, which the column's name tells, movement, title, quantity,
/// amount, currency, order, payment and the payment's current status. An apostrophe stands before
/// whatever a spreadsheet could take for a formula.
#[utoipa::path(
    get, path = "/api/payments/ledger", tag = "payments", operation_id = "show_ledger",
    params(
        ("from" = Option<String>, Query, description = "The start: a time (RFC 3339), or a date, which begins at midnight in `timeZone`"),
        ("to" = Option<String>, Query, description = "The end, exclusive: also a time or a date"),
        ("timeZone" = Option<String>, Query, description = "Where days begin at midnight, and whose clocks the file shows: an IANA name, by default UTC"),
        ("format" = Option<String>, Query, description = "`csv` for a file (RFC 4180), or `json`, the default"),
        ("separator" = Option<String>, Query, description = "What parts the fields of the file: `comma`, the default, or `semicolon`, with commas in amounts, as some spreadsheets expect"),
        ("limit" = Option<i64>, Query, description = "How many entries a page has: 1 to 100, by default 20"),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the previous page"),
    ),
    responses(
        (status = 200, description = "One page, or the file; the Link header names the next page", body = Statement),
        (status = 400, description = "A parameter is invalid, or the file would be too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn statement(cx: UserCx, uri: Uri) -> Result<Response> {
    let known = ["from", "to", "timeZone", "format", "separator", "limit", "cursor"];
    let mut fields = Fields::parse(uri.query(), &known);
    let zone = fields.take("timeZone", Zone::read).unwrap_or_default();
    let from = fields.take("from", |text| zone.read_time(text)).unwrap_or(START);
    let to = fields.take("to", |text| zone.read_time(text)).unwrap_or(END);
    let as_file = fields.take("format", read_format).unwrap_or(false);
    let separator = fields.take("separator", Separator::read).unwrap_or_default();
    let limit = fields.take("limit", page::read_limit).unwrap_or(page::DEFAULT_LIMIT);
    let cursor = fields.take("cursor", page::read_cursor::<String>);
    fields.finish()?;
    if from > to {
        return Err(Problem::invalid_field("to", "The end must not be before the beginning"));
    }
    let range = Range { seller: cx.user.id, from, to };
    if as_file {
        return file(range, &zone, separator).await;
    }
    let entries = read_entries(newest(range, cursor, limit + 1)).await?;
    let balances = balances(range).await?;
    let page = page::cut(entries, limit, |entry| entry.id.clone())?;
    let link = page::link(&page, uri.path(), uri.query());
    Ok((link, Json(Statement { balances, page })).into_response())
}

fn read_format(text: &str) -> Result<bool, String> {
    match text {
        "csv" => Ok(true),
        "json" => Ok(false),
        _ => Err("The format must be json or csv".to_owned()),
    }
}

async fn read_entries(query: Query) -> db::Result<Vec<Entry>> {
    let rows: Vec<EntryRow> = Reader::new(&SERVICE).read_all(query).await?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// Finds the newest `most` entries, of those that are older than `last` if it is given.
pub(crate) fn newest(range: Range, last: Option<String>, most: i64) -> Query {
    let after = last.as_ref().map_or("", |_| "AND entry.id < ?5");
    // Ids are UUIDv7: they sort by time.
    entries(range, after, "ORDER BY entry.id DESC", most).bind_all(last)
}

/// Finds the oldest `most` entries.
pub(crate) fn oldest(range: Range, most: i64) -> Query {
    entries(range, "", "ORDER BY entry.id", most)
}

/// Finds entries of both tables. Each is read by its own index, and no further than `most` entries.
fn entries(range: Range, after: &str, order: &str, most: i64) -> Query {
    let Range { seller, from, to } = range;
    query!(
        "SELECT {COLUMNS} FROM (\
         SELECT * FROM (SELECT {PART} FROM payments_ledger AS entry \
         WHERE owner_id = ?1 AND account = 'sellers' AND at >= ?2 AND at < ?3 {after} \
         {order} LIMIT ?4) AS booked \
         UNION ALL SELECT * FROM (SELECT {PART} FROM payments_adjustments AS entry \
         WHERE owner_id = ?1 AND account = 'sellers' AND at >= ?2 AND at < ?3 {after} \
         {order} LIMIT ?4) AS adjusted) AS entry \
         JOIN payments_payments AS payment ON payment.id = entry.payment_id {order} LIMIT ?4",
        seller,
        from,
        to,
        most
    )
}

async fn balances(range: Range) -> db::Result<Vec<Balance>> {
    let sums: Vec<(String, i64, i64)> = Reader::new(&SERVICE).read_all(adding_up(range)).await?;
    let balance = |(currency, opening, closing)| Balance { currency, opening, closing };
    Ok(sums.into_iter().map(balance).collect())
}

pub(crate) fn adding_up(Range { seller, from, to }: Range) -> Query {
    query!(
        "SELECT currency, \
         CAST(SUM(CASE WHEN at < ?2 THEN -amount ELSE 0 END) AS BIGINT) AS opening, \
         CAST(SUM(-amount) AS BIGINT) AS closing FROM \
         (SELECT amount, currency, at FROM payments_ledger \
         WHERE owner_id = ?1 AND account = 'sellers' AND at < ?3 \
         UNION ALL SELECT amount, currency, at FROM payments_adjustments \
         WHERE owner_id = ?1 AND account = 'sellers' AND at < ?3) AS entry \
         GROUP BY currency ORDER BY currency",
        seller,
        from,
        to
    )
}

/// All of the range as a file.
async fn file(range: Range, zone: &Zone, separator: Separator) -> Result<Response> {
    let entries = read_entries(oldest(range, MAX_LINES + 1)).await?;
    if entries.len() > usize::try_from(MAX_LINES).unwrap_or(usize::MAX) {
        let message =
            format!("The file would have more than {MAX_LINES} lines; choose a shorter period");
        return Err(Problem::invalid_field("from", message));
    }
    let given = |bound: Timestamp, open: Timestamp| Some(bound).filter(|bound| *bound != open);
    let name = file::name(given(range.from, START), given(range.to, END), zone);
    let disposition = format!("attachment; filename=\"{name}\"");
    let kind = "text/csv; charset=utf-8".to_owned();
    let headers = [(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, disposition)];
    Ok((headers, file::write(&entries, zone, separator)?).into_response())
}
