//! What one stream of news is to tell.

use std::time::Duration;

use boxoffice_contract::TicketId;
use boxoffice_kernel::events::entry::EntryId;

/// What a stream is to tell, and for how long.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    /// The listings, sorted.
    pub(crate) tickets: Vec<TicketId>,
    /// What was heard last; None for someone who has just come.
    pub(crate) after: Option<EntryId>,
    /// How long at most.
    pub(crate) length: Duration,
}
