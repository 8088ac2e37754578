//! Random identifiers in Stripe's style: a prefix and letters and digits.

use rand::distr::{Alphanumeric, SampleString};

/// A new id such as `pi_3kQ…`: `prefix`, then 24 random letters and digits.
pub(crate) fn object(prefix: &str) -> String {
    format!("{prefix}_{}", random(24))
}

/// A new request id, as sent in the `Request-Id` header.
pub(crate) fn request() -> String {
    format!("req_{}", random(14))
}

/// A new client secret for the intent `id`.
pub(crate) fn client_secret(id: &str) -> String {
    format!("{id}_secret_{}", random(25))
}

fn random(length: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), length)
}
