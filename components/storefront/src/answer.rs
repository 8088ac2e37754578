//! From a page to an answer: HTML or JSON, compressed, with an entity tag where it may be kept.

use std::io::Write;

use anyhow::Result;
use axum::body::Body;
use axum::response::Response;
use boxoffice_common::config;
use boxoffice_web::state::{Answer, State};
use boxoffice_web::{Site, document};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION,
    SET_COOKIE, VARY,
};
use sha2::{Digest, Sha256};

use crate::assets;
use crate::notice::Notice;
use crate::visit::{Manner, Visit};

/// Shorter answers fit into one packet as they are.
const WORTH_COMPRESSING: usize = 1_024;
/// What a page's answer depends on besides its address.
const VARIES: HeaderValue =
    HeaderValue::from_static("Accept, Accept-Language, Accept-Encoding, Cookie");
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
    if keep == Keep::Revalidated {
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
    let mut response = if visit.manner.script {
        json(&Answer::Go(address.to_owned()))?
    } else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        response.headers_mut().insert(LOCATION, HeaderValue::try_from(address)?);
        response
    };
    response.headers_mut().insert(VARY, VARIES);
    if let Some(notice) = notice {
        response.headers_mut().append(SET_COOKIE, notice.cookie().await?);
    }
    Ok(response)
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
    let mut response = if manner.script {
        json(&Answer::Show(Box::new(state)))?
    } else {
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        written(document(&state, &site().await?), kind)
    };
    *response.status_mut() = status;
    let (mut parts, body) = response.into_parts();
    parts.headers.insert(VARY, VARIES);
    let body = axum::body::to_bytes(body, usize::MAX).await?;
    let mut tag = Sha256::digest(&body)
        .iter()
        .take(12)
        .fold(String::from("\""), |tag, byte| tag + &format!("{byte:02x}"));
    let zips = manner.gzip && body.len() > WORTH_COMPRESSING;
    tag.push_str(if zips { "-gzip\"" } else { "\"" });
    if keep == Keep::Revalidated {
        parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        parts.headers.insert(ETAG, HeaderValue::try_from(&tag)?);
        if knows(manner, &tag) {
            parts.status = StatusCode::NOT_MODIFIED;
            parts.headers.remove(CONTENT_TYPE);
            return Ok(Response::from_parts(parts, Body::empty()));
        }
    } else {
        parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        parts.headers.insert(ROBOTS, HeaderValue::from_static("noindex"));
    }
    let body = if zips {
        parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        gzip(&body)?
    } else {
        body
    };
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// Whether a browser has what `tag` stands for (RFC 9110, 13.1.2).
fn knows(manner: &Manner, tag: &str) -> bool {
    let known = manner.known.as_deref().unwrap_or_default();
    known
        .split(',')
        .map(str::trim)
        .any(|one| one.strip_prefix("W/").unwrap_or(one) == tag || one == "*")
}

fn json(answer: &Answer) -> Result<Response> {
    Ok(written(serde_json::to_string(answer)?, HeaderValue::from_static("application/json")))
}

fn written(text: String, kind: HeaderValue) -> Response {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// What a document says of the shop.
async fn site() -> Result<Site> {
    let url = config::variable("public_url").await?;
    Ok(Site {
        origin: url.trim_end_matches('/').to_owned(),
        assets: assets::names(),
        reload: assets::reload().await?.map(str::to_owned),
    })
}

/// `body` by gzip (RFC 1952), fast rather than small.
fn gzip(body: &[u8]) -> Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::fast());
    encoder.write_all(body)?;
    Ok(Bytes::from(encoder.finish()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_told_by_its_tag() {
        let manner = |known: &str| Manner { known: Some(known.to_owned()), ..Manner::default() };
        for known in ["\"a\"", "\"b\", \"a\"", "W/\"a\"", "*"] {
            assert!(knows(&manner(known), "\"a\""), "{known}");
        }
        for other in ["", "a", "\"ab\"", "\"a-gzip\""] {
            assert!(!knows(&manner(other), "\"a\""), "{other}");
        }
        assert!(!knows(&Manner::default(), "\"a\""));
    }
}
