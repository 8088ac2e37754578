//! News of listings, for the pages that show them: one short stream in Redis.
//!
//! News is no event. It is told once, after the commit, as well as can be: nobody decides anything
//! by it, nothing waits for it, and what is lost is made good by a page that asks again.

use anyhow::Result;
use boxoffice_contract::bus::NEWS;
use boxoffice_contract::news::TicketNews;

use super::bus;
use super::entry::EntryId;

/// About how many entries the stream keeps (Redis trims it by whole nodes): minutes, with ten
/// changes a second. A page that has missed more asks for the whole state, which is less to send.
pub const KEPT: usize = 2_000;

/// News, and where it stands in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The entry's id.
    pub id: EntryId,
    /// What it tells; `None` if the entry is not ours.
    pub news: Option<TicketNews>,
}

/// Appends `news` to the stream, one entry for each listing.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub(super) async fn tell(news: Vec<TicketNews>) -> Result<()> {
    let mut told: Vec<TicketNews> = Vec::new();
    for item in news {
        match told.iter_mut().find(|known| known.id == item.id) {
            Some(known) => *known = known.clone().merged(item),
            None => told.push(item),
        }
    }
    let bodies: Result<Vec<String>, _> = told.iter().map(serde_json::to_string).collect();
    bus::append_capped(NEWS, KEPT, &bodies?).await
}

/// At most `count` entries of the stream, from `start` (included) on.
///
/// # Errors
/// When Redis cannot be reached, refuses, or does not answer at once.
pub async fn read(start: EntryId, count: usize) -> Result<Vec<Entry>> {
    let deliveries = bus::range(NEWS, start, count).await?;
    deliveries
        .into_iter()
        .map(|entry| {
            Ok(Entry { id: entry.id.parse()?, news: serde_json::from_str(&entry.event).ok() })
        })
        .collect()
}
