//! Devices on which an account has signed in before: guesses that others make from elsewhere do not
//! keep its owner out there.

use anyhow::Result;
use axum::response::Response;
use boxoffice_contract::{SessionId, UserId};
use boxoffice_kernel::Timestamp;
use http::HeaderMap;

use crate::cookie;
use crate::token::Key;

/// How long a device is remembered after a sign-in, in seconds: a year.
const REMEMBERED_SECONDS: i64 = 365 * 24 * 60 * 60;

/// Sets the cookie by which the browser that gets `response` is known again as a device of `account_id`.
///
/// # Errors
/// When the signing key cannot be read.
pub(crate) async fn remember(response: &mut Response, account_id: UserId) -> Result<()> {
    let until = Timestamp::now().plus_seconds(REMEMBERED_SECONDS);
    let token = Key::load().await?.of_device(account_id, until)?;
    cookie::set_device(response, &token, REMEMBERED_SECONDS).await
}

/// Returns the device that sent `headers`, if `account_id` has signed in there before.
///
/// # Errors
/// When the signing key cannot be read.
pub(crate) async fn known(headers: &HeaderMap, account_id: UserId) -> Result<Option<SessionId>> {
    let Some(token) = cookie::device(headers).await? else { return Ok(None) };
    let device = Key::load().await?.device(token);
    Ok(device.filter(|(account, _)| *account == account_id).map(|(_, id)| id))
}
