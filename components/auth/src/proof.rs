//! Proofs in the database: what shows that somebody reads the mail of an account's address.
//!
//! A proof is one row for each account and purpose, so a new one ends the one before. Its id is that of
//! the letter that brings it.

use anyhow::Result;
use boxoffice_account_proof::Purpose;
use boxoffice_contract::events::{Event, LetterAsked, kind};
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::{LetterId, UserId};
use boxoffice_kernel::db::Query;
use boxoffice_kernel::{Timestamp, Unit, query, row};

use crate::token::Key;

/// How many codes one may type for a letter.
pub(crate) const TRIES: i64 = 10;
/// How many proofs that have run out one batch of a tick removes.
pub(crate) const SWEPT: usize = 500;

/// A proof that is asked for.
pub(crate) struct NewProof {
    account_id: UserId,
    purpose: Purpose,
    id: LetterId,
    email: String,
    next: Option<String>,
    created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

row! {
    /// A proof that is about to be used.
    pub(crate) struct Proof {
        pub(crate) account_id: UserId,
        pub(crate) email: String,
        expires_at: Timestamp,
        used_at: Option<Timestamp>,
    }
}

row! {
    /// The newest proof of an account for a purpose.
    pub(crate) struct Newest {
        pub(crate) id: LetterId,
        pub(crate) email: String,
        used_at: Option<Timestamp>,
    }
}

row! {
    /// A proof whose code was typed.
    pub(crate) struct Tried {
        pub(crate) id: LetterId,
        tries: i64,
    }
}

impl NewProof {
    /// Makes a proof for `purpose` that goes to `email`, the address of `account_id`.
    pub(crate) fn new(purpose: Purpose, account_id: UserId, email: &str) -> Self {
        let created_at = Timestamp::now();
        Self {
            account_id,
            purpose,
            id: LetterId::new(),
            email: email.to_owned(),
            next: None,
            created_at,
            expires_at: created_at.plus_seconds(purpose.seconds()),
        }
    }

    /// Makes the same proof, whose link goes on to the page at `next`.
    #[must_use]
    pub(crate) fn going_on_to(self, next: Option<String>) -> Self {
        Self { next, ..self }
    }

    /// Queues the proof, which ends the one before, and the event that asks for its letter.
    ///
    /// # Errors
    /// When the event cannot be written.
    pub(crate) fn ask(&self, unit: &mut Unit<'_>, letter: AccountLetter) -> Result<()> {
        unit.insert(self.superseding());
        let expires_at = Some(self.expires_at);
        unit.emit(asked(self.id, self.account_id, letter, expires_at)?);
        Ok(())
    }

    pub(crate) fn superseding(&self) -> Query {
        query!(
            "INSERT INTO auth_proofs \
             (account_id, purpose, id, email, created_at, expires_at, next) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
             ON CONFLICT (account_id, purpose) DO UPDATE SET id = excluded.id, \
             email = excluded.email, created_at = excluded.created_at, \
             expires_at = excluded.expires_at, used_at = NULL, tries = 0, next = excluded.next",
            self.account_id,
            self.purpose.name(),
            self.id,
            &self.email,
            self.created_at,
            self.expires_at,
            self.next.clone()
        )
    }
}

impl Proof {
    /// Tells whether the proof can be used at `now`.
    pub(crate) fn is_good(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && self.expires_at > now
    }

    /// Tells whether its time is not up at `now`, used or not.
    pub(crate) fn is_young(&self, now: Timestamp) -> bool {
        self.expires_at > now
    }

