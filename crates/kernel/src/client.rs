//! Outgoing HTTP: one whole request, one whole answer, within a time limit.

use std::time::Duration;

use anyhow::{Result, anyhow};
use bytes::Bytes;
use futures::future::{Either, select};
use http_body_util::{BodyExt, Full};
use send_wrapper::SendWrapper;
use spin_sdk::wasip3::http::types::RequestOptions;
use spin_sdk::wasip3::http_compat::RequestOptionsExtension;

/// Who cannot be reached within this long is not there: the rest of a limit is for the answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// Sends `request` and reads the whole answer.
///
/// # Errors
/// When the other side cannot be reached, breaks off, or takes longer than `limit`. Whether it
/// has acted is not known then.
pub async fn send(
    mut request: http::Request<Full<Bytes>>,
    limit: Duration,
) -> Result<http::Response<Bytes>> {
    SendWrapper::new(async move {
        request.extensions_mut().insert(connecting_within(limit.min(CONNECT_LIMIT)));
        let target = request.uri().to_string();
        let exchange = std::pin::pin!(exchange(request));
        let alarm = std::pin::pin!(spin_sdk::time::sleep(limit));
        match select(exchange, alarm).await {
            Either::Left((answer, _)) => answer.map_err(|error| anyhow!("{target}: {error}")),
            Either::Right(((), _)) => Err(anyhow!("{target}: no answer within {limit:?}")),
        }
    })
    .await
}

fn connecting_within(limit: Duration) -> RequestOptionsExtension {
    let options = RequestOptions::new();
    let limit = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
    // A host may not know this option; the limit on the whole holds all the same.
    let _ = options.set_connect_timeout(Some(limit));
    RequestOptionsExtension(options)
}

async fn exchange(request: http::Request<Full<Bytes>>) -> Result<http::Response<Bytes>> {
    let (parts, body) = spin_sdk::http::send(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(http::Response::from_parts(parts, body))
}
