//! What a tick does here: it tells of ended sessions what is untold, makes files with people's data, deletes
//! the accounts that operators want deleted, and removes what has run out. No events change anything here.

use anyhow::Result;
use boxoffice_contract::{LetterId, SessionId};
use boxoffice_kernel::events::worker::Handler;
use boxoffice_kernel::events::{Event, Outcome};
use boxoffice_kernel::{Cx, Service, Timestamp, erasure, limit, unit};

use crate::{
    SERVICE, address_change, challenge, deletion, ended, export, farewell, notice, person, proof,
    session,
};

/// This service's side of the events.
pub(crate) struct Auth;

impl Handler for Auth {
    const SERVICE: &'static Service = &SERVICE;

    async fn handle(_: &Cx, events: &[Event]) -> Result<Vec<Outcome>> {
        let names: Vec<&str> = events.iter().map(|event| event.event_type.name()).collect();
        anyhow::bail!("auth does not handle {}", names.join(", "))
    }

    async fn tick(cx: &Cx) -> Result<bool> {
        let now = Timestamp::now();
        let removed = session::sweeping(now);
        let removed: Vec<(SessionId,)> = unit::change_all(cx, &SERVICE, removed).await?;
        let proofs = proof::sweeping(now);
        let proofs: Vec<(LetterId,)> = unit::change_all(cx, &SERVICE, proofs).await?;
        let notices = notice::sweeping(now);
        let notices: Vec<(LetterId,)> = unit::change_all(cx, &SERVICE, notices).await?;
        let changes = address_change::sweeping(now);
        let changes: Vec<(LetterId,)> = unit::change_all(cx, &SERVICE, changes).await?;
        let farewells = farewell::sweeping(now);
        let farewells: Vec<(LetterId,)> = unit::change_all(cx, &SERVICE, farewells).await?;
        let more_to_make = deletion::tick(cx).await?
            | erasure::tick(cx, &SERVICE, person::erase_again).await?
            | export::tick(cx).await?;
        let challenges = challenge::sweeping(now);
        let challenges: Vec<(String,)> = unit::change_all(cx, &SERVICE, challenges).await?;
        let more_to_remove = removed.len() >= session::SWEPT
            || changes.len() >= address_change::SWEPT
            || proofs.len() >= proof::SWEPT
            || notices.len() >= notice::SWEPT
            || farewells.len() >= farewell::SWEPT
            || export::sweep(cx).await? >= export::SWEPT
            || challenges.len() >= challenge::SWEPT
            || limit::sweep(cx, &SERVICE).await?;
        Ok(ended::tell_untold(cx).await? || more_to_remove || more_to_make)
    }
}
