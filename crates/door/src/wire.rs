//! What a door reads and writes in JSON.
//!
//! These are functions of this crate, which is built for size, and not generic ones of its caller,
//! which is built for speed: pictures of codes are read there.

use boxoffice_contract::Page;
use boxoffice_contract::door::{Changes, Doubles, Guest, NewScans, Scans};

use crate::queue::Task;

/// Reads what has changed; `None` for another text.
#[must_use]
pub fn changes(text: &str) -> Option<Changes> {
    serde_json::from_str(text).ok()
}

/// Reads a page of the list; `None` for another text.
#[must_use]
pub fn guests(text: &str) -> Option<Page<Guest>> {
    serde_json::from_str(text).ok()
}

/// Reads an admission; `None` for another text.
#[must_use]
pub fn guest(text: &str) -> Option<Guest> {
    serde_json::from_str(text).ok()
}

/// Reads who came in twice; `None` for another text.
#[must_use]
pub fn doubles(text: &str) -> Option<Doubles> {
    serde_json::from_str(text).ok()
}

/// Reads what scans came to; `None` for another text.
#[must_use]
pub fn scans(text: &str) -> Option<Scans> {
    serde_json::from_str(text).ok()
}

/// Reads a task; `None` for another text.
#[must_use]
pub fn task(text: &str) -> Option<Task> {
    serde_json::from_str(text).ok()
}

/// Writes scans, for the shop.
#[must_use]
pub fn write_scans(scans: &NewScans) -> Option<String> {
    serde_json::to_string(scans).ok()
}

/// Writes an admission, for the device.
#[must_use]
pub fn write_guest(guest: &Guest) -> Option<String> {
    serde_json::to_string(guest).ok()
}

/// Writes a task, for the device.
#[must_use]
pub fn write_task(task: &Task) -> Option<String> {
    serde_json::to_string(task).ok()
}
