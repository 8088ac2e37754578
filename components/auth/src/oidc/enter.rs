//! The account of somebody whom the provider names.

use std::cell::Cell;

use axum::response::Response;
use boxoffice_contract::{IdentityId, UserId};
use boxoffice_id_token::Identity;
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::{Cx, Timestamp, Unit, row, unit};
use http::HeaderMap;
use send_wrapper::SendWrapper;

use super::identity::{self, NewIdentity};
use super::provider::Provider;
use crate::account::{self, Stored};
use crate::gate::{Entry, First};
use crate::refusal::{Refusal, Result};
use crate::session::{Ended, NewSession};
use crate::sign_in::Entered;
use crate::{SERVICE, locale};

row! {
    /// A new account whose address the provider has proven. It has no password.
    pub(crate) struct NewProven in "auth_users" {
        pub(crate) id: UserId,
        pub(crate) email: String,
        pub(crate) password_hash: String,
        pub(crate) locale: Option<String>,
        pub(crate) verified_at: Timestamp,
        pub(crate) created_at: Timestamp,
    }
}

/// Signs in whom `provider` names, and adds the session to `response`.
pub(super) async fn enter(
    cx: &Cx,
    headers: &HeaderMap,
    provider: &Provider,
    named: Identity,
    response: Response,
) -> Result<Response> {
    let known = identity::of(&provider.issuer, &named.subject);
    if let Some((id,)) = Reader::new(&SERVICE).read::<(UserId,)>(known).await? {
        let account = account::of(id).await?.ok_or(Refusal::NoSuchAccount)?;
        account.may_enter()?;
        let arrival = Entered::by_provider(account).arrive(cx, headers).await?;
        arrival.store(cx).await?;
        return arrival.begin(cx, response).await;
    }
    let email = named.email.as_deref().map(account::address).unwrap_or_default();
    if !named.email_verified || boxoffice_rules::account::email(&email).is_err() {
        return Err(Refusal::AddressUnproven);
    }
    match account::find(&email).await? {
        Some(account) => link(cx, headers, account, new(provider, &named), response).await,
        None => open(cx, headers, &email, new(provider, &named), response).await,
    }
}

/// Names somebody for an account that is still to be known.
fn new(provider: &Provider, named: &Identity) -> NewIdentity {
    NewIdentity {
        id: IdentityId::new(),
        issuer: provider.issuer.clone(),
        subject: named.subject.clone(),
        account_id: UserId::nil(),
        created_at: Timestamp::now(),
    }
}

/// Links an account that has the address. Who made it without proving the address is kept out.
async fn link(
    cx: &Cx,
    headers: &HeaderMap,
    account: Stored,
    identity: NewIdentity,
    response: Response,
) -> Result<Response> {
    account.may_enter()?;
    let (id, email, now) = (account.id(), account.email.clone(), Timestamp::now());
    let identity = NewIdentity { account_id: id, ..identity };
    let arrival = Entered::by_provider(account).arrive(cx, headers).await?;
    let ended = SendWrapper::new(Cell::new(None::<Vec<Ended>>));
    let work = async |unit: &mut Unit<'_>| {
        ended.set(None);
        let claimed =
            account::claim(unit, id, &email, now).await?.ok_or(Refusal::AddressUnproven)?;
        if claimed.is_new_owner {
            ended.set(Some(claimed.ended));
        }
        unit.insert(identity.insert());
        arrival.queue(unit)?;
        Result::Ok(())
    };
    unit::run(cx, &SERVICE, work).await?;
    if let Some(ended) = Cell::take(&ended) {
        account::tell_claimed(cx, id, &ended, now).await;
    }
    log::security(cx, Security::ProviderLinked, Some(id));
    arrival.begin(cx, response).await
}

/// Makes an account for the address.
async fn open(
    cx: &Cx,
    headers: &HeaderMap,
    email: &str,
    identity: NewIdentity,
    response: Response,
) -> Result<Response> {
    let (id, now) = (UserId::new(), Timestamp::now());
    crate::throttle::count_sign_up(cx).await?;
    let account = NewProven {
        id,
        email: email.to_owned(),
        password_hash: String::new(),
        locale: locale::of(headers),
        verified_at: now,
        created_at: now,
    };
    let identity = NewIdentity { account_id: id, ..identity };
    let session = NewSession::new(cx, id, headers).await?;
    let work = async |unit: &mut Unit<'_>| {
        unit.insert(account.insert());
        unit.insert(identity.insert());
        unit.insert(session.insert());
        Result::Ok(())
    };
    unit::run(cx, &SERVICE, work).await?;
    log::security(cx, Security::SignedUp, Some(id));
    log::security(cx, Security::ProviderLinked, Some(id));
    let entry = Entry::of_new_account(First::Elsewhere);
    session.begin(cx, response, &entry).await
}
