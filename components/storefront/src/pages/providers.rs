//! The section of `/account` about the provider that may sign one in. `POST /account/providers/{id}/unlink`
//! unlinks it.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::{IdentityId, Page, users as api};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::account::{Linked, Providers};
use http::Method;

use super::account::ADDRESS;
use super::entrance::{provider, sign_in_first};
use crate::answer;
use crate::form::{Sent, new_key};
use crate::notice::Notice;
use crate::services::{AUTH, Change};
use crate::shown::moment;
use crate::visitor::Visit;

const API: &str = "/api/users/identities";

pub(crate) fn routes() -> Router {
    Router::new().route("/account/providers/{id}/unlink", post(unlink))
}

/// Reads what the section shows. The only way into an account stays.
///
/// # Errors
/// When `auth` does not answer.
pub(crate) async fn load(visit: &Visit, has_password: bool) -> Result<Providers> {
    let name = provider().await?;
    let page: Option<Page<api::Identity>> = visit.read(&AUTH, API).await?;
    let linked = page.map(|page| page.items).unwrap_or_default();
    let is_only_way = linked.len() == 1 && !has_password;
    let shown = |identity: api::Identity| Linked {
        id: identity.id,
        name: name.clone().unwrap_or(identity.issuer),
        since: moment(identity.created_at, None, &visit.language),
        key: (!is_only_way).then(new_key),
    };
    Ok(Providers { linked: linked.into_iter().map(shown).collect(), name })
}

async fn unlink(visit: Visit, Id(id): Id<IdentityId>, sent: Sent) -> Result<Response> {
    let path = format!("{API}/{id}");
    let change = Change::new(Method::DELETE, &path, sent.key());
    match visit.command(&AUTH, change, None::<&()>).await? {
        Ok(_) => Ok(answer::go(&visit, ADDRESS, Some(Notice::Unlinked)).await?),
        Err(refusal) if refusal.is_unauthorized() => sign_in_first(&visit, ADDRESS).await,
        Err(refusal) => super::account::refuse_unlinking(&visit, &refusal).await,
    }
}
