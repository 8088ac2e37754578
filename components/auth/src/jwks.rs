//! `GET /.well-known/jwks.json`: the public keys that verify session tokens (RFC 7517).

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use boxoffice_kernel::config;
use boxoffice_kernel::problem::Result;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use jsonwebtoken::jwk::JwkSet;

use crate::token::Key;

pub(crate) fn route() -> Router {
    Router::new().route("/.well-known/jwks.json", get(jwks))
}

/// Public keys
///
/// The keys that verify session tokens: the current one first, then those being retired.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "users",
    responses((status = 200, description = "A JWK set (RFC 7517)", content_type = "application/jwk-set+json", body = Object))
)]
pub(crate) async fn jwks() -> Result<Response> {
    let text = config::variable("session_public_keys").await?;
    let mut set: JwkSet = serde_json::from_str(&text).map_err(anyhow::Error::from)?;
    let current = Key::load().await?.public.clone();
    set.keys.retain(|key| key.common.key_id != current.common.key_id);
    set.keys.insert(0, current);
    let body = serde_json::to_string(&set).map_err(anyhow::Error::from)?;
    let headers =
        [(CONTENT_TYPE, "application/jwk-set+json"), (CACHE_CONTROL, "public, max-age=300")];
    Ok((headers, body).into_response())
}
