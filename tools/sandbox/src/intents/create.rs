//! `POST /v1/payment_intents`.

use axum::{extract::State, response::Response};
use serde_json::Value;

use super::{
    AllowRedirects, CaptureMethod, ConfirmationMethod, Intent, Status,
    confirm::{self, Confirmation, Terms},
    details::{Change, Details},
    method_types, no_customer,
};
use crate::{
    app::{Answer, Scope, SharedApp},
    call::Call,
    errors::{Error, Refusal},
    events,
    form::{Metadata, MetadataChange, Params},
    ids,
    ledger::{self, Stored},
    methods, money,
};

struct Request {
    amount: i64,
    currency: String,
    capture_method: Option<CaptureMethod>,
    confirmation_method: Option<ConfirmationMethod>,
    automatic: Option<AllowRedirects>,
    types: Option<Vec<String>>,
    method: Option<methods::Choice>,
    /// Present if the intent is to be confirmed at once.
    terms: Option<Terms>,
    metadata: Option<MetadataChange>,
    details: Change,
}

impl Request {
    fn parse(params: &mut Params) -> Result<Self, Error> {
        let amount = params.integer("amount")?.ok_or_else(|| Refusal::missing("amount"))?;
        let code = params.text("currency")?.ok_or_else(|| Refusal::missing("currency"))?;
        let currency = known_currency(&code)?;
        money::check_amount(amount, &currency)?;
        no_customer(params)?;
        let confirm = params.boolean("confirm")?.unwrap_or(false);
        let confirmation_method = params.choice("confirmation_method")?;
        let (types, automatic) = accepted(params, confirmation_method)?;
        Ok(Self {
            amount,
            currency,
            capture_method: params.choice("capture_method")?,
            confirmation_method,
            automatic,
            types,
            method: methods::Choice::parse(params)?,
            terms: terms(params, confirm)?,
            metadata: params.metadata()?,
            details: Change::parse(params)?,
        })
    }
}

/// The currency's code in lower case.
pub(super) fn known_currency(code: &str) -> Result<String, Error> {
    money::currency(code).ok_or_else(|| {
        Refusal::invalid(format!(
            "Invalid currency: {code}. It must be the three-letter ISO code of a currency that cards \
             can pay in."
        ))
        .param("currency")
        .into()
    })
}

/// Which methods the intent takes: those listed, or, since API version 2023-08-16, whatever the account
/// has enabled.
fn accepted(
    params: &mut Params,
    confirmation: Option<ConfirmationMethod>,
) -> Result<(Option<Vec<String>>, Option<AllowRedirects>), Error> {
    let types = method_types(params)?;
    let Some(mut group) = params.group("automatic_payment_methods")? else {
        // An intent that the server confirms, and one with listed methods, has none by default.
        let default = types.is_none() && confirmation.is_none();
        return Ok((types, default.then_some(AllowRedirects::Always)));
    };
    let enabled = group
        .boolean("enabled")?
        .ok_or_else(|| Refusal::missing("automatic_payment_methods[enabled]"))?;
    let redirects = group.choice("allow_redirects")?.unwrap_or(AllowRedirects::Always);
    group.finish()?;
    let rival = match (&types, confirmation) {
        (Some(_), _) => Some("payment_method_types"),
        (None, Some(_)) => Some("confirmation_method"),
        (None, None) => None,
    };
    match rival {
        Some(rival) if enabled => Err(Refusal::invalid(format!(
            "You may only specify one of these parameters: automatic_payment_methods, {rival}."
        ))
        .into()),
        _ => Ok((types, enabled.then_some(redirects))),
    }
}

/// The terms of confirming, which have no meaning without `confirm=true`.
fn terms(params: &mut Params, confirm: bool) -> Result<Option<Terms>, Error> {
    let terms = Terms::parse(params)?;
    if confirm {
        return Ok(Some(terms));
    }
    match terms.first_given() {
        None => Ok(None),
        Some(name) => Err(Refusal::invalid(format!(
            "The parameter `{name}` cannot be passed when creating a PaymentIntent unless `confirm` is \
             set to true."
        ))
        .param(name)
        .into()),
    }
}

/// Creates an intent, and confirms it if asked to. If that is declined, the intent stays.
pub(super) async fn create(State(app): State<SharedApp>, call: Call) -> Response {
    app.write(call, Request::parse, run).await
}

fn run(scope: &Scope<'_>, request: Request) -> Result<Answer, Error> {
    let method = request.method.map(|choice| choice.resolve(scope)).transpose()?;
    let id = ids::object("pi");
    let mut intent = Intent {
        client_secret: ids::client_secret(&id),
        id,
        created: scope.now,
        amount: request.amount,
        amount_capturable: 0,
        amount_received: 0,
        currency: request.currency,
        status: match method {
            Some(_) => Status::RequiresConfirmation,
            None => Status::RequiresPaymentMethod,
        },
        capture_method: request.capture_method.unwrap_or(CaptureMethod::AutomaticAsync),
        confirmation_method: request.confirmation_method.unwrap_or(ConfirmationMethod::Automatic),
        automatic_payment_methods: request.automatic,
        payment_method_types: request.types.unwrap_or_else(|| vec!["card".to_owned()]),
        payment_method: method.as_ref().map(|method| method.id().to_owned()),
        latest_charge: None,
        last_payment_error: Value::Null,
        next_action: Value::Null,
        settles: None,
        return_url: None,
        authenticated: None,
        canceled_at: None,
        cancellation_reason: None,
        metadata: Metadata::new(),
        details: Details::default(),
    };
    if let Some(change) = request.metadata {
        change.apply(&mut intent.metadata)?;
    }
    request.details.apply(&mut intent.details);
    ledger::insert(scope.db, &intent)?;
    events::record(scope, "payment_intent.created", intent.render())?;
    match request.terms {
        Some(terms) => confirm::run(scope, intent, Confirmation::of(terms)),
        None => Ok(Answer::from(intent.render())),
    }
}
