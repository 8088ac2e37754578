//! `/api/users/factors/passkeys`: passkeys (W3C Web Authentication Level 3) of an account.

use std::cell::Cell;

use axum::response::{IntoResponse, Response};
use axum::routing::{patch, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boxoffice_contract::factors::{
    AddedPasskey, Assertion, MAX_PASSKEYS, NewPasskey, Passkey, PasskeyName, PasskeyOptions,
};
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::{PasskeyId, Timestamp, UserId};
use boxoffice_kernel::command::{Idempotency, Reply};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::http::{Id, Valid};
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Unit, query, row, unit};
use boxoffice_webauthn::{self as webauthn, ALGORITHMS, Asked};
use http::{HeaderMap, StatusCode};
use send_wrapper::SendWrapper;
use serde_json::{Value, json};

use crate::challenge::{self, For, SECONDS};
use crate::gate::{Entry, Second, Standing};
use crate::notice::NewNotice;
use crate::refusal::{self, Refusal};
use crate::session;
use crate::visitor::VisitorCx;
use crate::{SERVICE, ended, gate, recovery, throttle, totp};

/// The longest list of transports that is kept, in characters. They only help browsers choose.
const TRANSPORTS: usize = 100;

row! {
    /// A passkey that is added.
    pub(crate) struct Added in "auth_passkeys" {
        pub(crate) id: PasskeyId,
        pub(crate) account_id: UserId,
        pub(crate) credential_id: String,
        pub(crate) public_key: String,
        pub(crate) sign_count: i64,
        pub(crate) name: String,
        pub(crate) transports: String,
        pub(crate) created_at: Timestamp,
    }
}

row! {
    /// A passkey, as its owner sees it and as browsers know it.
    pub(crate) struct Stored {
        id: PasskeyId,
        credential_id: String,
        name: String,
        transports: String,
        created_at: Timestamp,
        used_at: Option<Timestamp>,
    }
}

row! {
    /// A passkey that somebody says to have.
    pub(crate) struct Claimed {
        id: PasskeyId,
        pub(crate) account_id: UserId,
        public_key: String,
        sign_count: i64,
    }
}

pub(crate) fn route() -> Router {
    Router::new()
        .route("/api/users/factors/passkeys/options", post(options))
        .route("/api/users/factors/passkeys", post(add))
        .route("/api/users/factors/passkeys/{id}", patch(rename).delete(remove))
}

/// Ask for what a browser needs to make a passkey
///
/// For `PublicKeyCredential.parseCreationOptionsFromJSON`. It is good for five minutes, once.
#[utoipa::path(
    post, path = "/api/users/factors/passkeys/options", tag = "users", operation_id = "passkey_options",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The options", body = PasskeyOptions),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Confirm first that it is you", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The account has too many passkeys, or the shop's address has no name", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
// Each call makes a challenge of its own: the key is checked and not needed.
pub(crate) async fn options(cx: VisitorCx, _: Idempotency) -> Result<Json<PasskeyOptions>> {
    let id = cx.account.id;
    cx.confirmed()?;
    throttle::count_challenge(&cx, Some(id)).await?;
    let site = challenge::site().await?;
    let known: Vec<Stored> = Reader::new(&SERVICE).read_all(of_account(id)).await?;
    if known.len() >= MAX_PASSKEYS {
        return Err(Refusal::TooManyPasskeys.into());
    }
    let challenge = challenge::ask(&cx, For::Add, Some(id)).await?;
    let algorithms = ALGORITHMS.map(|alg| json!({ "type": "public-key", "alg": alg }));
    // The handle tells an authenticator nothing of the account but its id.
    let handle = URL_SAFE_NO_PAD.encode(id.0.as_bytes());
    let email = &cx.account.email;
    let public_key = json!({
        "rp": { "id": site.id, "name": "Boxoffice" },
        "user": { "id": handle, "name": email, "displayName": email },
        "challenge": challenge,
        "pubKeyCredParams": algorithms,
        "timeout": SECONDS * 1000,
        "excludeCredentials": described(&known),
        "authenticatorSelection": {
            "residentKey": "required", "requireResidentKey": true, "userVerification": "required",
        },
        "attestation": "none",
    });
    Ok(Json(PasskeyOptions { public_key }))
}

