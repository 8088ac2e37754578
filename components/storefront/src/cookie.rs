//! The shop's small cookies: none of them is readable by scripts, or sent from other sites' forms.

use std::time::Duration;

use anyhow::Result;
use boxoffice_kernel::config;
use http::header::{COOKIE, HeaderMap, HeaderValue};

/// Returns the value of the cookie `name` among a request's `headers`.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(known, value)| (known == name).then_some(value))
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
    let https = config::variable("public_url").await?.starts_with("https://");
    let secure = if https { "; Secure" } else { "" };
    let life = life.as_secs();
    let cookie =
        format!("{name}={value}; Path={path}; Max-Age={life}; HttpOnly; SameSite=Lax{secure}");
    Ok(HeaderValue::try_from(cookie)?)
}
