//! The price that a buyer saw, and agreed to pay.

use axum::extract::FromRequestParts;
use boxoffice_contract::orders::{EXPECTED_PRICE, ExpectedPrice};
use boxoffice_kernel::Problem;
use http::request::Parts;

/// The price that the request was sent for, if it says so.
#[derive(Clone, Copy)]
pub(crate) struct Seen(Option<ExpectedPrice>);

impl Seen {
    /// Tells whether the buyer agreed to pay `price` in `currency` for one ticket.
    pub(crate) fn is(self, price: i64, currency: &str) -> bool {
        self.0.is_none_or(|seen| seen.price == price && seen.currency() == currency)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(EXPECTED_PRICE) else { return Ok(Self(None)) };
        let seen = value.to_str().ok().and_then(|text| text.parse().ok());
        let wrong = "X-Expected-Price must be minor units and a currency, such as 9900-GBP";
        seen.map(|seen| Self(Some(seen))).ok_or_else(|| Problem::malformed(wrong))
    }
}
