//! The provider: Stripe, or the sandbox that speaks like it.
//!
//! Requests are built with async-stripe's types. Of the answers only what we use is read: its types
//! for whole answers would make the component several times as big.
//!
//! | module | holds |
//! |---|---|
//! | [`client`] | the way over HTTP, its limits, what errors mean |
//! | [`retry`] | which requests are made again |
//! | [`intent`] | what we read of a PaymentIntent |
//! | [`event`] | what we read of the events that webhooks send |
//! | [`declines`] | declines, and sentences for buyers |

mod client;
mod declines;
pub(crate) mod event;
mod intent;
mod retry;

use std::collections::HashMap;

use anyhow::anyhow;
use boxoffice_kernel::{Cx, Timestamp, config, log};
use boxoffice_rules::money;
use stripe_client_core::{IdempotencyKey, RequestStrategy, StripeRequest};
use stripe_core::payment_intent::{
    CancelPaymentIntent, CapturePaymentIntent, CreatePaymentIntent,
    CreatePaymentIntentAutomaticPaymentMethods,
    CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects, ListPaymentIntent,
    RetrievePaymentIntent, SearchPaymentIntent,
};
use stripe_core::refund::{CreateRefund, CreateRefundReason, ListRefund};
use stripe_payment::payment_method::{
    CreatePaymentMethod, CreatePaymentMethodCard, CreatePaymentMethodTokenParams,
    CreatePaymentMethodType, RetrievePaymentMethod,
};
use stripe_shared::PaymentIntentCaptureMethod;
use stripe_types::{Currency, RangeBoundsTs, RangeQueryTs};

use crate::payment::Payment;
use client::Client;
pub(crate) use client::Patience;
pub(crate) use declines::{Decline, advice_on};
pub(crate) use intent::{Intent, IntentState, NextAction};

/// How long before and after an attempt's beginning, in seconds, its intent may have been made: the
/// clocks of Stripe and ours differ, and a tick may have made it.
const MADE_BEFORE: i64 = 10 * 60;
const MADE_AFTER: i64 = 26 * 60 * 60;
/// How many intents one page of a list has, the most that Stripe gives; and how many pages are read.
const PAGE: i64 = 100;
const PAGES: usize = 20;
/// How long, in seconds, Stripe's search may take to know what was made; mostly it is less than a
/// minute (<https://docs.stripe.com/search#data-freshness>).
const SEARCH_KNOWS_AFTER: i64 = 60 * 60;

/// Why the provider did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Error {
    /// The card was declined.
    Declined(Decline),
    /// The request is wrong, or what it is about is not in a state for it. Asking again is in vain.
    Refused(anyhow::Error),
    /// Money cannot be given back, since the buyer disputes the charge.
    Disputed(anyhow::Error),
    /// The same request is being dealt with already; its answer counts.
    InProgress,
    /// The same request was made before with other parameters, as by an older version of this
    /// service or with other variables. What came of that counts.
    KeyReusedDifferently(anyhow::Error),
    /// No answer, or one that says nothing about what happened. It may have happened.
    Unknown(anyhow::Error),
}

impl From<Error> for anyhow::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Declined(decline) => anyhow!("{}: {}", decline.code, decline.message),
            Error::InProgress => anyhow!("another request is already doing this"),
            Error::Refused(cause)
            | Error::Disputed(cause)
            | Error::KeyReusedDifferently(cause)
            | Error::Unknown(cause) => cause,
        }
    }
}

