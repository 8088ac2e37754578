//! Calls that only a service of ours can make: nobody signs in for them.
//!
//! The header `boxoffice-sibling` proves one. It holds the time, the name of a key and a code over the
//! method, the path with its query, the time and the body. The keys are those of events: services have
//! them, and neither Redis nor a browser does. A proof is good for a minute, for this one request.

use anyhow::{Context, Result};
use axum::extract::{FromRequest, Request};
use boxoffice_contract::Timestamp;
use boxoffice_contract::mail::NOT_A_SIBLING;
use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use serde::de::DeserializeOwned;

use crate::Problem;
use crate::idempotency::BodyDigest;
use crate::keys::Keys;

/// The header with the proof.
pub(crate) const SIBLING: HeaderName = HeaderName::from_static("boxoffice-sibling");
/// How far the clocks of two services may differ, in seconds.
const TOLERANCE: i64 = 60;

/// The body of a call, as JSON, that a service of ours made. Any other call is answered 403.
pub struct Sibling<T>(pub T);

impl<S, T> FromRequest<S> for Sibling<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (method, headers) = (request.method().clone(), request.headers().clone());
        let path = request.uri().path_and_query().map_or(String::new(), ToString::to_string);
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|_| Problem::malformed("The request's body ended early; send it again"))?;
        let sent = Sent { method: &method, path: &path, body: &body };
        if !Keys::load().await?.prove(&headers, &sent, now()) {
            return Err(not_a_sibling());
        }
        let read = serde_json::from_slice(&body);
        read.map(Self).map_err(|error| Problem::malformed(format!("The body is invalid: {error}")))
    }
}

/// Returns the header that proves a call of this instance.
///
/// # Errors
/// When there is no key; what reading the keys says.
pub(crate) async fn proof(method: &Method, path: &str, body: &[u8]) -> Result<HeaderValue> {
    let header = Keys::load().await?.header(&Sent { method, path, body }, now());
    let header = header.context(
        "the variable event_keys is empty: services know each other's calls by its keys",
    )?;
    Ok(HeaderValue::try_from(header)?)
}

/// What a proof is of.
struct Sent<'a> {
    method: &'a Method,
    /// With the query.
    path: &'a str,
    body: &'a [u8],
}

impl Sent<'_> {
    /// What the code is made of, if the call was made at `at`.
    fn message(&self, at: i64) -> String {
        let Self { method, path, body } = self;
        let BodyDigest(digest) = BodyDigest::of(body);
        format!("{SIBLING}\n{method}\n{path}\n{at}\n{digest}")
    }
}

impl Keys {
    /// Returns the header's value for what is sent at `at`, if there is a key.
    fn header(&self, sent: &Sent<'_>, at: i64) -> Option<String> {
        let message = sent.message(at);
        self.make(message.as_bytes()).map(|(key, code)| format!("t={at},k={key},m={code}"))
    }

    /// Tells whether `headers` prove that a service of ours sent this around `now`.
    fn prove(&self, headers: &HeaderMap, sent: &Sent<'_>, now: i64) -> bool {
        let header = headers.get(SIBLING).and_then(|value| value.to_str().ok());
        let Some((at, key, code)) = header.and_then(parted) else { return false };
        let is_recent = now.checked_sub(at).is_some_and(|age| age.abs() <= TOLERANCE);
        is_recent && self.check(key, code, sent.message(at).as_bytes())
    }
}

/// Parts the header's value into the time, the key's name and the code.
fn parted(header: &str) -> Option<(i64, &str, &str)> {
    let mut parts = header.split(',');
    let mut part = |name| parts.next()?.strip_prefix(name);
    let (at, key, code) = (part("t=")?, part("k=")?, part("m=")?);
    parts.next().is_none().then_some((at.parse().ok()?, key, code))
}

fn now() -> i64 {
    Timestamp::now().as_millis() / 1000
}

