//! The cookies of a request (RFC 6265, section 5.4).

use http::HeaderMap;
use http::header::COOKIE;

/// Returns the names and values of the cookies in `headers`, in their order.
pub fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}
