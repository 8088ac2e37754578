//! PaymentMethods: cards that a payment can be made with.
//!
//! There are no card numbers here. A method comes from a legacy token (`POST /v1/payment_methods` with
//! `card[token]=tok_visa`), from `payment_method_data` in a payment, or by naming a test method
//! (`pm_card_visa`), of which each use makes a method with an id of its own.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{
    app::{Answer, Scope, SharedApp},
    call::Call,
    cards::Card,
    errors::{Error, Refusal},
    form::{Metadata, MetadataChange, Params},
    ids,
    ledger::{self, Stored},
};

/// A card in somebody's hand.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PaymentMethod {
    id: String,
    created: i64,
    /// The test card's first name ([`Card::names`]).
    card: String,
    /// The billing details.
    pub(crate) billing: Billing,
    metadata: Metadata,
    /// Whether it has paid for something. Without a customer, a method pays only once.
    pub(crate) used: bool,
}

/// Whom and where a card's bills go to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Billing {
    address: Address,
    email: Option<String>,
    name: Option<String>,
    phone: Option<String>,
    tax_id: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Address {
    city: Option<String>,
    country: Option<String>,
    line1: Option<String>,
    line2: Option<String>,
    postal_code: Option<String>,
    state: Option<String>,
}

impl Billing {
    fn parse(params: &mut Params) -> Result<Self, Error> {
        let Some(mut group) = params.group("billing_details")? else { return Ok(Self::default()) };
        let address = match group.group("address")? {
            None => Address::default(),
            Some(mut address) => {
                let parsed = Address {
                    city: address.clearable("city")?.flatten(),
                    country: address.clearable("country")?.flatten(),
                    line1: address.clearable("line1")?.flatten(),
                    line2: address.clearable("line2")?.flatten(),
                    postal_code: address.clearable("postal_code")?.flatten(),
                    state: address.clearable("state")?.flatten(),
                };
                address.finish()?;
                parsed
            }
        };
        let billing = Self {
            address,
            email: group.clearable("email")?.flatten(),
            name: group.clearable("name")?.flatten(),
            phone: group.clearable("phone")?.flatten(),
            tax_id: group.clearable("tax_id")?.flatten(),
        };
        group.finish()?;
        Ok(billing)
    }
}

/// What a method is made from.
#[derive(Debug)]
pub(crate) struct MethodData {
    token: String,
    billing: Billing,
    metadata: Option<MetadataChange>,
}

impl MethodData {
    /// Reads `type=card`, `card[token]`, `billing_details` and `metadata`.
    pub(crate) fn parse(params: &mut Params) -> Result<Self, Error> {
        let kind = params.text("type")?.ok_or_else(|| Refusal::missing(&params.full("type")))?;
        if kind != "card" {
            return Err(Refusal::invalid(format!(
                "The payment sandbox takes cards only, not payment methods of type '{kind}'."
            ))
            .param(&params.full("type"))
            .into());
        }
        let mut card =
            params.group("card")?.ok_or_else(|| Refusal::missing(&params.full("card")))?;
        if card.text("number")?.is_some() {
            return Err(Refusal::new(
                StatusCode::PAYMENT_REQUIRED,
                "invalid_request_error",
                "Sending card numbers to the API is unsafe, and the payment sandbox does not \
                 accept them. Use a test token such as card[token]=tok_visa.",
            )
            .param(&card.full("number"))
            .into());
        }
        let token = card.text("token")?.ok_or_else(|| Refusal::missing(&card.full("token")))?;
        card.finish()?;
        // How a checkout page may show the card again; nothing here depends on it.
        params.text("allow_redisplay")?;
        Ok(Self { token, billing: Billing::parse(params)?, metadata: params.metadata()? })
    }
}

/// The method that a payment is to be made with.
#[derive(Debug)]
pub(crate) enum Choice {
    /// The one with this id, a test method's included.
    Known(String),
    /// A new one.
    New(Box<MethodData>),
}

impl Choice {
    /// Reads `payment_method` or `payment_method_data`.
    pub(crate) fn parse(params: &mut Params) -> Result<Option<Self>, Error> {
        let known = params.text("payment_method")?;
        match (known, params.group("payment_method_data")?) {
            (Some(_), Some(_)) => Err(Refusal::invalid(
                "You may only specify one of these parameters: payment_method, payment_method_data.",
            )
            .into()),
            (Some(id), None) => Ok(Some(Self::Known(id))),
            (None, Some(mut data)) => {
                let parsed = MethodData::parse(&mut data)?;
                data.finish()?;
                Ok(Some(Self::New(Box::new(parsed))))
            }
            (None, None) => Ok(None),
        }
    }

    /// The method, made if it is new. Errors: unknown id or token; a method that has paid already.
    pub(crate) fn resolve(self, scope: &Scope<'_>) -> Result<PaymentMethod, Error> {
        match self {
            Self::New(data) => PaymentMethod::create(scope, *data),
            Self::Known(id) => match Card::of_method(&id) {
                Some(card) => {
                    let method = PaymentMethod::of(card, ids::object("pm"), scope.now);
                    ledger::insert(scope.db, &method)?;
                    Ok(method)
                }
                None => known(scope, &id),
            },
        }
    }
}

