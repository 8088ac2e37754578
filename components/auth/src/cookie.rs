//! The cookies of `auth`: the session, the device that has signed in before, and a sign-in by a provider.
//!
//! Where the shop is served by https their names begin with `__Host-`: browsers then keep them to this
//! host and to https, and no sibling domain can set one (RFC 6265bis, 4.1.3.2).

use anyhow::Result;
use axum::response::Response;
use boxoffice_contract::factors::{SECOND_STEP_SECONDS, first_step_cookie};
use boxoffice_kernel::http::cookie::cookies;
use boxoffice_kernel::{config, identity};
use http::HeaderMap;
use http::header::{HeaderValue, SET_COOKIE};

const DEVICE: &str = "device";
const SECURE_DEVICE: &str = "__Host-device";
const ATTEMPT: &str = "oidc";
const SECURE_ATTEMPT: &str = "__Host-oidc";

/// Adds the cookie of a session's `token`, which lasts `seconds`.
pub(crate) async fn set_session(response: &mut Response, token: &str, seconds: i64) -> Result<()> {
    let secure = config::is_secure().await?;
    set(response, identity::cookie_name(secure), token, seconds, secure)
}

/// Takes the session's cookie back.
pub(crate) async fn remove_session(response: &mut Response) -> Result<()> {
    set_session(response, "", 0).await
}

/// Adds the cookie of a device's `token`, which lasts `seconds`.
pub(crate) async fn set_device(response: &mut Response, token: &str, seconds: i64) -> Result<()> {
    let secure = config::is_secure().await?;
    set(response, device_name(secure), token, seconds, secure)
}

/// Adds the cookie with the `token` of a first step, for the page of the second one.
pub(crate) async fn set_first_step(response: &mut Response, token: &str) -> Result<()> {
    let secure = config::is_secure().await?;
    let name = first_step_cookie(secure);
    set(response, name, token, SECOND_STEP_SECONDS, secure)
}

/// Finds the token of the device among a request's `headers`.
pub(crate) async fn device(headers: &HeaderMap) -> Result<Option<&str>> {
    let name = device_name(config::is_secure().await?);
    Ok(cookies(headers).find_map(|(known, value)| (known == name).then_some(value)))
}

/// Adds the cookie of a sign-in by a provider, whose `token` lasts `seconds`.
pub(crate) async fn set_attempt(response: &mut Response, token: &str, seconds: i64) -> Result<()> {
    let secure = config::is_secure().await?;
    set(response, attempt_name(secure), token, seconds, secure)
}

/// Finds the token of a sign-in by a provider among a request's `headers`.
pub(crate) async fn attempt(headers: &HeaderMap) -> Result<Option<&str>> {
    let name = attempt_name(config::is_secure().await?);
    Ok(cookies(headers).find_map(|(known, value)| (known == name).then_some(value)))
}

const fn attempt_name(secure: bool) -> &'static str {
    if secure { SECURE_ATTEMPT } else { ATTEMPT }
}

const fn device_name(secure: bool) -> &'static str {
    if secure { SECURE_DEVICE } else { DEVICE }
}

fn set(response: &mut Response, name: &str, value: &str, seconds: i64, secure: bool) -> Result<()> {
    let cookie = HeaderValue::try_from(cookie(name, value, seconds, secure))?;
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(())
}

/// Lax: a link from elsewhere finds one signed in, a form from elsewhere does not.
fn cookie(name: &str, value: &str, seconds: i64, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_out_of_reach_of_scripts_and_other_sites() {
        let plain = cookie(identity::cookie_name(false), "t", 60, false);
        assert_eq!(plain, "session=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
        let secure = cookie(identity::cookie_name(true), "t", 60, true);
        assert!(secure.starts_with("__Host-session=t;") && secure.ends_with("; Secure"));
        assert_eq!([device_name(false), device_name(true)], [DEVICE, SECURE_DEVICE]);
    }
}
