//! Lists by cursor: a page, and a `Link` to the next one (RFC 8288).

use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boxoffice_contract::Page;
use form_urlencoded::byte_serialize;
use http::header::{HeaderName, HeaderValue, LINK};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How many entries a page has if the client does not say.
pub const DEFAULT_LIMIT: i64 = 20;
/// How many entries a page may have.
pub const MAX_LIMIT: i64 = 100;

/// Writes where a page ended, so that clients hand it back unread.
///
/// # Errors
/// When `position` cannot be written as JSON.
pub fn write_cursor(position: &impl Serialize) -> anyhow::Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(position)?))
}

/// Reads what [`write_cursor`] wrote.
///
/// # Errors
/// A sentence for the client who made the cursor up, or took it from another list.
pub fn read_cursor<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .filter(|position| !super::body::has_nul(position))
        .and_then(|position| serde_json::from_value(position).ok())
        .ok_or_else(|| "This cursor is not from this list; start again without one".to_owned())
}

/// Reads the page's size that a client asks for.
///
/// # Errors
/// A sentence for the client when it is out of range.
pub fn read_limit(text: &str) -> Result<i64, String> {
    read_limit_to(MAX_LIMIT, text)
}

/// Reads the same for a list whose pages may have `most` entries.
///
/// # Errors
/// A sentence for the client when it is out of range.
pub fn read_limit_to(most: i64, text: &str) -> Result<i64, String> {
    text.parse()
        .ok()
        .filter(|limit| (1..=most).contains(limit))
        .ok_or_else(|| format!("The limit must be a number from 1 to {most}"))
}

/// Makes a page of `rows`, of which one more than `limit` was asked for: if it is there, so is a
/// next page, which begins after `position` of the last entry kept.
///
/// # Errors
/// When the position cannot be written.
pub fn cut<T, P: Serialize>(
    mut rows: Vec<T>,
    limit: i64,
    position: impl FnOnce(&T) -> P,
) -> anyhow::Result<Page<T>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = match rows.last().filter(|_| more) {
        Some(last) => Some(write_cursor(&position(last))?),
        None => None,
    };
    Ok(Page { items: rows, next_cursor })
}

/// Returns the `Link` to the page that follows `page`, which is the answer to the request for `path`
/// with `query`; nothing after the last page.
#[must_use]
pub fn link<T>(
    page: &Page<T>,
    path: &str,
    query: Option<&str>,
) -> Option<[(HeaderName, HeaderValue); 1]> {
    let cursor = page.next_cursor.as_ref()?;
    let kept = query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let last = format!("cursor={cursor}");
    let query: Vec<&str> = kept.chain([last.as_str()]).collect();
    let link = format!("<{path}?{}>; rel=\"next\"", in_ascii(&query.join("&")));
    HeaderValue::try_from(link).ok().map(|link| [(LINK, link)])
}

/// Returns a query with everything percent-encoded that is not ASCII (RFC 3986, section 2.1). Some
/// clients send that as it is, but a link is an address, and a header's value is ASCII.
fn in_ascii(query: &str) -> String {
    let mut encoded = String::with_capacity(query.len());
    for letter in query.chars() {
        if letter.is_ascii() {
            encoded.push(letter);
        } else {
            encoded.extend(byte_serialize(letter.encode_utf8(&mut [0; 4]).as_bytes()));
        }
    }
    encoded
}

/// Returns the answer to the request for `path` with `query`: `page`, and a `Link` to the next.
pub fn respond<T: Serialize>(page: Page<T>, path: &str, query: Option<&str>) -> Response {
    (link(&page, path, query), axum::Json(page)).into_response()
}

/// Writes a page of entries that are JSON already, in JSON.
#[must_use]
pub fn written(page: &Page<String>) -> String {
    let length: usize = page.items.iter().map(|item| item.len() + 1).sum();
    let mut json = String::with_capacity(length + 128);
    json.push_str("{\"items\":[");
    for (index, item) in page.items.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        json.push_str(item);
    }
    json.push(']');
    // A cursor is written in letters that need no escape.
    if let Some(cursor) = &page.next_cursor {
        json.push_str(",\"nextCursor\":\"");
        json.push_str(cursor);
        json.push('"');
    }
    json.push('}');
    json
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_page_ends_where_the_next_begins() {
        let page = cut(vec![1, 2, 3], 2, |last| *last).unwrap();
        assert_eq!(page.items, [1, 2]);
        assert_eq!(read_cursor::<i64>(page.next_cursor.as_deref().unwrap()).unwrap(), 2);
        let response = respond(page, "/api/tickets", Some("limit=2&cursor=old&q=a%20b"));
        let link = response.headers()[LINK].to_str().unwrap();
        assert!(link.starts_with("</api/tickets?limit=2&q=a%20b&cursor="), "{link}");
        assert!(cut(vec![1, 2], 2, |last| *last).unwrap().next_cursor.is_none());
    }

    #[test]
    fn a_link_is_ascii_whatever_was_asked() {
        let page = cut(vec![1, 2], 1, |last| *last).unwrap();
        let [(_, value)] = link(&page, "/api/tickets", Some("q=Zürich&city=読")).unwrap();
        let value = value.to_str().unwrap();
        assert!(value.starts_with("</api/tickets?q=Z%C3%BCrich&city=%E8%AA%AD&cursor="), "{value}");
    }

    #[test]
    fn a_page_of_json_is_the_same_page() {
        for rows in [vec![], vec!["{\"a\":1}"], vec!["{\"a\":1}", "{\"a\":2}", "{}"]] {
            let texts = rows.iter().map(ToString::to_string).collect();
            let written = written(&cut(texts, 2, String::clone).unwrap());
            let values: Vec<serde_json::Value> =
                rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
            let page = cut(values, 2, ToString::to_string).unwrap();
            let written: serde_json::Value = serde_json::from_str(&written).unwrap();
            assert_eq!(written, serde_json::to_value(&page).unwrap());
        }
    }

    #[test]
    fn foreign_cursors_and_wild_limits_are_refused() {
        read_cursor::<i64>("%%%").unwrap_err();
        read_cursor::<i64>("Zm9v").unwrap_err();
        assert_eq!(read_limit("100").unwrap(), 100);
        for wild in ["0", "-1", "101", "ten"] {
            read_limit(wild).unwrap_err();
        }
    }
}
