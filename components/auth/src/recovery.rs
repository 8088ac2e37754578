//! Recovery codes: ten for an account, each of which stands in for the second factor once.
//!
//! `POST /api/users/factors/recoveryCodes` makes new ones. A code has 80 random bits, so its digest needs
//! neither salt nor a slow function.

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::factors::{RECOVERY_CODES, RecoveryCodes};
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::{Timestamp, UserId};
use boxoffice_kernel::command::Idempotency;
use boxoffice_kernel::db::Query;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Unit, query, row, unit};
use boxoffice_webauthn::totp;
use http::HeaderMap;
use sha2::{Digest, Sha256};

use crate::challenge::random;
use crate::notice::NewNotice;
use crate::refusal::{self, Refusal};
use crate::visitor::VisitorCx;
use crate::{SERVICE, gate, throttle};

/// How many bytes a code is made of: 16 characters of Base32.
const BYTES: usize = 10;

row! {
    /// A code that is made.
    pub(crate) struct NewCode in "auth_recovery_codes" {
        pub(crate) account_id: UserId,
        pub(crate) digest: String,
        pub(crate) created_at: Timestamp,
    }
}

pub(crate) fn route() -> Router {
    Router::new().route("/api/users/factors/recoveryCodes", post(make))
}

/// Make new recovery codes
///
/// Those before no longer work. They are shown this once: a repeat makes others.
#[utoipa::path(
    post, path = "/api/users/factors/recoveryCodes", tag = "users", operation_id = "make_recovery_codes",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The codes", body = RecoveryCodes),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Confirm first that it is you", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The account has no second factor", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many changes; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
// An answer with codes is not stored: the key is checked and not needed.
pub(crate) async fn make(cx: VisitorCx, headers: HeaderMap, _: Idempotency) -> Result<Response> {
    let id = cx.account.id;
    cx.confirmed()?;
    if !gate::standing_of(id).await?.has_factor() {
        return Err(Refusal::NoFactor.into());
    }
    throttle::count_factor_change(&cx, id).await?;
    let (recovery_codes, rows) = new(id)?;
    let notice = NewNotice::new(&cx, id, &headers);
    let work = async |unit: &mut Unit<'_>| {
        unit.change::<()>(forgetting(id)).await?;
        unit.insert(NewCode::insert_all(&rows));
        notice.ask(unit, AccountLetter::FactorsChanged)?;
        refusal::Result::Ok(())
    };
    unit::run(&cx, &SERVICE, work).await?;
    log::security(&cx.with("factor", "recoveryCodes"), Security::FactorAdded, Some(id));
    Ok(Json(RecoveryCodes { recovery_codes }).into_response())
}

/// Makes the codes of an account: as its owner gets them, and as they are stored.
///
/// # Errors
/// When the host gives no random bytes.
pub(crate) fn new(account_id: UserId) -> anyhow::Result<(Vec<String>, Vec<NewCode>)> {
    let created_at = Timestamp::now();
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        codes.push(written(&random::<BYTES>()?));
    }
    let stored =
        |code: &String| NewCode { account_id, digest: digest(account_id, code), created_at };
    let rows = codes.iter().map(stored).collect();
    Ok((codes, rows))
}

/// Writes a code in groups of four.
fn written(bytes: &[u8]) -> String {
    let text = totp::written(bytes).to_lowercase();
    let groups = text.as_bytes().chunks(4).map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join("-")
}

/// Returns what stands for a code in the database, however it was typed.
pub(crate) fn digest(account: UserId, code: &str) -> String {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    let digest = Sha256::digest(format!("{account} {}", plain.to_ascii_lowercase()));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Uses a code of `account`, unless it was used.
pub(crate) fn using(account: UserId, digest: &str, now: Timestamp) -> Query {
    query!(
        "UPDATE auth_recovery_codes SET used_at = ?3 \
         WHERE account_id = ?1 AND digest = ?2 AND used_at IS NULL RETURNING account_id",
        account,
        digest,
        now
    )
}

/// Removes all codes of `account`.
pub(crate) fn forgetting(account: UserId) -> Query {
    query!("DELETE FROM auth_recovery_codes WHERE account_id = ?1", account)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_code_is_another_and_known_however_it_is_typed() {
        let account = UserId::new();
        let (codes, rows) = new(account).unwrap();
        assert_eq!((codes.len(), rows.len()), (RECOVERY_CODES, RECOVERY_CODES));
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), RECOVERY_CODES);
        let code = &codes[0];
        assert!(code.len() == 19 && code.matches('-').count() == 3, "{code}");
        for typed in [code.clone(), code.to_uppercase(), code.replace('-', ""), format!(" {code} ")]
        {
            assert_eq!(digest(account, &typed), rows[0].digest);
        }
        assert_ne!(digest(UserId::nil(), code), rows[0].digest);
    }
}
