//! News of listings, for the pages that show them: one short stream in Redis.
//!
//! News is no event. It is told once, after the commit, as well as can be: nobody decides anything
//! by it, nothing waits for it, and what is lost is made good by a page that asks again.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::bus;
use super::contract::TicketStatus;
use super::entry::EntryId;

/// The stream.
pub const STREAM: &str = "live:tickets";
/// About how many entries the stream keeps (Redis trims it by whole nodes): minutes, with ten
/// changes a second. Whoever has missed more asks for the whole state, which is less to send.
pub const KEPT: usize = 2_000;

/// How a listing stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketNews {
    /// The listing.
    pub id: Uuid,
    /// Grows with every change; the newer version wins.
    pub version: i64,
    /// Where it stands.
    pub status: TicketStatus,
    /// How many tickets can be had right now.
    pub available: i64,
    /// Whether more may have changed than what is told here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
}

/// News, and where it stands in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The entry's id.
    pub id: EntryId,
    /// What it tells; None if it is none of ours.
    pub news: Option<TicketNews>,
}

impl TicketNews {
    /// What remains to be told when `self` and `other`, of the same listing, are both news.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        let edited = self.edited || other.edited;
        let newer = if other.version > self.version { other } else { self };
        Self { edited, ..newer }
    }
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
    bus::append_capped(STREAM, KEPT, &bodies?).await
}

/// At most `count` entries of the stream, from `start` (included) on.
///
/// # Errors
/// When Redis cannot be reached, refuses, or does not answer at once.
pub async fn read(start: EntryId, count: usize) -> Result<Vec<Entry>> {
    let deliveries = bus::range(STREAM, start, count).await?;
    deliveries
        .into_iter()
        .map(|entry| {
            Ok(Entry { id: entry.id.parse()?, news: serde_json::from_str(&entry.event).ok() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn of_two_news_the_newer_version_stands_and_an_edit_is_not_forgotten() {
        let news = |version, available, edited| {
            let (id, status) = (Uuid::nil(), TicketStatus::Open);
            TicketNews { id, version, status, available, edited }
        };
        assert_eq!(news(1, 5, true).merged(news(2, 4, false)), news(2, 4, true));
        assert_eq!(news(3, 2, false).merged(news(2, 4, false)), news(3, 2, false));
    }

    #[test]
    fn it_travels_as_pages_read_it() {
        let json = r#"{"id":"00000000-0000-0000-0000-000000000000","version":2,"status":"held","available":0}"#;
        let news: TicketNews = serde_json::from_str(json).unwrap();
        assert!(!news.edited);
        assert_eq!(serde_json::to_string(&news).unwrap(), json);
        let edited = serde_json::to_value(TicketNews { edited: true, ..news }).unwrap();
        assert_eq!(edited["edited"], true);
    }
}
