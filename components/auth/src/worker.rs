//! What a tick does here: it tells of ended sessions what is untold. No events change anything here.

use anyhow::Result;
use boxoffice_kernel::events::worker::Handler;
use boxoffice_kernel::events::{Event, Outcome};
use boxoffice_kernel::{Cx, Service};

use crate::{SERVICE, ended};

/// This service's side of the events.
pub(crate) struct Auth;

impl Handler for Auth {
    const SERVICE: &'static Service = &SERVICE;

    async fn handle(_: &Cx, events: &[Event]) -> Result<Vec<Outcome>> {
        let names: Vec<&str> = events.iter().map(|event| event.event_type.name()).collect();
        anyhow::bail!("auth does not handle {}", names.join(", "))
    }

    async fn tick(cx: &Cx) -> Result<bool> {
        ended::tell_untold(cx).await
    }
}
