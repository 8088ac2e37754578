//! The payment provider: Stripe, or the sandbox that speaks like it.

use anyhow::{Context as _, Result, bail};
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use std::time::Duration;
use uuid::Uuid;

use crate::model::Order;

const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) struct Stripe {
    http: reqwest::Client,
    intents: String,
    key: String,
}

/// What the provider said.
pub(crate) enum Charge {
    /// The money is taken, by this intent.
    Succeeded(String),
    /// It is not, for this reason.
    Declined(String),
}

#[derive(Deserialize)]
struct Intent {
    id: String,
    status: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: RefusalError,
}

#[derive(Deserialize)]
struct RefusalError {
    code: Option<String>,
    decline_code: Option<String>,
    message: Option<String>,
}

impl Stripe {
    pub(crate) fn new(base: String, key: String) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let intents = format!("{}/v1/payment_intents", base.trim_end_matches('/'));
        Ok(Self { http, intents, key })
    }

    /// Takes the money for an order, once for each payment `id`.
    pub(crate) async fn charge(&self, id: Uuid, order: &Order, token: &str) -> Result<Charge> {
        let (amount, order_id) = (order.amount.to_string(), order.id.to_string());
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("amount", &amount)
            .append_pair("currency", &order.currency.to_lowercase())
            .append_pair("payment_method", token)
            .append_pair("confirm", "true")
            .append_pair("automatic_payment_methods[enabled]", "true")
            .append_pair("automatic_payment_methods[allow_redirects]", "never")
            .append_pair("metadata[order_id]", &order_id)
            .finish();
        let request = self
            .http
            .post(&self.intents)
            .bearer_auth(&self.key)
            .header("idempotency-key", id.to_string())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let answer = request.send().await.context("the payment provider")?;
        match answer.status() {
            StatusCode::OK => {
                let Intent { id, status } = answer.json().await?;
                if status == "succeeded" {
                    return Ok(Charge::Succeeded(id));
                }
                Ok(Charge::Declined(status))
            }
            StatusCode::PAYMENT_REQUIRED => {
                let Refusal { error } = answer.json().await?;
                let code = error.decline_code.or(error.code);
                Ok(Charge::Declined(code.unwrap_or_else(|| "card_declined".to_owned())))
            }
            status => {
                let refusal = answer.json::<Refusal>().await;
                let message = refusal.ok().and_then(|refusal| refusal.error.message);
                bail!("the payment provider answered {status}: {}", message.unwrap_or_default())
            }
        }
    }
}
