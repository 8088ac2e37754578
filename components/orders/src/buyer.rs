//! How much one buyer may hold: so that nobody keeps tickets from others for nothing.
//!
//! What a buyer has is read from their orders, and a guarded statement has the commit fail if another
//! hold of theirs was committed since. So holds at the same time do not pass a limit together.

use boxoffice_contract::{TicketId, UserId};
use boxoffice_kernel::db::{self, Query, Read};
use boxoffice_kernel::{Timestamp, config, query, row};

use crate::listing::Listing;
use crate::refusal::Refusal;

/// The first pause, in seconds. Each hold that runs out after that doubles it.
const FIRST_PAUSE: i64 = 5 * 60;
/// The longest pause, in seconds.
const LONGEST_PAUSE: i64 = 4 * 60 * 60;
/// For how long a hold that ran out counts, in seconds.
const REMEMBERED: i64 = 24 * 60 * 60;
/// In how many seconds a buyer may make `holds_per_buyer` holds.
const BURST: i64 = 10 * 60;

/// How many holds a buyer may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many may be open at once.
    open: i64,
    /// How many may be made within [`BURST`].
    burst: i64,
    /// How many may run out before the buyer has to pause.
    forgiven: i64,
}

row! {
    /// What a buyer has held and holds.
    #[derive(Clone, Copy, Debug, Default)]
    pub(crate) struct Buyer {
        /// How many holds they have made, as far as it was counted. See [`Buyer::hold`].
        holds: i64,
        /// How many tickets of the listing they have, held or bought.
        taken: i64,
        /// How many of their holds are open.
        open: i64,
        /// How many holds they made just now.
        recent: i64,
        /// How many of their holds ran out, since they last bought something and were remembered.
        ran_out: i64,
        /// When the last of those ran out.
        last_ran_out: Option<Timestamp>,
    }
}

impl Limits {
    /// Reads the variables `open_holds_per_buyer`, `holds_per_buyer` and `holds_forgiven`.
    ///
    /// # Errors
    /// When one of them is not a number.
    pub(crate) async fn load() -> anyhow::Result<Self> {
        Ok(Self {
            open: config::number("open_holds_per_buyer").await?,
            burst: config::number("holds_per_buyer").await?,
            forgiven: config::number("holds_forgiven").await?,
        })
    }
}

impl Buyer {
    /// Reads what `buyer` has held and holds, and what of it is of the listing `ticket`.
    pub(crate) async fn find_in(
        read: &mut impl Read,
        buyer: UserId,
        ticket: TicketId,
        now: Timestamp,
    ) -> db::Result<Self> {
        Ok(read.read(Self::find(buyer, ticket, now)).await?.unwrap_or_default())
    }

    /// All of it in one statement, so that it is of one moment. Of orders that are cancelled, the newest
    /// are enough.
    pub(crate) fn find(buyer: UserId, ticket: TicketId, now: Timestamp) -> Query {
        query!(
            "WITH newest AS (SELECT id, status, cancel_reason, created_at, expires_at \
              FROM orders_orders WHERE buyer_id = ?1 ORDER BY id DESC LIMIT 50), \
             ran_out AS (SELECT expires_at FROM newest WHERE cancel_reason = 'expired' \
              AND expires_at > ?3 AND id > COALESCE((SELECT MAX(id) FROM newest \
               WHERE status = 'complete'), '')) \
             SELECT COALESCE((SELECT holds FROM orders_buyers WHERE buyer_id = ?1), 0) AS holds, \
             (SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM orders_orders \
              WHERE buyer_id = ?1 AND ticket_id = ?2 AND status <> 'cancelled' \
              AND refunded_at IS NULL) AS taken, \
             (SELECT COUNT(*) FROM orders_orders WHERE buyer_id = ?1 AND status <> 'cancelled' \
              AND status <> 'complete') AS open, \
             (SELECT COUNT(*) FROM newest WHERE created_at > ?4) AS recent, \
             (SELECT COUNT(*) FROM ran_out) AS ran_out, \
             (SELECT MAX(expires_at) FROM ran_out) AS last_ran_out",
            buyer,
            ticket,
            now.plus_seconds(-REMEMBERED),
            now.plus_seconds(-BURST)
        )
    }

