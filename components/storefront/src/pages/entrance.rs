//! What the pages to sign in and to sign up share: the same form, another question.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::users::{
    ACCOUNT_SUSPENDED, Credentials, OIDC_CANCELLED, OIDC_UNAVAILABLE, OIDC_UNVERIFIED,
};
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Problem, config};
use boxoffice_web::isolated;
use boxoffice_web::state::{Entrance, Form, Page, State};
use bytes::Bytes;
use http::{Method, Uri};

use super::hold;
use super::second_step;
use crate::accounts;
use crate::answer::{self, Keep};
use crate::form::{Sent, blank, new_key, wrong_at_all};
use crate::notice::Notice;
use crate::redirect_target::{Wish, entrance, local};
use crate::services::{AUTH, Change, tickets};
use crate::visitor::Visit;

/// What of the form is shown again; a password is not.
const SHOWN: [&str; 1] = ["email"];
const FIELDS: [&str; 2] = ["email", "password"];

/// One of the two.
pub(crate) struct Door {
    /// The page's path.
    pub(crate) path: &'static str,
    /// Its call of the API.
    pub(crate) call: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) page: fn(Entrance) -> Page,
    /// What is said to those who came through.
    pub(crate) notice: Option<Notice>,
}

impl Door {
    /// Its route.
    pub(crate) fn route(&'static self) -> Router {
        let show = async |visit: Visit, uri: Uri| self.show(visit, &uri).await;
        let enter =
            async |visit: Visit, uri: Uri, sent: Sent| self.enter(&visit, &uri, &sent).await;
        Router::new().route(self.path, get(show).post(enter))
    }

    /// The page, with an empty form.
    ///
    /// # Errors
    /// When it cannot be rendered.
    async fn show(&self, visit: Visit, uri: &Uri) -> Result<Response> {
        let next = next_of(uri);
        let visit = accounts::asked_again(visit).await;
        if visit.user.is_some() {
            return Ok(answer::go(&visit, &next, None).await?);
        }
        let form = match refusal_of(uri) {
            Some(why) => Form { errors: vec![wrong_at_all(why.to_owned())], ..blank() },
            None => blank(),
        };
        let state = self.state(&visit, next, form).await?;
        Ok(answer::show(&visit, state, Keep::Never).await?)
    }

    /// What comes of the form that was sent.
    ///
    /// # Errors
    /// When `auth` does not answer.
    async fn enter(&self, visit: &Visit, uri: &Uri, sent: &Sent) -> Result<Response> {
        let next = match sent.given("next") {
            Some(next) => local(next).to_owned(),
            None => next_of(uri),
        };
        let credentials = Credentials {
            email: sent.value("email").to_owned(),
            password: sent.raw("password").to_owned(),
        };
        let change = Change::new(Method::POST, self.call, sent.key());
        match visit.command(&AUTH, change, Some(&credentials)).await? {
            Ok(entered) => go_on(visit, &next, self.notice, sent.key(), &entered).await,
            Err(refusal) => {
                if let Some(response) = second_step::instead(visit, &refusal, &next, None).await? {
                    return Ok(response);
                }
                let form = sent.again(&SHOWN, refusal.on(&FIELDS), new_key());
                let state = self.state(visit, next, form).await?;
                Ok(answer::refuse(visit, refusal.status, state).await?)
            }
        }
    }

    async fn state(&self, visit: &Visit, next: String, form: Form) -> anyhow::Result<State> {
        let here = entrance(self.path, &next);
        let wish = wish(visit, &next).await;
        let page = (self.page)(Entrance { next, wish, form, provider: provider().await? });
        Ok(State { here, ..visit.state(self.title, self.description, page) })
    }
}

/// Returns what the provider is called that people may sign in by, if there is one.
///
/// # Errors
/// When the variable is not given to this component.
pub(crate) async fn provider() -> anyhow::Result<Option<String>> {
    let name = config::variable("oidc_name").await?.trim().to_owned();
    Ok((!name.is_empty()).then_some(name))
}

/// Returns the sentence for the code by which the address says why nobody was signed in by the provider.
fn refusal_of(uri: &Uri) -> Option<&'static str> {
    let query = uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, code) = pairs.find(|(name, _)| name == "refused")?;
    Some(match code.as_ref() {
        ACCOUNT_SUSPENDED => "This account is suspended; ask the people who run this shop why",
        OIDC_CANCELLED => "You were not signed in there; try again, or use your password",
        OIDC_UNVERIFIED => {
            "Your address is not verified there; verify it, or sign in with your password"
        }
        OIDC_UNAVAILABLE => {
            "The other service does not answer right now; try again, or use your password"
        }
        "too_many_failures" => "That was too often; try again in a quarter of an hour",
        _ => "You could not be signed in there; try again in this browser, or use your password",
    })
}

/// Where the address of such a page says to go on.
pub(crate) fn next_of(uri: &Uri) -> String {
    let query = uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let next = pairs.find_map(|(name, value)| (name == "next").then_some(value));
    local(&next.unwrap_or_default()).to_owned()
}

/// What is to be bought at `next`, as people say it, such as `2 × The Paper Kites`. None if it is nothing,
/// or cannot be seen.
pub(crate) async fn wish(visit: &Visit, next: &str) -> Option<String> {
    let Wish { ticket, quantity, .. } = Wish::of(next)?;
    let ticket = tickets::find(visit, ticket).await.ok().flatten()?;
    Some(format!("{quantity} × {}", isolated(&ticket.title)))
}

/// Sends those who have just signed in, by the service's answer `entered`, on to `next`. What they wanted
/// to buy is held at once, under `key`.
///
/// # Errors
/// When a page cannot be rendered.
pub(crate) async fn go_on(
    visit: &Visit,
    next: &str,
    notice: Option<Notice>,
    key: &str,
    entered: &http::Response<Bytes>,
) -> Result<Response> {
    let response = match (Wish::of(next), visit.entered(entered).await?) {
        (Some(wish), Some(visit)) => hold::at_once(&visit, wish, notice, key).await?,
        _ => answer::go(visit, next, notice).await?,
    };
    Ok(answer::with_cookies_of(response, entered))
}

/// Sends those who are not signed in to where they can, and back to `next` afterwards.
///
/// # Errors
/// When the address is none.
pub(crate) async fn sign_in_first(visit: &Visit, next: &str) -> Result<Response, Problem> {
    Ok(answer::go(visit, &crate::redirect_target::sign_in(next), None).await?)
}
