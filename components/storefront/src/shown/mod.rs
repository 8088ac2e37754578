//! Amounts, dates and numbers as people read and write them, in the visitor's language.
//!
//! | module | holds |
//! |---|---|
//! | [`amount`] | amounts as people type them |
//! | [`moment`] | days and times |
//!
//! How they are written is in `boxoffice_shown`, for letters say the same.

mod amount;
mod moment;

pub(crate) use amount::{
    amount_field, currencies, list_separator, local_currency, point, price_range, read_amount,
    read_units, sign,
};
pub(crate) use boxoffice_shown::{Language, balance, money};
pub(crate) use moment::{Day, day, instant, moment, moment_field, shift, time_zones};
