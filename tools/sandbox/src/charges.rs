//! Charges: one attempt each to take money from a card for an intent.

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    app::{Scope, SharedApp},
    call::Call,
    cards::Decline,
    errors::Error,
    form::{Metadata, Params},
    ids,
    intents::Intent,
    ledger::{self, Stored},
    list::{self, Page},
    methods::{Billing, PaymentMethod},
    render::with_unset,
};

/// How long an uncaptured charge stays on hold: seven days for cards
/// (<https://docs.stripe.com/payments/place-a-hold-on-a-payment-method>).
const HOLD_SECONDS: i64 = 7 * 24 * 60 * 60;

/// Fields that the sandbox never has a value for.
const UNSET: &[&str] = &[
    "application",
    "application_fee",
    "application_fee_amount",
    "balance_transaction",
    "customer",
    "destination",
    "dispute",
    "failure_balance_transaction",
    "on_behalf_of",
    "order",
    "receipt_number",
    "receipt_url",
    "review",
    "shipping",
    "source",
    "source_transfer",
    "statement_descriptor",
    "transfer_data",
];

/// An attempt to charge a card.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Charge {
    id: String,
    created: i64,
    intent: String,
    amount: i64,
    currency: String,
    pub(crate) amount_captured: i64,
    pub(crate) amount_refunded: i64,
    pub(crate) captured: bool,
    /// Whether its buyer has ever disputed it.
    #[serde(default)]
    pub(crate) disputed: bool,
    /// Until when an uncaptured charge can be captured.
    pub(crate) capture_before: Option<i64>,
    /// Why it failed; `None` if it succeeded.
    failure: Option<Failure>,
    payment_method: String,
    card: Value,
    /// The kind of the payment method.
    #[serde(default = "card")]
    kind: String,
    authenticated: bool,
    billing: Billing,
    description: Option<String>,
    metadata: Metadata,
    receipt_email: Option<String>,
    statement_descriptor_suffix: Option<String>,
    transfer_group: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Failure {
    code: String,
    decline_code: String,
    message: String,
    blocked: bool,
    advice: Option<String>,
}

impl Charge {
    /// A charge of the intent's whole amount, not captured yet. With `decline` it has failed.
    pub(crate) fn attempt(
        scope: &Scope<'_>,
        intent: &Intent,
        method: &PaymentMethod,
        authenticated: bool,
        decline: Option<&Decline>,
    ) -> Self {
        Self {
            id: ids::object("ch"),
            created: scope.now,
            intent: intent.id().to_owned(),
            amount: intent.amount,
            currency: intent.currency.clone(),
            amount_captured: 0,
            amount_refunded: 0,
            captured: false,
            disputed: false,
            capture_before: decline.is_none().then_some(scope.now + HOLD_SECONDS),
            failure: decline.map(|decline| Failure {
                code: decline.code.to_owned(),
                decline_code: decline.decline_code.to_owned(),
                message: decline.message.to_owned(),
                blocked: decline.blocked,
                advice: decline.advice.map(str::to_owned),
            }),
            payment_method: method.id().to_owned(),
            card: method.card_details("pass"),
            kind: method.kind().to_owned(),
            authenticated,
            billing: method.billing.clone(),
            description: intent.details.description.clone(),
            metadata: intent.metadata.clone(),
            receipt_email: intent.details.receipt_email.clone(),
            statement_descriptor_suffix: intent.details.statement_descriptor_suffix.clone(),
            transfer_group: intent.details.transfer_group.clone(),
        }
    }

    /// Takes `amount` of what is on hold.
    pub(crate) fn capture(&mut self, amount: i64) {
        self.captured = true;
        self.amount_captured = amount;
        self.capture_before = None;
    }

    /// What could still be refunded, in minor units.
    pub(crate) fn refundable(&self) -> i64 {
        self.amount_captured - self.amount_refunded
    }

    /// Whether the money was taken or put on hold.
    pub(crate) fn succeeded(&self) -> bool {
        self.failure.is_none()
    }

