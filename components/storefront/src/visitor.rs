//! Who is looking, in which language, by which means.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use boxoffice_contract::UserId;
use boxoffice_contract::users::Account;
use boxoffice_kernel::http::coding;
use boxoffice_kernel::http::cookie::cookies;
use boxoffice_kernel::identity::{self, User};
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Cx, Problem, Timestamp, config};
use boxoffice_web::state::{Held, Page, State, Visitor};
use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, COOKIE, HeaderValue, IF_NONE_MATCH, SET_COOKIE, USER_AGENT,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Response, StatusCode, Uri};
use sha2::{Digest, Sha256};

use crate::notice::Notice;
use crate::shown::Language;
use crate::{accounts, held};

/// What pages are compressed by: see [`crate::answer`].
pub(crate) const GZIP: &str = "gzip";

/// A request for a page, or of a form.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// Who is signed in.
    pub(crate) user: Option<User>,
    /// The address of the account that is signed in; empty if `auth` did not say.
    pub(crate) email: String,
    /// The language that amounts and dates are written in.
    pub(crate) language: Language,
    /// What to say once.
    pub(crate) notice: Option<Notice>,
    /// What the visitor holds, as far as this browser knows.
    pub(crate) held: Option<Held>,
    /// How the answer is to come.
    pub(crate) manner: Manner,
    /// The request, in logs and for the services.
    pub(crate) cx: Cx,
    /// What `auth` needs to know of the browser: its name, its languages, and the cookie by which it is
    /// known again.
    pub(crate) browser: HeaderMap,
    /// The address that was asked for: path and query.
    pub(crate) here: String,
}

/// How an answer is to come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manner {
    /// Whether a page's script asks, which takes an `Answer` as JSON.
    pub(crate) script: bool,
    /// Whether a person's browser asks: programs get problems where people get pages.
    pub(crate) person: bool,
    /// The content coding in which it is to come, if it is worth it.
    pub(crate) coding: &'static str,
    /// `If-None-Match`, which names what the browser has already.
    pub(crate) known: HeaderMap,
}

impl Manner {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let accept = text(headers, &ACCEPT);
        let takes = |kind: &str| accept.split(',').any(|one| essence(one) == kind);
        Self {
            script: takes("application/json") && !takes("text/html"),
            person: takes("text/html"),
            coding: coding::choose(headers, &[GZIP]),
            known: headers.get_all(IF_NONE_MATCH).iter().map(known).collect(),
        }
    }
}

fn known(tags: &HeaderValue) -> (HeaderName, HeaderValue) {
    (IF_NONE_MATCH, tags.clone())
}

/// A header that may be there, as text.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A media type, or whatever else is listed, without its parameters.
fn essence(listed: &str) -> &str {
    listed.split(';').next().unwrap_or_default().trim()
}

/// Path and query of `uri`, as in links.
pub(crate) fn local_part(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| "/".to_owned(), |both| both.as_str().to_owned())
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut visit = Self::of_nobody(parts);
        Ok(match identity::verified(&parts.headers).await {
            Ok(user) => {
                visit.held = held::read(&parts.headers, user.id, Timestamp::now());
                accounts::signed_in(visit, user).await
            }
            Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => visit,
            Err(problem) => return Err(problem),
        })
    }
}

/// The same where it does not matter whether one is signed in, or can be.
pub(crate) struct AnyVisit(pub(crate) Visit);

impl<S: Send + Sync> FromRequestParts<S> for AnyVisit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let visit = Visit::from_request_parts(parts, state).await;
        Ok(Self(visit.unwrap_or_else(|_| Visit::of_nobody(parts))))
    }
}

impl Visit {
    fn of_nobody(parts: &Parts) -> Self {
        Self {
            user: None,
            email: String::new(),
            language: Language::of(text(&parts.headers, &ACCEPT_LANGUAGE)),
            // What is to be said is said on the page that follows, not on what a form answers.
            notice: Notice::read(&parts.headers).filter(|_| parts.method == Method::GET),
            held: None,
            manner: Manner::of(&parts.headers),
            cx: Cx::of_request(parts),
            browser: browser(&parts.headers),
            here: local_part(&parts.uri),
        }
    }

    /// The visit as one of the session that a service's answer begins, if it does.
    ///
    /// # Errors
    /// When the session cannot be verified.
    pub(crate) async fn entered(&self, answer: &Response<Bytes>) -> Result<Option<Self>> {
        let name = identity::cookie_name(config::is_secure().await?);
        let Some(Ok(pair)) = session_of(answer, name).map(HeaderValue::try_from) else {
            return Ok(None);
        };
        let user = identity::verified(&HeaderMap::from_iter([(COOKIE, pair)])).await?;
        let account: Option<Account> = serde_json::from_slice(answer.body()).ok();
        let email = account.map(|account| account.email).unwrap_or_default();
        Ok(Some(Self { user: Some(user), email, ..self.clone() }))
    }

    /// Whether the visitor is the account `id`.
    pub(crate) fn is(&self, id: UserId) -> bool {
        self.user.as_ref().is_some_and(|user| user.id == id)
    }

    /// The state of the page at the address that was asked for.
    pub(crate) fn state(&self, title: &str, description: &str, page: Page) -> State {
        State {
            here: self.here.clone(),
            title: title.to_owned(),
            description: description.to_owned(),
            visitor: self.user.as_ref().map(|user| visitor(user, &self.email)),
            held: self.held.clone(),
            notice: self.notice.map(Notice::say),
            now: Timestamp::now().as_millis(),
            page,
        }
    }
}

/// The session that a service's answer begins or renews, as a browser sends its cookie, which is called
/// `name`.
pub(crate) fn session_of(answer: &Response<Bytes>, name: &str) -> Option<String> {
    let set = answer.headers().get_all(SET_COOKIE).into_iter();
    let mut pairs = set.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
    let is_session = |pair: &&str| pair.split_once('=').is_some_and(|(known, _)| known == name);
    pairs.find(is_session).map(str::to_owned)
}

/// What `auth` is told of the browser that sent `headers`. The session is told by its token alone.
fn browser(headers: &HeaderMap) -> HeaderMap {
    let said = [USER_AGENT, ACCEPT_LANGUAGE];
    let said =
        said.into_iter().filter_map(|name| Some((name.clone(), headers.get(&name)?.clone())));
    let devices = cookies(headers).filter(|(name, _)| name.ends_with("device"));
    let devices = devices.filter_map(|(name, value)| {
        Some((COOKIE, HeaderValue::try_from(format!("{name}={value}")).ok()?))
    });
    let mut browser: HeaderMap = said.collect();
    for (name, value) in devices {
        browser.append(name, value);
    }
    browser
}

/// What a page says of who is signed in. Signing out twice is as good as once: its key may stay the
/// same as long as the session does, and so may the page.
fn visitor(user: &User, email: &str) -> Visitor {
    let digest = Sha256::digest(format!("sign-out {}", user.token));
    let key = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Visitor { email: email.to_owned(), key }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn people_scripts_and_programs_are_told_apart() {
        let manner = |accept: &str| {
            let manner = Manner::of(&HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]));
            (manner.person, manner.script)
        };
        assert_eq!(manner("text/html,application/xhtml+xml,*/*;q=0.8"), (true, false));
        assert_eq!(manner("application/json"), (false, true));
        assert_eq!(manner("application/json;q=1, */*"), (false, true));
        assert_eq!(manner("*/*"), (false, false));
    }
}
