//! What becomes of an account's listings when the account may not be used any more.

use anyhow::Result;
use boxoffice_contract::UserId;
use boxoffice_contract::events::{UserState, kind};
use boxoffice_kernel::db::{self, Query, Read};
use boxoffice_kernel::{Cx, Unit, query, unit};

use crate::ticket::{COLUMNS, NEXT_VERSION, Ticket};
use crate::{SERVICE, pages};

/// Takes over whether an account is suspended, unless something newer is known. The listings of one that
/// is go off sale for good. Tells whether that was news.
///
/// # Errors
/// What the database says.
pub(crate) async fn follow(cx: &Cx, user: &UserState) -> Result<bool> {
    let work = async |unit: &mut Unit<'_>| {
        if unit.change::<(UserId,)>(noting(user)).await?.is_none() {
            return Ok(false);
        }
        if user.suspended {
            take_off_sale(unit, user.id).await?;
        }
        Ok::<bool, anyhow::Error>(true)
    };
    let changed = unit::run(cx, &SERVICE, work).await?;
    if changed {
        pages::forget().await?;
    }
    Ok(changed)
}

/// Takes all listings of `seller` off sale, for good. Who holds tickets may pay for them until the hold
/// ends. A fan's ticket that was sold stays its buyer's.
///
/// # Errors
/// What the database says.
pub(crate) async fn take_off_sale(unit: &mut Unit<'_>, seller: UserId) -> Result<()> {
    for ended in unit.change_all::<Ticket>(ending(seller)).await? {
        unit.emit(ended.event(kind::TicketUpdated)?);
        unit.tell(ended.news(false));
    }
    Ok(())
}

/// Tells whether `account` is suspended, as far as `auth` has told.
///
/// # Errors
/// What the database says.
pub(crate) async fn is_suspended(read: &mut impl Read, account: UserId) -> db::Result<bool> {
    Ok(read.read::<(UserId,)>(suspended(account)).await?.is_some())
}

pub(crate) fn noting(user: &UserState) -> Query {
    query!(
        "INSERT INTO tickets_people (id, version, suspended) VALUES (?1, ?2, ?3) \
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, \
         suspended = excluded.suspended \
         WHERE excluded.version > tickets_people.version RETURNING id",
        user.id,
        user.version,
        user.suspended
    )
}

pub(crate) fn suspended(account: UserId) -> Query {
    query!("SELECT id FROM tickets_people WHERE id = ?1 AND suspended = 1", account)
}

pub(crate) fn ending(seller: UserId) -> Query {
    query!(
        "UPDATE tickets_tickets SET withdrawn = 1, {NEXT_VERSION} \
         WHERE seller_id = ?1 AND withdrawn = 0 AND (resale_of IS NULL OR sold < quantity) \
         RETURNING {COLUMNS}",
        seller
    )
}