    fn outcome(&self) -> Value {
        let (status, kind, level, seller) = match &self.failure {
            None => ("approved_by_network", "authorized", "normal", "Payment complete."),
            Some(failure) if failure.blocked => (
                "not_sent_to_network",
                "blocked",
                "highest",
                "The payment was blocked as too risky before the bank was asked.",
            ),
            Some(_) => (
                "declined_by_network",
                "issuer_declined",
                "normal",
                "The bank declined the payment; the decline code says why.",
            ),
        };
        let reason = self.failure.as_ref().map(|failure| {
            if failure.blocked { "highest_risk_level" } else { failure.decline_code.as_str() }
        });
        json!({
            "advice_code": self.failure.as_ref().and_then(|failure| failure.advice.as_deref()),
            "network_advice_code": null,
            "network_decline_code": null,
            "network_status": status,
            "reason": reason,
            "risk_level": level,
            "risk_score": if level == "normal" { 10 } else { 90 },
            "seller_message": seller,
            "type": kind,
        })
    }

    fn method_details(&self) -> Value {
        if self.kind != "card" {
            let account = json!({
                "fingerprint": self.card["fingerprint"],
                "last4": self.card["last4"],
            });
            let mut details = json!({ "type": self.kind });
            details[&self.kind] = account;
            return details;
        }
        let mut card = self.card.clone();
        card["amount_authorized"] = json!(self.succeeded().then_some(self.amount));
        card["authorization_code"] = Value::Null;
        card["capture_before"] = json!(self.capture_before);
        card["extended_authorization"] = json!({ "status": "disabled" });
        card["incremental_authorization"] = json!({ "status": "unavailable" });
        card["installments"] = Value::Null;
        card["mandate"] = Value::Null;
        card["multicapture"] = json!({ "status": "unavailable" });
        card["network"] = card["brand"].clone();
        card["network_token"] = json!({ "used": false });
        card["network_transaction_id"] = Value::Null;
        card["overcapture"] =
            json!({ "maximum_amount_capturable": self.amount, "status": "unavailable" });
        card["three_d_secure"] = if self.authenticated { authenticated() } else { Value::Null };
        json!({ "card": card, "type": "card" })
    }
}

/// The kind of method of charges that were kept before there was another.
fn card() -> String {
    "card".to_owned()
}

/// What a charge says about a passed 3-D Secure challenge.
fn authenticated() -> Value {
    json!({
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": null,
        "exemption_indicator": null,
        "result": "authenticated",
        "result_reason": null,
        "transaction_id": null,
        "version": "2.2.0",
    })
}

impl Stored for Charge {
    const TABLE: &'static str = "charges";
    const NOUN: &'static str = "charge";
    const LIST: &'static str = "/v1/charges";

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
        let object = json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.amount_captured,
            "amount_refunded": self.amount_refunded,
            "billing_details": self.billing,
            "calculated_statement_descriptor": "PAYMENT SANDBOX",
            "captured": self.captured,
            "created": self.created,
            "currency": self.currency,
            "description": self.description,
            "disputed": self.disputed,
            "failure_code": self.failure.as_ref().map(|failure| &failure.code),
            "failure_message": self.failure.as_ref().map(|failure| &failure.message),
            "fraud_details": {},
            "livemode": false,
            "metadata": self.metadata,
            "outcome": self.outcome(),
            "paid": self.succeeded(),
            "payment_intent": self.intent,
            "payment_method": self.payment_method,
            "payment_method_details": self.method_details(),
            "radar_options": {},
            "receipt_email": self.receipt_email,
            "refunded": self.captured && self.refundable() == 0,
            "statement_descriptor_suffix": self.statement_descriptor_suffix,
            "status": if self.succeeded() { "succeeded" } else { "failed" },
            "transfer_group": self.transfer_group,
        });
        with_unset(object, UNSET)
    }
}

/// The routes of this resource.
pub(crate) fn routes() -> Router<SharedApp> {
    Router::new().route("/v1/charges", get(all)).route("/v1/charges/{id}", get(retrieve))
}

async fn retrieve(State(app): State<SharedApp>, Path(id): Path<String>, call: Call) -> Response {
    app.read(
        call,
        |_| Ok(()),
        move |scope, ()| Ok(ledger::require::<Charge>(scope.db, &id, "id")?.render()),
    )
    .await
}

async fn all(State(app): State<SharedApp>, call: Call) -> Response {
    app.read(call, wanted, |scope, (page, intent)| {
        let filters = intent.into_iter().map(|id| ("intent", id)).collect();
        list::list::<Charge>(scope.db, &page, filters)
    })
    .await
}

fn wanted(params: &mut Params) -> Result<(Page, Option<String>), Error> {
    Ok((Page::parse(params)?, params.text("payment_intent")?))
}
