//! Who is asking, by a signed cookie.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum_extra::extract::SignedCookieJar;
use axum_extra::extract::cookie::{Cookie, Key, SameSite};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::model::{Account, Time};
use crate::problem::{Problem, Result};
use crate::store::Store;

const NAME: &str = "session";
const SECONDS: i64 = 7 * 24 * 60 * 60;

#[derive(Serialize, Deserialize)]
struct Claims {
    id: Uuid,
    email: String,
    until: Time,
}

/// Somebody who is signed in.
pub(crate) struct User(pub(crate) Account);

/// Somebody who may be.
pub(crate) struct MaybeUser(pub(crate) Option<Account>);

impl<S: Store> FromRequestParts<App<S>> for MaybeUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App<S>) -> Result<Self> {
        let jar: SignedCookieJar<Key> = match SignedCookieJar::from_request_parts(parts, app).await
        {
            Ok(jar) => jar,
            Err(never) => match never {},
        };
        Ok(Self(jar.get(NAME).and_then(|cookie| read(cookie.value()))))
    }
}

impl<S: Store> FromRequestParts<App<S>> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App<S>) -> Result<Self> {
        let MaybeUser(user) = MaybeUser::from_request_parts(parts, app).await?;
        user.map(Self).ok_or_else(|| Problem::unauthorized("Sign in first, then try again"))
    }
}

fn read(value: &str) -> Option<Account> {
    let json = URL_SAFE_NO_PAD.decode(value).ok()?;
    let Claims { id, email, until } = serde_json::from_slice(&json).ok()?;
    (until > Time::now()).then_some(Account { id, email })
}

/// `jar` with a session of `account`.
pub(crate) fn start(jar: SignedCookieJar, account: &Account) -> Result<SignedCookieJar> {
    let until = Time::now().plus_seconds(SECONDS);
    let claims = Claims { id: account.id, email: account.email.clone(), until };
    let json = serde_json::to_vec(&claims).map_err(anyhow::Error::from)?;
    let cookie = Cookie::build((NAME, URL_SAFE_NO_PAD.encode(json)))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(time::Duration::seconds(SECONDS));
    Ok(jar.add(cookie))
}

/// `jar` without one.
pub(crate) fn end(jar: SignedCookieJar) -> SignedCookieJar {
    jar.remove(Cookie::build(NAME).path("/"))
}
