//! Addresses that accounts had, in the database: each can be given back for a week, by the link of a
//! letter that goes there.

use boxoffice_account_proof::Purpose;
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::{LetterId, UserId};
use boxoffice_kernel::db::Query;
use boxoffice_kernel::{Cx, Timestamp, Unit, query, row};
use http::HeaderMap;

use crate::{proof, session};

/// How many changes that can no longer be undone one batch of a tick removes.
pub(crate) const SWEPT: usize = 500;

row! {
    /// A change that is made.
    pub(crate) struct NewChange in "auth_address_changes" {
        pub(crate) id: LetterId,
        pub(crate) account_id: UserId,
        pub(crate) old_email: String,
        pub(crate) device: String,
        pub(crate) client: Option<String>,
        pub(crate) created_at: Timestamp,
        pub(crate) expires_at: Timestamp,
    }
}

row! {
    /// A change that was made.
    pub(crate) struct Change {
        pub(crate) account_id: UserId,
        pub(crate) old_email: String,
        pub(crate) created_at: Timestamp,
        expires_at: Timestamp,
        ended_at: Option<Timestamp>,
    }
}

impl NewChange {
    /// Notes that the browser that sent `headers` gives `account_id` another address than `old_email`.
    pub(crate) fn new(cx: &Cx, account_id: UserId, old_email: &str, headers: &HeaderMap) -> Self {
        let created_at = Timestamp::now();
        Self {
            id: LetterId::new(),
            account_id,
            old_email: old_email.to_owned(),
            device: session::device(headers),
            client: cx.client().map(|address| address.to_string()),
            created_at,
            expires_at: created_at.plus_seconds(Purpose::Undo.seconds()),
        }
    }

    /// Queues the change, and the event that asks for the letter to the old address.
    ///
    /// # Errors
    /// When the event cannot be written.
    pub(crate) fn tell(&self, unit: &mut Unit<'_>) -> anyhow::Result<()> {
        unit.insert(self.insert());
        let (letter, until) = (AccountLetter::AddressChanged, Some(self.expires_at));
        unit.emit(proof::asked(self.id, self.account_id, letter, until)?);
        Ok(())
    }
}

impl Change {
    /// Tells whether it can be undone at `now`.
    pub(crate) fn is_good(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.expires_at > now
    }
}

/// Ends the change that was made at `since`, and all later ones of the account: who made those must
/// not undo this.
pub(crate) fn ending(account_id: UserId, since: Timestamp, now: Timestamp) -> Query {
    query!(
        "UPDATE auth_address_changes SET ended_at = ?3 \
         WHERE account_id = ?1 AND created_at >= ?2 AND ended_at IS NULL RETURNING id",
        account_id,
        since,
        now
    )
}

/// Finds the change that a token names.
pub(crate) fn of_id(id: LetterId) -> Query {
    const COLUMNS: &str = Change::COLUMNS;
    query!("SELECT {COLUMNS} FROM auth_address_changes WHERE id = ?1", id)
}

/// Removes changes that can no longer be undone. Leaves those that somebody is at work on to the next
/// sweep.
pub(crate) fn sweeping(now: Timestamp) -> Query {
    query!(
        "WITH ended AS (SELECT id FROM auth_address_changes WHERE expires_at <= ?1 \
         LIMIT ?2 FOR UPDATE SKIP LOCKED) \
         DELETE FROM auth_address_changes WHERE id IN (SELECT id FROM ended) RETURNING id",
        now,
        i64::try_from(SWEPT).unwrap_or(i64::MAX)
    )
}