/// Add a passkey
///
/// From now on a sign-in by the password needs a second step. If this is the account's first second
/// factor, all other sessions end, and recovery codes are shown this once.
#[utoipa::path(
    post, path = "/api/users/factors/passkeys", tag = "users", operation_id = "add_passkey",
    request_body = NewPasskey,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 201, description = "The passkey, and recovery codes if they are new; a fresh token is in the cookie", body = AddedPasskey),
        (status = 400, description = "Fields are invalid, or the passkey is refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Confirm first that it is you", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The passkey is known already, there are too many, or the shop's address has no name", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many changes; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn add(
    cx: VisitorCx,
    headers: HeaderMap,
    // An answer with codes is not stored, and a challenge is answered once.
    _: Idempotency,
    Valid(new): Valid<NewPasskey>,
) -> Result<Response> {
    let id = cx.account.id;
    cx.confirmed()?;
    throttle::count_factor_change(&cx, id).await?;
    let site = challenge::site().await?;
    let made = &new.credential;
    let response = &made.response;
    let challenge = challenge::answer(&cx, For::Add, Some(id), &response.client_data_json);
    let challenge = challenge.await.map_err(|refusal| refused(&cx, id, "credential", refusal))?;
    let asked = Asked { site: &site, challenge: &challenge };
    let credential = webauthn::register(asked, made).map_err(Refusal::passkey);
    let credential = credential.map_err(|refusal| refused(&cx, id, "credential", refusal))?;
    let added = Added {
        id: PasskeyId::new(),
        account_id: id,
        credential_id: URL_SAFE_NO_PAD.encode(&credential.id),
        public_key: URL_SAFE_NO_PAD.encode(&credential.public_key),
        sign_count: i64::from(credential.sign_count),
        name: new.name.clone(),
        transports: transports(&response.transports),
        created_at: Timestamp::now(),
    };
    let (codes, rows) = recovery::new(id)?;
    let (notice, now) = (NewNotice::new(&cx, id, &headers), added.created_at);
    let others = SendWrapper::new(Cell::new(Vec::new()));
    let work = async |unit: &mut Unit<'_>| {
        let standing: Option<Standing> = unit.read(gate::standing(id)).await?;
        let is_first = !standing.as_ref().is_some_and(Standing::has_factor);
        if standing.is_some_and(|standing| standing.passkeys() >= MAX_PASSKEYS) {
            return Err(Refusal::TooManyPasskeys);
        }
        unit.insert(added.insert());
        if is_first {
            others.set(totp::first_factor(unit, &cx, &rows).await?);
        }
        notice.ask(unit, AccountLetter::FactorsChanged)?;
        Ok(is_first)
    };
    let is_first = unit::run(&cx, &SERVICE, work).await?;
    ended::tell_soon(&cx, &Cell::take(&others), is_first.then_some((id, now))).await;
    log::security(&cx.with("factor", "passkey"), Security::FactorAdded, Some(id));
    let passkey = Passkey { id: added.id, name: added.name, created_at: now, used_at: None };
    let recovery_codes = if is_first { codes } else { Vec::new() };
    let answer = (StatusCode::CREATED, Json(AddedPasskey { passkey, recovery_codes }));
    session::renew(&cx, Entry::of_both(&[], Second::Passkey), answer.into_response()).await
}

/// Rename a passkey
///
/// A repeat changes nothing.
#[utoipa::path(
    patch, path = "/api/users/factors/passkeys/{id}", tag = "users", operation_id = "rename_passkey",
    request_body = PasskeyName,
    params(
        ("id" = Uuid, Path, description = "The passkey"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 200, description = "The passkey", body = Passkey),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The account has no such passkey", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn rename(
    cx: VisitorCx,
    Id(id): Id<PasskeyId>,
    _: Idempotency,
    Valid(PasskeyName { name }): Valid<PasskeyName>,
) -> Result<Json<Passkey>> {
    let renaming = renaming(id, cx.account.id, &name);
    let renamed = unit::change::<Stored>(&cx, &SERVICE, renaming).await?;
    Ok(Json(renamed.ok_or(Refusal::NoSuchPasskey)?.body()))
}

