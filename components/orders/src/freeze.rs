//! `POST /internal/listings/{id}/freeze`: what `tickets` asks before a seller's change.
//!
//! No route of `spin.toml` leads here from outside, and it only acts in the name of the seller.

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::TicketId;
use boxoffice_contract::events::TicketState;
use boxoffice_contract::orders::Frozen;
use boxoffice_kernel::db::Transaction;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::identity::User;
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Problem, Timestamp, Trace};

use crate::SERVICE;
use crate::listing::Listing;

/// How long a seller's change may take until it is being committed, in seconds.
const CHANGE_SECONDS: i64 = 7;
/// How long the commit may take then, before it counts as not having happened.
const COMMIT_SECONDS: i64 = 3;

pub(crate) fn route() -> Router {
    Router::new().route("/internal/listings/{id}/freeze", post(freeze))
}

async fn freeze(
    user: User,
    Id(id): Id<TicketId>,
    Json(ticket): Json<TicketState>,
) -> Result<Json<Frozen>> {
    if ticket.id != id || ticket.seller_id != user.id {
        return Err(Problem::forbidden("Only its seller may change a listing"));
    }
    let frozen_until = Timestamp::now().plus_seconds(CHANGE_SECONDS);
    let thaws_at = frozen_until.plus_seconds(COMMIT_SECONDS);
    let transaction = Transaction::begin(&SERVICE, Trace::NONE).await?;
    // The listing may be so new that its event has not arrived.
    Listing::replicate(&transaction, &[&ticket]).await?;
    let sold = Listing::freeze(&transaction, id, user.id, thaws_at).await?;
    let Some(sold) = sold else {
        return Err(Problem::conflict(
            "Someone is checking out. You can edit this if their hold ends",
            "held",
        ));
    };
    transaction.commit().await?;
    Ok(Json(Frozen { sold, frozen_until }))
}
