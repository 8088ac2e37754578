//! Who is asking, by the composed component that exports `boxoffice:identity/session`.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use boxoffice_contract::factors::{CONFIRM_AGAIN, SECOND_FACTOR_NEEDED};
use boxoffice_contract::users::{ADDRESS_UNVERIFIED, Account, CurrentUser, Role};
use boxoffice_contract::{SessionId, UserId};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Method};
use send_wrapper::SendWrapper;

use crate::http::cookie::cookies;
use crate::peer::{Call, Peer};
use crate::{Cx, Problem, Timestamp, config, sessions};

mod wit {
    #![allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, reason = "generated")]
    wit_bindgen::generate!({ world: "verifier", path: "../../wit/identity.wit" });
}

use wit::boxoffice::identity::session::{self, Error};

/// The cookie that carries the session token.
const COOKIE_NAME: &str = "session";
/// The same where the shop is served by https: browsers then keep it to this host and to https.
const SECURE_COOKIE_NAME: &str = "__Host-session";
/// The service that keeps accounts.
const AUTH: Peer = Peer { name: "auth", base_url: "auth_base_url" };
/// For how long a user need not prove again who they are, in seconds.
const CONFIRMED_SECONDS: i64 = 15 * 60;
/// What a token's `amr` holds if a second factor was used (RFC 8176).
const FACTORS: [&str; 2] = ["otp", "hwk"];

/// Returns the name of the cookie that carries the session token in a shop that is `secure`, that is,
/// served by https. No other cookie is believed: a sibling domain can set one without the prefix.
#[must_use]
pub const fn cookie_name(secure: bool) -> &'static str {
    if secure { SECURE_COOKIE_NAME } else { COOKIE_NAME }
}

/// The user who is asking.
#[derive(Clone, Debug)]
pub struct User {
    /// The account.
    pub id: UserId,
    /// The session; none if the token is from before there were ids.
    pub session: Option<SessionId>,
    /// When the token was signed, in seconds since 1970.
    pub issued_at: i64,
    /// What the account may do beside what everybody may. A role that is taken away ends its sessions.
    pub roles: Vec<Role>,
    /// When they last proved who they are, in seconds since 1970.
    pub authenticated_at: i64,
    /// How they proved it then (RFC 8176).
    pub amr: Vec<String>,
    /// Whether the account has a second factor, as far as the token tells.
    pub has_factor: bool,
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

impl UserCx {
    /// Returns the context `cx` of a request that `user` makes.
    #[must_use]
    pub fn new(cx: Cx, user: User) -> Self {
        Self { cx: cx.called_by(user.id), user }
    }

    /// Checks that the user has lately proven who they are, if their account has a second factor. What
    /// cannot be undone asks for it.
    ///
    /// # Errors
    /// 403 if that was more than 15 minutes ago.
    pub fn confirmed_if_protected(&self) -> Result<(), Problem> {
        if self.user.has_factor { self.confirmed() } else { Ok(()) }
    }

    /// Checks the same, whether the account has a second factor or not.
    ///
    /// # Errors
    /// 403 if that was more than 15 minutes ago.
    pub fn confirmed(&self) -> Result<(), Problem> {
        if self.user.confirmed_at(Timestamp::now()) { Ok(()) } else { Err(confirm_again()) }
    }

    /// Checks that the user has lately proven who they are by a second factor: of operators always.
    ///
    /// # Errors
    /// 403 if they have no second factor, or that was more than 15 minutes ago.
    pub fn confirmed_by_factor(&self) -> Result<(), Problem> {
        let user = &self.user;
        if user.by_factor() && user.confirmed_at(Timestamp::now()) {
            return Ok(());
        }
        Err(if user.has_factor { confirm_again() } else { factor_needed() })
    }

    /// Asks `auth` for the user's account, with its address: a token does not tell it.
    ///
    /// # Errors
    /// When `auth` does not answer, or the session has just ended.
    pub async fn account(&self) -> Result<Account, Problem> {
        let call = Call::by(self, Method::GET, "/api/users/currentUser");
        let current = AUTH.ask::<CurrentUser>(call, None::<&()>).await?;
        current.and_then(|current| current.current_user).ok_or_else(session_ended)
    }

    /// Tells whether the user is an operator of the shop.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.user.roles.contains(&Role::Operator)
    }

    /// Checks that the user may sell. Where the variable `verified_sellers` is set, only those may who
    /// have proven their address.
    ///
    /// # Errors
    /// 403 if they have not; as of [`Self::account`].
    pub async fn may_sell(&self) -> Result<(), Problem> {
        if config::is_set("verified_sellers").await? && !self.account().await?.email_verified {
            let detail = "Verify your e-mail address first, on the page of your account";
            return Err(Problem::forbidden(detail).with_code(ADDRESS_UNVERIFIED));
        }
        Ok(())
    }
}

impl User {
    /// Whether a second factor was part of the last proof: a passkey, a code or a recovery code.
    #[must_use]
    pub fn by_factor(&self) -> bool {
        self.amr.iter().any(|way| FACTORS.contains(&way.as_str()))
    }

