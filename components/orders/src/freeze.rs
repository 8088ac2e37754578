//! `POST /internal/listings/{id}/freeze`: what `tickets` asks before a seller's change.
//!
//! No route of `spin.toml` leads here from outside, and it only acts in the name of the seller.

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::TicketId;
use boxoffice_contract::orders::{Freeze, Frozen};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::{Timestamp, UserCx, problem, unit};

use crate::SERVICE;
use crate::listing::Listing;
use crate::refusal::{Refusal, Result};

/// How long a seller's change may take until it is being committed, in seconds.
const CHANGE_SECONDS: i64 = 7;
/// How long the commit may take then, before it counts as not having happened.
const COMMIT_SECONDS: i64 = 3;

pub(crate) fn route() -> Router {
    Router::new().route("/internal/listings/{id}/freeze", post(freeze))
}

async fn freeze(
    cx: UserCx,
    Id(id): Id<TicketId>,
    Json(freeze): Json<Freeze>,
) -> problem::Result<Json<Frozen>> {
    if freeze.ticket.id != id || freeze.ticket.seller_id != cx.user.id {
        return Err(Refusal::NotSeller.into());
    }
    Ok(Json(frozen(&cx, &freeze).await?))
}

/// Freezes the listing: what is held of it can only become less until the change is known.
async fn frozen(cx: &UserCx, Freeze { ticket, while_held }: &Freeze) -> Result<Frozen> {
    let frozen_until = Timestamp::now().plus_seconds(CHANGE_SECONDS);
    let thaws_at = frozen_until.plus_seconds(COMMIT_SECONDS);
    unit::run(cx, &SERVICE, async |unit| {
        // The listing may be so new that its event has not arrived.
        unit.change::<()>(Listing::replicate(&[ticket])).await?;
        let freeze = Listing::freeze(ticket.id, cx.user.id, thaws_at, *while_held);
        let (held, sold) = unit.change(freeze).await?.ok_or(Refusal::Held)?;
        Ok(Frozen { held, sold, frozen_until })
    })
    .await
}
