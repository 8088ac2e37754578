//! async-stripe's client trait over `wasi:http`: limits, retries, and what errors mean.

use std::fmt::Display;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use boxoffice_kernel::{Cx, client, config, log, trace};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use send_wrapper::SendWrapper;
use serde::Deserialize;
use stripe_client_core::{CustomizedStripeRequest, StripeClient, StripeClientErr, StripeMethod};
use stripe_shared::version::VERSION;
use uuid::Uuid;

use super::{Decline, Error, retry};

/// Who waits for an answer, and so for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// A buyer, who would rather wait than not know.
    Buyer,
    /// A worker, behind whom other events queue: Spin handles one at a time.
    Worker,
}

impl Patience {
    /// For everything that one client is asked, retries included.
    const fn in_all(self) -> Duration {
        match self {
            Self::Buyer => Duration::from_secs(15),
            Self::Worker => Duration::from_secs(4),
        }
    }

    /// For one answer: who hangs once may answer the next time.
    const fn for_one(self) -> Duration {
        match self {
            Self::Buyer => Duration::from_secs(9),
            Self::Worker => Duration::from_secs(4),
        }
    }

    /// How often a request is made.
    const fn tries(self) -> u32 {
        match self {
            Self::Buyer => 3,
            // A tick tries again.
            Self::Worker => 2,
        }
    }
}

/// A client with the key and the address that the variables give. It lives as long as what it is
/// made for may take.
pub(super) struct Client {
    base: String,
    key: String,
    patience: Patience,
    cx: Cx,
    since: Instant,
}

/// Stripe's error, as far as we use it (https://docs.stripe.com/api/errors).
#[derive(Debug, Deserialize)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Debug, Deserialize)]
struct ErrorDetail {
    #[serde(rename = "type")]
    kind: String,
    code: Option<String>,
    decline_code: Option<String>,
    message: Option<String>,
}

