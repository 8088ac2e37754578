//! What becomes of an account's orders when the account may not be used any more.

use anyhow::{Context, Result};
use boxoffice_contract::{OrderId, UserId};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::events::Outcome;
use boxoffice_kernel::{Cx, query, unit};

use crate::{SERVICE, transition};

/// Ends all holds of `buyer`, each in a unit of its own. A payment that is under way is then given up, as
/// for a hold whose time is up. What was bought stays bought.
///
/// # Errors
/// What the database says; what ended before stays ended.
pub(crate) async fn end_holds(cx: &Cx, buyer: UserId) -> Result<Outcome> {
    let held: Vec<(OrderId,)> = Reader::new(&SERVICE).read_all(held(buyer)).await?;
    let mut changed = false;
    for (id,) in held {
        let ended = unit::run(cx, &SERVICE, async |unit| {
            transition::stop(unit, id, buyer).await.context("ending a hold")
        })
        .await?;
        changed |= ended.is_some();
    }
    Ok(Outcome::of(changed))
}

/// Finds the orders by which `buyer` holds tickets.
pub(crate) fn held(buyer: UserId) -> Query {
    query!(
        "SELECT id FROM orders_orders \
         WHERE buyer_id = ?1 AND status IN ('created', 'awaiting:payment') ORDER BY id",
        buyer
    )
}
