//! Disputes: buyers who want their money back from their bank
//! (<https://docs.stripe.com/api/disputes>).
//!
//! With Stripe a bank begins one. Here `POST /sandbox/disputes` with a `payment_intent` does, which
//! Stripe does not have. It ends as in Stripe's test mode: evidence of `winning_evidence` wins it,
//! `losing_evidence` loses it, and so does closing it.

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::{get, post},
};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    app::{Answer, Scope, SharedApp},
    call::Call,
    charges::Charge,
    choice::choices,
    errors::{Error, Refusal},
    events,
    form::Params,
    ids,
    intents::Intent,
    ledger::{self, Stored},
    list::{self, Filter, Page},
};

choices! {
    /// Why the buyer wants the money back.
    Reason {
        /// They did not pay.
        Fraudulent = "fraudulent",
        /// They did not get what they paid for.
        ProductNotReceived = "product_not_received",
        /// They paid twice.
        Duplicate = "duplicate",
        /// They say no more.
        General = "general",
    }
}

choices! {
    /// Where a dispute stands.
    Status {
        /// The shop has to say something.
        NeedsResponse = "needs_response",
        /// The shop keeps the money.
        Won = "won",
        /// The buyer has it.
        Lost = "lost",
    }
}

choices! {
    /// Evidence that decides a dispute at once.
    Evidence {
        /// The shop wins.
        Winning = "winning_evidence",
        /// The shop loses.
        Losing = "losing_evidence",
    }
}

impl Evidence {
    fn take(params: &mut Params) -> Result<Self, Error> {
        let mut group = params.group("evidence")?.ok_or_else(|| Refusal::missing("evidence"))?;
        let evidence = group.choice("uncategorized_text")?;
        group.finish()?;
        Ok(evidence.ok_or_else(|| Refusal::missing("evidence[uncategorized_text]"))?)
    }
}

/// A charge that its buyer disputes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Dispute {
    id: String,
    created: i64,
    intent: String,
    charge: String,
    amount: i64,
    currency: String,
    reason: Reason,
    status: Status,
}

impl Stored for Dispute {
    const TABLE: &'static str = "disputes";
    const NOUN: &'static str = "dispute";
    const LIST: &'static str = "/v1/disputes";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn intent(&self) -> Option<&str> {
        Some(&self.intent)
    }

    fn render(&self) -> Value {
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": [],
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "evidence_details": {
                "due_by": self.created + 7 * 24 * 60 * 60,
                "has_evidence": self.status != Status::NeedsResponse,
                "past_due": false,
                "submission_count": i64::from(self.status != Status::NeedsResponse),
            },
            "is_charge_refundable": false,
            "livemode": false,
            "metadata": {},
            "payment_intent": self.intent,
            "reason": self.reason,
            "status": self.status,
        })
    }
}

/// The routes of this resource.
pub(crate) fn routes() -> Router<SharedApp> {
    Router::new()
        .route("/v1/disputes", get(all))
        .route("/v1/disputes/{id}", get(retrieve).post(answer))
        .route("/v1/disputes/{id}/close", post(close))
        .route("/sandbox/disputes", post(begin))
}

/// Whether the money of the intent `id` is, or was, disputed and the shop has not won.
pub(crate) fn is_disputed(db: &Connection, id: &str) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM disputes WHERE intent = ?1 \
               AND body ->> 'status' <> 'won')";
    Ok(db.prepare_cached(sql)?.query_row(params![id], |row| row.get(0))?)
}

/// The parameters of `POST /sandbox/disputes`.
struct Request {
    intent: String,
    amount: Option<i64>,
    reason: Reason,
}

impl Request {
    fn parse(params: &mut Params) -> Result<Self, Error> {
        let intent = params.text("payment_intent")?;
        Ok(Self {
            intent: intent.ok_or_else(|| Refusal::missing("payment_intent"))?,
            amount: params.integer("amount")?,
            reason: params.choice("reason")?.unwrap_or(Reason::Fraudulent),
        })
    }
}

async fn begin(State(app): State<SharedApp>, call: Call) -> Response {
    app.write(call, Request::parse, |scope, request| {
        Ok(Answer::from(dispute(scope, request)?.render()))
    })
    .await
}

fn dispute(scope: &Scope<'_>, request: Request) -> Result<Dispute, Error> {
    let intent: Intent = ledger::require(scope.db, &request.intent, "payment_intent")?;
    let charge = match &intent.latest_charge {
        Some(charge) => ledger::find::<Charge>(scope.db, charge)?,
        None => None,
    };
    let charge = charge.filter(|charge| charge.captured && charge.refundable() > 0);
    let Some(mut charge) = charge else {
        return Err(nothing(&request.intent).into());
    };
    let amount = request.amount.unwrap_or_else(|| charge.refundable());
    let is_possible = (1..=charge.refundable()).contains(&amount);
    if !is_possible || is_disputed(scope.db, &request.intent)? {
        return Err(nothing(&request.intent).into());
    }
    charge.disputed = true;
    ledger::update(scope.db, &charge)?;
    let dispute = Dispute {
        id: ids::object("du"),
        created: scope.now,
        intent: request.intent,
        charge: charge.id().to_owned(),
        amount,
        currency: intent.currency.clone(),
        reason: request.reason,
        status: Status::NeedsResponse,
    };
    ledger::insert(scope.db, &dispute)?;
    events::record(scope, "charge.dispute.created", dispute.render())?;
    Ok(dispute)
}

fn nothing(intent: &str) -> Refusal {
    Refusal::invalid(format!("This PaymentIntent ({intent}) has nothing that could be disputed."))
        .param("payment_intent")
}

async fn answer(State(app): State<SharedApp>, Path(id): Path<String>, call: Call) -> Response {
    app.write(call, Evidence::take, move |scope, evidence| {
        let status = match evidence {
            Evidence::Winning => Status::Won,
            Evidence::Losing => Status::Lost,
        };
        end(scope, &id, status)
    })
    .await
}

async fn close(State(app): State<SharedApp>, Path(id): Path<String>, call: Call) -> Response {
    app.write(call, |_| Ok(()), move |scope, ()| end(scope, &id, Status::Lost)).await
}

fn end(scope: &Scope<'_>, id: &str, status: Status) -> Result<Answer, Error> {
    let mut dispute: Dispute = ledger::require(scope.db, id, "id")?;
    if dispute.status != Status::NeedsResponse {
        return Err(Refusal::invalid("This dispute is already closed.").into());
    }
    dispute.status = status;
    ledger::update(scope.db, &dispute)?;
    events::record(scope, "charge.dispute.closed", dispute.render())?;
    Ok(Answer::from(dispute.render()))
}

async fn retrieve(State(app): State<SharedApp>, Path(id): Path<String>, call: Call) -> Response {
    app.read(
        call,
        |_| Ok(()),
        move |scope, ()| Ok(ledger::require::<Dispute>(scope.db, &id, "id")?.render()),
    )
    .await
}

async fn all(State(app): State<SharedApp>, call: Call) -> Response {
    app.read(call, wanted, |scope, (page, filters)| list::list::<Dispute>(scope.db, &page, filters))
        .await
}

fn wanted(params: &mut Params) -> Result<(Page, Vec<Filter>), Error> {
    let mut filters = Vec::new();
    if let Some(intent) = params.text("payment_intent")? {
        filters.push(("intent", intent));
    }
    Ok((Page::parse(params)?, filters))
}
