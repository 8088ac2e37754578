//! What the visitor has sold and given back, as `payments` tells of it.

use boxoffice_contract::ledger::Statement;
use boxoffice_kernel::problem::Result;
use bytes::Bytes;
use http::Response;

use super::PAYMENTS;
use crate::shown::list_separator;
use crate::visitor::Visit;

const PATH: &str = "/api/payments/ledger";

/// The lines that fulfil `filters`, pairs of names and values of the API's, newest first.
pub(crate) async fn list(visit: &Visit, filters: &[(&str, String)]) -> Result<Statement> {
    let statement = visit.read(&PAYMENTS, &address(filters)).await?;
    Ok(statement.unwrap_or_default())
}

/// All of the lines that fulfil `filters`, as the file that `payments` makes of them for spreadsheets
/// in the visitor's language.
pub(crate) async fn file(visit: &Visit, filters: &[(&str, String)]) -> Result<Response<Bytes>> {
    let separator = list_separator(&visit.language);
    let path = format!("{}&format=csv&separator={separator}", address(filters));
    visit.file(&PAYMENTS, &path).await
}

fn address(filters: &[(&str, String)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(filters).finish();
    format!("{PATH}?{query}")
}
