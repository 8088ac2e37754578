//! What an answer of 2xx has said, which must be so after the kill.

use boxoffice_tests::{Answer, Person, id};
use serde_json::Value;

/// Something that somebody was told.
#[derive(Clone, Debug)]
pub(crate) enum Promise {
    /// This listing is there, at least at this version.
    Listed(Value),
    /// This order is there.
    Held(String),
    /// This order is cancelled.
    Cancelled(String),
    /// This payment was taken for this order.
    Paid { payment: String, order: String },
}

impl Promise {
    /// What is not as was promised, however little the shop has come to rest; None if all is.
    pub(crate) async fn broken(&self, person: &Person) -> Option<String> {
        let seen = match self {
            Self::Listed(ticket) => person.get(&format!("/api/tickets/{}", id(ticket))).await,
            Self::Held(order) | Self::Cancelled(order) | Self::Paid { order, .. } => {
                person.get(&format!("/api/orders/{order}")).await
            }
        };
        let kept = seen.status == 200
            && match self {
                Self::Listed(ticket) => is_at_least(&seen, ticket),
                Self::Cancelled(_) => seen.body["status"] == "cancelled",
                Self::Held(_) | Self::Paid { .. } => true,
            };
        (!kept).then(|| format!("{self:?} was promised; now there is\n{seen}"))
    }

    /// The same for a shop that has come to rest, whose provider has these `intents` for the order.
    pub(crate) async fn settled_broken(
        &self,
        person: &Person,
        intents: &[&Value],
    ) -> Option<String> {
        let Self::Paid { payment, order } = self else { return None };
        let seen = person.get(&format!("/api/orders/{order}")).await;
        let mine = intents.iter().find(|intent| intent["metadata"]["payment_id"] == **payment);
        let kept = match seen.body["status"].as_str() {
            Some("complete") => mine.is_some_and(|intent| has_charged(intent)),
            Some("cancelled") => mine.is_some_and(|intent| has_given_back(intent)),
            _ => false,
        };
        (!kept).then(|| format!("{self:?} was promised; now there is {mine:?} and\n{seen}"))
    }
}

/// Whether the money of `intent` was taken, and kept.
pub(crate) fn has_charged(intent: &Value) -> bool {
    intent["status"] == "succeeded" && refunded(intent) == 0
}

fn has_given_back(intent: &Value) -> bool {
    let all = intent["amount"].as_i64().unwrap();
    intent["status"] == "canceled" || (intent["status"] == "succeeded" && refunded(intent) == all)
}

fn refunded(intent: &Value) -> i64 {
    intent["latest_charge"]["amount_refunded"].as_i64().unwrap_or_default()
}

/// Whether a listing is as it was answered, or was changed since.
fn is_at_least(seen: &Answer, told: &Value) -> bool {
    let version = |ticket: &Value| ticket["version"].as_i64().unwrap();
    let same = |field: &str| seen.body[field] == told[field];
    version(&seen.body) >= version(told) && same("sellerId") && same("title")
}
