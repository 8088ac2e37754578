//! Refunds: captured money given back. They succeed at once.

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    app::{Answer, Scope, SharedApp},
    call::Call,
    charges::Charge,
    choice::choices,
    disputes,
    errors::{Error, Refusal},
    events,
    form::{Metadata, MetadataChange, Params},
    ids,
    intents::Intent,
    ledger::{self, Stored},
    list::{self, Filter, Page},
    money,
    movements::{self, Kind},
};

choices! {
    /// Why money is given back.
    Reason {
        /// It was taken twice.
        Duplicate = "duplicate",
        /// The card was not the buyer's.
        Fraudulent = "fraudulent",
        /// The buyer asked for it.
        RequestedByCustomer = "requested_by_customer",
    }
}

/// Money given back.
#[derive(Debug, Serialize, Deserialize)]
struct Refund {
    id: String,
    created: i64,
    intent: String,
    charge: String,
    amount: i64,
    currency: String,
    reason: Option<Reason>,
    metadata: Metadata,
}

/// The parameters of `POST /v1/refunds`.
struct Request {
    charge: Option<String>,
    intent: Option<String>,
    amount: Option<i64>,
    reason: Option<Reason>,
    metadata: Option<MetadataChange>,
}

impl Request {
    fn parse(params: &mut Params) -> Result<Self, Error> {
        let request = Self {
            charge: params.text("charge")?,
            intent: params.text("payment_intent")?,
            amount: params.integer("amount")?,
            reason: params.choice("reason")?,
            metadata: params.metadata()?,
        };
        if request.charge.is_none() && request.intent.is_none() {
            return Err(Refusal::invalid(
                "One of the following params should be provided for this request: payment_intent or \
                 charge.",
            )
            .code("parameter_missing")
            .param("payment_intent")
            .into());
        }
        if request.amount.is_some_and(|amount| amount <= 0) {
            return Err(Refusal::invalid("This value must be greater than or equal to 1.")
                .code("parameter_invalid_integer")
                .param("amount")
                .into());
        }
        Ok(request)
    }

    /// The charge to refund.
    fn find_charge(&self, scope: &Scope<'_>) -> Result<Charge, Error> {
        let named = self
            .charge
            .as_ref()
            .map(|id| ledger::require::<Charge>(scope.db, id, "charge"))
            .transpose()?;
        let Some(id) = &self.intent else {
            return named.ok_or_else(|| Refusal::missing("payment_intent").into());
        };
        let intent: Intent = ledger::require(scope.db, id, "payment_intent")?;
        let latest = match &intent.latest_charge {
            Some(charge) => ledger::find::<Charge>(scope.db, charge)?,
            None => None,
        };
        match (latest.filter(Charge::succeeded), named) {
            (None, _) => Err(no_charge(intent.id(), "payment_intent").into()),
            (Some(latest), Some(named)) if latest.id() != named.id() => Err(Refusal::invalid(
                format!("Charge {} does not belong to PaymentIntent {id}.", named.id()),
            )
            .param("charge")
            .into()),
            (Some(latest), _) => Ok(latest),
        }
    }
}

fn no_charge(intent: &str, param: &str) -> Refusal {
    Refusal::invalid(format!(
        "This PaymentIntent ({intent}) does not have a successful charge to refund."
    ))
    .param(param)
}

impl Stored for Refund {
    const TABLE: &'static str = "refunds";
    const NOUN: &'static str = "refund";
    const LIST: &'static str = "/v1/refunds";

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
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": null,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "destination_details": {
                "card": {
                    "reference_status": "pending",
                    "reference_type": "acquirer_reference_number",
                    "type": "refund",
                },
                "type": "card",
            },
            "metadata": self.metadata,
            "payment_intent": self.intent,
            "reason": self.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": "succeeded",
            "transfer_reversal": null,
        })
    }
}

/// The routes of this resource.
pub(crate) fn routes() -> Router<SharedApp> {
    Router::new()
        .route("/v1/refunds", get(all).post(create))
        .route("/v1/refunds/{id}", get(retrieve))
}

async fn create(State(app): State<SharedApp>, call: Call) -> Response {
    app.write(call, Request::parse, |scope, request| {
        Ok(Answer::from(refund(scope, request)?.render()))
    })
    .await
}

fn refund(scope: &Scope<'_>, request: Request) -> Result<Refund, Error> {
    let mut charge = request.find_charge(scope)?;
    let intent = charge.intent().unwrap_or_default().to_owned();
    if !charge.succeeded() {
        return Err(no_charge(&intent, "charge").into());
    }
    let held: Intent = ledger::require(scope.db, &intent, "payment_intent")?;
    let currency = held.currency.clone();
    check(&charge, &held, request.amount, disputes::is_disputed(scope.db, &intent)?)?;
    let amount = request.amount.unwrap_or(charge.refundable());
    charge.amount_refunded += amount;
    ledger::update(scope.db, &charge)?;

    let mut metadata = Metadata::new();
    if let Some(change) = request.metadata {
        change.apply(&mut metadata)?;
    }
    let refund = Refund {
        id: ids::object("re"),
        created: scope.now,
        intent,
        charge: charge.id().to_owned(),
        amount,
        currency,
        reason: request.reason,
        metadata,
    };
    ledger::insert(scope.db, &refund)?;
    movements::record(scope, Kind::Refund, &refund.intent, amount, &refund.currency)?;
    events::record(scope, "charge.refunded", charge.render())?;
    events::record(scope, "refund.created", refund.render())?;
    Ok(refund)
}

/// Refuses what cannot be given back: money never taken, given back before, or disputed.
fn check(
    charge: &Charge,
    intent: &Intent,
    amount: Option<i64>,
    is_disputed: bool,
) -> Result<(), Error> {
    let refusal = if intent.amount_capturable > 0 {
        Refusal::invalid(format!(
            "This PaymentIntent ({}) has not been captured, so there is nothing to refund. Cancel it \
             to release the authorization.",
            intent.id()
        ))
    } else if !charge.captured {
        no_charge(intent.id(), "charge")
    } else if is_disputed {
        Refusal::invalid(format!("Charge {} is disputed; it cannot be refunded.", charge.id()))
            .code("charge_disputed")
    } else if charge.refundable() == 0 {
        Refusal::invalid(format!("Charge {} has already been refunded.", charge.id()))
            .code("charge_already_refunded")
    } else if amount.is_some_and(|amount| amount > charge.refundable()) {
        let wanted = money::with_symbol(amount.unwrap_or_default(), &intent.currency);
        let left = money::with_symbol(charge.refundable(), &intent.currency);
        Refusal::invalid(format!(
            "Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})"
        ))
        .param("amount")
    } else {
        return Ok(());
    };
    Err(refusal.into())
}

async fn retrieve(State(app): State<SharedApp>, Path(id): Path<String>, call: Call) -> Response {
    app.read(
        call,
        |_| Ok(()),
        move |scope, ()| Ok(ledger::require::<Refund>(scope.db, &id, "id")?.render()),
    )
    .await
}

async fn all(State(app): State<SharedApp>, call: Call) -> Response {
    app.read(call, wanted, |scope, (page, filters)| list::list::<Refund>(scope.db, &page, filters))
        .await
}

fn wanted(params: &mut Params) -> Result<(Page, Vec<Filter>), Error> {
    let mut filters = Vec::new();
    if let Some(intent) = params.text("payment_intent")? {
        filters.push(("intent", intent));
    }
    if let Some(charge) = params.text("charge")? {
        filters.push(("body ->> 'charge'", charge));
    }
    Ok((Page::parse(params)?, filters))
}
