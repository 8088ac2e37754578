//! Shops that are seen through real browsers.
//!
//! | module | holds |
//! |---|---|
//! | [`shop`] | a shop of the test's own, and who has opened a window in it |
//! | [`window`] | a window: going to pages, and what its console may say |
//! | [`eyes`], [`hands`] | what people see and do in a window |
//! | [`keyboard`] | what they do with the keyboard alone |
//! | [`conditions`] | under which conditions: sizes, colours, no network, no scripts |
//! | [`film`] | what a device's camera sees |
//! | [`wire`] | the wire between a window and the shop, which can be cut |
//! | [`pictures`] | pictures of pages |
//! | [`tests`] | whether all of it notices what it is there to notice |
//! | [`devtools`], [`driver`] | Chromium and chromedriver |

mod conditions;
mod devtools;
mod driver;
mod eyes;
mod film;
mod hands;
mod keyboard;
mod pictures;
mod shop;
mod tests;
mod window;
mod wire;

pub(crate) use film::Film;
pub(crate) use shop::{Shop, alone_in_shop, in_shop, package, within};
pub(crate) use window::{USUAL, Window};
pub(crate) use wire::Wire;
