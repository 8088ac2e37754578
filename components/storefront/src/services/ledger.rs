//! What the visitor has sold and given back, as `payments` tells of it.

use boxoffice_kernel::Timestamp;
use boxoffice_kernel::problem::Result;
use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use uuid::Uuid;

use super::payments::Status;
use super::{PAYMENTS, Page};
use crate::visit::Visit;

const PATH: &str = "/api/payments/ledger";

/// A page of the ledger, and what all of it comes to.
#[derive(Default, Deserialize)]
pub(crate) struct Statement {
    pub(crate) balances: Vec<Balance>,
    #[serde(flatten)]
    pub(crate) page: Page<Entry>,
}

/// What one had at the beginning and at the end, in the currency's minor unit.
#[derive(Deserialize)]
pub(crate) struct Balance {
    pub(crate) currency: String,
    pub(crate) opening: i64,
    pub(crate) closing: i64,
}

/// A line of the ledger.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) payment_id: Uuid,
    pub(crate) ticket_id: Uuid,
    pub(crate) title: String,
    pub(crate) quantity: i64,
    pub(crate) movement: Movement,
    /// In the currency's minor unit; negative if it was given back.
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) at: Timestamp,
    pub(crate) payment_status: Status,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Movement {
    Sale,
    /// What is no sale is not to be refunded, whatever a newer `payments` calls it.
    #[serde(other)]
    Refund,
}

/// The lines that fulfil `filters`, pairs of names and values of the API's, newest first.
pub(crate) async fn list(visit: &Visit, filters: &[(&str, String)]) -> Result<Statement> {
    let statement = visit.read(&PAYMENTS, &address(filters)).await?;
    Ok(statement.unwrap_or_default())
}

/// All of the lines that fulfil `filters`, as the file that `payments` makes of them.
pub(crate) async fn file(visit: &Visit, filters: &[(&str, String)]) -> Result<Response<Bytes>> {
    visit.file(&PAYMENTS, &format!("{}&format=csv", address(filters))).await
}

fn address(filters: &[(&str, String)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(filters).finish();
    format!("{PATH}?{query}")
}
