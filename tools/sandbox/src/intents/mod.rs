//! PaymentIntents, and their life as <https://docs.stripe.com/payments/paymentintents/lifecycle> has it:
//!
//! ```text
//! requires_payment_method -> requires_confirmation -> requires_action -> requires_capture -> succeeded
//!          ^--- declined, or authentication failed ---------/                  \---> canceled
//! ```
//!
//! Any state but `succeeded` can become `canceled`; with automatic capture a confirmed intent skips
//! `requires_capture`.

mod cancel;
mod capture;
mod confirm;
mod create;
mod details;
mod search;
mod update;

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use confirm::{any_due, fail_authentication, pass_authentication, settle_due};

use crate::{
    app::SharedApp,
    call::Call,
    choice::{Choice, choices},
    errors::{Error, Refusal},
    form::{Metadata, Params},
    ledger::{self, Stored},
    list::{self, Page},
    render::with_unset,
};
use details::Details;

/// Fields that the sandbox never has a value for.
const UNSET: &[&str] = &[
    "application",
    "application_fee_amount",
    "customer",
    "on_behalf_of",
    "payment_method_configuration_details",
    "processing",
    "review",
    "shipping",
    "source",
    "transfer_data",
];

choices! {
    /// Where an intent is in its life.
    Status {
        /// It has no card, or the last one did not work.
        RequiresPaymentMethod = "requires_payment_method",
        /// It has a card that is still to be charged.
        RequiresConfirmation = "requires_confirmation",
        /// The cardholder must authenticate.
        RequiresAction = "requires_action",
        /// A bank will say later whether it pays.
        Processing = "processing",
        /// The money is on hold.
        RequiresCapture = "requires_capture",
        /// Nothing more will happen; nothing was taken.
        Canceled = "canceled",
        /// The money was taken.
        Succeeded = "succeeded",
    }
}

choices! {
    /// When the money is taken.
    CaptureMethod {
        /// When the intent is confirmed.
        Automatic = "automatic",
        /// The same; Stripe may answer a moment before it knows some details.
        AutomaticAsync = "automatic_async",
        /// When it is captured.
        Manual = "manual",
    }
}

choices! {
    /// Who confirms after an authentication.
    ConfirmationMethod {
        /// The intent goes on by itself.
        Automatic = "automatic",
        /// The shop's server confirms again.
        Manual = "manual",
    }
}

choices! {
    /// Whether methods that send the buyer to another site are welcome.
    AllowRedirects {
        /// They are.
        Always = "always",
        /// They are not.
        Never = "never",
    }
}

/// An intent to collect a payment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Intent {
    id: String,
    created: i64,
    client_secret: String,
    pub(crate) amount: i64,
    pub(crate) amount_capturable: i64,
    amount_received: i64,
    pub(crate) currency: String,
    pub(crate) status: Status,
    capture_method: CaptureMethod,
    confirmation_method: ConfirmationMethod,
    /// `None` if the methods were listed instead.
    automatic_payment_methods: Option<AllowRedirects>,
    payment_method_types: Vec<String>,
    payment_method: Option<String>,
    pub(crate) latest_charge: Option<String>,
    last_payment_error: Value,
    next_action: Value,
    /// When a bank will have said whether it pays, in seconds since 1970.
    #[serde(default)]
    settles: Option<i64>,
    /// Where the cardholder is sent after authenticating.
    pub(crate) return_url: Option<String>,
    /// The method with which the cardholder has authenticated.
    authenticated: Option<String>,
    canceled_at: Option<i64>,
    cancellation_reason: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) details: Details,
}

impl Intent {
    /// The secret that the browser identifies the intent with.
    pub(crate) fn client_secret(&self) -> &str {
        &self.client_secret
    }

    /// The refusal of something that the intent's state does not allow.
    fn unexpected(&self, message: impl Into<String>) -> Refusal {
        Refusal::invalid(message)
            .code("payment_intent_unexpected_state")
            .with("payment_intent", self.render())
    }

    /// Whether it has not been charged yet, so that its terms can change.
    fn is_open(&self) -> bool {
        matches!(
            self.status,
            Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction
        )
    }
}

