//! `POST /v1/payment_intents/{id}/cancel`.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde_json::Value;

use super::{Intent, Status, words};
use crate::{
    app::{Answer, Scope, SharedApp},
    call::Call,
    choice::{Choice, choices},
    errors::Error,
    events,
    ledger::{self, Stored},
    movements::{self, Kind},
};

choices! {
    /// Why a client gives an intent up.
    Reason {
        /// There is another one for the same thing.
        Duplicate = "duplicate",
        /// Somebody tried to cheat.
        Fraudulent = "fraudulent",
        /// The buyer asked for it.
        RequestedByCustomer = "requested_by_customer",
        /// The buyer went away.
        Abandoned = "abandoned",
    }
}

/// Gives an intent up; money on hold is let go.
pub(super) async fn cancel(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    call: Call,
) -> Response {
    let parse = |params: &mut crate::form::Params| params.choice::<Reason>("cancellation_reason");
    app.write(call, parse, move |scope, reason| run(scope, &id, reason)).await
}

fn run(scope: &Scope<'_>, id: &str, reason: Option<Reason>) -> Result<Answer, Error> {
    let mut intent: Intent = ledger::require(scope.db, id, "intent")?;
    if matches!(intent.status, Status::Processing | Status::Succeeded | Status::Canceled) {
        let allowed = [
            Status::RequiresPaymentMethod,
            Status::RequiresCapture,
            Status::RequiresConfirmation,
            Status::RequiresAction,
        ];
        return Err(intent
            .unexpected(format!(
                "You cannot cancel this PaymentIntent because it has a status of {}. Only a \
                 PaymentIntent with one of the following statuses may be canceled: {}, processing.",
                words(&[intent.status]),
                words(&allowed)
            ))
            .into());
    }
    release(scope, &mut intent, reason.map(Choice::word))?;
    Ok(Answer::from(intent.render()))
}

/// Ends the intent without taking money.
pub(super) fn release(
    scope: &Scope<'_>,
    intent: &mut Intent,
    reason: Option<&str>,
) -> Result<(), Error> {
    if intent.amount_capturable > 0 {
        let held = intent.amount_capturable;
        movements::record(scope, Kind::Void, intent.id(), held, &intent.currency)?;
    }
    intent.amount_capturable = 0;
    intent.status = Status::Canceled;
    intent.next_action = Value::Null;
    intent.canceled_at = Some(scope.now);
    intent.cancellation_reason = reason.map(str::to_owned);
    ledger::update(scope.db, intent)?;
    events::record(scope, "payment_intent.canceled", intent.render())
}
