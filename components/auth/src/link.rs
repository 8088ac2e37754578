//! `/api/users/signInLink`: signs in by a letter, without a password.
//!
//! A letter that was asked for brings a link and a code, which work once and for 15 minutes. The letters
//! about what a guest has bought bring a link that works for 90 days, as long as the account has no
//! password. Whether an address has an account does not show, as of [`crate::reset`].

use std::cell::Cell;

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_account_proof::{Purpose, Secret};
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::users::{Account, AskSignIn, OnItsWay, SignInProof};
use boxoffice_contract::{LetterId, UserId};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Timestamp, Unit, unit};
use http::{HeaderMap, StatusCode};
use send_wrapper::SendWrapper;

use crate::SERVICE;
use crate::account::{self, Stored};
use crate::proof::{self, NewProof, Newest, Proof, Tried};
use crate::refusal::Refusal;
use crate::session::Ended;
use crate::sign_in::Entered;
use crate::throttle::{self, Attempt};
use crate::token::Key;
use crate::visitor::MaybeVisitor;

pub(crate) fn route() -> Router {
    Router::new()
        .route("/api/users/signInLink", post(ask))
        .route("/api/users/signInLink/confirm", post(confirm))
}

/// Ask for a letter that signs you in
///
/// If the address has an account, a letter with a link and a code is on its way, which works once and for
/// 15 minutes. The answer is the same if it has none. The letters before no longer work.
#[utoipa::path(
    post, path = "/api/users/signInLink", tag = "users", operation_id = "ask_for_sign_in",
    request_body = AskSignIn,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 202, description = "If there is an account, an e-mail is on its way", body = OnItsWay),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many e-mails were asked for; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ask(
    cx: Cx,
    // A repeat sends another letter, which ends the one before: the key is checked and not needed.
    _: Idempotency,
    Valid(wanted): Valid<AskSignIn>,
) -> Result<Response> {
    let email = account::address(&wanted.email);
    throttle::count_link(&cx, &email).await?;
    let nobody = Key::load().await?.proofs.nobody(&email);
    let known = account::find(&email).await?.map(|stored| stored.id());
    let proof = NewProof::new(Purpose::SignIn, known.unwrap_or(nobody), &email);
    let proof = proof.going_on_to(wanted.next);
    let work = async |unit: &mut Unit<'_>| proof.ask(unit, AccountLetter::SignIn);
    unit::run(&cx, &SERVICE, work).await?;
    log::security(&cx, Security::LinkAsked, known);
    let expires_at = proof.expires_at;
    Ok((StatusCode::ACCEPTED, Json(OnItsWay { expires_at })).into_response())
}

/// Sign in by a letter
///
/// By the token in a letter's link, or by its code and the address. A wrong code counts as a sign-in that
/// failed; one may type ten for a letter. It has also proven the address: what let others in before it
/// was proven ends. An account that has a password is not opened by the letters of a guest's orders.
#[utoipa::path(
    post, path = "/api/users/signInLink/confirm", tag = "users", operation_id = "confirm_sign_in",
    request_body = SignInProof,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The account; the session is in the cookie", body = Account),
        (status = 400, description = "Fields are invalid, or the code is not the one in the letter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The account is suspended", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The account needs a second step to sign in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The letter no longer works", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many failures; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn confirm(
    cx: Cx,
    MaybeVisitor(visitor): MaybeVisitor,
    headers: HeaderMap,
    idempotency: Idempotency,
    Valid(given): Valid<SignInProof>,
) -> Result<Response> {
    let visitor = visitor.map(|visitor| visitor.account.id);
    let asked = Asked { cx: &cx, visitor, headers: &headers, idempotency };
    match given {
        SignInProof { token: Some(token), .. } => asked.by_token(&token).await,
        SignInProof { email, code, .. } => {
            let email = account::address(&email.unwrap_or_default());
            asked.by_code(&email, &code.unwrap_or_default()).await
        }
    }
}

/// A request to sign in by a letter.
struct Asked<'a> {
    cx: &'a Cx,
    /// Who is signed in already.
    visitor: Option<UserId>,
    headers: &'a HeaderMap,
    idempotency: Idempotency,
}

