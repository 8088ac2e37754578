//! `POST /v1/payment_intents/{id}/confirm`, and what confirming sets off.

use axum::{
    extract::{Path, State},
    http::Uri,
    response::Response,
};
use serde_json::{Value, json};

use super::{
    AllowRedirects, CaptureMethod, ConfirmationMethod, Intent, Status, details::Change,
    method_types, words,
};
use crate::{
    app::{Answer, Scope, SharedApp},
    call::Call,
    cards::{self, Decline},
    charges::Charge,
    errors::{Error, Refusal},
    events,
    form::Params,
    ledger::{self, Stored},
    methods::{self, PaymentMethod},
    movements::{self, Kind},
};

/// How long a bank takes to say whether it pays, in seconds: four days
/// (<https://docs.stripe.com/payments/ach-direct-debit>).
const SETTLES_AFTER: i64 = 4 * 24 * 60 * 60;

/// How a confirmation is to go.
#[derive(Debug, Default)]
pub(super) struct Terms {
    off_session: Option<bool>,
    error_on_requires_action: Option<bool>,
    return_url: Option<String>,
}

impl Terms {
    /// Reads them.
    pub(super) fn parse(params: &mut Params) -> Result<Self, Error> {
        // Which of two ways the browser authenticates in; the sandbox has but one.
        params.boolean("use_stripe_sdk")?;
        let return_url = params.text("return_url")?;
        if let Some(url) = &return_url {
            check_url(url)?;
        }
        Ok(Self {
            off_session: params.boolean("off_session")?,
            error_on_requires_action: params.boolean("error_on_requires_action")?,
            return_url,
        })
    }

    /// The name of the first one that the client gave.
    pub(super) fn first_given(&self) -> Option<&'static str> {
        [
            ("off_session", self.off_session.is_some()),
            ("error_on_requires_action", self.error_on_requires_action.is_some()),
            ("return_url", self.return_url.is_some()),
        ]
        .into_iter()
        .find_map(|(name, given)| given.then_some(name))
    }
}

fn check_url(url: &str) -> Result<(), Error> {
    let absolute =
        url.parse::<Uri>().is_ok_and(|uri| uri.scheme().is_some() && uri.authority().is_some());
    if absolute {
        return Ok(());
    }
    Err(Refusal::invalid("Not a valid URL").code("url_invalid").param("return_url").into())
}

/// A confirmation: its terms, and what it changes in the intent beforehand.
#[derive(Debug, Default)]
pub(super) struct Confirmation {
    terms: Terms,
    method: Option<methods::Choice>,
    capture_method: Option<CaptureMethod>,
    types: Option<Vec<String>>,
    details: Change,
}

impl Confirmation {
    /// One that changes nothing.
    pub(super) fn of(terms: Terms) -> Self {
        Self { terms, ..Self::default() }
    }

    fn parse(params: &mut Params) -> Result<Self, Error> {
        Ok(Self {
            terms: Terms::parse(params)?,
            method: methods::Choice::parse(params)?,
            capture_method: params.choice("capture_method")?,
            types: method_types(params)?,
            details: Change::parse_confirming(params)?,
        })
    }
}

/// Confirms an intent: charges its card, or asks the cardholder to authenticate first.
pub(super) async fn confirm(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    call: Call,
) -> Response {
    app.write(call, Confirmation::parse, move |scope, confirmation| {
        run(scope, ledger::require(scope.db, &id, "intent")?, confirmation)
    })
    .await
}

/// Confirms `intent`, which is in the ledger.
pub(super) fn run(
    scope: &Scope<'_>,
    mut intent: Intent,
    confirmation: Confirmation,
) -> Result<Answer, Error> {
    check_state(&intent)?;
    let chosen = match (confirmation.method, intent.payment_method.clone()) {
        (Some(choice), _) => choice,
        (None, Some(id)) => methods::Choice::Known(id),
        (None, None) => return Err(no_method(&intent).into()),
    };
    let mut method = chosen.resolve(scope)?;
    intent.payment_method = Some(method.id().to_owned());
    intent.capture_method = confirmation.capture_method.unwrap_or(intent.capture_method);
    if let Some(types) = confirmation.types {
        intent.payment_method_types = types;
        intent.automatic_payment_methods = None;
    }
    confirmation.details.apply(&mut intent.details);
    let terms = confirmation.terms;
    if terms.return_url.is_some() {
        intent.return_url = terms.return_url;
    }
    check_return_url(&intent)?;

    if method.is_account() {
        return debit(scope, intent, method);
    }
    let authenticated = intent.authenticated.as_deref() == Some(method.id());
    if method.test_card()?.authenticate && !authenticated {
        if terms.off_session == Some(true) {
            return decline(scope, intent, &method, &cards::AUTHENTICATION_REQUIRED, None);
        }
        if terms.error_on_requires_action == Some(true) {
            return decline(scope, intent, &method, &cards::AUTHENTICATION_NOT_HANDLED, None);
        }
        return ask(scope, intent);
    }
    charge(scope, intent, &mut method, authenticated)
}

