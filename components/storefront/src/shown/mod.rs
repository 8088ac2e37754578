//! Amounts, dates and numbers as people read and write them, in the visitor's language.
//!
//! | module | holds |
//! |---|---|
//! | [`money`] | amounts |
//! | [`moment`] | days and times |
//!
//! How they are written is in `boxoffice_shown`, for letters say the same.

mod moment;
mod money;

pub(crate) use boxoffice_shown::{Language, balance, money};
pub(crate) use moment::{Day, day, instant, moment, moment_field, shift, time_zones};
pub(crate) use money::{
    amount_field, currencies, list_separator, local_currency, price_range, read_amount, read_units,
    sign,
};
