//! `POST /api/users/letters`: where `mail` sends a letter, and what only its reader may know.
//!
//! Only a service of ours gets an answer: it names an address, and the code or the link of a letter.

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_account_proof::{Purpose, Secret};
use boxoffice_contract::mail::{ADDRESSEES, Addressee, AskAddressee, Notice, Proof};
use boxoffice_contract::{LetterId, Timestamp, UserId};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::{Sibling, problem, query, row};

use crate::SERVICE;
use crate::refusal::{self, Refusal};
use crate::token::Key;

row! {
    /// An account, with what one of its letters brings.
    struct Found {
        email: String,
        locale: Option<String>,
        verified_at: Option<Timestamp>,
        purpose: Option<String>,
        proof_email: Option<String>,
        proof_expires_at: Option<Timestamp>,
        used_at: Option<Timestamp>,
        device: Option<String>,
        client: Option<String>,
        noticed_at: Option<Timestamp>,
        notice_expires_at: Option<Timestamp>,
    }
}

pub(crate) fn route() -> Router {
    Router::new().route(ADDRESSEES, post(addressee))
}

async fn addressee(Sibling(asked): Sibling<AskAddressee>) -> problem::Result<Json<Addressee>> {
    let AskAddressee { user_id, letter_id } = asked;
    let found = of_letter(user_id, letter_id.unwrap_or(LetterId::nil()));
    let found: Option<Found> = Reader::new(&SERVICE).read(found).await?;
    let Some(letter_id) = letter_id else {
        let found = found.ok_or(Refusal::NoSuchAccount)?;
        return Ok(Json(found.addressee(None, None)));
    };
    // A reset may be asked for an address that has no account: its letter goes nowhere.
    let found = found.ok_or(Refusal::LetterVoid)?;
    Ok(Json(found.letter(letter_id, &Key::load().await?.proofs, Timestamp::now())?))
}

impl Found {
    /// Returns what the letter `id` needs, if it may still be sent at `now`.
    fn letter(self, id: LetterId, secret: &Secret, now: Timestamp) -> refusal::Result<Addressee> {
        let is_to_come = |at: Option<Timestamp>| at.is_some_and(|at| at > now);
        if let Some(at) = self.noticed_at.filter(|_| is_to_come(self.notice_expires_at)) {
            let device = self.device.clone().filter(|device| !device.is_empty());
            let notice = Notice { device, client: self.client.clone(), at };
            return Ok(self.addressee(None, Some(notice)));
        }
        let is_good = self.used_at.is_none()
            && is_to_come(self.proof_expires_at)
            && self.proof_email.as_ref() == Some(&self.email);
        let [verify, reset] = [Purpose::Verify, Purpose::Reset];
        let token = |purpose| Some(secret.token(purpose, id));
        let proof = match self.purpose.as_deref().filter(|_| is_good) {
            Some(name) if name == verify.name() => {
                Proof { code: Some(secret.code(id)), token: token(verify) }
            }
            Some(name) if name == reset.name() => Proof { code: None, token: token(reset) },
            _ => return Err(Refusal::LetterVoid),
        };
        Ok(self.addressee(Some(proof), None))
    }

    fn addressee(self, proof: Option<Proof>, notice: Option<Notice>) -> Addressee {
        let verified = Some(self.verified_at.is_some());
        Addressee { email: self.email, locale: self.locale, verified, proof, notice }
    }
}

/// Finds an account, and the proof or the notice that one of its letters brings.
pub(crate) fn of_letter(account_id: UserId, id: LetterId) -> Query {
    query!(
        "SELECT u.email AS email, u.locale AS locale, u.verified_at AS verified_at, \
         p.purpose AS purpose, p.email AS proof_email, p.expires_at AS proof_expires_at, \
         p.used_at AS used_at, n.device AS device, n.client AS client, \
         n.created_at AS noticed_at, n.expires_at AS notice_expires_at FROM auth_users AS u \
         LEFT JOIN auth_proofs AS p ON p.id = ?2 AND p.account_id = u.id \
         LEFT JOIN auth_notices AS n ON n.id = ?2 AND n.account_id = u.id WHERE u.id = ?1",
        account_id,
        id
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use ed25519_dalek::SigningKey;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn found(purpose: Purpose) -> Found {
        Found {
            email: "ada@example.com".to_owned(),
            locale: Some("de-AT".to_owned()),
            verified_at: None,
            purpose: Some(purpose.name().to_owned()),
            proof_email: Some("ada@example.com".to_owned()),
            proof_expires_at: Some(NOW.plus_seconds(1)),
            used_at: None,
            device: None,
            client: None,
            noticed_at: None,
            notice_expires_at: None,
        }
    }

    fn secret() -> Secret {
        Secret::of_signing_key(&SigningKey::from_bytes(&[7; 32]))
    }

    fn sent(found: Found) -> Option<Addressee> {
        found.letter(LetterId::nil(), &secret(), NOW).ok()
    }

    #[test]
    fn a_letter_brings_what_its_purpose_needs() {
        let (secret, id) = (secret(), LetterId::nil());
        let verify = sent(found(Purpose::Verify)).and_then(|letter| letter.proof).unwrap();
        assert_eq!(verify.code, Some(secret.code(id)));
        assert_eq!(verify.token, Some(secret.token(Purpose::Verify, id)));
        let reset = sent(found(Purpose::Reset)).unwrap();
        assert_eq!((reset.locale.as_deref(), reset.verified), (Some("de-AT"), Some(false)));
        let reset = reset.proof.unwrap();
        assert_eq!((reset.code, reset.token), (None, Some(secret.token(Purpose::Reset, id))));
    }

    #[test]
    fn a_letter_that_is_of_no_use_is_void() {
        let reset = || found(Purpose::Reset);
        let other = Some("other@example.com".to_owned());
        for void in [
            Found { used_at: Some(NOW), ..reset() },
            Found { proof_expires_at: Some(NOW), ..reset() },
            Found { proof_email: other, ..reset() },
            Found { purpose: None, proof_email: None, proof_expires_at: None, ..reset() },
            Found { purpose: Some("other".to_owned()), ..reset() },
        ] {
            assert!(sent(void).is_none());
        }
    }

    #[test]
    fn a_notice_tells_what_happened() {
        let nothing = || Found { purpose: None, ..found(Purpose::Reset) };
        let told = Found {
            device: Some(String::new()),
            client: Some("198.51.100.7".to_owned()),
            noticed_at: Some(NOW),
            notice_expires_at: Some(NOW.plus_seconds(1)),
            ..nothing()
        };
        let notice = sent(told).and_then(|letter| letter.notice).unwrap();
        assert_eq!((notice.device, notice.at), (None, NOW));
        let late = Found { noticed_at: Some(NOW), notice_expires_at: Some(NOW), ..nothing() };
        assert!(sent(late).is_none());
    }
}
