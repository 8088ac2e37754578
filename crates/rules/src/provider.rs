//! Whether payments move money, by who takes them and with which key.

/// Where Stripe itself answers. Whatever answers elsewhere is a sandbox.
pub const STRIPE: &str = "https://api.stripe.com";

/// What Stripe's test keys begin with: secret, restricted and publishable ones.
const TEST_KEYS: [&str; 3] = ["sk_test_", "rk_test_", "pk_test_"];

/// Returns whether Stripe itself answers at `base`.
#[must_use]
pub fn is_stripe(base: &str) -> bool {
    base.trim().trim_end_matches('/') == STRIPE
}

/// Returns whether payments at `base` with `key` move money: at Stripe, with a key that is not a test
/// key. With a test key, Stripe's test cards buy tickets.
///
/// ```
/// # use boxoffice_rules::provider::{STRIPE, is_real};
/// assert!(is_real(STRIPE, "sk_live_1") && is_real("https://api.stripe.com/", "rk_live_1"));
/// assert!(!is_real(STRIPE, "sk_test_1") && !is_real(STRIPE, "rk_test_1"));
/// assert!(!is_real("http://127.0.0.1:3001", "sk_live_1"));
/// ```
#[must_use]
pub fn is_real(base: &str, key: &str) -> bool {
    is_stripe(base) && !TEST_KEYS.iter().any(|start| key.trim().starts_with(start))
}
