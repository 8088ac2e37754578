//! The forms of `/account` about second factors: passkeys, an authenticator app, recovery codes.

use anyhow::Context;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_admission_code::qr::Qr;
use boxoffice_contract::PasskeyId;
use boxoffice_contract::factors::{
    AddedPasskey, Factors, NewPasskey, NewTotp, PasskeyName, RecoveryCodes, TotpCode,
};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::account::{self, NewApp, Passkey};
use boxoffice_web::admission::Picture;
use boxoffice_web::state::{Drawn, Form, Page, State};
use bytes::Bytes;
use http::{Method, StatusCode};

use super::account::{ADDRESS, Forms, again, refused};
use super::confirm;
use crate::answer::{self, Keep};
use crate::form::{Sent, blank, new_key, wrong_at_all};
use crate::notice::Notice;
use crate::services::{AUTH, Change, Refusal, made};
use crate::shown::moment;
use crate::visitor::Visit;

const API: &str = "/api/users/factors";
const OPTIONS: &str = "/api/users/factors/passkeys/options";
const PASSKEY: [&str; 1] = ["name"];
const CODE: [&str; 1] = ["code"];
/// What the page of an app that is being set up holds already: it is shown again.
const APP: [&str; 2] = ["secret", "uri"];

pub(crate) fn routes() -> Router {
    // Pages that a form leads to are gone when they are loaded again: they hold what is shown once.
    let back = async |visit: Visit| {
        Ok::<_, boxoffice_kernel::Problem>(answer::go(&visit, ADDRESS, None).await?)
    };
    Router::new()
        .route("/account/passkeys", get(back).post(add))
        .route("/account/passkeys/{id}/name", get(back).post(rename))
        .route("/account/passkeys/{id}/remove", get(back).post(remove_passkey))
        .route("/account/authenticator", get(back).post(begin))
        .route("/account/authenticator/confirm", get(back).post(finish))
        .route("/account/authenticator/remove", get(back).post(remove_app))
        .route("/account/recovery-codes", get(back).post(make_codes))
}

/// Reads what the page of the account shows of second factors.
///
/// # Errors
/// When `auth` does not answer.
pub(crate) async fn load(visit: &Visit, passkey: Option<Form>) -> Result<Option<account::Factors>> {
    let Some(factors) = visit.read_mine::<Factors>(API).await? else { return Ok(None) };
    let day = |at| moment(at, None, &visit.language);
    let passkeys = factors.passkeys.into_iter().map(|passkey| Passkey {
        id: passkey.id,
        name: passkey.name,
        since: day(passkey.created_at),
    });
    Ok(Some(account::Factors {
        passkeys: passkeys.collect(),
        app_since: factors.totp_since.map(day),
        recovery_codes: factors.recovery_codes,
        passkey: passkey.unwrap_or_else(blank),
        key: new_key(),
    }))
}

async fn add(visit: Visit, sent: Sent) -> Result<Response> {
    let Some(credential) = sent.given("credential") else { return unmade(&visit, &sent).await };
    let credential = serde_json::from_str(credential).unwrap_or_default();
    let new = NewPasskey { name: sent.value("name").to_owned(), credential };
    let change = Change::new(Method::POST, "/api/users/factors/passkeys", sent.key());
    match visit.command(&AUTH, change, Some(&new)).await? {
        Ok(answer) => {
            let AddedPasskey { recovery_codes, .. } = made(&answer)?;
            done(&visit, &answer, recovery_codes, Notice::PasskeyAdded).await
        }
        Err(refusal) => {
            let passkey = Some(sent.again(&PASSKEY, refusal.on(&PASSKEY), new_key()));
            let forms = Forms { passkey, ..Forms::default() };
            turned_away(&visit, &refusal, &sent, &PASSKEY, forms).await
        }
    }
}

/// Answers a browser that has made no passkey. If it was refused what it needs for that, the same refusal
/// says why.
async fn unmade(visit: &Visit, sent: &Sent) -> Result<Response> {
    let asked = Change::new(Method::POST, OPTIONS, "");
    match visit.command(&AUTH, asked, None::<&()>).await? {
        Ok(_) => {
            let text =
                "Your browser has made no passkey yet; press “Add a passkey” for it to ask you.";
            let passkey = Some(sent.again(&PASSKEY, vec![wrong_at_all(text)], new_key()));
            again(visit, StatusCode::BAD_REQUEST, Forms { passkey, ..Forms::default() }).await
        }
        Err(refusal) => not_done(visit, &refusal, sent, &PASSKEY).await,
    }
}

async fn rename(visit: Visit, Id(id): Id<PasskeyId>, sent: Sent) -> Result<Response> {
    let path = format!("{API}/passkeys/{id}");
    let change = Change::new(Method::PATCH, &path, sent.key());
    let name = PasskeyName { name: sent.value("name").to_owned() };
    match visit.command(&AUTH, change, Some(&name)).await? {
        Ok(_) => Ok(answer::go(&visit, ADDRESS, Some(Notice::PasskeyRenamed)).await?),
        Err(refusal) => not_done(&visit, &refusal, &sent, &PASSKEY).await,
    }
}

