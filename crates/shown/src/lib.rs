//! Amounts, dates and events as people read them, in their own language: on pages and in letters.
//!
//! | module | holds |
//! |---|---|
//! | [`language`] | which language that is |
//! | [`money`] | amounts |
//! | [`moment`] | days and times |
//! | [`calendar`] | events for calendars |

pub mod calendar;
pub mod language;
pub mod moment;
pub mod money;

pub use language::Language;
pub use moment::{Moment, moment};
pub use money::{balance, money};