fn not_a_sibling() -> Problem {
    Problem::forbidden("Only the shop's own services may ask for this").with_code(NOT_A_SIBLING)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    const AT: i64 = 1_796_048_400;
    const PATH: &str = "/api/orders/letters";
    const BODY: &[u8] = br#"{"orderId":"01980f3c-0000-7000-8000-000000000001"}"#;

    fn keys(list: &[(&str, u8)]) -> Keys {
        let key =
            |(name, byte): &(&str, u8)| format!("{name}:{}", URL_SAFE_NO_PAD.encode([*byte; 32]));
        let list: Vec<String> = list.iter().map(key).collect();
        Keys::parse(&list.join(","), "required").unwrap()
    }

    fn sent() -> Sent<'static> {
        Sent { method: &Method::POST, path: PATH, body: BODY }
    }

    fn proves(keys: &Keys, header: &str, sent: &Sent<'_>, now: i64) -> bool {
        let value = HeaderValue::from_str(header).unwrap();
        keys.prove(&HeaderMap::from_iter([(SIBLING, value)]), sent, now)
    }

    #[test]
    fn a_code_is_that_of_rfc_2104() {
        let header = keys(&[("k1", 7)]).header(&sent(), AT).unwrap();
        // By Python's hmac over the lines of the header's name, POST, path, time and the body's SHA-256.
        assert_eq!(header, "t=1796048400,k=k1,m=q294A8I3ipA_WAOJo8EB86ZmmwtBCSPkdDHyc0Tr9Lo");
    }

    #[test]
    fn a_proof_is_of_one_call() {
        let ours = keys(&[("k1", 1)]);
        let header = ours.header(&sent(), AT).unwrap();
        assert!(proves(&ours, &header, &sent(), AT));
        for other in [
            Sent { method: &Method::PUT, ..sent() },
            Sent { path: "/api/orders/letters?a=1", ..sent() },
            Sent { path: "/api/users/letters", ..sent() },
            Sent { body: b"{}", ..sent() },
        ] {
            assert!(!proves(&ours, &header, &other, AT), "{} {}", other.method, other.path);
        }
        assert!(!ours.prove(&HeaderMap::new(), &sent(), AT));
    }

    #[test]
    fn a_proof_is_good_for_a_minute() {
        let ours = keys(&[("k1", 1)]);
        let header = ours.header(&sent(), AT).unwrap();
        for (now, is_good) in [(-61, false), (-60, true), (60, true), (61, false), (86_400, false)]
        {
            assert_eq!(proves(&ours, &header, &sent(), AT + now), is_good, "{now} s later");
        }
        // Another time in the header is not what the code is of.
        let later = header.replace(&format!("t={AT}"), &format!("t={}", AT + 61));
        assert!(!proves(&ours, &later, &sent(), AT + 61));
        for edge in [i64::MIN, i64::MAX] {
            assert!(!proves(&ours, &format!("t={edge},k=k1,m=x"), &sent(), AT));
        }
    }

    #[test]
    fn only_who_has_a_key_makes_a_proof() {
        let header = keys(&[("k1", 1)]).header(&sent(), AT).unwrap();
        assert!(!proves(&keys(&[("k1", 2)]), &header, &sent(), AT), "another key of that name");
        assert!(!proves(&keys(&[("k2", 1)]), &header, &sent(), AT), "another name");
        assert!(proves(&keys(&[("k2", 2), ("k1", 1)]), &header, &sent(), AT), "being replaced");
        let none = keys(&[]);
        assert!(none.header(&sent(), AT).is_none());
        assert!(!proves(&none, &header, &sent(), AT), "without keys nobody is believed");
    }

    #[test]
    fn what_does_not_look_like_a_proof_proves_nothing() {
        let ours = keys(&[("k1", 1)]);
        let header = ours.header(&sent(), AT).unwrap();
        let code = header.rsplit('=').next().unwrap();
        for wrong in [
            String::new(),
            "t=".to_owned(),
            format!("t={AT},k=k1"),
            format!("t={AT},k=k1,m="),
            format!("t={AT},k=k1,m={}", &code[1..]),
            format!("t={AT},k=,m={code}"),
            format!("k=k1,t={AT},m={code}"),
            format!("{header},m={code}"),
            format!("{header}="),
        ] {
            assert!(!proves(&ours, &wrong, &sent(), AT), "{wrong}");
        }
    }
}
