//! Amounts, dates and numbers as people read and write them, in the visitor's language.
//!
//! | module | holds |
//! |---|---|
//! | [`language`] | which language that is |
//! | [`money`] | amounts, out and in |
//! | [`moment`] | days and times, out and in |

mod language;
mod moment;
mod money;

pub(crate) use language::Language;
pub(crate) use moment::{Day, day, instant, moment, moment_field, shift, time_zones};
pub(crate) use money::{
    amount_field, balance, currencies, list_separator, local_currency, money, price_range,
    read_amount, read_units, sign,
};
