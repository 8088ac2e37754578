//! The overview at `/`: the latest intents, what was moved, and the cards to test with.

use std::fmt::Write;

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use time::{OffsetDateTime, macros::format_description};

use crate::{
    app::{self, Scope, SharedApp},
    cards::CARDS,
    choice::Choice,
    errors::Error,
    intents::Intent,
    ledger::Stored,
    list, money, movements,
};

const SHOWN: usize = 50;

const STYLE: &str = "\
:root{color-scheme:light dark;--line:light-dark(#ddd,#444);--soft:light-dark(#666,#aaa)}\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}\
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);white-space:nowrap}\
td.n,th.n{text-align:right}code{font-size:.9em}p.soft{color:var(--soft)}\
button{font:inherit;padding:.5rem 1rem;margin:0 .5rem .5rem 0}";

/// The route of the page.
pub(crate) fn routes() -> Router<SharedApp> {
    Router::new().route("/", get(overview))
}

async fn overview(State(app): State<SharedApp>) -> Response {
    let is_ours = app.address().ip().is_loopback();
    match app::blocking(move || app.view("", |scope| body(scope, is_ours))).await {
        Ok(body) => html(StatusCode::OK, "Payment sandbox", &body),
        Err(error) => failure(error),
    }
}

/// The overview. It needs no key, so it tells of payments only where nobody but this machine can ask:
/// `is_ours`.
fn body(scope: &Scope<'_>, is_ours: bool) -> Result<String, Error> {
    let mut body = String::from(
        "<h1>Payment sandbox — no real money</h1>\
         <p>It answers as Stripe would; its list of payments is also at \
         <code>GET /v1/payment_intents</code>.</p>",
    );
    if is_ours {
        payments(&mut body, &list::latest::<Intent>(scope.db, SHOWN)?);
        totals(&mut body, &movements::totals(scope.db)?);
    } else {
        body.push_str(
            "<p class=soft>Payments are shown here only if the sandbox listens on this machine alone \
             (127.0.0.1): this page needs no key. Elsewhere, ask for them with the key.</p>",
        );
    }
    test_cards(&mut body);
    Ok(body)
}

fn payments(body: &mut String, intents: &[Intent]) {
    body.push_str("<h2>Latest payments</h2>");
    if intents.is_empty() {
        body.push_str("<p class=soft>None yet.</p>");
        return;
    }
    body.push_str(
        "<div class=scroll><table><tr><th>Time (UTC)<th class=n>Amount<th>Status<th>Payment<th>About",
    );
    for intent in intents {
        let about = intent.details.description.clone().unwrap_or_else(|| {
            let pairs: Vec<_> =
                intent.metadata.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            pairs.join(", ")
        });
        row(
            body,
            &[
                &moment(intent.created()),
                &money::with_code(intent.amount, &intent.currency),
                intent.status.word(),
                intent.id(),
                &about,
            ],
            1,
        );
    }
    body.push_str("</table></div>");
}

fn totals(body: &mut String, totals: &[(String, String, i64)]) {
    if totals.is_empty() {
        return;
    }
    body.push_str("<h2>Money moved</h2><table><tr><th>What<th class=n>Amount");
    for (currency, kind, amount) in totals {
        row(body, &[kind, &money::with_code(*amount, currency)], 1);
    }
    body.push_str("</table>");
}

fn test_cards(body: &mut String) {
    body.push_str(
        "<h2>Test cards</h2><p class=soft>Each card goes by <code>pm_card_…</code> as a payment method and by \
         <code>tok_…</code> as a legacy token.</p>\
         <div class=scroll><table><tr><th>Payment method<th>Card<th>Charging it",
    );
    for card in CARDS {
        let method = card.method();
        let face = format!("{} …{}", card.brand, card.last4);
        row(body, &[&method, &face, &card.about()], usize::MAX);
    }
    body.push_str("</table></div>");
}

/// A table row; the cell `number` is set right.
fn row(body: &mut String, cells: &[&str], number: usize) {
    body.push_str("<tr>");
    for (index, cell) in cells.iter().enumerate() {
        body.push_str(if index == number { "<td class=n>" } else { "<td>" });
        body.push_str(&escape(cell));
    }
}

fn moment(seconds: i64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|time| time.format(&format).ok())
        .unwrap_or_default()
}

/// A page of ours around `body`, which is HTML already.
pub(crate) fn html(status: StatusCode, title: &str, body: &str) -> Response {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width,initial-scale=1\">\
         <title>{}</title><style>{STYLE}</style><main>{body}</main></html>",
        escape(title)
    );
    let mut response = (status, Html(page)).into_response();
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"),
    );
    response
}

/// A page that says what went wrong.
pub(crate) fn failure(error: Error) -> Response {
    let answer = error.answer();
    let message = answer.body["error"]["message"].as_str().unwrap_or_default().to_owned();
    html(
        answer.status,
        "Payment sandbox",
        &format!("<h1>Payment sandbox</h1><p>{}</p>", escape(&message)),
    )
}

/// Text made safe for HTML, in an element or in a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