    /// Whether they have proven who they are within the time before `now`.
    #[must_use]
    pub fn confirmed_at(&self, now: Timestamp) -> bool {
        now.as_millis() / 1000 - self.authenticated_at <= CONFIRMED_SECONDS
    }
}

/// 403: the user must first prove again who they are.
#[must_use]
pub fn confirm_again() -> Problem {
    Problem::forbidden("Confirm first that it is you, then try again").with_code(CONFIRM_AGAIN)
}

/// 403: the account needs a second factor first.
fn factor_needed() -> Problem {
    let detail = "Operators need a second factor. Add a passkey or an authenticator app to your \
                  account first";
    Problem::forbidden(detail).with_code(SECOND_FACTOR_NEEDED)
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
        Ok(Self::new(Cx::of_request(parts), user))
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

/// Returns the user whose session `headers` bring, if it has not been ended.
async fn signed_in(headers: &HeaderMap) -> Result<User, Problem> {
    let user = verified(headers).await?;
    if SendWrapper::new(sessions::is_ended(&user)).await {
        return Err(session_ended());
    }
    Ok(user)
}

/// Returns the user whose session `headers` bring, by the token alone: for those who find out by
/// themselves whether it has been ended.
///
/// # Errors
/// 401 if there is no valid token; that the variables cannot be read.
pub async fn verified(headers: &HeaderMap) -> Result<User, Problem> {
    let name = cookie_name(config::is_secure().await?);
    let token = token(headers, name)
        .ok_or_else(|| Problem::unauthorized("Sign in first, then try again"))?;
    verify(token.to_owned()).await
}

/// 401: the session was ended, or has run out.
#[must_use]
pub fn session_ended() -> Problem {
    Problem::unauthorized("Your session has ended; sign in again").with_code("session_expired")
}

async fn verify(token: String) -> Result<User, Problem> {
    let user = match SendWrapper::new(session::verify(token.clone())).await {
        Ok(user) => user,
        Err(Error::Expired) => return Err(session_ended()),
        Err(Error::Invalid(_)) => {
            return Err(Problem::unauthorized("This session is invalid; sign in again"));
        }
        Err(Error::Misconfigured(text)) => return Err(Problem::internal(anyhow::anyhow!(text))),
    };
    let id = user.id.parse().map_err(anyhow::Error::from)?;
    let session = user.session.map(|session| session.parse()).transpose();
    let session = session.map_err(anyhow::Error::from)?;
    let issued_at = i64::try_from(user.issued_at).unwrap_or(i64::MAX);
    // A role that a newer program knows gives nothing here.
    let roles = user.roles.iter().filter_map(|role| Role::from_name(role)).collect();
    let authenticated_at = i64::try_from(user.auth_time).unwrap_or(0);
    let (amr, has_factor) = (user.amr, user.has_factor);
    Ok(User { id, session, issued_at, authenticated_at, amr, has_factor, roles, token })
}

/// The session token: of `Authorization: Bearer …`, else of the cookie `name`.
fn token<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    bearer.or_else(|| cookies(headers).find_map(|(known, value)| (known == name).then_some(value)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use http::header::COOKIE;

    use super::*;

    #[test]
    fn the_token_is_found_in_header_or_cookie() {
        let mut headers = HeaderMap::new();
        assert_eq!(token(&headers, "session"), None);
        headers.insert(COOKIE, "theme=dark; session=abc.def".parse().unwrap());
        assert_eq!(token(&headers, "session"), Some("abc.def"));
        for header in ["Bearer xyz", "bearer  xyz"] {
            headers.insert(AUTHORIZATION, header.parse().unwrap());
            assert_eq!(token(&headers, "session"), Some("xyz"));
        }
    }

    #[test]
    fn a_confirmation_lasts_a_quarter_of_an_hour_and_operators_need_a_factor() {
        let now = Timestamp::now().as_millis() / 1000;
        let cx = |ago: i64, by_factor: bool, has_factor: bool| {
            let user = User {
                id: UserId::nil(),
                session: None,
                issued_at: 0,
                authenticated_at: now - ago,
                amr: by_factor.then(|| "otp".to_owned()).into_iter().collect(),
                has_factor,
                roles: Vec::new(),
                token: String::new(),
            };
            UserCx::new(Cx::default(), user)
        };
        let late = CONFIRMED_SECONDS + 5;
        assert!(cx(1, false, false).confirmed().is_ok());
        assert!(cx(late, false, false).confirmed().is_err());
        assert!(cx(late, false, false).confirmed_if_protected().is_ok());
        assert!(cx(late, true, true).confirmed_if_protected().is_err());
        assert!(cx(1, true, true).confirmed_by_factor().is_ok());
        for refused in [cx(1, false, false), cx(1, false, true), cx(late, true, true)] {
            assert!(refused.confirmed_by_factor().is_err());
        }
    }

    #[test]
    fn a_cookie_that_a_sibling_domain_can_set_is_not_believed() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "session=theirs; __Host-session=mine".parse().unwrap());
        assert_eq!(token(&headers, cookie_name(true)), Some("mine"));
        headers.insert(COOKIE, "session=theirs".parse().unwrap());
        assert_eq!(token(&headers, cookie_name(true)), None);
    }
}
