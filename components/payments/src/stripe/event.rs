//! Events, as Stripe's webhooks send them.

use anyhow::Context;
use serde::Deserialize;

use super::Intent;

/// An event (<https://docs.stripe.com/api/events/object>), as far as we use it.
#[derive(Debug, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    data: Data,
    /// Whether it is about real money.
    #[serde(default)]
    pub(crate) livemode: bool,
}

#[derive(Debug, Deserialize)]
struct Data {
    object: serde_json::Value,
}

impl Event {
    /// Reads the body of a request that Stripe has signed.
    ///
    /// # Errors
    /// The body is not JSON, or not an event.
    pub(crate) fn parse(body: &str) -> serde_json::Result<Self> {
        serde_json::from_str(body)
    }

    /// What it tells, if it is of a type that we follow. Whatever else may come is stored and has no
    /// effect.
    ///
    /// # Errors
    /// The object is not what the event's type promises.
    pub(crate) fn news(&self) -> anyhow::Result<Option<News>> {
        let object = &self.data.object;
        Ok(Some(match self.kind.as_str() {
            "payment_intent.amount_capturable_updated"
            | "payment_intent.canceled"
            | "payment_intent.payment_failed"
            | "payment_intent.processing"
            | "payment_intent.requires_action"
            | "payment_intent.succeeded" => {
                let intent = Intent::deserialize(object);
                News::Intent(Box::new(intent.context("the event's object is not a PaymentIntent")?))
            }
            "charge.refunded" => {
                let charge = Charge::deserialize(object);
                News::Charge(charge.context("the event's object is not a Charge")?)
            }
            "refund.failed" | "charge.dispute.created" | "charge.dispute.closed" => {
                let trouble = Trouble::deserialize(object);
                News::Trouble(trouble.context("the event's object is not a Refund or a Dispute")?)
            }
            _ => return Ok(None),
        }))
    }
}

/// What an event tells.
#[derive(Debug)]
pub(crate) enum News {
    /// How an intent stands.
    Intent(Box<Intent>),
    /// That money was given back, by us or by hand.
    Charge(Charge),
    /// What only people can deal with.
    Trouble(Trouble),
}

/// A Charge (<https://docs.stripe.com/api/charges/object>), as far as we use it.
#[derive(Debug, Deserialize)]
pub(crate) struct Charge {
    pub(crate) payment_intent: Option<String>,
    /// Money was taken by it. What was only set aside and is let go counts as refunded, too.
    pub(crate) captured: bool,
    /// All of it was given back.
    pub(crate) refunded: bool,
    /// How much of it was.
    #[serde(default)]
    pub(crate) amount_refunded: i64,
}

/// A Refund that failed, or a Dispute (<https://docs.stripe.com/api/disputes/object>), as far as we
/// use them.
#[derive(Debug, Deserialize)]
pub(crate) struct Trouble {
    pub(crate) id: String,
    pub(crate) payment_intent: Option<String>,
    #[serde(default)]
    pub(crate) amount: i64,
    /// ISO 4217, in lower case. A dispute may be in another currency than its charge.
    pub(crate) currency: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) failure_reason: Option<String>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn event(kind: &str, object: &str) -> Event {
        let text = format!(
            r#"{{"id":"evt_1","object":"event","type":"{kind}","data":{{"object":{object}}},"livemode":false}}"#
        );
        Event::parse(&text).unwrap()
    }

    #[test]
    fn only_what_is_followed_is_read() {
        let intent = r#"{"id":"pi_1","status":"succeeded","amount":1,"currency":"eur"}"#;
        let news = |kind, object| event(kind, object).news();
        assert!(matches!(news("payment_intent.succeeded", intent), Ok(Some(News::Intent(_)))));
        assert!(matches!(news("payment_intent.created", intent), Ok(None)));
        assert!(matches!(news("customer.deleted", r#"{"id":7}"#), Ok(None)));
        assert!(news("payment_intent.succeeded", "{}").is_err());
        let charge = r#"{"id":"ch_1","payment_intent":"pi_1","captured":true,"refunded":true}"#;
        assert!(matches!(news("charge.refunded", charge), Ok(Some(News::Charge(_)))));
        let dispute = r#"{"id":"du_1","payment_intent":"pi_1","status":"needs_response"}"#;
        assert!(matches!(news("charge.dispute.created", dispute), Ok(Some(News::Trouble(_)))));
    }
}
