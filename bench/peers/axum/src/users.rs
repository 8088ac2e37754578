//! Accounts and sessions.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum_extra::extract::SignedCookieJar;
use serde::Serialize;
use uuid::Uuid;

use crate::app::App;
use crate::model::{Account, Credentials, Time};
use crate::problem::{Problem, Result, Valid};
use crate::session::{self, MaybeUser};
use crate::store::Store;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CurrentUser {
    current_user: Option<Account>,
}

pub(crate) async fn sign_up<S: Store>(
    State(app): State<App<S>>,
    jar: SignedCookieJar,
    Valid(credentials): Valid<Credentials>,
) -> Result<(StatusCode, SignedCookieJar, Json<Account>)> {
    let email = credentials.email.trim().to_lowercase();
    let account = Account { id: Uuid::now_v7(), email };
    let hash = app.hasher.hash(credentials.password).await?;
    if !app.store.add_account(account.clone(), hash, Time::now()).await? {
        let detail = "This address has an account already; sign in instead";
        return Err(Problem::conflict(detail, "email_taken"));
    }
    Ok((StatusCode::CREATED, session::start(jar, &account)?, Json(account)))
}

pub(crate) async fn sign_in<S: Store>(
    State(app): State<App<S>>,
    jar: SignedCookieJar,
    Valid(credentials): Valid<Credentials>,
) -> Result<(SignedCookieJar, Json<Account>)> {
    let stored = app.store.account(credentials.email.trim().to_lowercase()).await?;
    let (account, hash) = stored.unzip();
    let matches = app.hasher.matches(credentials.password, hash).await?;
    let account = account
        .filter(|_| matches)
        .ok_or_else(|| Problem::unauthorized("Address and password do not match"))?;
    Ok((session::start(jar, &account)?, Json(account)))
}

pub(crate) async fn sign_out<S: Store>(
    State(_): State<App<S>>,
    jar: SignedCookieJar,
) -> (SignedCookieJar, Json<CurrentUser>) {
    (session::end(jar), Json(CurrentUser { current_user: None }))
}

pub(crate) async fn current_user(MaybeUser(current_user): MaybeUser) -> Json<CurrentUser> {
    Json(CurrentUser { current_user })
}
