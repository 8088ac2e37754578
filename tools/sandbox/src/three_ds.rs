//! The bank's side of 3-D Secure: the page that `next_action.redirect_to_url.url` leads to.
//!
//! `GET` shows two buttons; `POST` with `outcome=complete` or `outcome=fail` is what they send, and what
//! a test may send as well. Both need no key, as the buyer's browser has none.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use crate::{
    app::{self, SharedApp},
    choice::{Choice, choices},
    errors::{Error, Refusal},
    form::Params,
    intents::{self, Intent, Status},
    ledger::{self, Stored},
    money, page, webhooks,
};

choices! {
    /// What the cardholder did.
    Outcome {
        /// They proved who they are.
        Complete = "complete",
        /// They did not.
        Fail = "fail",
    }
}

/// The routes of the page.
pub(crate) fn routes() -> Router<SharedApp> {
    Router::new().route("/sandbox/3ds/{id}", get(show).post(act))
}

async fn show(State(app): State<SharedApp>, Path(id): Path<String>) -> Response {
    let found = move || app.view("", |scope| ledger::require::<Intent>(scope.db, &id, "intent"));
    match app::blocking(found).await {
        Ok(intent) => question(&intent),
        Err(error) => page::failure(error),
    }
}

fn question(intent: &Intent) -> Response {
    if intent.status != Status::RequiresAction {
        return result(intent);
    }
    let amount = page::escape(&money::with_code(intent.amount, &intent.currency));
    page::html(
        StatusCode::OK,
        "3-D Secure test page",
        &format!(
            "<h1>3-D Secure test page</h1>\
             <p>Here your bank would ask you to confirm a payment of <b>{amount}</b>. \
             No real money moves.</p>\
             <form method=post><button name=outcome value={}>Complete authentication</button>\
             <button name=outcome value={}>Fail authentication</button></form>",
            Outcome::Complete.word(),
            Outcome::Fail.word()
        ),
    )
}

async fn act(State(app): State<SharedApp>, Path(id): Path<String>, body: Bytes) -> Response {
    let outcome = match outcome(&body) {
        Ok(outcome) => outcome,
        Err(error) => return page::failure(error),
    };
    let acting = app.clone();
    let acted = move || {
        acting.change("", |scope| {
            let intent: Intent = ledger::require(scope.db, &id, "intent")?;
            if intent.status != Status::RequiresAction {
                // Answered before: a button pressed twice changes nothing.
                return Ok(intent);
            }
            match outcome {
                Outcome::Complete => intents::pass_authentication(scope, intent),
                Outcome::Fail => intents::fail_authentication(scope, intent),
            }
        })
    };
    let acted = app::blocking(acted).await;
    webhooks::before_answer(&app).await;
    match acted {
        Ok(intent) => leave(&intent),
        Err(error) => page::failure(error),
    }
}

fn outcome(body: &[u8]) -> Result<Outcome, Error> {
    let mut params = Params::decode(body)?;
    let outcome = params.choice("outcome")?.ok_or_else(|| Refusal::missing("outcome"))?;
    params.finish()?;
    Ok(outcome)
}

/// Back to the shop, with what Stripe adds to the URL; without one, the result stays on the page.
fn leave(intent: &Intent) -> Response {
    let Some(url) = &intent.return_url else { return result(intent) };
    let (before, fragment) = match url.split_once('#') {
        Some((before, fragment)) => (before, format!("#{fragment}")),
        None => (url.as_str(), String::new()),
    };
    let failed = matches!(intent.status, Status::RequiresPaymentMethod | Status::Canceled);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("payment_intent", intent.id())
        .append_pair("payment_intent_client_secret", intent.client_secret())
        .append_pair("redirect_status", if failed { "failed" } else { "succeeded" })
        .finish();
    let joint = if before.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{before}{joint}{query}{fragment}")).into_response()
}

fn result(intent: &Intent) -> Response {
    let body = format!(
        "<h1>3-D Secure test page</h1><p>Nothing is left to do here. The payment is now: \
         <b>{}</b>.</p>",
        intent.status.word()
    );
    page::html(StatusCode::OK, "3-D Secure test page", &body)
}
