//! `GET /api/users/factors`: the second factors of who is signed in.

use axum::routing::get;
use axum::{Json, Router};
use boxoffice_contract::Timestamp;
use boxoffice_contract::factors::Factors;
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{query, row};

use crate::passkeys::{self, Stored};
use crate::visitor::VisitorCx;
use crate::{SERVICE, gate};

row! {
    /// Whether an account has a password.
    struct WithPassword {
        password_hash: String,
    }
}

pub(crate) fn route() -> Router {
    Router::new().route("/api/users/factors", get(list))
}

/// List your second factors
///
/// Passkeys, authenticator app and recovery codes.
#[utoipa::path(
    get, path = "/api/users/factors", tag = "users", operation_id = "list_factors",
    responses(
        (status = 200, description = "The second factors", body = Factors),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(cx: VisitorCx) -> Result<Json<Factors>> {
    let id = cx.account.id;
    let standing = gate::standing_of(id).await?;
    let mut reader = Reader::new(&SERVICE);
    let passkeys: Vec<Stored> = match standing.passkeys() {
        0 => Vec::new(),
        _ => reader.read_all(passkeys::of_account(id)).await?,
    };
    let found = reader.read::<WithPassword>(password_of(id)).await?;
    Ok(Json(Factors {
        passkeys: passkeys.into_iter().map(Stored::body).collect(),
        totp_since: standing.totp_since,
        recovery_codes: standing.recovery_codes,
        has_password: found.is_some_and(|found| !found.password_hash.is_empty()),
        confirmed: cx.user.confirmed_at(Timestamp::now()),
    }))
}

pub(crate) fn password_of(account: boxoffice_contract::UserId) -> boxoffice_kernel::db::Query {
    query!("SELECT password_hash FROM auth_users WHERE id = ?1", account)
}