/// What we read of a PaymentMethod.
#[derive(miniserde::Deserialize)]
struct Method {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

/// What we read of a Refund (<https://docs.stripe.com/api/refunds/object>).
#[derive(miniserde::Deserialize)]
struct Refund {
    id: String,
    amount: i64,
    status: Option<String>,
}

impl Refund {
    /// Whether the money is on its way: some banks take days to say that it has come.
    fn is_good(&self) -> bool {
        !matches!(self.status.as_deref(), Some("failed" | "canceled"))
    }
}

/// What we read of a list.
#[derive(miniserde::Deserialize)]
struct Page<T> {
    data: Vec<T>,
    has_more: bool,
}

/// Asks for the payment's amount to be set aside. A payment method that cannot do that is charged
/// at once.
pub(crate) async fn authorize(
    cx: &Cx,
    payment: &Payment,
    patience: Patience,
) -> Result<Intent, Error> {
    let client = Client::new(cx, patience).await?;
    let method = payment_method(&client, payment).await?;
    let refusal = match confirm(&client, payment, &method, Capture::Later).await {
        Err(Error::Refused(refusal)) => refusal,
        answer => return answer,
    };
    // Cards can wait for their capture, so this was refused for another reason.
    match kind_of(&client, &method).await?.as_deref() {
        None | Some("card") => Err(Error::Refused(refusal)),
        Some(_) => confirm(&client, payment, &method, Capture::AtOnce).await,
    }
}

/// When the money is taken.
#[derive(Clone, Copy)]
enum Capture {
    /// When we ask for it.
    Later,
    /// As soon as the buyer has paid.
    AtOnce,
}

/// Makes an intent and confirms it.
async fn confirm(
    client: &Client,
    payment: &Payment,
    method: &str,
    capture: Capture,
) -> Result<Intent, Error> {
    let currency = payment.currency.to_lowercase();
    // Parsing a currency cannot fail: an unknown one is passed on as it is.
    let currency: Currency = currency.parse().unwrap_or_else(|never| match never {});
    let metadata = HashMap::from([
        ("order_id".to_owned(), payment.order_id.to_string()),
        ("payment_id".to_owned(), payment.id.to_string()),
    ]);
    let (capture, action) = match capture {
        Capture::Later => (PaymentIntentCaptureMethod::Manual, "authorize"),
        Capture::AtOnce => (PaymentIntentCaptureMethod::AutomaticAsync, "charge"),
    };
    let shop = config::shop().await.map_err(Error::Unknown)?;
    // Where a bank sends the buyer back to. With it Stripe says where the bank's page is, so that the
    // buyer gets there without any script.
    let back = format!("{shop}/orders/{}/return", payment.order_id);
    let request = CreatePaymentIntent::new(amount(payment)?, currency)
        .payment_method(method)
        .return_url(back)
        .automatic_payment_methods(without_redirects())
        .capture_method(capture)
        .confirm(true)
        .metadata(metadata);
    let request = request.build().customize().request_strategy(key(payment, action)?);
    request.send(client).await
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
    let method: Method = request.build().customize().request_strategy(key).send(client).await?;
    Ok(method.id)
}

/// The kind of a payment method; `None` if there is none with this id.
async fn kind_of(client: &Client, method: &str) -> Result<Option<String>, Error> {
    let request = RetrievePaymentMethod::new(method).build().customize::<Method>();
    match request.send(client).await {
        Ok(method) => Ok(Some(method.kind)),
        Err(Error::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The intent as it is now.
pub(crate) async fn retrieve(cx: &Cx, intent: &str, patience: Patience) -> Result<Intent, Error> {
    retrieve_by(&Client::new(cx, patience).await?, intent).await
}

async fn retrieve_by(client: &Client, intent: &str) -> Result<Intent, Error> {
    RetrievePaymentIntent::new(intent).build().customize().send(client).await
}

/// The intent that was made for `payment`, found by its metadata: for answers that were lost, where
/// asking again would not do. `None`: there is none.
pub(crate) async fn look_up(
    cx: &Cx,
    payment: &Payment,
    patience: Patience,
) -> Result<Option<Intent>, Error> {
    let client = Client::new(cx, patience).await?;
    let query = format!("metadata['payment_id']:'{}'", payment.id);
    let search = SearchPaymentIntent::new(query).build().customize::<Page<Intent>>();
    let found = search.send(&client).await?;
    let found = found.data.into_iter().find(|intent| intent.payment_id() == Some(payment.id));
    let is_known = payment.created_at.plus_seconds(SEARCH_KNOWS_AFTER) < Timestamp::now();
    if found.is_some() || is_known {
        return Ok(found);
    }
    look_through(&client, payment).await
}

/// The same among all that were made about then: a list has the newest, too.
async fn look_through(client: &Client, payment: &Payment) -> Result<Option<Intent>, Error> {
    let began = payment.created_at.as_millis() / 1_000;
    let made = RangeBoundsTs {
        gte: Some(began - MADE_BEFORE),
        lte: Some(began + MADE_AFTER),
        ..RangeBoundsTs::default()
    };
    let mut after: Option<String> = None;
    for _ in 0..PAGES {
        let mut request = ListPaymentIntent::new().created(RangeQueryTs::Bounds(made)).limit(PAGE);
        if let Some(after) = after {
            request = request.starting_after(after);
        }
        let page: Page<Intent> = request.build().customize().send(client).await?;
        after = page.data.last().map(|intent| intent.id.clone());
        let found = page.data.into_iter().find(|intent| intent.payment_id() == Some(payment.id));
        if found.is_some() || !page.has_more || after.is_none() {
            return Ok(found);
        }
    }
    Err(Error::Unknown(anyhow!("there are more than {PAGES} pages of intents to look through")))
}

/// Takes the money that was set aside; answers with the intent as it is then, whether that was
/// done or refused.
pub(crate) async fn capture(
    cx: &Cx,
    payment: &Payment,
    intent: &str,
    patience: Patience,
) -> Result<Intent, Error> {
    let client = Client::new(cx, patience).await?;
    let request = CapturePaymentIntent::new(intent).build().customize::<Intent>();
    let asked = request.request_strategy(next_key(payment, "capture")?).send(&client).await;
    as_it_is(&client, intent, asked).await
}

/// Gives up the intent, and with it the money that was set aside; answers as [`capture`] does.
pub(crate) async fn void(
    cx: &Cx,
    payment: &Payment,
    intent: &str,
    patience: Patience,
) -> Result<Intent, Error> {
    let client = Client::new(cx, patience).await?;
    let request = CancelPaymentIntent::new(intent).build().customize::<Intent>();
    let asked = request.request_strategy(next_key(payment, "void")?).send(&client).await;
    as_it_is(&client, intent, asked).await
}

/// A refusal may only mean that it was done before: an answer was lost for so long that the
/// provider has forgotten the key. How the intent stands then tells.
async fn as_it_is(
    client: &Client,
    intent: &str,
    asked: Result<Intent, Error>,
) -> Result<Intent, Error> {
    match asked {
        Err(Error::Declined(Decline { code, message })) => {
            log::noted(client.cx(), "Stripe refused", format!("{code}: {message}"));
            retrieve_by(client, intent).await
        }
        Err(Error::Refused(refusal)) => {
            log::noted(client.cx(), "Stripe refused", format!("{refusal:#}"));
            retrieve_by(client, intent).await
        }
        answer => answer,
    }
}

/// Gives back the money that was taken.
pub(crate) async fn refund(
    cx: &Cx,
    payment: &Payment,
    intent: &str,
    patience: Patience,
) -> Result<(), Error> {
    let client = Client::new(cx, patience).await?;
    let mut request = CreateRefund::new().payment_intent(intent);
    if let Some(reason) = &payment.refund_reason {
        // Parsing a reason cannot fail: an unknown one is passed on as it is.
        request = request
            .reason(reason.parse::<CreateRefundReason>().unwrap_or_else(|never| match never {}));
    }
    let request = request.build().customize::<Refund>();
    match request.request_strategy(next_key(payment, "refund")?).send(&client).await {
        Ok(refund) if refund.is_good() => Ok(()),
        Ok(refund) => Err(Error::Refused(anyhow!("the refund {} failed", refund.id))),
        // It may have been given back by hand, or the answer been lost for longer than Stripe knows
        // keys.
        Err(Error::Refused(refusal)) if is_refunded(&client, payment, intent).await? => {
            log::noted(cx, "Stripe refused", format!("{refusal:#}"));
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Whether all of the payment's money has been given back.
async fn is_refunded(client: &Client, payment: &Payment, intent: &str) -> Result<bool, Error> {
    let request = ListRefund::new().payment_intent(intent).limit(PAGE).build();
    let refunds: Page<Refund> = request.customize().send(client).await?;
    let given_back: i64 =
        refunds.data.iter().filter(|refund| refund.is_good()).map(|refund| refund.amount).sum();
    Ok(given_back >= amount(payment)?)
}

/// The payment's amount as Stripe counts it.
fn amount(payment: &Payment) -> Result<i64, Error> {
    money::stripe_amount(&payment.currency, payment.amount).ok_or_else(|| {
        let Payment { id, amount, currency, .. } = payment;
        Error::Refused(anyhow!("Stripe cannot take {amount} {currency}, the amount of {id}"))
    })
}

/// The key of this try at `action`. Stripe keeps what came of a key for a day, failures, too: a later try
/// under the same one would only hear of them again. None of these actions can be done twice, under
/// whatever key: an intent is captured or cancelled once, and no more is given back than was taken.
fn next_key(payment: &Payment, action: &str) -> Result<RequestStrategy, Error> {
    key(payment, &format!("{action}-{}", payment.failures))
}

/// The key under which the provider does `action` for `payment` at most once.
fn key(payment: &Payment, action: &str) -> Result<RequestStrategy, Error> {
    IdempotencyKey::new(format!("{action}-{}", payment.id))
        .map(RequestStrategy::Idempotent)
        .map_err(|error| Error::Refused(error.into()))
}
