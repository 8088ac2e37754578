//! From a page to an answer: HTML or JSON, compressed, with an entity tag where it may be kept.

use std::io::Write;

use anyhow::Result;
use axum::body::Body;
use axum::response::Response;
use boxoffice_kernel::config;
use boxoffice_kernel::http::coding::IDENTITY;
use boxoffice_kernel::http::etag;
use boxoffice_web::state::{Answer, State};
use boxoffice_web::{Site, document};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, SET_COOKIE, VARY,
};
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};

use crate::notice::Notice;
use crate::visitor::{GZIP, Manner, Visit};
use crate::{assets, test_shop};

/// Shorter answers fit into one packet as they are.
const WORTH_COMPRESSING: usize = 1_024;
/// Beyond it a page takes twice the time for one percent less.
const LEVEL: Compression = Compression::new(5);
/// What a page's answer depends on besides its address.
const VARIES: HeaderValue =
    HeaderValue::from_static("Accept, Accept-Language, Accept-Encoding, Cookie");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// How long browsers may keep a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// They may, and ask each time whether it is still good.
    Revalidated,
    /// They may not: it holds the key of a form, or is nobody else's business.
    Never,
}

/// The page `state`.
///
/// # Errors
/// When it cannot be rendered.
pub(crate) async fn show(visit: &Visit, mut state: State, keep: Keep) -> Result<Response> {
    let keep = if state.notice.is_some() { Keep::Never } else { keep };
    if keep == Keep::Revalidated && state.held.is_none() {
        // Nothing on it counts down; with the time in it, no two of its answers were the same.
        state.now = 0;
    }
    let mut response = page(&visit.manner, StatusCode::OK, state, keep).await?;
    let headers = response.headers_mut();
    if visit.notice.is_some() {
        headers.append(SET_COOKIE, Notice::forget().await?);
    }
    let private = HeaderValue::from_static("private, no-cache");
    if keep == Keep::Revalidated && visit.user.is_some() {
        headers.insert(CACHE_CONTROL, private);
    }
    Ok(response)
}

/// The page `state` in answer to a form that was refused.
///
/// # Errors
/// When it cannot be rendered.
pub(crate) async fn refuse(visit: &Visit, status: StatusCode, state: State) -> Result<Response> {
    page(&visit.manner, status, state, Keep::Never).await
}

/// Sends the visitor to `address`, with something to say there.
///
/// # Errors
/// When the address is none.
pub(crate) async fn go(visit: &Visit, address: &str, notice: Option<Notice>) -> Result<Response> {
    let mut headers = HeaderMap::from_iter([(VARY, VARIES)]);
    if let Some(notice) = notice {
        headers.append(SET_COOKIE, notice.cookie().await?);
    }
    Ok(if visit.manner.script {
        headers.insert(CONTENT_TYPE, JSON);
        let answer = serde_json::to_string(&Answer::Go(address.to_owned()))?;
        response(StatusCode::OK, headers, Bytes::from(answer))
    } else {
        headers.insert(LOCATION, HeaderValue::try_from(address)?);
        response(StatusCode::SEE_OTHER, headers, Bytes::new())
    })
}

/// `page`, from which nobody learns its whole address, which holds a secret. Browsers tell the shop's
/// origin still: with `no-referrer` they would send forms with the origin `null`, which is refused.
pub(crate) fn without_referrer(mut page: Response) -> Response {
    page.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    page
}

/// `response` with the cookies that a service's `answer` sets. The response's own come after them: browsers
/// keep the last one of a name, and the response may tell of what happened later.
pub(crate) fn with_cookies_of(mut response: Response, answer: &http::Response<Bytes>) -> Response {
    let earlier = answer.headers().get_all(SET_COOKIE).iter().cloned();
    let later: Vec<_> = response.headers().get_all(SET_COOKIE).iter().cloned().collect();
    let headers = response.headers_mut();
    headers.remove(SET_COOKIE);
    for cookie in earlier.chain(later) {
        headers.append(SET_COOKIE, cookie);
    }
    response
}

/// The page `state` in the manner that is asked for.
///
/// # Errors
/// When it cannot be rendered.
pub(crate) async fn page(
    manner: &Manner,
    status: StatusCode,
    state: State,
    keep: Keep,
) -> Result<Response> {
    let (kind, text) = if manner.script {
        (JSON, serde_json::to_string(&Answer::Show(Box::new(state)))?)
    } else {
        (HTML, document(&state, &site().await?))
    };
    let coding = if text.len() > WORTH_COMPRESSING { manner.coding } else { IDENTITY };
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, kind), (VARY, VARIES)]);
    match keep {
        Keep::Never => {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(ROBOTS, HeaderValue::from_static("noindex"));
        }
        Keep::Revalidated => {
            let tag = tag(&text, coding);
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            headers.insert(ETAG, HeaderValue::try_from(&tag)?);
            if etag::is_fresh(&manner.known, &tag) {
                headers.remove(CONTENT_TYPE);
                return Ok(response(StatusCode::NOT_MODIFIED, headers, Bytes::new()));
            }
        }
    }
    if coding != GZIP {
        return Ok(response(status, headers, Bytes::from(text)));
    }
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(GZIP));
    Ok(response(status, headers, gzip(text.as_bytes())?))
}

fn response(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// The entity tag of `text` in a content coding: forms of it that differ byte by byte have their own
/// (RFC 9110, 8.8.3).
fn tag(text: &str, coding: &str) -> String {
    let digest = Sha256::digest(text);
    let hex: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}-{coding}\"")
}

/// What a document says of the shop.
async fn site() -> Result<Site> {
    Ok(Site {
        origin: config::shop().await?,
        assets: assets::names(),
        reload: assets::reload().await?.map(str::to_owned),
        is_for_tests: test_shop::is_one().await?,
    })
}

/// `body` by gzip (RFC 1952).
fn gzip(body: &[u8]) -> Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), LEVEL);
    encoder.write_all(body)?;
    Ok(Bytes::from(encoder.finish()?))
}
