//! `/account`: one's address and password. `POST …/code` proves the address, `POST …/letter` asks for
//! another letter, `POST …/password` changes the password. `POST …/choose` asks for the letter by which an
//! account without a password gets one.

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use boxoffice_contract::users::{self as api, Confirmation, CurrentUser, Forgotten, NewPassword};
use boxoffice_kernel::problem::Result;
use boxoffice_web::account::{Account, drawn};
use boxoffice_web::state::{Drawn, Form, Page, State};
use http::{Method, StatusCode};

use super::data;
use super::entrance::sign_in_first;
use super::{confirm, factors, providers};
use crate::answer::{self, Keep};
use crate::form::{Sent, blank, new_key, wrong_at_all};
use crate::mail;
use crate::notice::Notice;
use crate::services::{AUTH, Change, Refusal};
use crate::visitor::Visit;

pub(crate) const ADDRESS: &str = "/account";
const CODE: [&str; 1] = ["code"];
const PASSWORD: [&str; 2] = ["current", "password"];

/// The forms of the page that are shown again, with what is wrong with them.
#[derive(Default)]
pub(super) struct Forms {
    pub(super) code: Option<Form>,
    pub(super) password: Option<Form>,
    pub(super) passkey: Option<Form>,
}

pub(crate) fn routes() -> Router {
    Router::new()
        .route(ADDRESS, get(show))
        .route("/account/code", post(prove))
        .route("/account/letter", post(ask))
        .route("/account/password", post(change))
        .route("/account/choose", post(choose))
}

async fn show(visit: Visit) -> Result<Response> {
    match load(&visit, Forms::default()).await? {
        Some(state) => Ok(answer::show(&visit, state, Keep::Never).await?),
        None => sign_in_first(&visit, ADDRESS).await,
    }
}

async fn prove(visit: Visit, sent: Sent) -> Result<Response> {
    let change = Change::new(Method::POST, "/api/users/verification/confirm", sent.key());
    let proof = Confirmation { code: Some(sent.value("code").to_owned()), token: None };
    match visit.command(&AUTH, change, Some(&proof)).await? {
        Ok(_) => Ok(answer::go(&visit, ADDRESS, Some(Notice::Verified)).await?),
        Err(refusal) => {
            let code = Some(sent.again(&CODE, refusal.on(&CODE), new_key()));
            refused(&visit, &refusal, Forms { code, ..Forms::default() }).await
        }
    }
}

async fn ask(visit: Visit, sent: Sent) -> Result<Response> {
    let change = Change::new(Method::POST, "/api/users/verification", sent.key());
    match visit.command(&AUTH, change, None::<&()>).await? {
        Ok(_) => Ok(answer::go(&visit, ADDRESS, Some(Notice::LetterAsked)).await?),
        // It was verified meanwhile, which the page says.
        Err(refusal) if refusal.status == StatusCode::CONFLICT => {
            Ok(answer::go(&visit, ADDRESS, None).await?)
        }
        Err(refusal) => {
            let errors = vec![wrong_at_all(refusal.detail.clone())];
            let code = Some(sent.again(&[], errors, new_key()));
            refused(&visit, &refusal, Forms { code, ..Forms::default() }).await
        }
    }
}

async fn change(visit: Visit, sent: Sent) -> Result<Response> {
    let change = Change::new(Method::POST, "/api/users/password", sent.key());
    let wanted = NewPassword {
        current: sent.raw("current").to_owned(),
        password: sent.raw("password").to_owned(),
    };
    match visit.command(&AUTH, change, Some(&wanted)).await? {
        Ok(_) => Ok(answer::go(&visit, ADDRESS, Some(Notice::PasswordChanged)).await?),
        Err(refusal) => {
            if let Some(response) = confirm::instead(&visit, &refusal, &sent, &[], ADDRESS).await? {
                return Ok(response);
            }
            // What was typed does not come back.
            let password = Some(sent.again(&[], refusal.on(&PASSWORD), new_key()));
            refused(&visit, &refusal, Forms { password, ..Forms::default() }).await
        }
    }
}

/// Asks for a letter by which an account without a password gets one.
async fn choose(visit: Visit, sent: Sent) -> Result<Response> {
    let Some(account) = account(&visit).await? else {
        return sign_in_first(&visit, ADDRESS).await;
    };
    let change = Change::new(Method::POST, "/api/users/reset", sent.key());
    let wanted = Forgotten { email: account.email, next: None };
    match visit.command(&AUTH, change, Some(&wanted)).await? {
        Ok(_) => Ok(answer::go(&visit, ADDRESS, Some(Notice::PasswordAsked)).await?),
        Err(refusal) => {
            let errors = vec![wrong_at_all(refusal.detail.clone())];
            let password = Some(sent.again(&[], errors, new_key()));
            refused(&visit, &refusal, Forms { password, ..Forms::default() }).await
        }
    }
}

/// Shows the page again, with what is wrong with one of its forms.
pub(super) async fn refused(visit: &Visit, refusal: &Refusal, forms: Forms) -> Result<Response> {
    match refusal.is_unauthorized() {
        true => sign_in_first(visit, ADDRESS).await,
        false => again(visit, refusal.status, forms).await,
    }
}

/// Shows the page again with `status`, as an answer to one of its forms.
pub(super) async fn again(visit: &Visit, status: StatusCode, forms: Forms) -> Result<Response> {
    match load(visit, forms).await? {
        Some(state) => Ok(answer::refuse(visit, status, state).await?),
        None => sign_in_first(visit, ADDRESS).await,
    }
}

/// Shows the page again, which says why a provider stays linked.
///
/// # Errors
/// When `auth` does not answer.
pub(crate) async fn refuse_unlinking(visit: &Visit, refusal: &Refusal) -> Result<Response> {
    let errors = vec![wrong_at_all(refusal.detail.clone())];
    let password = Some(Form { errors, ..blank() });
    refused(visit, refusal, Forms { password, ..Forms::default() }).await
}

/// Reads the account of who is signed in, if anybody is.
async fn account(visit: &Visit) -> Result<Option<api::Account>> {
    if visit.user.is_none() {
        return Ok(None);
    }
    let current: Option<CurrentUser> = visit.read(&AUTH, "/api/users/currentUser").await?;
    Ok(current.and_then(|current| current.current_user))
}

/// Makes the page, if somebody is signed in.
async fn load(visit: &Visit, Forms { code, password, passkey }: Forms) -> Result<Option<State>> {
    let Some(account) = account(visit).await? else { return Ok(None) };
    let state = visit.state("My account", "", Page::Drawn(Drawn::default()));
    let state = State { here: ADDRESS.to_owned(), ..state };
    let account = Account {
        email: account.email,
        is_verified: account.email_verified,
        has_password: account.has_password,
        is_mailed: mail::is_sent().await?,
        code: code.unwrap_or_else(blank),
        letter_key: new_key(),
        password: password.unwrap_or_else(blank),
        data: data::find(visit).await?,
        providers: providers::load(visit, account.has_password).await?,
        letters: super::letters::load(visit).await?,
        factors: factors::load(visit, passkey).await?,
    };
    Ok(Some(drawn(state, account)))
}
