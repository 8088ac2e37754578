//! `POST /api/users/signUp`: makes an account and signs its owner in.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::UserId;
use boxoffice_contract::users::{Account, Credentials};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::db::{self, Transaction};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::problem::{FieldError, ProblemBody, Result};
use boxoffice_kernel::trace::Traced;
use boxoffice_kernel::{Problem, Timestamp, params};
use http::StatusCode;

use crate::account;
use crate::{SERVICE, password, session};

/// The scope of idempotency keys of those who have no account yet.
const ANYONE: &str = "anyone";

pub(crate) fn route() -> Router {
    Router::new().route("/api/users/signUp", post(sign_up))
}

/// Sign up
///
/// Creates an account, starts a session and sets its cookie.
#[utoipa::path(
    post, path = "/api/users/signUp", tag = "users", request_body = Credentials,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 201, description = "The new account; the session is in the cookie", body = Account),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The address already has an account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_up(
    idempotency: Idempotency,
    Traced(trace): Traced,
    Valid(credentials): Valid<Credentials>,
) -> Result<Response> {
    let email = account::address(&credentials);
    // The body holds the password: its digest is not stored. A repeat shows that it knows the
    // password instead, below.
    let idempotency = idempotency.identified_by(&format!("signUp {email}"));
    if let Some(replay) = command::replay(&SERVICE, ANYONE, &idempotency).await? {
        return again(&credentials, replay).await;
    }
    let account = Account { id: UserId::new(), email };
    let password_hash = password::hash(&credentials.password).await?;
    let response = command::run(&SERVICE, ANYONE, trace, &idempotency, async |transaction| {
        insert(transaction, &account, &password_hash).await?;
        Ok(Reply::created("/api/users/currentUser", &account)?)
    })
    .await?;
    if response.headers().contains_key(command::REPLAYED) {
        return again(&credentials, response).await;
    }
    Ok(session::start(&account, response).await?)
}

async fn insert(transaction: &Transaction, account: &Account, hash: &str) -> Result<()> {
    let sql = "INSERT INTO auth_users (id, email, password_hash, created_at) \
               VALUES (?1, ?2, ?3, ?4)";
    let row = params![account.id, &account.email, hash, Timestamp::now()];
    transaction.execute(sql, row).await.map_err(|error| match error {
        taken if taken.is_unique("auth_users") => email_taken(),
        other => other.into(),
    })
}

fn email_taken() -> Problem {
    let message = "This address already has an account; sign in instead".to_owned();
    let field = Some("email".to_owned());
    Problem::conflict(message.clone(), "email_taken").about(vec![FieldError { message, field }])
}

/// A repeat of a sign-up that succeeded: the same answer, and a session for whoever knows the
/// password.
async fn again(credentials: &Credentials, replay: Response) -> Result<Response> {
    let stored = account::find(&account::address(credentials))
        .await?
        .ok_or_else(|| db::Error::Row("the account of an earlier sign-up is missing".to_owned()))?;
    if !password::matches(&credentials.password, &stored.password_hash).await? {
        return Err(email_taken());
    }
    debug_assert_eq!(replay.status(), StatusCode::CREATED);
    Ok(session::start(&stored.account, replay).await?)
}