/// Remove a passkey
///
/// It no longer signs anybody in. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/users/factors/passkeys/{id}", tag = "users", operation_id = "remove_passkey",
    params(
        ("id" = Uuid, Path, description = "The passkey"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 204, description = "The account does not have the passkey"),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Confirm first that it is you", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This is not a passkey's id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many changes; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove(
    cx: VisitorCx,
    headers: HeaderMap,
    Id(id): Id<PasskeyId>,
    _: Idempotency,
) -> Result<Response> {
    let account = cx.account.id;
    cx.confirmed()?;
    throttle::count_factor_change(&cx, account).await?;
    if totp::last_factor(&cx, &headers, removing(id, account)).await? {
        log::security(&cx.with("factor", "passkey"), Security::FactorRemoved, Some(account));
    }
    let has_factor = gate::standing_of(account).await?.has_factor();
    let entry = Entry::as_before(&cx.user, has_factor);
    session::renew(&cx, entry, Reply::no_content().into_response()).await
}

/// Notes in the log why a passkey was refused. Clients get one sentence for all.
fn refused(cx: &Cx, account: UserId, field: &'static str, refusal: Refusal) -> Refusal {
    let Refusal::PasskeyRefused(why) = refusal else { return refusal };
    log::security(&cx.with("why", format!("{why:?}")), Security::FactorRefused, Some(account));
    Refusal::WrongFactor { field }
}

/// What a browser needs to have a passkey sign: one of `known`, or any of the shop's if that is empty.
///
/// # Errors
/// [`Refusal::NoPasskeys`]; what the database says.
pub(crate) async fn request(
    cx: &Cx,
    purpose: For,
    account: Option<UserId>,
) -> refusal::Result<PasskeyOptions> {
    let site = challenge::site().await?;
    let known: Vec<Stored> = match account {
        Some(account) => Reader::new(&SERVICE).read_all(of_account(account)).await?,
        None => Vec::new(),
    };
    let challenge = challenge::ask(cx, purpose, account).await?;
    let public_key = json!({
        "challenge": challenge,
        "timeout": SECONDS * 1000,
        "rpId": site.id,
        "allowCredentials": described(&known),
        "userVerification": "required",
    });
    Ok(PasskeyOptions { public_key })
}

/// Uses the proof `assertion` by a passkey of `account`, or by any if that is not known. Returns whose it
/// is.
///
/// # Errors
/// [`Refusal::WrongFactor`] if it is refused; what the database says.
pub(crate) async fn check(
    cx: &Cx,
    purpose: For,
    account: Option<UserId>,
    assertion: &Assertion,
) -> refusal::Result<UserId> {
    let wrong = |why: String| {
        log::noted(cx, "a passkey was refused", why);
        Refusal::WrongFactor { field: "assertion" }
    };
    let response = &assertion.response;
    let answered = challenge::answer(cx, purpose, account, &response.client_data_json).await;
    let challenge = match answered {
        Err(Refusal::PasskeyRefused(why)) => return Err(wrong(why)),
        answered => answered?,
    };
    let site = challenge::site().await?;
    let claimed = Reader::new(&SERVICE).read::<Claimed>(of_credential(&assertion.id)).await?;
    let claimed = claimed.ok_or_else(|| wrong("the shop does not know it".to_owned()))?;
    let handle = URL_SAFE_NO_PAD.encode(claimed.account_id.0.as_bytes());
    let is_theirs = account.is_none_or(|account| account == claimed.account_id)
        && response.user_handle.as_ref().map_or(account.is_some(), |given| *given == handle);
    if !is_theirs {
        return Err(wrong(webauthn::Invalid::Account.to_string()));
    }
    let key = URL_SAFE_NO_PAD.decode(&claimed.public_key).map_err(anyhow::Error::from)?;
    let count = u32::try_from(claimed.sign_count).unwrap_or(u32::MAX);
    let asked = Asked { site: &site, challenge: &challenge };
    let proven = webauthn::check(asked, &key, count, assertion);
    let proven = proven.map_err(|invalid| wrong(invalid.to_string()))?;
    let using = using(&claimed, i64::from(proven.sign_count), Timestamp::now());
    let used = unit::change::<(UserId,)>(cx, &SERVICE, using).await?;
    let overtaken = || wrong("another proof by it came first".to_owned());
    used.map(|(account,)| account).ok_or_else(overtaken)
}