async fn remove_passkey(visit: Visit, Id(id): Id<PasskeyId>, sent: Sent) -> Result<Response> {
    remove(&visit, &format!("{API}/passkeys/{id}"), &sent, Notice::PasskeyRemoved).await
}

async fn remove_app(visit: Visit, sent: Sent) -> Result<Response> {
    remove(&visit, &format!("{API}/totp"), &sent, Notice::AppRemoved).await
}

async fn remove(visit: &Visit, path: &str, sent: &Sent, notice: Notice) -> Result<Response> {
    let change = Change::new(Method::DELETE, path, sent.key());
    match visit.command(&AUTH, change, None::<&()>).await? {
        Ok(answer) => done(visit, &answer, Vec::new(), notice).await,
        Err(refusal) => not_done(visit, &refusal, sent, &[]).await,
    }
}

async fn begin(visit: Visit, sent: Sent) -> Result<Response> {
    let change = Change::new(Method::POST, "/api/users/factors/totp", sent.key());
    match visit.command(&AUTH, change, None::<&()>).await? {
        Ok(answer) => {
            let NewTotp { secret, uri, .. } = made(&answer)?;
            let state = set_up(&visit, secret, uri, blank())?;
            Ok(answer::show(&visit, state, Keep::Never).await?)
        }
        Err(refusal) => not_done(&visit, &refusal, &sent, &[]).await,
    }
}

async fn finish(visit: Visit, sent: Sent) -> Result<Response> {
    let change = Change::new(Method::POST, "/api/users/factors/totp/confirm", sent.key());
    let code = TotpCode { code: sent.value("code").to_owned() };
    match visit.command(&AUTH, change, Some(&code)).await? {
        Ok(answer) => {
            let RecoveryCodes { recovery_codes } = made(&answer)?;
            done(&visit, &answer, recovery_codes, Notice::AppAdded).await
        }
        // The secret is shown again as the page has it: the app may have it already.
        Err(refusal) if refusal.status == StatusCode::BAD_REQUEST => {
            let form = sent.again(&[], refusal.on(&CODE), new_key());
            let (secret, uri) = (sent.value("secret").to_owned(), sent.value("uri").to_owned());
            let uri = if uri.starts_with("otpauth://totp/") { uri } else { String::new() };
            let state = set_up(&visit, secret, uri, form)?;
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
        Err(refusal) => not_done(&visit, &refusal, &sent, &APP).await,
    }
}

async fn make_codes(visit: Visit, sent: Sent) -> Result<Response> {
    let change = Change::new(Method::POST, "/api/users/factors/recoveryCodes", sent.key());
    match visit.command(&AUTH, change, None::<&()>).await? {
        Ok(answer) => {
            let RecoveryCodes { recovery_codes } = made(&answer)?;
            done(&visit, &answer, recovery_codes, Notice::AppAdded).await
        }
        Err(refusal) => not_done(&visit, &refusal, &sent, &[]).await,
    }
}

/// Shows recovery codes if there are new ones, or the account's page again with `notice`. The cookies of
/// `answer` hold a fresh token.
async fn done(
    visit: &Visit,
    answer: &http::Response<Bytes>,
    recovery_codes: Vec<String>,
    notice: Notice,
) -> Result<Response> {
    let response = if recovery_codes.is_empty() {
        answer::go(visit, ADDRESS, Some(notice)).await?
    } else {
        let state = visit.state("Recovery codes", "", Page::Drawn(Drawn::default()));
        let state = State { here: ADDRESS.to_owned(), ..state };
        let state = account::recovery_codes(state, recovery_codes);
        answer::show(visit, state, Keep::Never).await?
    };
    Ok(answer::with_cookies_of(response, answer))
}

/// Says on the account's page why something was not done.
async fn not_done(
    visit: &Visit,
    refusal: &Refusal,
    sent: &Sent,
    fields: &[&str],
) -> Result<Response> {
    let errors = vec![wrong_at_all(refusal.detail.clone())];
    let passkey = Some(Form { errors, ..blank() });
    turned_away(visit, refusal, sent, fields, Forms { passkey, ..Forms::default() }).await
}

/// Sends those on who have to confirm first. Others see the account's page with what is wrong.
async fn turned_away(
    visit: &Visit,
    refusal: &Refusal,
    sent: &Sent,
    fields: &[&str],
    forms: Forms,
) -> Result<Response> {
    match confirm::instead(visit, refusal, sent, fields, ADDRESS).await? {
        Some(response) => Ok(response),
        None => refused(visit, refusal, forms).await,
    }
}

/// Makes the page where an app is set up.
fn set_up(visit: &Visit, secret: String, uri: String, form: Form) -> Result<State> {
    let qr = Qr::encode(&uri).context("drawing an app's secret")?;
    let picture = Picture { view_box: qr.view_box(), path: qr.path() };
    let state = visit.state("Set up an authenticator app", "", Page::Drawn(Drawn::default()));
    let state = State { here: ADDRESS.to_owned(), ..state };
    Ok(account::new_app(state, NewApp { picture, secret, uri, form }))
}
