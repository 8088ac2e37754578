//! What every call carries besides its own parameters: key, API version, idempotency key, request id.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    app::{Answer, SharedApp},
    errors::{Error, Refusal},
    form::Params,
    idempotency::LONGEST_KEY,
    ids,
};

/// The API version that objects are rendered at, and that a call without `Stripe-Version` gets.
pub(crate) const API_VERSION: &str = "2026-09-30.endive";

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const ORIGINAL_REQUEST: HeaderName = HeaderName::from_static("original-request");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const STRIPE_VERSION: HeaderName = HeaderName::from_static("stripe-version");
const SHOULD_RETRY: HeaderName = HeaderName::from_static("stripe-should-retry");

/// An authenticated call, its parameters decoded.
#[derive(Debug)]
pub(crate) struct Call {
    /// Its parameters: from the body of a POST, else from the query.
    pub(crate) params: Params,
    /// The same for equal parameters; see [`Params::fingerprint`].
    pub(crate) fingerprint: String,
    /// Its path.
    pub(crate) path: String,
    /// Its idempotency key; only a POST has one.
    pub(crate) key: Option<String>,
    /// The sandbox's base URL as the client sees it.
    pub(crate) base: String,
    /// How to answer it.
    pub(crate) envelope: Envelope,
}

/// What an answer's headers need to know of the call.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    /// The call's own id.
    pub(crate) request: String,
    /// Method and path, for the log.
    pub(crate) line: String,
    version: String,
    key: Option<String>,
}

impl Envelope {
    /// The response for `answer`.
    pub(crate) fn respond(&self, answer: Answer) -> Response {
        let body = answer.body.to_string();
        self.finish(answer.status, body, None, false)
    }

    /// The response for an answer to an idempotent call. `original` is the id of the call that was
    /// executed, `replayed` whether that was an earlier one.
    pub(crate) fn respond_kept(
        &self,
        status: StatusCode,
        body: String,
        original: &str,
        replayed: bool,
    ) -> Response {
        self.finish(status, body, Some(original), replayed)
    }

    fn finish(
        &self,
        status: StatusCode,
        body: String,
        original: Option<&str>,
        replayed: bool,
    ) -> Response {
        tracing::debug!(
            call = self.line,
            status = status.as_u16(),
            request = self.request,
            replayed,
            "payment sandbox answered"
        );
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        set(headers, REQUEST_ID, &self.request);
        set(headers, STRIPE_VERSION, &self.version);
        if let Some(key) = &self.key {
            set(headers, IDEMPOTENCY_KEY, key);
        }
        if let Some(original) = original {
            set(headers, ORIGINAL_REQUEST, original);
        }
        if replayed {
            set(headers, REPLAYED, "true");
        }
        if status == StatusCode::UNAUTHORIZED {
            set(headers, header::WWW_AUTHENTICATE, "Basic realm=\"Stripe\"");
        }
        // A conflict over a lock or a key passes by itself.
        if matches!(status, StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS) {
            set(headers, SHOULD_RETRY, "true");
        }
        response
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

impl FromRequest<SharedApp> for Call {
    type Rejection = Response;

    async fn from_request(request: Request, app: &SharedApp) -> Result<Self, Response> {
        let path = request.uri().path().to_owned();
        let mut envelope = Envelope {
            request: ids::request(),
            line: format!("{} {path}", request.method()),
            version: API_VERSION.to_owned(),
            key: None,
        };
        match read(request, app, path, &mut envelope).await {
            Ok(call) => Ok(call),
            Err(error) => Err(envelope.respond(error.answer())),
        }
    }
}

async fn read(
    request: Request,
    app: &SharedApp,
    path: String,
    envelope: &mut Envelope,
) -> Result<Call, Error> {
    authenticate(request.headers(), app.api_key())?;
    envelope.version = version(request.headers())?;
    let base = match text(request.headers(), &header::HOST) {
        Some(host) => format!("http://{host}"),
        None => format!("http://{}", app.address()),
    };
    let post = request.method() == Method::POST;
    let key = if post { idempotency_key(request.headers())? } else { None };
    envelope.key.clone_from(&key);
    let input = if post { form_body(request).await? } else { query(&request) };
    Ok(Call {
        params: Params::decode(&input)?,
        fingerprint: Params::fingerprint(&input),
        path,
        key,
        base,
        envelope: envelope.clone(),
    })
}

fn query(request: &Request) -> Bytes {
    Bytes::copy_from_slice(request.uri().query().unwrap_or_default().as_bytes())
}

async fn form_body(request: Request) -> Result<Bytes, Error> {
    let kind = text(request.headers(), &header::CONTENT_TYPE).unwrap_or_default().to_owned();
    let body = Bytes::from_request(request, &()).await.map_err(|rejection| {
        Refusal::new(rejection.status(), "invalid_request_error", rejection.body_text())
    })?;
    if body.is_empty() || kind.starts_with("application/x-www-form-urlencoded") {
        return Ok(body);
    }
    Err(Refusal::invalid(
        "Invalid request (check that your POST content type is application/x-www-form-urlencoded).",
    )
    .into())
}

/// Checks the secret key, which comes as a bearer token or as the user name of basic authentication.
/// `expected` is the only one that is good; without it any is.
fn authenticate(headers: &HeaderMap, expected: Option<&str>) -> Result<(), Error> {
    let unauthorized = |message: String| {
        Error::from(Refusal::new(StatusCode::UNAUTHORIZED, "invalid_request_error", message))
    };
    let Some(given) = secret_key(headers).filter(|key| !key.is_empty()) else {
        return Err(unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization \
             header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
                .to_owned(),
        ));
    };
    if expected.is_none_or(|expected| expected == given) {
        return Ok(());
    }
    Err(unauthorized(format!("Invalid API Key provided: {}", masked(&given))))
}

fn secret_key(headers: &HeaderMap) -> Option<String> {
    let (scheme, credentials) = text(headers, &header::AUTHORIZATION)?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(credentials.trim()).ok()?).ok()?;
    decoded.split(':').next().map(str::to_owned)
}

/// The last four characters of a key, and only if that gives away little of it.
fn masked(key: &str) -> String {
    let count = key.chars().count();
    let shown: String = key.chars().skip(if count > 12 { count - 4 } else { count }).collect();
    format!("{}{shown}", "*".repeat(count - shown.chars().count()))
}

/// The version that the client asks for, a date and perhaps a name: `2026-09-30.endive`.
fn version(headers: &HeaderMap) -> Result<String, Error> {
    let Some(value) = headers.get(STRIPE_VERSION) else { return Ok(API_VERSION.to_owned()) };
    let version = value.to_str().unwrap_or_default();
    let date = version.split(['.', ';']).next().unwrap_or_default();
    let dated = date.len() == 10
        && date
            .char_indices()
            .all(|(at, c)| if at == 4 || at == 7 { c == '-' } else { c.is_ascii_digit() });
    if dated {
        return Ok(version.to_owned());
    }
    Err(Refusal::invalid(format!("Invalid Stripe API version: {version}")).into())
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    match value.to_str() {
        Ok("") => Ok(None),
        Ok(key) if key.len() <= LONGEST_KEY => Ok(Some(key.to_owned())),
        _ => Err(Refusal::invalid(format!(
            "The Idempotency-Key header must have at most {LONGEST_KEY} printable ASCII characters."
        ))
        .into()),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
