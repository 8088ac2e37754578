//! `/account/address`: another address for one's account. `POST` asks for the letter that proves it,
//! `…/code` takes the code in it, and `…/confirm` the token of its link. `/account/undo` takes the old
//! address back, by the link of the letter that told of the change.

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use boxoffice_contract::users::{Confirmation, CurrentUser, NewAddress, Undo};
use boxoffice_kernel::problem::Result;
use boxoffice_web::account::{self, Address, Proof};
use boxoffice_web::state::{Drawn, Form, Page, State};
use http::{Method, StatusCode, Uri};

use super::account::ADDRESS as ACCOUNT;
use super::confirm;
use super::entrance::sign_in_first;
use super::verify::token_of;
use crate::answer::{self, Keep};
use crate::form::{Sent, blank, new_key};
use crate::mail;
use crate::notice::Notice;
use crate::services::{AUTH, Change, Refusal};
use crate::visitor::{Visit, local_part};

const ADDRESS: &str = "/account/address";
const UNDO: &str = "/account/undo";
const WANTED: [&str; 2] = ["email", "password"];
const CODE: [&str; 1] = ["code"];

/// The forms of the page that are shown again, with what is wrong with them.
#[derive(Default)]
struct Forms {
    wanted: Option<Form>,
    code: Option<Form>,
}

pub(crate) fn routes() -> Router {
    Router::new()
        .route(ADDRESS, get(show).post(ask))
        .route("/account/address/code", post(type_code))
        .route("/account/address/confirm", post(confirm))
        .route(UNDO, get(show_undo).post(undo))
}

async fn show(visit: Visit, uri: Uri) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &local_part(&uri)).await;
    }
    let token = token_of(&uri);
    if !token.is_empty() {
        let state = account::confirm_address(empty(&visit), Proof { token, form: blank() });
        let page = answer::show(&visit, state, Keep::Never).await?;
        return Ok(answer::without_referrer(page));
    }
    match load(&visit, Forms::default()).await? {
        Some(state) => Ok(answer::show(&visit, state, Keep::Never).await?),
        None => sign_in_first(&visit, ADDRESS).await,
    }
}

async fn ask(visit: Visit, sent: Sent) -> Result<Response> {
    let change = Change::new(Method::POST, "/api/users/email", sent.key());
    let password = Some(sent.raw("password")).filter(|password| !password.is_empty());
    let wanted =
        NewAddress { email: sent.value("email").to_owned(), password: password.map(str::to_owned) };
    match visit.command(&AUTH, change, Some(&wanted)).await? {
        Ok(_) => Ok(answer::go(&visit, ADDRESS, Some(Notice::AddressAsked)).await?),
        Err(refusal) => {
            if let Some(response) =
                confirm::instead(&visit, &refusal, &sent, &["email"], ADDRESS).await?
            {
                return Ok(response);
            }
            let wanted = Some(sent.again(&["email"], refusal.on(&WANTED), new_key()));
            refused(&visit, &refusal, Forms { wanted, ..Forms::default() }).await
        }
    }
}

async fn type_code(visit: Visit, sent: Sent) -> Result<Response> {
    let proof = Confirmation { code: Some(sent.value("code").to_owned()), token: None };
    match prove(&visit, &sent, &proof).await? {
        Ok(response) => Ok(response),
        Err(refusal) => {
            let code = Some(sent.again(&CODE, refusal.on(&CODE), new_key()));
            refused(&visit, &refusal, Forms { code, ..Forms::default() }).await
        }
    }
}

async fn confirm(visit: Visit, sent: Sent) -> Result<Response> {
    let token = sent.value("token").to_owned();
    let proof = Confirmation { code: None, token: Some(token.clone()) };
    match prove(&visit, &sent, &proof).await? {
        Ok(response) => Ok(response),
        Err(refusal) if refusal.is_unauthorized() => sign_in_first(&visit, ADDRESS).await,
        Err(refusal)
            if matches!(refusal.status, StatusCode::CONFLICT | StatusCode::BAD_REQUEST) =>
        {
            let on = (ADDRESS, "Back to the address");
            let state = account::ended(empty(&visit), refusal.detail, on);
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
        Err(refusal) => {
            let form = sent.again(&[], refusal.on(&[]), new_key());
            let state = account::confirm_address(empty(&visit), Proof { token, form });
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
    }
}

/// Gives the account the address that `proof` has proven.
async fn prove(
    visit: &Visit,
    sent: &Sent,
    proof: &Confirmation,
) -> Result<Result<Response, Refusal>> {
    let change = Change::new(Method::POST, "/api/users/email/confirm", sent.key());
    match visit.command(&AUTH, change, Some(proof)).await? {
        Ok(_) => Ok(Ok(answer::go(visit, ACCOUNT, Some(Notice::AddressChanged)).await?)),
        Err(refusal) => Ok(Err(refusal)),
    }
}

async fn show_undo(visit: Visit, uri: Uri) -> Result<Response> {
    let proof = Proof { token: token_of(&uri), form: blank() };
    let state = account::undo_address(empty_undo(&visit), proof);
    let page = answer::show(&visit, state, Keep::Never).await?;
    Ok(answer::without_referrer(page))
}

async fn undo(visit: Visit, sent: Sent) -> Result<Response> {
    let token = sent.value("token").to_owned();
    let change = Change::new(Method::POST, "/api/users/email/undo", sent.key());
    match visit.command(&AUTH, change, Some(&Undo { token: token.clone() })).await? {
        Ok(_) => Ok(answer::go(&visit, "/forgotten", Some(Notice::AddressRestored)).await?),
        Err(refusal)
            if matches!(refusal.status, StatusCode::CONFLICT | StatusCode::BAD_REQUEST) =>
        {
            let on = ("/forgotten", "Choose a new password");
            let state = account::ended(empty_undo(&visit), refusal.detail, on);
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
        Err(refusal) => {
            let form = sent.again(&[], refusal.on(&[]), new_key());
            let state = account::undo_address(empty_undo(&visit), Proof { token, form });
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
    }
}

/// Shows the page again, with what is wrong with one of its forms.
async fn refused(visit: &Visit, refusal: &Refusal, forms: Forms) -> Result<Response> {
    match load(visit, forms).await? {
        Some(state) if !refusal.is_unauthorized() => {
            Ok(answer::refuse(visit, refusal.status, state).await?)
        }
        _ => sign_in_first(visit, ADDRESS).await,
    }
}

/// Makes the page, if somebody is signed in.
async fn load(visit: &Visit, Forms { wanted, code }: Forms) -> Result<Option<State>> {
    if visit.user.is_none() {
        return Ok(None);
    }
    let current: Option<CurrentUser> = visit.read(&AUTH, "/api/users/currentUser").await?;
    let Some(account) = current.and_then(|current| current.current_user) else { return Ok(None) };
    let page = Address {
        email: account.email,
        has_password: account.has_password,
        is_mailed: mail::is_sent().await?,
        wanted: wanted.unwrap_or_else(blank),
        code: code.unwrap_or_else(blank),
    };
    Ok(Some(account::address(empty(visit), page)))
}

/// The page without its contents. Its address leaves the token out, or links back to it would spread it.
fn empty(visit: &Visit) -> State {
    let state = visit.state("E-mail address", "", Page::Drawn(Drawn::default()));
    State { here: ADDRESS.to_owned(), ..state }
}

fn empty_undo(visit: &Visit) -> State {
    let state = visit.state("Take your address back", "", Page::Drawn(Drawn::default()));
    State { here: UNDO.to_owned(), ..state }
}