fn known(scope: &Scope<'_>, id: &str) -> Result<PaymentMethod, Error> {
    let method: PaymentMethod = ledger::require(scope.db, id, "payment_method")?;
    if method.used {
        return Err(Refusal::invalid(
            "This PaymentMethod was previously used without being attached to a Customer or was \
             detached from a Customer, and may not be used again.",
        )
        .param("payment_method")
        .into());
    }
    Ok(method)
}

impl PaymentMethod {
    fn of(card: &Card, id: String, created: i64) -> Self {
        Self {
            id,
            created,
            card: card.names[0].to_owned(),
            billing: Billing::default(),
            metadata: Metadata::new(),
            used: false,
        }
    }

    fn create(scope: &Scope<'_>, data: MethodData) -> Result<Self, Error> {
        let card = Card::of_token(&data.token)
            .ok_or_else(|| Refusal::no_such("token", &data.token, "card[token]"))?;
        let mut method = Self::of(card, ids::object("pm"), scope.now);
        method.billing = data.billing;
        if let Some(change) = data.metadata {
            change.apply(&mut method.metadata)?;
        }
        ledger::insert(scope.db, &method)?;
        Ok(method)
    }

    /// The test card behind it. Fails for a card that this build does not know.
    pub(crate) fn test_card(&self) -> Result<&'static Card, Error> {
        Card::named(&self.card).ok_or_else(|| {
            Error::Internal(anyhow::anyhow!(
                "{} belongs to the unknown test card {}",
                self.id,
                self.card
            ))
        })
    }

    /// The card's details, as they stand in a PaymentMethod and in a charge. `cvc_check` is `unchecked`
    /// until a bank has seen the card.
    pub(crate) fn card_details(&self, cvc_check: &str) -> Value {
        let card = Card::named(&self.card);
        let issued =
            OffsetDateTime::from_unix_timestamp(self.created).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let brand = card.map(|card| card.brand);
        json!({
            "brand": brand,
            "checks": {
                "address_line1_check": null,
                "address_postal_code_check": null,
                "cvc_check": cvc_check,
            },
            "country": card.map(|card| card.country),
            "exp_month": u8::from(issued.month()),
            "exp_year": issued.year() + 1,
            "fingerprint": fingerprint(&self.card),
            "funding": card.map(|card| card.funding),
            "last4": card.map(|card| card.last4),
            "regulated_status": "unregulated",
            "wallet": null,
        })
    }
}

impl Stored for PaymentMethod {
    const TABLE: &'static str = "payment_methods";
    const NOUN: &'static str = "PaymentMethod";
    const LIST: &'static str = "/v1/payment_methods";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn intent(&self) -> Option<&str> {
        None
    }

    fn render(&self) -> Value {
        let mut method = json!({
            "id": self.id,
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": self.billing,
            "created": self.created,
            "customer": null,
            "livemode": false,
            "metadata": self.metadata,
            "type": self.kind(),
        });
        method[self.kind()] = if self.is_account() { self.account() } else { self.card() };
        method
    }
}

impl PaymentMethod {
    /// Whether it is a bank account.
    pub(crate) fn is_account(&self) -> bool {
        Card::named(&self.card).is_some_and(|card| card.account)
    }

    /// What Stripe calls its kind.
    pub(crate) fn kind(&self) -> &'static str {
        if self.is_account() { "us_bank_account" } else { "card" }
    }

    fn account(&self) -> Value {
        json!({
            "account_holder_type": "individual",
            "account_type": "checking",
            "bank_name": "STRIPE TEST BANK",
            "fingerprint": fingerprint(&self.card),
            "last4": Card::named(&self.card).map(|card| card.last4),
            "networks": { "preferred": "ach", "supported": ["ach"] },
            "routing_number": "110000000",
        })
    }

    fn card(&self) -> Value {
        let mut card = self.card_details("unchecked");
        card["display_brand"] = card["brand"].clone();
        card["generated_from"] = Value::Null;
        card["networks"] = json!({ "available": [card["brand"]], "preferred": null });
        card["three_d_secure_usage"] = json!({ "supported": true });
        card
    }
}

/// The same 16 digits for the same card (FNV-1a of its name).
fn fingerprint(name: &str) -> String {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// The routes of this resource.
pub(crate) fn routes() -> Router<SharedApp> {
    Router::new()
        .route("/v1/payment_methods", post(create))
        .route("/v1/payment_methods/{id}", get(retrieve))
}

async fn create(State(app): State<SharedApp>, call: Call) -> Response {
    app.write(call, MethodData::parse, |scope, data| {
        Ok(Answer::from(PaymentMethod::create(scope, data)?.render()))
    })
    .await
}

async fn retrieve(State(app): State<SharedApp>, Path(id): Path<String>, call: Call) -> Response {
    app.read(
        call,
        |_| Ok(()),
        move |scope, ()| match Card::of_method(&id) {
            Some(card) => Ok(PaymentMethod::of(card, id, scope.now).render()),
            None => Ok(ledger::require::<PaymentMethod>(scope.db, &id, "id")?.render()),
        },
    )
    .await
}