impl Stored for Intent {
    const TABLE: &'static str = "payment_intents";
    const NOUN: &'static str = "payment_intent";
    const LIST: &'static str = "/v1/payment_intents";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn intent(&self) -> Option<&str> {
        Some(&self.id)
    }

    fn render(&self) -> Value {
        let automatic = self
            .automatic_payment_methods
            .map(|redirects| json!({ "allow_redirects": redirects, "enabled": true }));
        let object = json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": self.amount_capturable,
            "amount_details": { "tip": {} },
            "amount_received": self.amount_received,
            "automatic_payment_methods": automatic,
            "canceled_at": self.canceled_at,
            "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method,
            "client_secret": self.client_secret,
            "confirmation_method": self.confirmation_method,
            "created": self.created,
            "currency": self.currency,
            "description": self.details.description,
            "last_payment_error": self.last_payment_error,
            "latest_charge": self.latest_charge,
            "livemode": false,
            "metadata": self.metadata,
            "next_action": self.next_action,
            "payment_method": self.payment_method,
            "payment_method_options": {
                "card": {
                    "installments": null,
                    "mandate_options": null,
                    "network": null,
                    "request_three_d_secure": "automatic",
                },
            },
            "payment_method_types": self.payment_method_types,
            "receipt_email": self.details.receipt_email,
            "setup_future_usage": self.details.setup_future_usage,
            "statement_descriptor": self.details.statement_descriptor,
            "statement_descriptor_suffix": self.details.statement_descriptor_suffix,
            "status": self.status,
            "transfer_group": self.details.transfer_group,
        });
        with_unset(object, UNSET)
    }
}

/// The routes of this resource.
pub(crate) fn routes() -> Router<SharedApp> {
    Router::new()
        .route("/v1/payment_intents", get(all).post(create::create))
        .route("/v1/payment_intents/search", get(search::search))
        .route("/v1/payment_intents/{id}", get(retrieve).post(update::update))
        .route("/v1/payment_intents/{id}/confirm", post(confirm::confirm))
        .route("/v1/payment_intents/{id}/capture", post(capture::capture))
        .route("/v1/payment_intents/{id}/cancel", post(cancel::cancel))
}

async fn retrieve(State(app): State<SharedApp>, Path(id): Path<String>, call: Call) -> Response {
    let parse = |params: &mut Params| params.text("client_secret");
    app.read(call, parse, move |scope, secret| {
        let intent: Intent = ledger::require(scope.db, &id, "intent")?;
        if secret.is_some_and(|secret| secret != intent.client_secret) {
            return Err(Refusal::invalid(
                "The client_secret provided does not match the client_secret associated with the \
                 PaymentIntent.",
            )
            .param("client_secret")
            .into());
        }
        Ok(intent.render())
    })
    .await
}

async fn all(State(app): State<SharedApp>, call: Call) -> Response {
    app.read(call, wanted, |scope, page| list::list::<Intent>(scope.db, &page, Vec::new())).await
}

fn wanted(params: &mut Params) -> Result<Page, Error> {
    no_customer(params)?;
    Page::parse(params)
}

/// The sandbox keeps no customers, so none that a call names exists.
fn no_customer(params: &mut Params) -> Result<(), Error> {
    match params.text("customer")? {
        None => Ok(()),
        Some(id) => Err(Refusal::no_such("customer", &id, "customer").into()),
    }
}

/// Reads `payment_method_types`: cards, and nothing else.
fn method_types(params: &mut Params) -> Result<Option<Vec<String>>, Error> {
    let types = params.texts("payment_method_types")?;
    match types.iter().flatten().find(|kind| *kind != "card") {
        None => Ok(types.filter(|types| !types.is_empty())),
        Some(other) => Err(Refusal::invalid(format!(
            "The payment method type \"{other}\" is not available: the payment sandbox takes cards only."
        ))
        .param("payment_method_types")
        .into()),
    }
}

/// The words of a list of states, as error messages give them.
fn words(states: &[Status]) -> String {
    states.iter().map(|state| state.word()).collect::<Vec<_>>().join(", ")
}