fn check_state(intent: &Intent) -> Result<(), Error> {
    if intent.is_open() {
        return Ok(());
    }
    let message = if intent.status == Status::Succeeded {
        "You cannot confirm this PaymentIntent because it has already succeeded after being previously \
         confirmed."
            .to_owned()
    } else {
        let allowed =
            [Status::RequiresPaymentMethod, Status::RequiresConfirmation, Status::RequiresAction];
        format!(
            "This PaymentIntent could not be confirmed because it has a status of {}. Only a \
             PaymentIntent with one of the following statuses may be confirmed: {}.",
            words(&[intent.status]),
            words(&allowed)
        )
    };
    Err(intent.unexpected(message).into())
}

fn no_method(intent: &Intent) -> Refusal {
    intent.unexpected(
        "You cannot confirm this PaymentIntent because it's missing a payment method. You can either \
         update the PaymentIntent with a payment method and then confirm it again, or confirm it again \
         directly with a payment method or ConfirmationToken.",
    )
}

/// With methods that may send the buyer elsewhere, Stripe wants to know where to send them back to, even
/// if they then pay by card.
fn check_return_url(intent: &Intent) -> Result<(), Error> {
    let redirects = intent.automatic_payment_methods == Some(AllowRedirects::Always);
    if !redirects || intent.return_url.is_some() {
        return Ok(());
    }
    Err(Refusal::invalid(
        "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because \
         some of these payment methods might redirect your customer off of your page, you must provide \
         a `return_url`. If you don't want to accept redirect-based payment methods, set \
         `automatic_payment_methods[enabled]` to `true` and \
         `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and \
         Payment Intents.",
    )
    .into())
}

/// Sends the cardholder to the bank.
fn ask(scope: &Scope<'_>, mut intent: Intent) -> Result<Answer, Error> {
    intent.status = Status::RequiresAction;
    intent.next_action = json!({
        "type": "redirect_to_url",
        "redirect_to_url": {
            "return_url": intent.return_url,
            "url": format!("{}/sandbox/3ds/{}", scope.base, intent.id()),
        },
    });
    ledger::update(scope.db, &intent)?;
    events::record(scope, "payment_intent.requires_action", intent.render())?;
    Ok(Answer::from(intent.render()))
}

/// Asks a bank for the money, which will answer in some days.
fn debit(
    scope: &Scope<'_>,
    mut intent: Intent,
    mut method: PaymentMethod,
) -> Result<Answer, Error> {
    let kind = method.kind();
    let refused =
        |message: String, param: &str| -> Error { Refusal::invalid(message).param(param).into() };
    if intent.automatic_payment_methods.is_none() {
        let message = format!("The PaymentIntent does not take payment methods of type {kind}.");
        return Err(refused(message, "payment_method"));
    }
    if intent.currency != "usd" {
        let message = format!("Payment methods of type {kind} pay in usd only.");
        return Err(refused(message, "payment_method"));
    }
    if intent.capture_method == CaptureMethod::Manual {
        let message = format!("Payment methods of type {kind} do not support manual capture.");
        return Err(refused(message, "capture_method"));
    }
    method.used = true;
    ledger::update(scope.db, &method)?;
    intent.status = Status::Processing;
    intent.settles = Some(scope.now + SETTLES_AFTER);
    ledger::update(scope.db, &intent)?;
    events::record(scope, "payment_intent.processing", intent.render())?;
    Ok(Answer::from(intent.render()))
}

