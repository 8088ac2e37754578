//! Lists by cursor.

use axum::Json;
use axum::http::Uri;
use axum::http::header::{HeaderMap, HeaderValue, LINK};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::problem::{Problem, Result};

const DEFAULT_LIMIT: i64 = 20;
const MAX_LIMIT: i64 = 100;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    items: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

pub(crate) fn limit(asked: Option<i64>) -> Result<i64> {
    let limit = asked.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::invalid(format!("The limit is a number from 1 to {MAX_LIMIT}")))
}

pub(crate) fn read_cursor<T: DeserializeOwned>(text: &str) -> Result<T> {
    let json = URL_SAFE_NO_PAD.decode(text).ok();
    json.and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(|| Problem::invalid("This cursor is not from this list; start without one"))
}

/// A page of `rows`, of which one more than `limit` was asked for.
pub(crate) fn answer<T: Serialize, P: Serialize>(
    mut rows: Vec<T>,
    limit: i64,
    uri: &Uri,
    position: impl FnOnce(&T) -> P,
) -> Result<Response> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more).map(position);
    let json = last.as_ref().map(serde_json::to_vec).transpose().map_err(anyhow::Error::from)?;
    let next_cursor = json.map(|json| URL_SAFE_NO_PAD.encode(json));
    let headers = next_cursor.as_ref().map_or_else(HeaderMap::new, |cursor| link(uri, cursor));
    Ok((headers, Json(Page { items: rows, next_cursor })).into_response())
}

fn link(uri: &Uri, cursor: &str) -> HeaderMap {
    let kept = uri.query().unwrap_or_default().split('&');
    let kept = kept.filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let last = format!("cursor={cursor}");
    let query: Vec<&str> = kept.chain([last.as_str()]).collect();
    let link = format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"));
    HeaderValue::try_from(link).map(|link| (LINK, link)).into_iter().collect()
}