    /// Refuses a hold of `quantity` tickets of `listing` if it would be too much.
    pub(crate) fn check(
        &self,
        listing: &Listing,
        quantity: i64,
        limits: Limits,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let left = listing.max_per_buyer - self.taken;
        if quantity > left {
            let (most, left) = (listing.max_per_buyer, left.max(0));
            return Err(Refusal::TooManyForOne { most, left });
        }
        if self.open >= limits.open {
            return Err(Refusal::TooManyHolds { most: limits.open });
        }
        if self.recent >= limits.burst {
            return Err(Refusal::Pausing { seconds: BURST });
        }
        match self.pause_ends(limits.forgiven) {
            Some(end) if end > now => {
                let seconds = (end.as_millis() - now.as_millis() + 999) / 1000;
                Err(Refusal::Pausing { seconds })
            }
            _ => Ok(()),
        }
    }

    /// When the buyer may hold tickets again, after holds that ran out.
    fn pause_ends(&self, forgiven: i64) -> Option<Timestamp> {
        let doublings = u32::try_from(self.ran_out - forgiven - 1).ok()?;
        let pause = FIRST_PAUSE.saturating_mul(2_i64.saturating_pow(doublings)).min(LONGEST_PAUSE);
        Some(self.last_ran_out?.plus_seconds(pause))
    }

    /// Counts a hold of `buyer`. It changes nothing if another was counted since this was read.
    pub(crate) fn hold(&self, buyer: UserId) -> Query {
        query!(
            "INSERT INTO orders_buyers (buyer_id, holds) VALUES (?1, 1) \
             ON CONFLICT (buyer_id) DO UPDATE SET holds = orders_buyers.holds + 1 \
             WHERE orders_buyers.holds = ?2",
            buyer,
            self.holds
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_898_596_800_000);
    const LIMITS: Limits = Limits { open: 10, burst: 30, forgiven: 2 };

    fn refusal(buyer: Buyer, quantity: i64) -> Option<Refusal> {
        let listing = Listing { max_per_buyer: 4, ..crate::statements::listing() };
        buyer.check(&listing, quantity, LIMITS, NOW).err()
    }

    #[test]
    fn a_buyer_gets_what_the_seller_allows() {
        let taken = |taken| Buyer { taken, ..Buyer::default() };
        assert!(refusal(taken(0), 4).is_none() && refusal(taken(3), 1).is_none());
        assert!(matches!(refusal(taken(3), 2), Some(Refusal::TooManyForOne { most: 4, left: 1 })));
        // The seller has lowered it since.
        assert!(matches!(refusal(taken(9), 1), Some(Refusal::TooManyForOne { left: 0, .. })));
    }

    #[test]
    fn holds_are_few_at_once_and_few_in_a_while() {
        let open = |open| Buyer { open, ..Buyer::default() };
        assert!(refusal(open(9), 1).is_none());
        assert!(matches!(refusal(open(10), 1), Some(Refusal::TooManyHolds { most: 10 })));
        let recent = |recent| Buyer { recent, ..Buyer::default() };
        assert!(refusal(recent(29), 1).is_none());
        assert!(matches!(refusal(recent(30), 1), Some(Refusal::Pausing { seconds: BURST })));
    }

    #[test]
    fn pauses_grow_with_each_hold_that_ran_out() {
        let pause = |ran_out| {
            let buyer = Buyer { ran_out, last_ran_out: Some(NOW), ..Buyer::default() };
            match refusal(buyer, 1) {
                Some(Refusal::Pausing { seconds }) => seconds,
                _ => 0,
            }
        };
        let pauses = [0, 1, 2, 3, 4, 5, 50].map(pause);
        assert_eq!(pauses, [0, 0, 0, 300, 600, 1_200, LONGEST_PAUSE]);
        let over = Some(NOW.plus_seconds(-301));
        let rested = Buyer { ran_out: 3, last_ran_out: over, ..Buyer::default() };
        assert!(refusal(rested, 1).is_none());
    }
}
