//! People who use a shop that is done harm to, and what they were promised.
//!
//! | module | holds |
//! |---|---|
//! | `crowd` | all of them, and everything that must hold for them |
//! | `shopper` | somebody who uses the shop, and asks again for what was not answered |
//! | `promise` | what an answer has said, which must be so afterwards |
#![allow(dead_code, reason = "each suite uses its part of it")]

pub(crate) mod crowd;
pub(crate) mod promise;
pub(crate) mod shopper;
