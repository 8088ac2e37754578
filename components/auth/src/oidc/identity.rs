//! `/api/users/identities`: whom providers name, in the database, and for the account's owner.

use axum::Json;
use axum::response::{IntoResponse, Response};
use boxoffice_contract::{IdentityId, Page, Timestamp, UserId, users as api};
use boxoffice_kernel::command::{Idempotency, Reply};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Unit, query, row, unit};

use crate::SERVICE;
use crate::account::{self, Stored};
use crate::refusal::{self, Refusal};
use crate::visitor::VisitorCx;

row! {
    /// Whom a provider names, and whose account that is.
    #[derive(Clone)]
    pub(crate) struct NewIdentity in "auth_identities" {
        pub(crate) id: IdentityId,
        pub(crate) issuer: String,
        pub(crate) subject: String,
        pub(crate) account_id: UserId,
        pub(crate) created_at: Timestamp,
    }
}

row! {
    /// The same, as the account's owner sees it.
    struct Linked {
        id: IdentityId,
        issuer: String,
        created_at: Timestamp,
    }
}

/// List your sign-in providers
///
/// Who may sign you in, oldest first.
#[utoipa::path(
    get, path = "/api/users/identities", tag = "users", operation_id = "list_identities",
    responses(
        (status = 200, description = "The providers", body = Page<api::Identity>),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(cx: VisitorCx) -> Result<Json<Page<api::Identity>>> {
    let linked: Vec<Linked> = Reader::new(&SERVICE).read_all(of_account(cx.account.id)).await?;
    let body = |Linked { id, issuer, created_at }| api::Identity { id, issuer, created_at };
    Ok(Json(Page { items: linked.into_iter().map(body).collect(), next_cursor: None }))
}

/// Unlink a sign-in provider
///
/// It can no longer sign you in. The last way into an account stays. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/users/identities/{id}", tag = "users", operation_id = "unlink_identity",
    params(
        ("id" = Uuid, Path, description = "The link to the provider"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 204, description = "The provider is unlinked"),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This is not an id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is the only way into the account", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn unlink(
    cx: VisitorCx,
    Id(id): Id<IdentityId>,
    _: Idempotency,
) -> Result<Response> {
    let account_id = cx.account.id;
    let work = async |unit: &mut Unit<'_>| {
        // Locked, so that two that are unlinked at once do not each take the other for the way in.
        let account = unit.read_locked::<Stored>(account::locking(account_id)).await?;
        let account = account.into_iter().next().ok_or(Refusal::NoSuchAccount)?;
        let linked = unit.read_locked::<Linked>(of_account(account_id)).await?;
        if !linked.iter().any(|known| known.id == id) {
            return refusal::Result::Ok(false);
        }
        if linked.len() == 1 && !account.has_password() {
            return Err(Refusal::LastWayIn);
        }
        unit.change::<()>(unlinking(id, account_id)).await?;
        Ok(true)
    };
    if unit::run(&cx, &SERVICE, work).await? {
        log::security(&cx, Security::ProviderUnlinked, Some(account_id));
    }
    Ok(Reply::no_content().into_response())
}

/// Finds the account of whom `issuer` calls `subject`.
pub(crate) fn of(issuer: &str, subject: &str) -> Query {
    query!(
        "SELECT account_id FROM auth_identities WHERE issuer = ?1 AND subject = ?2",
        issuer,
        subject
    )
}

/// Reads who may sign in to an account.
pub(crate) fn of_account(account_id: UserId) -> Query {
    const COLUMNS: &str = Linked::COLUMNS;
    query!("SELECT {COLUMNS} FROM auth_identities WHERE account_id = ?1 ORDER BY id", account_id)
}

/// Removes the link `id` of an account.
pub(crate) fn unlinking(id: IdentityId, account_id: UserId) -> Query {
    query!("DELETE FROM auth_identities WHERE id = ?1 AND account_id = ?2", id, account_id)
}

/// Removes all links of an account, whose owner has just changed.
pub(crate) fn unlinking_all(account_id: UserId) -> Query {
    query!("DELETE FROM auth_identities WHERE account_id = ?1", account_id)
}
