//! What is written: server-sent events (HTML Standard, 9.2.6).

use boxoffice_contract::news::TicketNews;
use boxoffice_kernel::events::entry::EntryId;

/// The first words of a stream: after how many milliseconds to come back if it breaks off.
pub(crate) const OPENING: &str = "retry: 1000\n\n";

/// The last words of a stream whose time is up: there is nothing to wait for, and until the page is
/// back it hears nothing.
pub(crate) const COME_BACK: &str = "retry: 250\n\n";

/// The event that a listing now stands as `news` says.
///
/// # Errors
/// When `news` cannot be written as JSON.
pub(crate) fn ticket(id: EntryId, news: &TicketNews) -> serde_json::Result<String> {
    Ok(format!("id: {id}\nevent: ticket\ndata: {}\n\n", serde_json::to_string(news)?))
}

/// The event that more was missed than can be told.
pub(crate) fn reload(position: EntryId) -> String {
    format!("id: {position}\nevent: reload\ndata: {{}}\n\n")
}

/// Something to show that the stream is alive. It is no event, but moves `Last-Event-ID` on: who
/// hears of a quiet listing must not, for that alone, come back with an id that is long forgotten.
pub(crate) fn heartbeat(position: EntryId) -> String {
    format!(": so far\nid: {position}\n\n")
}
