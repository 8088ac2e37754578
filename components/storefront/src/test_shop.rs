//! Whether this is a shop for tests, in which nothing is charged.

use anyhow::Result;
use boxoffice_kernel::config;
use boxoffice_rules::provider;

/// Returns whether every page must say that nothing is charged here: payments go to a sandbox or to
/// Stripe's test mode, or are allowed to. The secret key, which `payments` has alone, is not needed for
/// that.
///
/// # Errors
/// When a variable is not given to this component.
pub(crate) async fn is_one() -> Result<bool> {
    Ok(!is_real().await? || is_allowed().await?)
}

/// Returns whether nobody can pay: under https test payments must be allowed.
///
/// # Errors
/// When a variable is not given to this component.
pub(crate) async fn is_closed() -> Result<bool> {
    Ok(config::is_secure().await? && !is_real().await? && !is_allowed().await?)
}

async fn is_real() -> Result<bool> {
    let base = config::variable("stripe_api_base").await?;
    Ok(provider::is_real(&base, &config::variable("stripe_publishable_key").await?))
}

async fn is_allowed() -> Result<bool> {
    Ok(config::variable("allow_test_payments").await?.trim() == "true")
}
