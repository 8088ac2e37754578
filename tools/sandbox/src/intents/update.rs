//! `POST /v1/payment_intents/{id}`.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde_json::Value;

use super::{
    CaptureMethod, Intent, Status, create::known_currency, details::Change, method_types,
    no_customer, words,
};
use crate::{
    app::{Answer, Scope, SharedApp},
    call::Call,
    errors::Error,
    form::{MetadataChange, Params},
    ledger::{self, Stored},
    methods, money,
};

struct Request {
    amount: Option<i64>,
    currency: Option<String>,
    capture_method: Option<CaptureMethod>,
    types: Option<Vec<String>>,
    method: Option<methods::Choice>,
    metadata: Option<MetadataChange>,
    details: Change,
}

impl Request {
    fn parse(params: &mut Params) -> Result<Self, Error> {
        no_customer(params)?;
        Ok(Self {
            amount: params.integer("amount")?,
            currency: params.text("currency")?.map(|code| known_currency(&code)).transpose()?,
            capture_method: params.choice("capture_method")?,
            types: method_types(params)?,
            method: methods::Choice::parse(params)?,
            metadata: params.metadata()?,
            details: Change::parse(params)?,
        })
    }

    /// The first parameter that only an intent that was not charged yet can change.
    fn term(&self) -> Option<&'static str> {
        [
            ("amount", self.amount.is_some()),
            ("currency", self.currency.is_some()),
            ("capture_method", self.capture_method.is_some()),
            ("payment_method_types", self.types.is_some()),
            ("payment_method", self.method.is_some()),
        ]
        .into_iter()
        .find_map(|(name, given)| given.then_some(name))
    }
}

/// Changes an intent: its terms while it is open, its metadata and details always.
pub(super) async fn update(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    call: Call,
) -> Response {
    app.write(call, Request::parse, move |scope, request| run(scope, &id, request)).await
}

fn run(scope: &Scope<'_>, id: &str, request: Request) -> Result<Answer, Error> {
    let mut intent: Intent = ledger::require(scope.db, id, "intent")?;
    if let Some(term) = request.term().filter(|_| !intent.is_open()) {
        let allowed =
            [Status::RequiresPaymentMethod, Status::RequiresConfirmation, Status::RequiresAction];
        return Err(intent
            .unexpected(format!(
                "This PaymentIntent's {term} could not be updated because it has a status of {}. You \
                 may only update the {term} of a PaymentIntent with one of the following statuses: {}.",
                words(&[intent.status]),
                words(&allowed)
            ))
            .param(term)
            .into());
    }
    apply_terms(&mut intent, &request)?;
    if let Some(choice) = request.method {
        intent.payment_method = Some(choice.resolve(scope)?.id().to_owned());
        intent.authenticated = None;
        intent.next_action = Value::Null;
        intent.status = Status::RequiresConfirmation;
    }
    if let Some(change) = request.metadata {
        change.apply(&mut intent.metadata)?;
    }
    request.details.apply(&mut intent.details);
    intent.last_payment_error = Value::Null;
    ledger::update(scope.db, &intent)?;
    Ok(Answer::from(intent.render()))
}

fn apply_terms(intent: &mut Intent, request: &Request) -> Result<(), Error> {
    if request.amount.is_some() || request.currency.is_some() {
        intent.amount = request.amount.unwrap_or(intent.amount);
        if let Some(currency) = &request.currency {
            intent.currency.clone_from(currency);
        }
        money::check_amount(intent.amount, &intent.currency)?;
        // The cardholder agreed to another amount.
        intent.authenticated = None;
    }
    intent.capture_method = request.capture_method.unwrap_or(intent.capture_method);
    if let Some(types) = &request.types {
        intent.payment_method_types.clone_from(types);
        intent.automatic_payment_methods = None;
    }
    Ok(())
}