/// The intents of which a bank is to say now whether it pays.
fn due(scope: &Scope<'_>) -> Result<Vec<String>, Error> {
    let mut statement = scope.db.prepare_cached(
        "SELECT id FROM payment_intents WHERE body ->> 'status' = 'processing' \
         AND body ->> 'settles' <= ?1",
    )?;
    let ids = statement.query_map([scope.now], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Whether [`settle_due`] has anything to do.
pub(crate) fn any_due(scope: &Scope<'_>) -> Result<bool, Error> {
    Ok(!due(scope)?.is_empty())
}

/// Lets the banks answer whose time has come.
pub(crate) fn settle_due(scope: &Scope<'_>) -> Result<(), Error> {
    for id in due(scope)? {
        let intent: Intent = ledger::require(scope.db, &id, "intent")?;
        let Some(method) = intent.payment_method.clone() else { continue };
        let mut method: PaymentMethod = ledger::require(scope.db, &method, "payment_method")?;
        charge(scope, intent, &mut method, false)?;
    }
    Ok(())
}

/// Puts the money on hold, and takes it unless the capture is left to the shop.
fn charge(
    scope: &Scope<'_>,
    mut intent: Intent,
    method: &mut PaymentMethod,
    authenticated: bool,
) -> Result<Answer, Error> {
    let refused = method.test_card()?.decline;
    let mut charge = Charge::attempt(scope, &intent, method, authenticated, refused);
    if let Some(reason) = refused {
        ledger::insert(scope.db, &charge)?;
        return decline(scope, intent, method, reason, Some(charge.id()));
    }
    movements::record(scope, Kind::Authorize, intent.id(), intent.amount, &intent.currency)?;
    if intent.capture_method == CaptureMethod::Manual {
        intent.status = Status::RequiresCapture;
        intent.amount_capturable = intent.amount;
    } else {
        charge.capture(intent.amount);
        movements::record(scope, Kind::Capture, intent.id(), intent.amount, &intent.currency)?;
        intent.status = Status::Succeeded;
        intent.amount_received = intent.amount;
    }
    ledger::insert(scope.db, &charge)?;
    method.used = true;
    ledger::update(scope.db, method)?;
    intent.latest_charge = Some(charge.id().to_owned());
    intent.next_action = Value::Null;
    intent.last_payment_error = Value::Null;
    ledger::update(scope.db, &intent)?;
    events::record(scope, "charge.succeeded", charge.render())?;
    let kind = match intent.status {
        Status::RequiresCapture => "payment_intent.amount_capturable_updated",
        _ => "payment_intent.succeeded",
    };
    events::record(scope, kind, intent.render())?;
    Ok(Answer::from(intent.render()))
}

/// Leaves the intent to another attempt, and says why this one failed. `charge` is the failed charge,
/// if it came to one.
fn decline(
    scope: &Scope<'_>,
    mut intent: Intent,
    method: &PaymentMethod,
    reason: &Decline,
    charge: Option<&str>,
) -> Result<Answer, Error> {
    let mut refusal = Refusal::card(reason.message)
        .code(reason.code)
        .with("decline_code", reason.decline_code.into())
        .with("payment_method", method.render())
        .with("payment_method_type", method.kind().into());
    if let Some(param) = reason.param {
        refusal = refusal.param(param);
    }
    if let Some(advice) = reason.advice {
        refusal = refusal.with("advice_code", advice.into());
    }
    if let Some(charge) = charge {
        refusal = refusal.with("charge", charge.into());
        intent.latest_charge = Some(charge.to_owned());
    }
    reopen(scope, &mut intent, &refusal)?;
    Ok(refusal.with("payment_intent", intent.render()).answer())
}

fn reopen(scope: &Scope<'_>, intent: &mut Intent, why: &Refusal) -> Result<(), Error> {
    intent.status = Status::RequiresPaymentMethod;
    intent.payment_method = None;
    intent.authenticated = None;
    intent.next_action = Value::Null;
    intent.last_payment_error = why.fields();
    ledger::update(scope.db, intent)?;
    events::record(scope, "payment_intent.payment_failed", intent.render())
}

/// The cardholder has authenticated: the payment goes on, or waits for the shop to confirm again.
/// Returns the intent as it is then.
pub(crate) fn pass_authentication(scope: &Scope<'_>, mut intent: Intent) -> Result<Intent, Error> {
    let Some(id) = intent.payment_method.clone() else { return Err(no_method(&intent).into()) };
    intent.authenticated = Some(id.clone());
    if intent.confirmation_method == ConfirmationMethod::Manual {
        intent.status = Status::RequiresConfirmation;
        intent.next_action = Value::Null;
        ledger::update(scope.db, &intent)?;
        return Ok(intent);
    }
    let mut method = methods::Choice::Known(id.clone()).resolve(scope)?;
    let id = intent.id().to_owned();
    charge(scope, intent, &mut method, true)?;
    ledger::require(scope.db, &id, "intent")
}

/// The cardholder did not authenticate. Returns the intent as it is then.
pub(crate) fn fail_authentication(scope: &Scope<'_>, mut intent: Intent) -> Result<Intent, Error> {
    let mut why = Refusal::invalid(
        "The provided PaymentMethod has failed authentication. You can provide payment_method_data or \
         a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
    )
    .code("payment_intent_authentication_failure")
    .with("payment_method_type", "card".into());
    if let Some(id) = &intent.payment_method {
        let method: PaymentMethod = ledger::require(scope.db, id, "payment_method")?;
        why = why.with("payment_method", method.render());
    }
    reopen(scope, &mut intent, &why)?;
    Ok(intent)
}
