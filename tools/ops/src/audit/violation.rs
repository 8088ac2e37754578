//! What an audit finds.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// A rule that every shop obeys.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub enum Rule {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name, which programs may rely on.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

rules! {
    /// Of no listing more is held and sold, or ordered, than there is.
    Oversold = "oversold",
    /// What a listing counts as held and sold are the tickets of its active orders.
    Inventory = "inventory",
    /// An order costs its tickets.
    OrderAmount = "order-amount",
    /// A hold ends when its time is up, or soon after.
    OverdueHold = "overdue-hold",
    /// Every order is for a listing that `orders` knows.
    OrderListing = "order-listing",
    /// `orders` and `admissions` know every listing as its seller wrote it, and no others.
    ListingReplica = "listing-replica",
    /// `tickets` counts as held and sold what `orders` does.
    ListingCounts = "listing-counts",
    /// `tickets`, `payments` and `admissions` know every order as it stands, and no others.
    OrderReplica = "order-replica",
    /// A timer runs for every hold until the hold's end, and for nothing else.
    TimerReplica = "timer-replica",
    /// Every ticket of a complete order has an admission that lets in or has let in.
    MissingAdmission = "missing-admission",
    /// Nobody can enter for an order that is not complete, or for a ticket that it does not have.
    UndueAdmission = "undue-admission",
    /// A ticket of an order has one admission at most.
    SecondAdmission = "second-admission",
    /// Every admission is of an order that exists, for its listing and out of its quantity.
    AdmissionOrder = "admission-order",
    /// An admission is its buyer's until it changes hands.
    FirstHolder = "first-holder",
    /// An admission's generations count from 1, and only a valid one can be handed on.
    AdmissionState = "admission-state",
    /// A used admission names the scan that let in, and the scan says the same.
    AdmissionScan = "admission-scan",
    /// A complete order names a payment of its own, of its amount, that was authorized, and given
    /// back only if the order is refunded.
    UnpaidOrder = "unpaid-order",
    /// No payment waits for an operator: what failed too often, or cannot come right by itself.
    PaymentAttention = "payment-attention",
    /// An order has at most one payment that is pending, authorized or captured.
    SecondPayment = "second-payment",
    /// The payment of a complete order is captured.
    UncapturedPayment = "uncaptured-payment",
    /// The payment of a refunded order is refunded.
    RefundedOrder = "refunded-order",
    /// The money of a sale that is undone is given back.
    UndoneSale = "undone-sale",
    /// Money is taken for complete orders that name the payment only.
    ChargedInVain = "charged-in-vain",
    /// No money stays set aside for an order that was cancelled.
    UnreleasedPayment = "unreleased-payment",
    /// Every payment is for an order that exists.
    PaymentOrder = "payment-order",
    /// What a movement of the ledger puts into one account it takes out of another.
    UnbalancedEntries = "unbalanced-entries",
    /// The ledger's accounts hold of every payment what its status says.
    BookedPayment = "booked-payment",
    /// The shop's fee is booked once with the sale that has one, and goes back with its refund.
    ResaleFee = "resale-fee",
    /// What a lost dispute took is booked, and nothing else as that.
    LostDispute = "lost-dispute",
    /// The provider says of every payment what `payments` says.
    LedgerPayment = "ledger-payment",
    /// What the provider has set aside for a payment is written down.
    UnrecordedIntent = "unrecorded-intent",
    /// No money has moved at the provider that `payments` does not know of.
    UnknownIntent = "unknown-intent",
    /// The provider sets money aside for a payment once.
    DoubleCharge = "double-charge",
    /// What was taken and not given back is the same at the provider, by currency.
    LedgerTotal = "ledger-total",
    /// Every sale since there is mail has its letters, and every refund one.
    MissingLetter = "missing-letter",
    /// An order has one letter of a kind.
    SecondLetter = "second-letter",
    /// A suspended account holds nothing, and has nothing on sale.
    SuspendedAccount = "suspended-account",
    /// Nothing of a deleted account is left that should be erased.
    LeftBehind = "left-behind",
    /// What is committed is published.
    UnpublishedEvents = "unpublished-events",
    /// Every group that must read a stream with entries is there.
    MissingGroup = "missing-group",
    /// Every group has had every event that it must read.
    UnreadEvents = "unread-events",
    /// Every group has acknowledged every event that it has had.
    PendingEvents = "pending-events",
    /// Every event could be applied.
    DeadLetter = "dead-letter",
}

/// A rule that is broken. Two of them are equal if they are about the same: the same rule and the
/// same ids, in whatever words.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// What it is about: names, such as `order`, and ids.
    pub ids: Vec<(&'static str, String)>,
    /// What is wrong, for people.
    pub sentence: String,
}

impl Violation {
    /// The id that has this name.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<&str> {
        self.ids.iter().find(|(known, _)| *known == name).map(|(_, id)| id.as_str())
    }

    fn key(&self) -> (Rule, &[(&'static str, String)]) {
        (self.rule, &self.ids)
    }
}

impl PartialEq for Violation {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Violation {}

impl Hash for Violation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialOrd for Violation {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Violation {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// One line: the rule, the ids, the sentence.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule.name())?;
        for (name, id) in &self.ids {
            write!(f, " {name}={id}")?;
        }
        write!(f, ": {}", self.sentence)
    }
}

impl Serialize for Violation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("rule", &self.rule)?;
        let ids: serde_json::Map<String, serde_json::Value> =
            self.ids.iter().map(|(name, id)| ((*name).to_owned(), id.as_str().into())).collect();
        map.serialize_entry("ids", &ids)?;
        map.serialize_entry("sentence", &self.sentence)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn violation(order: &str, sentence: &str) -> Violation {
        let ids = vec![("order", order.to_owned()), ("payment", "p".to_owned())];
        Violation { rule: Rule::UnpaidOrder, ids, sentence: sentence.to_owned() }
    }

    #[test]
    fn violations_are_the_same_by_what_they_are_about() {
        assert_eq!(violation("o", "one way"), violation("o", "or another"));
        assert_ne!(violation("o", "same"), violation("x", "same"));
    }

    #[test]
    fn people_get_a_line_and_programs_an_object() {
        let violation = violation("o", "it is not paid");
        assert_eq!(violation.to_string(), "unpaid-order order=o payment=p: it is not paid");
        assert_eq!(
            serde_json::to_value(&violation).unwrap(),
            serde_json::json!({
                "rule": "unpaid-order",
                "ids": { "order": "o", "payment": "p" },
                "sentence": "it is not paid",
            })
        );
    }

    #[test]
    fn names_are_kebab_case_and_unique() {
        let names: std::collections::HashSet<_> = Rule::ALL.iter().map(|r| r.name()).collect();
        assert_eq!(names.len(), Rule::ALL.len());
        let is_kebab = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(names.iter().all(|name| name.chars().all(is_kebab)), "{names:?}");
    }
}
