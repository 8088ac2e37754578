//! Whether the money is real here, and whether that is right.
//!
//! With a test key, or with the sandbox, test cards buy tickets. Under https a shop is taken to be for
//! the public: there it must be said that this is meant, or tickets would be sold for nothing.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use boxoffice_kernel::config;
use boxoffice_kernel::health::Check;
use boxoffice_rules::provider;

/// The variable that allows test payments under https.
const ALLOWED: &str = "allow_test_payments";

/// Returns whether payments move money.
///
/// # Errors
/// When a variable is not given to this component.
pub(crate) async fn is_real() -> Result<bool> {
    let base = config::variable("stripe_api_base").await?;
    Ok(provider::is_real(&base, &config::variable("stripe_api_key").await?))
}

/// Checks that payments may be taken.
///
/// # Errors
/// With the remedy, when tickets would be sold for nothing.
pub(crate) async fn check() -> Result<()> {
    let is_allowed = is_real().await?
        || !config::is_secure().await?
        || config::variable(ALLOWED).await?.trim() == "true";
    ensure!(
        is_allowed,
        "no payments are taken: public_url is https, and stripe_api_key is a test key or \
         stripe_api_base is not Stripe's, so tickets would be sold for nothing. Set stripe_api_key \
         to a live key and stripe_api_base to {}, or, for a test shop, {ALLOWED} to true",
        provider::STRIPE
    );
    Ok(())
}

/// The same for `/readyz`.
pub(crate) async fn health() -> BTreeMap<String, Check> {
    let complaint = "no payments are taken: test payments are not allowed under https";
    BTreeMap::from([("money".to_owned(), Check::of(check().await, complaint))])
}
