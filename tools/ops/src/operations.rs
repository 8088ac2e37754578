//! What operators do with accounts, by the shop's own service: so its events and its notes are of the same
//! commit, and all that it refuses is refused here.
//!
//! A call is proven by a key of `event_keys`, as services prove their calls to one another.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boxoffice_contract::Timestamp;
use boxoffice_contract::users::{OPERATIONS, Operated, Operation};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::provider::{causes, client};
use crate::sources::Problem;
use crate::users::unknown;

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a refusal says.
#[derive(Deserialize)]
struct Refusal {
    detail: String,
}

/// Has the shop at `url` do `operation`. `keys` is the variable `event_keys`.
///
/// # Errors
/// When there is no key or no such account; when the shop does not answer, or refuses.
pub async fn operate(url: &str, keys: &str, operation: &Operation) -> Result<Operated, Problem> {
    let url = url.trim_end_matches('/');
    let body = serde_json::to_vec(operation)
        .map_err(|error| Problem::new(format!("the operation: {error}"), "report it"))?;
    let proof = proof(keys, Timestamp::now().as_millis() / 1000, &body)?;
    let request = Request::post(format!("{url}{OPERATIONS}"))
        .header("content-type", "application/json")
        .header("boxoffice-sibling", proof)
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| unreachable(url, &error.to_string()))?;
    let client = client()?;
    let ask = async {
        let answer = client.request(request).await.map_err(causes)?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(causes)?;
        Ok((status, body.to_bytes()))
    };
    let answer = tokio::time::timeout(PATIENCE, ask).await;
    let answer = answer.unwrap_or_else(|_| Err(format!("no answer within {PATIENCE:?}")));
    let (status, body) = answer.map_err(|why| unreachable(url, &why))?;
    match status {
        StatusCode::OK => serde_json::from_slice(&body)
            .map_err(|error| unreachable(url, &format!("its answer is not a shop's: {error}"))),
        StatusCode::NOT_FOUND => Err(unknown(&operation.account)),
        StatusCode::FORBIDDEN => Err(Problem::new(
            format!("the shop at {url} does not know the keys"),
            "give the shop's own variable event_keys, and set this machine's clock",
        )),
        status => match serde_json::from_slice::<Refusal>(&body) {
            Ok(Refusal { detail }) => Err(Problem::new(detail, "correct it, and try again")),
            Err(_) => Err(unreachable(url, &format!("it answers {status}"))),
        },
    }
}

fn unreachable(url: &str, why: &str) -> Problem {
    Problem::new(
        format!("the shop at {url} does not do it: {why}"),
        "start the shop, or say with --address where it answers",
    )
}

/// Makes the header that proves the call at `at`, by the first of `keys`.
fn proof(keys: &str, at: i64, body: &[u8]) -> Result<String, Problem> {
    let no_key = || {
        Problem::new(
            "the variable event_keys has no key, as name:key with the key in base64url",
            "give the shop's own variables: it knows operators' commands by its keys",
        )
    };
    let first = keys.split(',').map(str::trim).find(|key| !key.is_empty()).ok_or_else(no_key)?;
    let (name, key) = first.split_once(':').ok_or_else(no_key)?;
    let key = URL_SAFE_NO_PAD.decode(key.trim_end_matches('=')).map_err(|_| no_key())?;
    let digest: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    let message = format!("boxoffice-sibling\nPOST\n{OPERATIONS}\n{at}\n{digest}");
    let mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| no_key())?.chain_update(message);
    let code = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    Ok(format!("t={at},k={name},m={code}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_first_key_proves_a_call() {
        let key = URL_SAFE_NO_PAD.encode([7; 32]);
        let one = proof(&format!(" k1:{key}, k0:{key}"), 1_796_048_400, b"{}").unwrap();
        assert!(one.starts_with("t=1796048400,k=k1,m="), "{one}");
        let other = proof(&format!("k1:{key}"), 1_796_048_400, b"{ }").unwrap();
        assert_ne!(one, other, "the body is part of it");
        for keys in ["", " , ", "k1", "k1:%"] {
            assert!(proof(keys, 0, b"{}").unwrap_err().to_string().contains("event_keys"));
        }
    }
}
