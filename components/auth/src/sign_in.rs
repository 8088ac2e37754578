//! `POST /api/users/signIn`: starts a session.

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::users::{Account, Credentials};
use boxoffice_kernel::command::Idempotency;
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Unit, unit};
use http::HeaderMap;

use crate::account::{self, Stored};
use crate::gate::{self, Entry, First};
use crate::notice::NewNotice;
use crate::refusal::{self, Refusal};
use crate::session::NewSession;
use crate::throttle::{self, Attempt};
use crate::{SERVICE, device, locale, password};

pub(crate) fn route() -> Router {
    Router::new().route("/api/users/signIn", post(sign_in))
}

/// Sign in
///
/// Starts a session and sets its cookie. If the account has a second factor, the answer is 401 with the code
/// `second_factor` and a token for the second step. After ten failed sign-ins to an account from one client, more
/// wait for up to 15 minutes. A browser that has signed in to the account before is counted by itself.
/// Of a sign-in by a new one, the owner is told by a letter.
#[utoipa::path(
    post, path = "/api/users/signIn", tag = "users", request_body = Credentials,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The account; the session is in the cookie", body = Account),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Address and password do not match, or the account needs a second step", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The account is suspended", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many failures; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_in(
    cx: Cx,
    headers: HeaderMap,
    // A repeated sign-in does no harm: the key is checked and not needed.
    _: Idempotency,
    Valid(credentials): Valid<Credentials>,
) -> Result<Response> {
    let entered = check(&cx, &headers, &credentials).await?;
    let arrival = entered.arrive(&cx, &headers).await?;
    arrival.store(&cx).await?;
    let account = arrival.account.account();
    Ok(arrival.begin(&cx, Json(&account).into_response()).await?)
}

/// An account whose owner has shown that it is theirs: by its password, or by a letter.
pub(crate) struct Entered {
    pub(crate) account: Stored,
    /// Whether the owner needs no letter about the device: the account has signed in on it before, or
    /// they have just read a letter there.
    is_known_device: bool,
    first: First,
}

/// A session that is about to begin, and what is stored with it.
pub(crate) struct Arrival {
    pub(crate) account: Stored,
    session: NewSession,
    notice: Option<NewNotice>,
    locale: Option<String>,
    /// How they were let in; `None` if that is decided when the session begins.
    entry: Option<Entry>,
    /// Whether the session is stored with what else changes: not if a second factor is missing.
    is_stored: bool,
}

/// Finds the account whose address and password these are, unless too many guesses were made.
pub(crate) async fn check(
    cx: &Cx,
    headers: &HeaderMap,
    credentials: &Credentials,
) -> refusal::Result<Entered> {
    let email = account::address(&credentials.email);
    let stored = account::find(&email).await?;
    let id = stored.as_ref().map(Stored::id);
    let attempt = Attempt::count(cx, headers, &email, id).await?;
    let Some(account) = matching(stored, &credentials.password).await? else {
        log::security(cx, Security::SignInFailed, id);
        return Err(Refusal::InvalidCredentials);
    };
    attempt.succeeded(cx).await?;
    let (is_known_device, first) = (attempt.is_known_device, First::Password);
    Ok(Entered { account, is_known_device, first })
}

/// Returns the account `stored`, if `password` is its password. One without a password takes as long.
async fn matching(stored: Option<Stored>, password: &str) -> anyhow::Result<Option<Stored>> {
    let Some(stored) = stored.filter(Stored::has_password) else {
        password::pretend(password).await?;
        return Ok(None);
    };
    Ok(password::matches(password, &stored.password_hash).await?.then_some(stored))
}

impl Entered {
    /// Makes the same of an account whose owner has just read a letter.
    pub(crate) const fn by_letter(account: Stored) -> Self {
        Self { account, is_known_device: true, first: First::Elsewhere }
    }

    /// Makes the same of an account whose owner a provider has just named.
    pub(crate) const fn by_provider(account: Stored) -> Self {
        Self { account, is_known_device: false, first: First::Elsewhere }
    }