impl Asked<'_> {
    async fn by_token(self, token: &str) -> Result<Response> {
        let letter = Key::load().await?.proofs.read(Purpose::SignIn, token);
        match (letter, Secret::opened(token)) {
            (Some(id), _) => self.by_letter(id).await,
            (None, Some(id)) => self.by_opening(id, token).await,
            (None, None) => Err(self.refused().into()),
        }
    }

    /// Signs in to the account of `email`, if `code` is the one in its newest letter.
    async fn by_code(self, email: &str, code: &str) -> Result<Response> {
        let nobody = Key::load().await?.proofs.nobody(email);
        let known = account::find(email).await?.map(|stored| stored.id());
        let id = known.unwrap_or(nobody);
        let newest = proof::newest(id, Purpose::SignIn);
        let newest = Reader::new(&SERVICE).read::<Newest>(newest).await?;
        // A repeat is answered though its code was used. Only who has the key of the first learns that.
        if let Some(Newest { id: letter, .. }) = newest
            && proof::is_code(letter, code).await?
            && command::replay(self.cx, &SERVICE, &self.key(letter)).await?.is_some()
        {
            return self.by_letter(letter).await;
        }
        let attempt = Attempt::count(self.cx, self.headers, email, known).await?;
        let trying = proof::trying(id, Purpose::SignIn, Timestamp::now());
        let tried = unit::change::<Tried>(self.cx, &SERVICE, trying).await?;
        let tried = tried.ok_or_else(|| self.refused())?;
        if !proof::is_code(tried.id, code).await? {
            log::security(self.cx, Security::ProofRefused, known);
            return Err(Refusal::WrongCode { left: tried.left() }.into());
        }
        attempt.succeeded(self.cx).await?;
        self.by_letter(tried.id).await
    }

    /// Signs in by the letter `id`, which the request has shown to have.
    async fn by_letter(mut self, id: LetterId) -> Result<Response> {
        let found = Reader::new(&SERVICE).read::<Proof>(proof::of_id(id, Purpose::SignIn)).await?;
        let found = found.ok_or_else(|| self.refused())?;
        let account = account::of(found.account_id).await?;
        // An address without an account has letters too, which are never sent.
        let account = account.filter(|account| account.email == found.email);
        let account = account.ok_or_else(|| self.refused())?;
        self.idempotency = self.key(id);
        let replay = command::replay(self.cx, &SERVICE, &self.idempotency).await?;
        if let Some(replay) = replay.filter(|_| found.is_young(Timestamp::now())) {
            return self.again(account, replay).await;
        }
        if !found.is_good(Timestamp::now()) {
            return Err(self.refused().into());
        }
        self.enter(account, Some(id)).await
    }

    /// Signs in to an account without a password, by the link in a letter about what it has bought.
    async fn by_opening(mut self, id: UserId, token: &str) -> Result<Response> {
        let account = account::of(id).await?.ok_or_else(|| self.refused())?;
        let (email, now) = (&account.email, Timestamp::now());
        let opens = Key::load().await?.proofs.opens(token, id, email, now);
        if !opens {
            return Err(self.refused().into());
        }
        if account.has_password() {
            return Err(Refusal::HasPassword.into());
        }
        self.idempotency = self.idempotency.clone().identified_by(&format!("opening {id}"));
        if let Some(replay) = command::replay(self.cx, &SERVICE, &self.idempotency).await? {
            return self.again(account, replay).await;
        }
        self.enter(account, None).await
    }

    /// Begins a session of `account`, whose address is proven by that. Uses the proof of `letter`, if
    /// there is one.
    async fn enter(self, account: Stored, letter: Option<LetterId>) -> Result<Response> {
        let Self { cx, visitor, headers, idempotency } = &self;
        let (id, email, now) = (account.id(), account.email.clone(), Timestamp::now());
        let arrival = Entered::by_letter(account.clone()).arrive(cx, headers).await?;
        let ended = SendWrapper::new(Cell::new(None::<Vec<Ended>>));
        let work = async |unit: &mut Unit<'_>| {
            ended.set(None);
            if let Some(letter) = letter {
                let used = proof::using(letter, Purpose::SignIn, now);
                unit.change::<Proof>(used).await?.ok_or(Refusal::ProofVoid)?;
            }
            let proven = account::prove(unit, *visitor, id, &email, now).await?;
            let proven = proven.ok_or(Refusal::ProofVoid)?;
            if letter.is_none() && proven.account.has_password() {
                return Err(Refusal::HasPassword);
            }
            if proven.is_new_owner {
                ended.set(Some(proven.ended));
            }
            arrival.queue(unit)?;
            Ok(Reply::ok(&proven.account.account())?)
        };
        let response = command::run(cx, &SERVICE, idempotency, work).await?;
        if response.headers().contains_key(command::REPLAYED) {
            return self.again(account, response).await;
        }
        if let Some(ended) = Cell::take(&ended) {
            account::tell_claimed(cx, id, &ended, now).await;
        }
        Ok(arrival.begin(cx, response).await?)
    }

    /// Answers a repeat of a request that has signed somebody in: the same, with another session.
    async fn again(&self, account: Stored, replay: Response) -> Result<Response> {
        let arrival = Entered::by_letter(account).arrive(self.cx, self.headers).await?;
        arrival.store(self.cx).await?;
        Ok(arrival.begin(self.cx, replay).await?)
    }

    /// Returns the request's key, told apart by the letter: the body has what opens the account.
    fn key(&self, id: LetterId) -> Idempotency {
        self.idempotency.clone().identified_by(&format!("signInLink {id}"))
    }

    fn refused(&self) -> Refusal {
        log::security(self.cx, Security::ProofRefused, None);
        Refusal::ProofVoid
    }
}
