//! What pages are put together from.

mod admission;
mod card;
mod countdown;
mod ending;
mod field;
mod form;
mod listing;
mod order;
mod row;
mod zone;

pub(crate) use admission::admissions;
#[cfg(not(target_os = "unknown"))]
pub(crate) use admission::numbered;
pub(crate) use card::{cards, remaining};
pub(crate) use countdown::timer;
pub(crate) use ending::{Ending, ending};
pub(crate) use field::{Control, Field, Need, field, tick};
pub(crate) use form::{hidden, kept, key, submit, summary};
pub(crate) use listing::{art, badge, moment, older, place, status};
#[cfg(not(target_os = "unknown"))]
pub(crate) use listing::{line, when};
pub(crate) use order::{fact, stub, tickets};
pub(crate) use row::{Row, empty, heading, row, way};
pub(crate) use zone::zones;
