//! Deleted accounts and what is left of them.

use super::{Found, Rule};
use crate::leftovers::Leftover;

pub(super) fn check(leftovers: &[Leftover], found: &mut Found) {
    for Leftover { table, row } in leftovers {
        let sentence = "it still tells of an account that is deleted";
        found.add(Rule::LeftBehind, [("table", table), ("row", row)], sentence);
    }
}
