//! The append-only record of money: what was authorized, captured, voided and refunded.
//!
//! For every intent, what was authorized is what was captured plus what was voided, plus what is still
//! on hold; the schema refuses a movement that would break that, and any change of an older one.

use axum::{Router, extract::State, response::Response, routing::get};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::{
    app::{Scope, SharedApp},
    call::Call,
    choice::{Choice, choices},
    errors::Error,
    form::Params,
};

choices! {
    /// What happened to the money.
    Kind {
        /// It was put on hold on the card.
        Authorize = "authorize",
        /// It was taken.
        Capture = "capture",
        /// The hold was let go.
        Void = "void",
        /// It was given back.
        Refund = "refund",
    }
}

/// Records a movement of `amount` minor units on the intent `intent`.
pub(crate) fn record(
    scope: &Scope<'_>,
    kind: Kind,
    intent: &str,
    amount: i64,
    currency: &str,
) -> Result<(), Error> {
    scope
        .db
        .prepare_cached(
            "INSERT INTO movements (intent, kind, amount, currency, created) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![intent, kind.word(), amount, currency, scope.now])?;
    Ok(())
}

/// The sum of all movements by currency and kind, for the overview page.
pub(crate) fn totals(db: &Connection) -> Result<Vec<(String, String, i64)>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT currency, kind, sum(amount) FROM movements GROUP BY currency, kind \
         ORDER BY currency, min(seq)",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// `GET /sandbox/movements`, which Stripe does not have: the record itself, for audits and tests.
pub(crate) fn routes() -> Router<SharedApp> {
    Router::new().route("/sandbox/movements", get(list))
}

/// Oldest first, all of one intent (`payment_intent`) or of all.
async fn list(State(app): State<SharedApp>, call: Call) -> Response {
    let parse = |params: &mut Params| params.text("payment_intent");
    app.read(call, parse, |scope, intent| rows(scope.db, intent.as_deref())).await
}

fn rows(db: &Connection, intent: Option<&str>) -> Result<Value, Error> {
    let mut statement = db.prepare_cached(
        "SELECT intent, kind, amount, currency, created FROM movements \
         WHERE ?1 IS NULL OR intent = ?1 ORDER BY seq",
    )?;
    let rows = statement.query_map(params![intent], |row| {
        Ok(json!({
            "object": "movement",
            "payment_intent": row.get::<_, String>(0)?,
            "kind": row.get::<_, String>(1)?,
            "amount": row.get::<_, i64>(2)?,
            "currency": row.get::<_, String>(3)?,
            "created": row.get::<_, i64>(4)?,
        }))
    })?;
    let data = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "object": "list", "data": data, "has_more": false, "url": "/sandbox/movements" }))
}
