//! `/confirm`: where one proves again that it is oneself, before what cannot be undone. It leads back.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::factors::{CONFIRM_AGAIN, Confirm, FactorMethod, Factors};
use boxoffice_kernel::problem::Result;
use boxoffice_web::account::{self, Proving};
use boxoffice_web::state::{Drawn, Form, Page, State};
use http::{Method, Uri};

use super::entrance::{next_of, sign_in_first};
use super::second_step::{FIELDS, assertion, proving};
use crate::answer::{self, Keep};
use crate::form::{Sent, blank, new_key};
use crate::redirect_target::{entrance, local};
use crate::services::{AUTH, Change, Refusal};
use crate::visitor::Visit;

const ADDRESS: &str = "/confirm";

pub(crate) fn route() -> Router {
    Router::new().route(ADDRESS, get(show).post(confirm))
}

/// Sends those to the page who have to confirm first, if that is why a service refused. It leads back to
/// `next`.
///
/// # Errors
/// When the address is invalid.
pub(crate) async fn instead(
    visit: &Visit,
    refusal: &Refusal,
    next: &str,
) -> Result<Option<Response>> {
    if refusal.code != CONFIRM_AGAIN {
        return Ok(None);
    }
    Ok(Some(answer::go(visit, &entrance(ADDRESS, next), None).await?))
}

async fn show(visit: Visit, uri: Uri) -> Result<Response> {
    let next = next_of(&uri);
    match load(&visit, &next, blank()).await? {
        Some(state) => Ok(answer::show(&visit, state, Keep::Never).await?),
        None => sign_in_first(&visit, &next).await,
    }
}

async fn confirm(visit: Visit, sent: Sent) -> Result<Response> {
    let next = local(sent.value("next")).to_owned();
    let given = Confirm {
        password: Some(sent.raw("password")).filter(|text| !text.is_empty()).map(str::to_owned),
        code: sent.given("code").map(str::to_owned),
        recovery_code: sent.given("recoveryCode").map(str::to_owned),
        assertion: assertion(&sent),
    };
    let change = Change::new(Method::POST, "/api/users/confirm", sent.key());
    match visit.command(&AUTH, change, Some(&given)).await? {
        Ok(confirmed) => {
            let response = answer::go(&visit, &next, None).await?;
            Ok(answer::with_cookies_of(response, &confirmed))
        }
        Err(refusal) => {
            let form = sent.again(&[], refusal.on(&FIELDS), new_key());
            match load(&visit, &next, form).await? {
                Some(state) if !refusal.is_unauthorized() => {
                    Ok(answer::refuse(&visit, refusal.status, state).await?)
                }
                _ => sign_in_first(&visit, &next).await,
            }
        }
    }
}

/// Makes the page, if somebody is signed in.
async fn load(visit: &Visit, next: &str, form: Form) -> Result<Option<State>> {
    if visit.user.is_none() {
        return Ok(None);
    }
    let Some(factors) = visit.read_mine::<Factors>("/api/users/factors").await? else {
        return Ok(None);
    };
    let ways = [
        (!factors.passkeys.is_empty(), FactorMethod::Passkey),
        (factors.totp_since.is_some(), FactorMethod::Totp),
        (factors.recovery_codes > 0, FactorMethod::RecoveryCode),
    ];
    let methods: Vec<_> =
        ways.into_iter().filter_map(|(is_there, method)| is_there.then_some(method)).collect();
    let has_factor = !factors.passkeys.is_empty() || factors.totp_since.is_some();
    let password = factors.has_password && !has_factor;
    let proving = Proving { password, ..proving(next, String::new(), &methods, form) };
    let state = visit.state("Confirm that it is you", "", Page::Drawn(Drawn::default()));
    let state = State { here: entrance(ADDRESS, next), ..state };
    Ok(Some(account::confirm(state, proving)))
}
