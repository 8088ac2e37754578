//! The letters that tell of one's data: that the file is ready, and that the account is deleted.
//!
//! The address of a deleted account lives on in a row of its own until its last letter is sent. It is kept
//! for a day, since a letter that the server refuses for now is tried again.

use boxoffice_contract::mail::{AccountLetter, Addressee};
use boxoffice_contract::{LetterId, UserId};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::{Timestamp, Unit, query, row};

use crate::refusal::{self, Refusal};
use crate::{SERVICE, account, proof};

/// How long the last letter may be on its way, in seconds: a day.
const SECONDS: i64 = 24 * 60 * 60;
/// How many addresses one batch of a tick removes.
pub(crate) const SWEPT: usize = 500;

row! {
    /// Where the last letter to an account goes.
    pub(crate) struct Farewell in "auth_farewells" {
        pub(crate) id: LetterId,
        pub(crate) account_id: UserId,
        pub(crate) email: String,
        pub(crate) locale: Option<String>,
        pub(crate) expires_at: Timestamp,
    }
}

row! {
    /// Who gets a letter.
    struct Receiver {
        email: String,
        locale: Option<String>,
    }
}

/// Queues the last letter to an account that had the address `email`.
///
/// # Errors
/// When its event cannot be written.
pub(crate) fn ask(
    unit: &mut Unit<'_>,
    account_id: UserId,
    email: String,
    locale: Option<String>,
) -> anyhow::Result<()> {
    let (id, expires_at) = (LetterId::new(), Timestamp::now().plus_seconds(SECONDS));
    unit.insert(Farewell { id, account_id, email, locale, expires_at }.insert());
    unit.emit(proof::asked(id, account_id, AccountLetter::AccountDeleted, Some(expires_at))?);
    Ok(())
}

/// Tells where the letter `id` goes, if it is one of these and may still be sent.
///
/// # Errors
/// [`Refusal::LetterVoid`]; what the database says.
pub(crate) async fn addressee(user: UserId, id: LetterId) -> refusal::Result<Addressee> {
    let (mut reader, now) = (Reader::new(&SERVICE), Timestamp::now());
    let farewell: Option<Receiver> = reader.read(of_farewell(user, id, now)).await?;
    let found = match farewell {
        Some(found) => Some(found),
        None => reader.read(of_export(user, id, now)).await?,
    };
    let found = found.filter(|found| account::is_address(&found.email));
    let Receiver { email, locale } = found.ok_or(Refusal::LetterVoid)?;
    Ok(Addressee { email, locale, verified: None, proof: None, notice: None, opens: None })
}

pub(crate) fn of_farewell(account: UserId, id: LetterId, now: Timestamp) -> Query {
    query!(
        "SELECT email, locale FROM auth_farewells \
         WHERE id = ?1 AND account_id = ?2 AND expires_at > ?3",
        id,
        account,
        now
    )
}

/// An export's letter has the export's id.
pub(crate) fn of_export(account: UserId, id: LetterId, now: Timestamp) -> Query {
    query!(
        "SELECT u.email AS email, u.locale AS locale FROM auth_exports AS e \
         JOIN auth_users AS u ON u.id = e.account_id \
         WHERE e.id = ?1 AND e.account_id = ?2 AND e.status = 'ready' AND e.expires_at > ?3",
        id,
        account,
        now
    )
}

/// Removes addresses whose letters need them no longer.
pub(crate) fn sweeping(now: Timestamp) -> Query {
    query!(
        "WITH ended AS (SELECT id FROM auth_farewells WHERE expires_at <= ?1 \
         LIMIT ?2 FOR UPDATE SKIP LOCKED) \
         DELETE FROM auth_farewells WHERE id IN (SELECT id FROM ended) RETURNING id",
        now,
        i64::try_from(SWEPT).unwrap_or(i64::MAX)
    )
}
