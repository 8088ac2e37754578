//! Who is asking, by the composed component that exports `boxoffice:identity/session`.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use boxoffice_contract::UserId;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use send_wrapper::SendWrapper;

use crate::http::cookie::cookies;
use crate::{Cx, Problem};

mod wit {
    #![allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, reason = "generated")]
    wit_bindgen::generate!({ world: "verifier", path: "../../wit/identity.wit" });
}

use wit::boxoffice::identity::session::{self, Error};

/// The cookie that carries the session token.
pub const COOKIE_NAME: &str = "session";
/// The same where the shop is served by https: browsers then keep it to this host and to https.
pub const SECURE_COOKIE_NAME: &str = "__Host-session";

/// The user who is asking.
#[derive(Clone, Debug)]
pub struct User {
    /// The account.
    pub id: UserId,
    /// Its address.
    pub email: String,
    /// The session token, to ask siblings in the user's name.
    pub token: String,
}

/// The context of a request of somebody who is signed in. A handler that needs a user takes it in
/// place of a [`Cx`], which has none to give. The session is verified once, on the routes that do.
#[derive(Clone, Debug)]
pub struct UserCx {
    cx: Cx,
    /// Who is asking.
    pub user: User,
}

impl Deref for UserCx {
    type Target = Cx;

    fn deref(&self) -> &Cx {
        &self.cx
    }
}

impl<S: Send + Sync> FromRequestParts<S> for UserCx {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let user = signed_in(&parts.headers).await?;
        Ok(Self { cx: Cx::of_request(parts).called_by(user.id), user })
    }
}

/// The user who is asking, if anyone is signed in.
pub struct MaybeUser(pub Option<User>);

impl<S: Send + Sync> FromRequestParts<S> for MaybeUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match signed_in(&parts.headers).await {
            Ok(user) => Ok(Self(Some(user))),
            Err(problem) if problem.status() == http::StatusCode::UNAUTHORIZED => Ok(Self(None)),
            Err(problem) => Err(problem),
        }
    }
}

/// Returns the user whose session `headers` bring.
async fn signed_in(headers: &HeaderMap) -> Result<User, Problem> {
    let token =
        token(headers).ok_or_else(|| Problem::unauthorized("Sign in first, then try again"))?;
    verify(token.to_owned()).await
}

async fn verify(token: String) -> Result<User, Problem> {
    let user = match SendWrapper::new(session::verify(token.clone())).await {
        Ok(user) => user,
        Err(Error::Expired) => {
            return Err(Problem::unauthorized("Your session has ended; sign in again")
                .with_code("session_expired"));
        }
        Err(Error::Invalid(_)) => {
            return Err(Problem::unauthorized("This session is invalid; sign in again"));
        }
        Err(Error::Misconfigured(text)) => return Err(Problem::internal(anyhow::anyhow!(text))),
    };
    let id = user.id.parse().map_err(anyhow::Error::from)?;
    Ok(User { id, email: user.email, token })
}

/// The session token: of `Authorization: Bearer …`, else of the cookie.
fn token(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    bearer.or_else(|| {
        cookies(headers)
            .find(|(name, _)| matches!(*name, COOKIE_NAME | SECURE_COOKIE_NAME))
            .map(|(_, value)| value)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use http::header::COOKIE;

    use super::*;

    #[test]
    fn the_token_is_found_in_header_or_cookie() {
        let mut headers = HeaderMap::new();
        assert_eq!(token(&headers), None);
        headers.insert(COOKIE, "theme=dark; session=abc.def".parse().unwrap());
        assert_eq!(token(&headers), Some("abc.def"));
        for header in ["Bearer xyz", "bearer  xyz"] {
            headers.insert(AUTHORIZATION, header.parse().unwrap());
            assert_eq!(token(&headers), Some("xyz"));
        }
    }
}
