//! `POST /v1/payment_intents/{id}/capture`.

use axum::{
    extract::{Path, State},
    response::Response,
};

use super::{Intent, Status, cancel, details::Change, words};
use crate::{
    app::{Answer, Scope, SharedApp},
    call::Call,
    charges::Charge,
    errors::{Error, Refusal},
    events,
    form::{MetadataChange, Params},
    ledger::{self, Stored},
    movements::{self, Kind},
};

struct Request {
    amount: Option<i64>,
    metadata: Option<MetadataChange>,
    details: Change,
}

impl Request {
    fn parse(params: &mut Params) -> Result<Self, Error> {
        // A sandbox's card is captured once, so each capture is the final one.
        if params.boolean("final_capture")? == Some(false) {
            return Err(Refusal::invalid(
                "Multicapture is not available for this PaymentIntent; leave final_capture out.",
            )
            .param("final_capture")
            .into());
        }
        Ok(Self {
            amount: params.integer("amount_to_capture")?,
            metadata: params.metadata()?,
            details: Change::parse_descriptors(params)?,
        })
    }
}

/// Takes the money that is on hold, or a part of it; the rest of the hold is let go.
pub(super) async fn capture(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    call: Call,
) -> Response {
    app.write(call, Request::parse, move |scope, request| run(scope, &id, request)).await
}

fn run(scope: &Scope<'_>, id: &str, request: Request) -> Result<Answer, Error> {
    let mut intent: Intent = ledger::require(scope.db, id, "intent")?;
    check_state(&intent)?;
    let charge_id = intent.latest_charge.clone().unwrap_or_default();
    let mut charge: Charge = ledger::require(scope.db, &charge_id, "charge")?;
    if charge.capture_before.is_some_and(|deadline| scope.now > deadline) {
        return lapsed(scope, intent);
    }
    let amount = request.amount.unwrap_or(intent.amount_capturable);
    check_amount(&intent, amount)?;

    movements::record(scope, Kind::Capture, id, amount, &intent.currency)?;
    let rest = intent.amount_capturable - amount;
    if rest > 0 {
        movements::record(scope, Kind::Void, id, rest, &intent.currency)?;
    }
    charge.capture(amount);
    ledger::update(scope.db, &charge)?;
    intent.status = Status::Succeeded;
    intent.amount_capturable = 0;
    intent.amount_received = amount;
    if let Some(change) = request.metadata {
        change.apply(&mut intent.metadata)?;
    }
    request.details.apply(&mut intent.details);
    ledger::update(scope.db, &intent)?;
    events::record(scope, "charge.captured", charge.render())?;
    events::record(scope, "payment_intent.succeeded", intent.render())?;
    Ok(Answer::from(intent.render()))
}

fn check_state(intent: &Intent) -> Result<(), Error> {
    let message = match intent.status {
        Status::RequiresCapture => return Ok(()),
        Status::Succeeded => {
            "This PaymentIntent could not be captured because it has already been \
                              captured."
                .to_owned()
        }
        other => format!(
            "This PaymentIntent could not be captured because it has a status of {}. Only a \
             PaymentIntent with one of the following statuses may be captured: {}.",
            words(&[other]),
            words(&[Status::RequiresCapture])
        ),
    };
    Err(intent.unexpected(message).into())
}

fn check_amount(intent: &Intent, amount: i64) -> Result<(), Error> {
    let refusal = if amount <= 0 {
        Refusal::invalid("This value must be greater than or equal to 1.")
            .code("parameter_invalid_integer")
            .param("amount_to_capture")
    } else if amount > intent.amount_capturable {
        Refusal::invalid(
            "The payment could not be captured because the requested capture amount is greater than \
             the amount you can capture for this charge.",
        )
        .code("amount_too_large")
        .param("amount_to_capture")
    } else {
        return Ok(());
    };
    Err(refusal.with("payment_intent", intent.render()).into())
}

/// The bank has let the hold go: there is nothing to take any more.
fn lapsed(scope: &Scope<'_>, mut intent: Intent) -> Result<Answer, Error> {
    cancel::release(scope, &mut intent, Some("automatic"))?;
    Ok(Refusal::invalid("This charge cannot be captured because the charge has expired.")
        .code("charge_expired_for_capture")
        .with("payment_intent", intent.render())
        .answer())
}