    /// Tells whether it was used.
    pub(crate) const fn is_used(&self) -> bool {
        self.used_at.is_some()
    }
}

impl Newest {
    /// Tells whether it was used to give an account the address `email`.
    pub(crate) fn has_proven(&self, email: &str) -> bool {
        self.used_at.is_some() && self.email == email
    }
}

impl Tried {
    /// Returns how many codes one may still type.
    pub(crate) const fn left(&self) -> i64 {
        TRIES - self.tries
    }
}

/// Tells whether `code` is the one in the letter `id`.
///
/// # Errors
/// When the signing key cannot be read.
pub(crate) async fn is_code(id: LetterId, code: &str) -> Result<bool> {
    Ok(Key::load().await?.proofs.is_code(id, code))
}

/// Makes the event that asks for a letter.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn asked(
    id: LetterId,
    user_id: UserId,
    kind: AccountLetter,
    expires_at: Option<Timestamp>,
) -> Result<Event> {
    let asked = LetterAsked { id, version: 1, user_id, kind, expires_at };
    Ok(Event::new(kind::LetterAsked, &asked)?)
}

/// Finds the proof that a token names.
pub(crate) fn of_id(id: LetterId, purpose: Purpose) -> Query {
    const COLUMNS: &str = Proof::COLUMNS;
    query!("SELECT {COLUMNS} FROM auth_proofs WHERE id = ?1 AND purpose = ?2", id, purpose.name())
}

/// Finds an account's newest proof.
pub(crate) fn newest(account_id: UserId, purpose: Purpose) -> Query {
    const COLUMNS: &str = Newest::COLUMNS;
    query!(
        "SELECT {COLUMNS} FROM auth_proofs WHERE account_id = ?1 AND purpose = ?2",
        account_id,
        purpose.name()
    )
}

/// Uses a proof, unless it was used or superseded, or its time is up.
pub(crate) fn using(id: LetterId, purpose: Purpose, now: Timestamp) -> Query {
    const COLUMNS: &str = Proof::COLUMNS;
    query!(
        "UPDATE auth_proofs SET used_at = ?3 \
         WHERE id = ?1 AND purpose = ?2 AND used_at IS NULL AND expires_at > ?3 \
         RETURNING {COLUMNS}",
        id,
        purpose.name(),
        now
    )
}

/// Counts a code that was typed, if one may still be. It is counted before it is compared: as many codes
/// at once as one likes are no more tries than one after the other.
pub(crate) fn trying(account_id: UserId, purpose: Purpose, now: Timestamp) -> Query {
    const COLUMNS: &str = Tried::COLUMNS;
    query!(
        "UPDATE auth_proofs SET tries = tries + 1 \
         WHERE account_id = ?1 AND purpose = ?2 AND used_at IS NULL AND expires_at > ?3 \
         AND tries < ?4 RETURNING {COLUMNS}",
        account_id,
        purpose.name(),
        now,
        TRIES
    )
}

/// Ends all proofs of the account: they were for somebody whose password no longer counts.
pub(crate) fn ending_all(account_id: UserId, now: Timestamp) -> Query {
    query!(
        "UPDATE auth_proofs SET used_at = ?2 WHERE account_id = ?1 AND used_at IS NULL",
        account_id,
        now
    )
}

/// Ends the proofs by which others could take the account: its password was changed by its owner. The
/// one that proves the address still does.
pub(crate) fn ending_others(account_id: UserId, now: Timestamp) -> Query {
    query!(
        "UPDATE auth_proofs SET used_at = ?3 \
         WHERE account_id = ?1 AND purpose <> ?2 AND used_at IS NULL",
        account_id,
        Purpose::Verify.name(),
        now
    )
}

/// Removes proofs that have run out. Leaves those that somebody is at work on to the next sweep.
pub(crate) fn sweeping(now: Timestamp) -> Query {
    query!(
        "WITH ended AS (SELECT id FROM auth_proofs WHERE expires_at <= ?1 \
         LIMIT ?2 FOR UPDATE SKIP LOCKED) \
         DELETE FROM auth_proofs WHERE id IN (SELECT id FROM ended) RETURNING id",
        now,
        i64::try_from(SWEPT).unwrap_or(i64::MAX)
    )
}
