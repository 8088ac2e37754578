//! News of listings, for the pages that show them.
//!
//! News is no event: nobody decides anything by it, and what is lost is made good by a page that
//! asks again.

use serde::{Deserialize, Serialize};

use crate::TicketId;
use crate::tickets::TicketStatus;

/// How a listing stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketNews {
    /// The listing.
    pub id: TicketId,
    /// Grows with every change; the newer version wins.
    pub version: i64,
    /// Its status.
    pub status: TicketStatus,
    /// How many tickets can be had right now.
    pub available: i64,
    /// Whether more may have changed than what is told here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn of_two_news_the_newer_version_stands_and_an_edit_is_not_forgotten() {
        let news = |version, available, edited| {
            let (id, status) = (TicketId::nil(), TicketStatus::Open);
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