    /// Makes the session for the browser that sent `headers`. All who sign in to an account that there
    /// is pass here, however they have shown that it is theirs.
    ///
    /// # Errors
    /// [`Refusal::SecondFactor`] after a password, if the account has one. A letter is used up first: see
    /// [`Arrival::begin`].
    pub(crate) async fn arrive(self, cx: &Cx, headers: &HeaderMap) -> refusal::Result<Arrival> {
        let id = self.account.id();
        let (entry, is_stored) = match self.first {
            First::Password => (Some(gate::admit(id, First::Password).await?), true),
            // Who proves an address first ends the factors that others had set up.
            First::Elsewhere if !self.account.is_verified() => (None, true),
            First::Elsewhere => (None, !gate::standing_of(id).await?.has_factor()),
        };
        Ok(Arrival { is_stored, entry, ..self.arrival(cx, headers).await? })
    }

    /// Makes the same of an account whose owner has proven the second factor.
    pub(crate) async fn arrive_by(
        account: Stored,
        cx: &Cx,
        headers: &HeaderMap,
        entry: Entry,
    ) -> refusal::Result<Arrival> {
        let is_known_device = device::known(headers, account.id()).await?.is_some();
        let entered = Self { account, is_known_device, first: First::Elsewhere };
        Ok(Arrival { entry: Some(entry), ..entered.arrival(cx, headers).await? })
    }

    async fn arrival(self, cx: &Cx, headers: &HeaderMap) -> refusal::Result<Arrival> {
        let Self { account, is_known_device, .. } = self;
        let id = account.id();
        account.may_enter().inspect_err(|_| {
            log::security(cx, Security::SuspendedRefused, Some(id));
        })?;
        let session = NewSession::new(cx, id, headers).await?;
        let is_told = !is_known_device && throttle::tells_of_device(cx, id).await?;
        let notice = is_told.then(|| NewNotice::new(cx, id, headers));
        let locale = locale::of(headers).filter(|now| Some(now) != account.locale.as_ref());
        Ok(Arrival { account, session, notice, locale, entry: None, is_stored: true })
    }
}

impl Arrival {
    /// Stores the session. The owner is told of a device that is new.
    pub(crate) async fn store(&self, cx: &Cx) -> refusal::Result<()> {
        if !self.is_stored {
            return Ok(());
        }
        if self.notice.is_none() && self.locale.is_none() {
            return Ok(unit::change::<()>(cx, &SERVICE, self.session.insert()).await.map(drop)?);
        }
        unit::run(cx, &SERVICE, async |unit| Ok(self.queue(unit)?)).await
    }

    /// Queues the same in a unit that changes more.
    ///
    /// # Errors
    /// When an event cannot be written.
    pub(crate) fn queue(&self, unit: &mut Unit<'_>) -> anyhow::Result<()> {
        if !self.is_stored {
            return Ok(());
        }
        unit.insert(self.session.insert());
        if let Some(locale) = &self.locale {
            unit.require(account::speaking(self.account.id(), locale));
        }
        if let Some(notice) = &self.notice {
            notice.ask(unit, AccountLetter::NewDevice)?;
        }
        Ok(())
    }

    /// Adds the session's cookies to `response`, once it is stored.
    ///
    /// # Errors
    /// [`Refusal::SecondFactor`] after a letter, if the account has one; else as of
    /// [`NewSession::begin`].
    pub(crate) async fn begin(&self, cx: &Cx, response: Response) -> refusal::Result<Response> {
        let entry = match &self.entry {
            Some(entry) => entry.clone(),
            None => gate::admit(self.account.id(), First::Elsewhere).await?,
        };
        if !self.is_stored {
            unit::change::<()>(cx, &SERVICE, self.session.insert()).await?;
        }
        self.session.begin(cx, response, &entry).await
    }
}

/// Answers a repeat of a call that signed somebody in: the same answer, and a session for a caller who
/// knows the password. A wrong password counts as a sign-in that failed.
pub(crate) async fn again(
    cx: &Cx,
    headers: &HeaderMap,
    credentials: &Credentials,
    replay: Response,
) -> refusal::Result<Response> {
    let arrival = check(cx, headers, credentials).await?.arrive(cx, headers).await?;
    arrival.store(cx).await?;
    arrival.begin(cx, replay).await
}