impl Client {
    /// Returns a client for what `cx` is of.
    pub(super) async fn new(cx: &Cx, patience: Patience) -> Result<Self, Error> {
        let base = config::variable("stripe_api_base").await.map_err(Error::Unknown)?;
        let key = config::variable("stripe_api_key").await.map_err(Error::Unknown)?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { base, key, patience, cx: cx.clone(), since: Instant::now() })
    }

    pub(super) const fn cx(&self) -> &Cx {
        &self.cx
    }

    fn left(&self) -> Duration {
        self.patience.in_all().saturating_sub(self.since.elapsed())
    }

    /// Makes `request`, and makes it again while that may help and there is time.
    async fn ask(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Response<Bytes>> {
        for made in 1.. {
            let limit = self.left().min(self.patience.for_one());
            let answer = client::send(request.clone(), limit).await;
            let pause = retry::pause(answer.as_ref(), made, jitter());
            let pause = pause.filter(|pause| *pause < self.left());
            let Some(pause) = pause.filter(|_| made < self.patience.tries()) else {
                return answer;
            };
            let why = match &answer {
                Ok(answer) => format!("{} (request {})", answer.status(), id_of(answer.headers())),
                Err(error) => format!("{error:#}"),
            };
            log::noted(&self.cx, "repeating a request to Stripe", why);
            SendWrapper::new(spin_sdk::time::sleep(pause)).await;
        }
        Err(anyhow!("the last try had no result"))
    }

    fn request(&self, request: CustomizedStripeRequest) -> anyhow::Result<Request<Full<Bytes>>> {
        let (request, config) = request.into_pieces();
        let method = match request.method {
            StripeMethod::Get => Method::GET,
            StripeMethod::Post => Method::POST,
            StripeMethod::Delete => Method::DELETE,
        };
        let query = request.query.map(|query| format!("?{query}")).unwrap_or_default();
        let uri = format!("{}/v1{}{query}", self.base, request.path);
        let mut http = Request::builder()
            .method(method)
            .uri(uri)
            .header(AUTHORIZATION, format!("Bearer {}", self.key))
            .header("stripe-version", VERSION.as_str());
        if let Some(key) = config.request_strategy.and_then(|strategy| strategy.get_key()) {
            http = http.header("idempotency-key", key.as_str());
        }
        if request.body.is_some() {
            http = http.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let mut http = http.body(Full::new(Bytes::from(request.body.unwrap_or_default())))?;
        trace::put(self.cx.trace(), http.headers_mut());
        Ok(http)
    }
}

impl StripeClient for Client {
    type Err = Error;

    async fn execute(&self, request: CustomizedStripeRequest) -> Result<Bytes, Error> {
        let request = self.request(request).map_err(Error::Refused)?;
        let answer = self.ask(request).await.map_err(Error::Unknown)?;
        let (parts, body) = answer.into_parts();
        if parts.status.is_success() {
            return Ok(body);
        }
        Err(explain(&self.cx, parts.status, &parts.headers, &body))
    }
}

/// Anything, as long as it differs from one request to the next.
fn jitter() -> u8 {
    Uuid::now_v7().as_bytes()[15]
}

fn id_of(headers: &HeaderMap) -> &str {
    headers.get("request-id").and_then(|id| id.to_str().ok()).unwrap_or("-")
}

impl StripeClientErr for Error {
    fn deserialize_err(message: impl Display) -> Self {
        // It has acted; only what it says is not understood.
        Self::Unknown(anyhow!("reading Stripe's answer: {message}"))
    }
}

/// Tells a decline from a refusal, and both from what says nothing about what happened: trouble on
/// Stripe's side, a limit on requests, or the same key under way twice.
fn explain(cx: &Cx, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
    let request_id = id_of(headers);
    let Ok(ErrorBody { error }) = serde_json::from_slice(body) else {
        return Error::Unknown(anyhow!(
            "Stripe answered {status} without an error object (request {request_id})"
        ));
    };
    let ErrorDetail { kind, code, decline_code, message } = error;
    let message = message.unwrap_or_default();
    if status == StatusCode::PAYMENT_REQUIRED {
        log::noted(
            cx,
            "a payment was declined",
            format!(
                "code {} decline_code {}: {message} (request {request_id})",
                code.as_deref().unwrap_or("-"),
                decline_code.as_deref().unwrap_or("-")
            ),
        );
        let code = decline_code.or(code).unwrap_or_else(|| "card_declined".to_owned());
        return Error::Declined(Decline { code, message });
    }
    // An older listing may cost what Stripe does not charge; no other card helps.
    if let Some(code @ ("amount_too_small" | "amount_too_large")) = code.as_deref() {
        return Error::Declined(Decline { code: code.to_owned(), message });
    }
    if status == StatusCode::CONFLICT && code.as_deref() == Some("idempotency_key_in_use") {
        return Error::InProgress;
    }
    // https://docs.stripe.com/error-codes#charge-disputed
    let is_disputed = code.as_deref() == Some("charge_disputed");
    let text = anyhow!(
        "Stripe answered {status} {kind} {} {}: {message} (request {request_id})",
        code.unwrap_or_default(),
        decline_code.unwrap_or_default()
    );
    match status {
        StatusCode::BAD_REQUEST if kind == "idempotency_error" => Error::KeyReusedDifferently(text),
        StatusCode::BAD_REQUEST if is_disputed => Error::Disputed(text),
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::CONFLICT
        | StatusCode::TOO_MANY_REQUESTS => Error::Unknown(text),
        status if status.is_client_error() => Error::Refused(text),
        _ => Error::Unknown(text),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use boxoffice_kernel::Trace;
    use boxoffice_kernel::trace::TRACEPARENT;
    use stripe_client_core::{RequestBuilder, StripeBlockingClient};

    use super::*;

    /// Makes a client's requests and sends none.
    struct Unsent {
        client: Client,
        made: RefCell<Option<Request<Full<Bytes>>>>,
    }

    impl StripeBlockingClient for Unsent {
        type Err = Error;

        fn execute(&self, request: CustomizedStripeRequest) -> Result<Bytes, Error> {
            *self.made.borrow_mut() = self.client.request(request).ok();
            Err(Error::InProgress)
        }
    }

    /// The headers of a request that is part of `trace`.
    fn headers_in(trace: Trace) -> HeaderMap {
        let (base, key) = ("https://stripe.example".to_owned(), "sk_test_1".to_owned());
        let (patience, since) = (Patience::Worker, Instant::now());
        let client = Client { base, key, patience, cx: Cx::of_trace(trace), since };
        let unsent = Unsent { client, made: RefCell::default() };
        let request = RequestBuilder::new(StripeMethod::Get, "/refunds").customize::<String>();
        assert!(request.send_blocking(&unsent).is_err());
        unsent.made.take().map(|request| request.headers().clone()).unwrap_or_default()
    }

    #[test]
    fn a_request_names_the_trace_that_it_is_part_of() {
        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(headers_in(Trace::parse(traceparent))[TRACEPARENT], traceparent);
        let headers = headers_in(Trace::NONE);
        assert!(headers.contains_key(AUTHORIZATION) && !headers.contains_key(TRACEPARENT));
    }

    fn of(status: u16, body: &str) -> Error {
        let status = StatusCode::from_u16(status).unwrap_or_default();
        explain(Cx::NONE, status, &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn declines_keep_stripes_code() {
        let body = r#"{"error":{"type":"card_error","code":"card_declined",
            "decline_code":"insufficient_funds","message":"Your card has insufficient funds."}}"#;
        assert!(matches!(of(402, body), Error::Declined(Decline { code, message })
            if code == "insufficient_funds" && message.ends_with("funds.")));
        let body = r#"{"error":{"type":"card_error","code":"expired_card"}}"#;
        assert!(
            matches!(of(402, body), Error::Declined(Decline { code, .. }) if code == "expired_card")
        );
    }

    #[test]
    fn only_what_cannot_have_happened_is_refused() {
        let body = r#"{"error":{"type":"invalid_request_error","code":"resource_missing"}}"#;
        assert!(matches!(of(404, body), Error::Refused(_)));
        assert!(matches!(of(409, body), Error::Unknown(_)));
        let body = r#"{"error":{"type":"invalid_request_error","code":"charge_disputed"}}"#;
        assert!(matches!(of(400, body), Error::Disputed(_)));
        let body = r#"{"error":{"type":"idempotency_error","message":"Other parameters."}}"#;
        assert!(matches!(of(400, body), Error::KeyReusedDifferently(_)));
        let body = r#"{"error":{"type":"idempotency_error","code":"idempotency_key_in_use"}}"#;
        assert!(matches!(of(409, body), Error::InProgress));
        assert!(matches!(of(429, body), Error::Unknown(_)));
        assert!(matches!(of(500, body), Error::Unknown(_)));
        assert!(matches!(of(502, "<html>"), Error::Unknown(_)));
    }
}
