//! The shop's small cookies: none of them is readable by scripts, or sent from other sites' forms.

use std::time::Duration;

use anyhow::Result;
use boxoffice_kernel::config;
use boxoffice_kernel::http::cookie::cookies;
use http::header::{HeaderMap, HeaderValue};

/// Returns the value of the cookie `name` among a request's `headers`.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    cookies(headers).find_map(|(known, value)| (known == name).then_some(value))
}

/// Returns the value of `Set-Cookie` for a cookie that is sent to the addresses below `path`, for as
/// long as `life`.
///
/// # Errors
/// When `value` cannot stand in a header, or `public_url` is not given to this component.
pub(crate) async fn set(
    name: &str,
    value: &str,
    path: &str,
    life: Duration,
) -> Result<HeaderValue> {
    let secure = if config::is_secure().await? { "; Secure" } else { "" };
    let life = life.as_secs();
    let cookie =
        format!("{name}={value}; Path={path}; Max-Age={life}; HttpOnly; SameSite=Lax{secure}");
    Ok(HeaderValue::try_from(cookie)?)
}
