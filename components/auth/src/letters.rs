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

use crate::refusal::{self, Refusal};
use crate::token::Key;
use crate::{SERVICE, account, farewell};

/// What letters prove. The way back to an address is told with a notice.
const PURPOSES: [Purpose; 4] = [Purpose::Verify, Purpose::Reset, Purpose::SignIn, Purpose::Address];

row! {
    /// An account, with what one of its letters brings.
    struct Found {
        email: String,
        has_password: bool,
        locale: Option<String>,
        verified_at: Option<Timestamp>,
        purpose: Option<String>,
        proof_email: Option<String>,
        proof_expires_at: Option<Timestamp>,
        used_at: Option<Timestamp>,
        next: Option<String>,
        device: Option<String>,
        client: Option<String>,
        noticed_at: Option<Timestamp>,
        notice_expires_at: Option<Timestamp>,
        old_email: Option<String>,
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
        let found = found.filter(|found| account::is_address(&found.email));
        let found = found.ok_or(Refusal::NoSuchAccount)?;
        let opens = found.opens(user_id, &Key::load().await?.proofs, Timestamp::now());
        return Ok(Json(Addressee { opens, ..found.addressee(None, None) }));
    };
    // A reset may be asked for an address that has no account: its letter goes nowhere.
    let told = match found {
        Some(found) => found.letter(letter_id, &Key::load().await?.proofs, Timestamp::now()),
        None => Err(Refusal::LetterVoid),
    };
    match told {
        Err(Refusal::LetterVoid) => Ok(Json(farewell::addressee(user_id, letter_id).await?)),
        told => Ok(Json(told?)),
    }
}

impl Found {
    /// Returns the token of a link that opens the account `id`, if it has no password.
    fn opens(&self, id: UserId, secret: &Secret, now: Timestamp) -> Option<String> {
        (!self.has_password).then(|| secret.opening(id, &self.email, now))
    }

    /// Returns what the letter `id` needs, if it may still be sent at `now`.
    fn letter(
        mut self,
        id: LetterId,
        secret: &Secret,
        now: Timestamp,
    ) -> refusal::Result<Addressee> {
        let is_to_come = |at: Option<Timestamp>| at.is_some_and(|at| at > now);
        if let Some(at) = self.noticed_at.filter(|_| is_to_come(self.notice_expires_at)) {
            let device = self.device.clone().filter(|device| !device.is_empty());
            let notice = Notice { device, client: self.client.clone(), at };
            // Of another address, the one before is told, with the way back.
            let proof = self.old_email.take().map(|old| {
                self.email = old;
                Proof { code: None, token: Some(secret.token(Purpose::Undo, id)), next: None }
            });
            return Ok(self.addressee(proof, Some(notice)));
        }
        let name = self.purpose.take().unwrap_or_default();
        let purpose = PURPOSES.into_iter().find(|purpose| purpose.name() == name);
        let purpose = purpose.ok_or(Refusal::LetterVoid)?;
        // The letter that proves a new address goes there, and all others to the one that it has.
        if purpose == Purpose::Address {
            self.email = self.proof_email.clone().unwrap_or_default();
        }
        let is_good = self.used_at.is_none()
            && is_to_come(self.proof_expires_at)
            && self.proof_email.as_ref() == Some(&self.email);
        if !is_good {
            return Err(Refusal::LetterVoid);
        }
        let code = (purpose != Purpose::Reset).then(|| secret.code(id));
        let (token, next) = (Some(secret.token(purpose, id)), self.next.take());
        Ok(self.addressee(Some(Proof { code, token, next }), None))
    }

    fn addressee(self, proof: Option<Proof>, notice: Option<Notice>) -> Addressee {
        let verified = Some(self.verified_at.is_some());
        let Self { email, locale, .. } = self;
        Addressee { email, locale, verified, proof, notice, opens: None }
    }
}

/// Finds an account, and the proof or the notice that one of its letters brings.
pub(crate) fn of_letter(account_id: UserId, id: LetterId) -> Query {
    query!(
        "SELECT u.email AS email, u.locale AS locale, u.verified_at AS verified_at, \
         CAST(CASE WHEN u.password_hash = '' THEN 0 ELSE 1 END AS BIGINT) AS has_password, \
         p.purpose AS purpose, p.email AS proof_email, p.expires_at AS proof_expires_at, \
         p.used_at AS used_at, p.next AS next, COALESCE(n.device, c.device) AS device, \
         COALESCE(n.client, c.client) AS client, COALESCE(n.created_at, c.created_at) AS noticed_at, \
         COALESCE(n.expires_at, c.expires_at) AS notice_expires_at, c.old_email AS old_email \
         FROM auth_users AS u \
         LEFT JOIN auth_proofs AS p ON p.id = ?2 AND p.account_id = u.id \
         LEFT JOIN auth_notices AS n ON n.id = ?2 AND n.account_id = u.id \
         LEFT JOIN auth_address_changes AS c \
         ON c.id = ?2 AND c.account_id = u.id AND c.ended_at IS NULL WHERE u.id = ?1",
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
            has_password: true,
            locale: Some("de-AT".to_owned()),
            verified_at: None,
            purpose: Some(purpose.name().to_owned()),
            proof_email: Some("ada@example.com".to_owned()),
            proof_expires_at: Some(NOW.plus_seconds(1)),
            used_at: None,
            next: None,
            device: None,
            client: None,
            noticed_at: None,
            notice_expires_at: None,
            old_email: None,
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
    fn a_letter_that_signs_in_goes_on_to_a_page() {
        let next = Some("/orders".to_owned());
        let letter = sent(Found { next: next.clone(), ..found(Purpose::SignIn) });
        let proof = letter.and_then(|letter| letter.proof).unwrap();
        let (secret, id) = (secret(), LetterId::nil());
        assert_eq!((proof.code, proof.next), (Some(secret.code(id)), next));
        assert_eq!(proof.token, Some(secret.token(Purpose::SignIn, id)));
    }

    #[test]
    fn a_new_address_and_an_old_one_have_letters_of_their_own() {
        let other = "ada@example.org".to_owned();
        let new = Found { proof_email: Some(other.clone()), ..found(Purpose::Address) };
        let new = sent(new).unwrap();
        assert_eq!(new.email, other);
        let token = Some(secret().token(Purpose::Address, LetterId::nil()));
        assert_eq!(new.proof.and_then(|proof| proof.token), token);
        let old = Found {
            purpose: None,
            noticed_at: Some(NOW),
            notice_expires_at: Some(NOW.plus_seconds(1)),
            old_email: Some(other.clone()),
            ..found(Purpose::Reset)
        };
        let old = sent(old).unwrap();
        assert_eq!(old.email, other);
        let token = Some(secret().token(Purpose::Undo, LetterId::nil()));
        assert_eq!(old.proof.and_then(|proof| proof.token), token);
        assert_eq!(old.notice.map(|notice| notice.at), Some(NOW));
    }

    #[test]
    fn only_an_account_without_a_password_is_opened_by_its_letters() {
        let (secret, id) = (secret(), UserId::nil());
        let guest = Found { has_password: false, ..found(Purpose::Verify) };
        let token = guest.opens(id, &secret, NOW).unwrap();
        assert!(secret.opens(&token, id, "ada@example.com", NOW));
        assert!(found(Purpose::Verify).opens(id, &secret, NOW).is_none());
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
