//! The second step of a sign-in, which every way in may lead to: `POST /sign-in/factor`. And
//! `POST /sign-in/passkey`: a sign-in by a passkey alone.

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use boxoffice_contract::factors::{
    Assertion, FactorMethod, PasskeySignIn, SECOND_FACTOR, SecondFactor, SecondStep,
    first_step_cookie,
};
use boxoffice_kernel::config;
use boxoffice_kernel::problem::Result;
use boxoffice_web::account::{self, Proving};
use boxoffice_web::state::{self, Drawn, Entrance, Form, Page, State, Tone};
use http::{HeaderMap, Method, StatusCode, Uri};

use super::entrance::{go_on, next_of, provider};
use crate::answer::{self, Keep};
use crate::cookie;
use crate::form::{Sent, blank, new_key, wrong_at_all};
use crate::redirect_target::{entrance, local, sign_in};
use crate::services::{AUTH, Change, Refusal};
use crate::visitor::Visit;

/// The fields by which the second factor is proven.
pub(crate) const FIELDS: [&str; 3] = ["code", "recoveryCode", "password"];

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/sign-in/factor", get(show).post(finish))
        .route("/sign-in/passkey", post(by_passkey))
}

/// Shows the second step if that is why a service refused; it goes on to `next`.
///
/// # Errors
/// When it cannot be rendered.
pub(crate) async fn instead(
    visit: &Visit,
    refusal: &Refusal,
    next: &str,
    notice: Option<&str>,
) -> Result<Option<Response>> {
    let Some(second_factor) =
        refusal.second_factor.clone().filter(|_| refusal.code == SECOND_FACTOR)
    else {
        return Ok(None);
    };
    let notice = notice.map(|text| state::Notice { tone: Tone::Good, text: text.to_owned() });
    let page = State { notice, ..page(visit, next, &second_factor, blank()) };
    Ok(Some(answer::refuse(visit, StatusCode::UNAUTHORIZED, page).await?))
}

/// Shows the second step to whom a sign-in provider has sent, as a cookie tells. Anybody else begins again.
async fn show(visit: Visit, headers: HeaderMap, uri: Uri) -> Result<Response> {
    let name = first_step_cookie(config::is_secure().await?);
    let Some(token) = cookie::read(&headers, name).map(str::to_owned) else {
        return Ok(answer::go(&visit, "/sign-in", None).await?);
    };
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let ways = pairs.find_map(|(name, value)| (name == "ways").then(|| value.into_owned()));
    let ways = ways.unwrap_or_default();
    let known = ways.split(' ').filter_map(FactorMethod::from_name);
    let methods = known.take(FactorMethod::ALL.len()).collect();
    let state = page(&visit, &next_of(&uri), &SecondFactor { token, methods }, blank());
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

async fn finish(visit: Visit, sent: Sent) -> Result<Response> {
    let next = local(sent.value("next")).to_owned();
    let step = SecondStep {
        token: sent.value("token").to_owned(),
        code: sent.given("code").map(str::to_owned),
        recovery_code: sent.given("recoveryCode").map(str::to_owned),
        assertion: assertion(&sent),
    };
    let change = Change::new(Method::POST, "/api/users/signIn/factor", sent.key());
    match visit.command(&AUTH, change, Some(&step)).await? {
        Ok(entered) => go_on(&visit, &next, None, sent.key(), &entered).await,
        // The first step has to be taken again.
        Err(refusal) if refusal.is_unauthorized() => {
            Ok(answer::go(&visit, &sign_in(&next), None).await?)
        }
        Err(refusal) => {
            let form = sent.again(&[], refusal.on(&FIELDS), new_key());
            let methods = ways(&sent);
            let second_factor = SecondFactor { token: step.token, methods };
            let page = page(&visit, &next, &second_factor, form);
            Ok(answer::refuse(&visit, refusal.status, page).await?)
        }
    }
}

async fn by_passkey(visit: Visit, sent: Sent) -> Result<Response> {
    let next = local(sent.value("next")).to_owned();
    let body = PasskeySignIn { assertion: assertion(&sent).unwrap_or_default() };
    let change = Change::new(Method::POST, "/api/users/passkeySignIn", sent.key());
    match visit.command(&AUTH, change, Some(&body)).await? {
        Ok(entered) => go_on(&visit, &next, None, sent.key(), &entered).await,
        Err(refusal) => {
            let form = Form { errors: vec![wrong_at_all(refusal.detail)], ..blank() };
            let page = Page::SignIn(Entrance {
                next: next.clone(),
                wish: None,
                form,
                provider: provider().await?,
            });
            let here = entrance("/sign-in", &next);
            let state = State { here, ..visit.state("Sign in", "", page) };
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
    }
}

/// Reads the proof that a page's script has put into the form; `None` without one.
pub(crate) fn assertion(sent: &Sent) -> Option<Assertion> {
    let credential = sent.given("credential")?;
    Some(serde_json::from_str(credential).unwrap_or_default())
}

/// Reads which ways the page has shown. The service refuses all others.
pub(crate) fn ways(sent: &Sent) -> Vec<FactorMethod> {
    let known = |word: &str| match word {
        "passkey" => Some(FactorMethod::Passkey),
        "app" => Some(FactorMethod::Totp),
        "recovery" => Some(FactorMethod::RecoveryCode),
        _ => None,
    };
    sent.value("ways").split(' ').filter_map(known).take(FactorMethod::ALL.len()).collect()
}

/// Tells the page which of the ways to show.
pub(crate) fn proving(next: &str, token: String, methods: &[FactorMethod], form: Form) -> Proving {
    Proving {
        next: next.to_owned(),
        token,
        passkey: methods.contains(&FactorMethod::Passkey),
        app: methods.contains(&FactorMethod::Totp),
        recovery: methods.contains(&FactorMethod::RecoveryCode),
        password: false,
        waiting: None,
        form,
    }
}

fn page(visit: &Visit, next: &str, second_factor: &SecondFactor, form: Form) -> State {
    let SecondFactor { token, methods } = second_factor;
    let state = visit.state("Sign in", "", Page::Drawn(Drawn::default()));
    let state = State { here: entrance("/sign-in", next), ..state };
    account::second_step(state, proving(next, token.clone(), methods, form))
}