/// How a browser finds the passkeys `known`.
fn described(known: &[Stored]) -> Value {
    let one = |passkey: &Stored| {
        let transports = passkey.transports.split(',').filter(|word| !word.is_empty());
        let transports: Vec<&str> = transports.collect();
        json!({ "type": "public-key", "id": passkey.credential_id, "transports": transports })
    };
    known.iter().map(one).collect()
}

/// Keeps the words of `transports` that can be one.
fn transports(listed: &[String]) -> String {
    let is_word = |word: &&String| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    let words = listed.iter().filter(is_word).map(String::as_str).collect::<Vec<_>>().join(",");
    if words.len() <= TRANSPORTS { words } else { String::new() }
}

impl Stored {
    /// Returns what the API answers of the passkey.
    pub(crate) fn body(self) -> Passkey {
        let Self { id, name, created_at, used_at, .. } = self;
        Passkey { id, name, created_at, used_at }
    }
}

pub(crate) fn of_account(account: UserId) -> Query {
    const COLUMNS: &str = Stored::COLUMNS;
    query!("SELECT {COLUMNS} FROM auth_passkeys WHERE account_id = ?1 ORDER BY id", account)
}

pub(crate) fn of_credential(credential: &str) -> Query {
    const COLUMNS: &str = Claimed::COLUMNS;
    query!("SELECT {COLUMNS} FROM auth_passkeys WHERE credential_id = ?1", credential)
}

/// Notes that a passkey has signed, unless it was removed, or another of its signatures came first.
pub(crate) fn using(claimed: &Claimed, sign_count: i64, now: Timestamp) -> Query {
    query!(
        "UPDATE auth_passkeys SET sign_count = ?3, used_at = ?4 \
         WHERE id = ?1 AND sign_count = ?2 RETURNING account_id",
        claimed.id,
        claimed.sign_count,
        sign_count,
        now
    )
}

pub(crate) fn renaming(id: PasskeyId, account: UserId, name: &str) -> Query {
    const COLUMNS: &str = Stored::COLUMNS;
    query!(
        "UPDATE auth_passkeys SET name = ?3 WHERE id = ?1 AND account_id = ?2 RETURNING {COLUMNS}",
        id,
        account,
        name
    )
}

pub(crate) fn removing(id: PasskeyId, account: UserId) -> Query {
    query!(
        "DELETE FROM auth_passkeys WHERE id = ?1 AND account_id = ?2 RETURNING account_id",
        id,
        account
    )
}

/// Removes all passkeys of `account`: its address turned out to be somebody else's.
pub(crate) fn forgetting(account: UserId) -> Query {
    query!("DELETE FROM auth_passkeys WHERE account_id = ?1", account)
}

#[cfg(test)]
impl Claimed {
    /// One that names nothing, for the list of statements.
    pub(crate) fn nobody() -> Self {
        let (id, account_id) = (PasskeyId::nil(), UserId::nil());
        Self { id, account_id, public_key: String::new(), sign_count: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports_are_words_or_nothing() {
        let kept = |words: &[&str]| {
            transports(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(kept(&["internal", "hybrid", "", "a b", "<b>"]), "internal,hybrid");
        assert_eq!(kept(&["smart-card"; 20]), "");
    }
}
