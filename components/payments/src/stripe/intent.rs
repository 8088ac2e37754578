//! What we read of a PaymentIntent, in answers and in events.

use std::collections::HashMap;

use boxoffice_contract::PaymentId;

use super::Decline;

/// A PaymentIntent (<https://docs.stripe.com/api/payment_intents/object>), as far as we use it.
#[derive(Clone, Debug, miniserde::Deserialize, serde::Deserialize)]
pub(crate) struct Intent {
    /// Its id, `pi_…`.
    pub(crate) id: String,
    status: String,
    /// The amount in the currency's minor unit.
    pub(crate) amount: i64,
    /// ISO 4217, in lower case.
    pub(crate) currency: String,
    /// What the buyer's browser finishes it with. Not to be stored or logged.
    pub(crate) client_secret: Option<String>,
    /// What the buyer must do.
    pub(crate) next_action: Option<NextAction>,
    last_payment_error: Option<PaymentError>,
    metadata: Option<HashMap<String, String>>,
}

/// What a buyer has to do.
#[derive(Clone, Debug, miniserde::Deserialize, serde::Deserialize)]
pub(crate) struct NextAction {
    /// `use_stripe_sdk`, `redirect_to_url`, or another of Stripe's.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Where `redirect_to_url` leads.
    pub(crate) redirect_to_url: Option<Redirect>,
}

/// Where a buyer has to go.
#[derive(Clone, Debug, miniserde::Deserialize, serde::Deserialize)]
pub(crate) struct Redirect {
    /// The page's address.
    pub(crate) url: Option<String>,
}

#[derive(Clone, Debug, miniserde::Deserialize, serde::Deserialize)]
struct PaymentError {
    code: Option<String>,
    decline_code: Option<String>,
    message: Option<String>,
}

/// Where an intent stands (<https://docs.stripe.com/payments/paymentintents/lifecycle>).
#[derive(Debug)]
pub(crate) enum IntentState {
    /// The money is set aside.
    Held,
    /// The money is taken.
    Taken,
    /// The buyer has to do something.
    Action,
    /// The provider will know later.
    Processing,
    /// The payment method did not work.
    Failed(Decline),
    /// It is over, and no money moved.
    Canceled,
    /// Nothing that an intent of ours should be in.
    Odd(String),
}

impl Intent {
    /// Its status.
    pub(crate) fn state(&self) -> IntentState {
        match self.status.as_str() {
            "requires_capture" => IntentState::Held,
            "succeeded" => IntentState::Taken,
            "requires_action" => IntentState::Action,
            "processing" => IntentState::Processing,
            "canceled" => IntentState::Canceled,
            "requires_payment_method" => IntentState::Failed(self.decline()),
            other => IntentState::Odd(other.to_owned()),
        }
    }

    fn decline(&self) -> Decline {
        let error = self.last_payment_error.clone();
        let (code, message) =
            error.map_or((None, None), |error| (error.decline_code.or(error.code), error.message));
        Decline {
            code: code.unwrap_or_else(|| "card_declined".to_owned()),
            message: message.unwrap_or_default(),
        }
    }

    /// Our payment that it is for, if it says so.
    pub(crate) fn payment_id(&self) -> Option<PaymentId> {
        self.metadata.as_ref()?.get("payment_id")?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_failed_authentication_is_a_decline_with_a_code() {
        let text = r#"{"id":"pi_1","status":"requires_payment_method","amount":100,"currency":"eur",
            "last_payment_error":{"code":"payment_intent_authentication_failure","message":"No."},
            "metadata":{"payment_id":"01980f3c-0000-7000-8000-000000000000"},"object":"x"}"#;
        let by_serde: Intent = serde_json::from_str(text).unwrap();
        let by_miniserde: Intent = miniserde::json::from_str(text).unwrap();
        for intent in [by_serde, by_miniserde] {
            assert!(intent.payment_id().is_some());
            assert!(matches!(intent.state(), IntentState::Failed(Decline { code, .. })
                if code == "payment_intent_authentication_failure"));
        }
    }
}
