//! What letters tell an account's owner: from where somebody signed in, or changed the password.

use anyhow::Result;
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::{LetterId, UserId};
use boxoffice_kernel::db::Query;
use boxoffice_kernel::{Cx, Timestamp, Unit, query, row};
use http::HeaderMap;

use crate::{proof, session};

/// How long a letter may be on its way before what it tells is of no use, in seconds: a week.
const SECONDS: i64 = 7 * 24 * 60 * 60;
/// How many notices that have run out one batch of a tick removes.
pub(crate) const SWEPT: usize = 500;

row! {
    /// Something that a letter tells.
    pub(crate) struct NewNotice in "auth_notices" {
        pub(crate) id: LetterId,
        pub(crate) account_id: UserId,
        pub(crate) device: String,
        pub(crate) client: Option<String>,
        pub(crate) created_at: Timestamp,
        pub(crate) expires_at: Timestamp,
    }
}

impl NewNotice {
    /// Notes that the browser that sent `headers` has just done something with `account_id`.
    pub(crate) fn new(cx: &Cx, account_id: UserId, headers: &HeaderMap) -> Self {
        let created_at = Timestamp::now();
        Self {
            id: LetterId::new(),
            account_id,
            device: session::device(headers),
            client: cx.client().map(|address| address.to_string()),
            created_at,
            expires_at: created_at.plus_seconds(SECONDS),
        }
    }

    /// Queues the notice, and the event that asks for its letter.
    ///
    /// # Errors
    /// When the event cannot be written.
    pub(crate) fn ask(&self, unit: &mut Unit<'_>, letter: AccountLetter) -> Result<()> {
        unit.insert(self.insert());
        unit.emit(proof::asked(self.id, self.account_id, letter, Some(self.expires_at))?);
        Ok(())
    }
}

/// Removes notices that have run out. Leaves those that somebody is at work on to the next sweep.
pub(crate) fn sweeping(now: Timestamp) -> Query {
    query!(
        "WITH ended AS (SELECT id FROM auth_notices WHERE expires_at <= ?1 \
         LIMIT ?2 FOR UPDATE SKIP LOCKED) \
         DELETE FROM auth_notices WHERE id IN (SELECT id FROM ended) RETURNING id",
        now,
        i64::try_from(SWEPT).unwrap_or(i64::MAX)
    )
}
