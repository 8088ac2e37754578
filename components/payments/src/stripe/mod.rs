//! The provider: Stripe, or the sandbox that speaks like it.
//!
//! Requests are built with async-stripe's types. Of the answers only what we use is read: its types
//! for whole answers would make the component several times as big.

mod client;

use std::collections::HashMap;

use anyhow::anyhow;
use stripe_client_core::{IdempotencyKey, RequestStrategy, StripeRequest};
use stripe_core::payment_intent::{
    CancelPaymentIntent, CapturePaymentIntent, CreatePaymentIntent,
    CreatePaymentIntentAutomaticPaymentMethods,
    CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects, RetrievePaymentIntent,
};
use stripe_core::refund::CreateRefund;
use stripe_payment::payment_method::{
    CreatePaymentMethod, CreatePaymentMethodCard, CreatePaymentMethodTokenParams,
    CreatePaymentMethodType,
};
use stripe_shared::PaymentIntentCaptureMethod;
use stripe_types::Currency;

use crate::payment::Payment;
use client::Client;
pub(crate) use client::Patience;

/// Why the provider did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Error {
    /// The card was declined.
    Declined(Decline),
    /// The request is wrong, or what it is about is not in a state for it. Asking again is in vain.
    Refused(anyhow::Error),
    /// The same request is being dealt with already; its answer counts.
    UnderWay,
    /// No answer, or one that says nothing about what happened. It may have happened.
    Unknown(anyhow::Error),
}

/// A decline, in Stripe's words.
#[derive(Debug)]
pub(crate) struct Decline {
    /// `decline_code`, or `code` where there is none.
    pub(crate) code: String,
    /// A sentence for the buyer.
    pub(crate) message: String,
}

/// What we read of a PaymentIntent.
#[derive(miniserde::Deserialize)]
struct Intent {
    id: String,
    status: String,
}

/// What we read of anything else.
#[derive(miniserde::Deserialize)]
struct Created {
    id: String,
}

/// Sets the payment's amount aside; answers with the PaymentIntent's id.
pub(crate) async fn authorize(payment: &Payment, patience: Patience) -> Result<String, Error> {
    let client = Client::new(patience).await?;
    let method = payment_method(&client, payment).await?;
    let currency = payment.currency.to_lowercase();
    // Parsing a currency cannot fail: an unknown one is passed on as it is.
    let currency: Currency = currency.parse().unwrap_or_else(|never| match never {});
    let metadata = HashMap::from([
        ("order_id".to_owned(), payment.order_id.to_string()),
        ("payment_id".to_owned(), payment.id.to_string()),
    ]);
    let request = CreatePaymentIntent::new(payment.amount, currency)
        .payment_method(method)
        .automatic_payment_methods(without_redirects())
        .capture_method(PaymentIntentCaptureMethod::Manual)
        .confirm(true)
        .error_on_requires_action(true)
        .metadata(metadata);
    let key = key(payment, "authorize")?;
    let intent: Intent = request.build().customize().request_strategy(key).send(&client).await?;
    match intent.status.as_str() {
        "requires_capture" => Ok(intent.id),
        other => Err(Error::Unknown(anyhow!("{} is {other}, not requires_capture", intent.id))),
    }
}

/// Whatever the account takes, but for methods that send the buyer to another site and back.
fn without_redirects() -> CreatePaymentIntentAutomaticPaymentMethods {
    CreatePaymentIntentAutomaticPaymentMethods {
        allow_redirects: Some(CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects::Never),
        enabled: true,
    }
}

/// The payment's method; one of Stripe's older tokens is made into one first.
async fn payment_method(client: &Client, payment: &Payment) -> Result<String, Error> {
    if !payment.token.starts_with("tok_") {
        return Ok(payment.token.clone());
    }
    let card = CreatePaymentMethodTokenParams::new(payment.token.clone());
    let request = CreatePaymentMethod::new()
        .type_(CreatePaymentMethodType::Card)
        .card(CreatePaymentMethodCard::TokenParams(card));
    let key = key(payment, "method")?;
    let method: Created = request.build().customize().request_strategy(key).send(client).await?;
    Ok(method.id)
}

/// Takes the money that was set aside.
pub(crate) async fn capture(
    payment: &Payment,
    intent: &str,
    patience: Patience,
) -> Result<(), Error> {
    let client = Client::new(patience).await?;
    let request = CapturePaymentIntent::new(intent).build().customize::<Intent>();
    let asked = request.request_strategy(key(payment, "capture")?).send(&client).await;
    unless_done(&client, intent, "succeeded", asked).await
}

/// Gives up the money that was set aside.
pub(crate) async fn void(payment: &Payment, intent: &str, patience: Patience) -> Result<(), Error> {
    let client = Client::new(patience).await?;
    let request = CancelPaymentIntent::new(intent).build().customize::<Intent>();
    let asked = request.request_strategy(key(payment, "void")?).send(&client).await;
    unless_done(&client, intent, "canceled", asked).await
}

/// Gives back the money that was taken.
pub(crate) async fn refund(
    payment: &Payment,
    intent: &str,
    patience: Patience,
) -> Result<(), Error> {
    let client = Client::new(patience).await?;
    let request = CreateRefund::new().payment_intent(intent).build().customize::<Created>();
    request.request_strategy(key(payment, "refund")?).send(&client).await.map(drop)
}

/// Refusing to do it is as good as doing it, if the intent is `goal` already: an answer was lost
/// for so long that the provider has forgotten the key.
async fn unless_done(
    client: &Client,
    intent: &str,
    goal: &str,
    asked: Result<Intent, Error>,
) -> Result<(), Error> {
    let refusal = match asked {
        Ok(intent) if intent.status == goal => return Ok(()),
        Ok(intent) => Error::Unknown(anyhow!("{} is {}, not {goal}", intent.id, intent.status)),
        Err(refusal @ Error::Refused(_)) => refusal,
        Err(error) => return Err(error),
    };
    let request = RetrievePaymentIntent::new(intent).build().customize::<Intent>();
    match request.send(client).await {
        Ok(intent) if intent.status == goal => Ok(()),
        _ => Err(refusal),
    }
}

/// The key under which the provider does `deed` for `payment` at most once.
fn key(payment: &Payment, deed: &str) -> Result<RequestStrategy, Error> {
    IdempotencyKey::new(format!("{deed}-{}", payment.id))
        .map(RequestStrategy::Idempotent)
        .map_err(|error| Error::Refused(error.into()))
}
