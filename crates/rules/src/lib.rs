//! What fields may hold, and the sentence that says so: once for the
//! services, which have the last word, and for the browser, which says it sooner.
//!
//! | module | holds |
//! |---|---|
//! | [`listing`] | what sellers write |
//! | [`account`] | e-mail addresses and passwords |
//! | [`purchase`] | what buyers send |
//! | [`provider`] | whether payments move money |
//! | [`guest`] | what holders tell of who comes with a ticket |
//! | [`door`] | what doors tell of themselves and of their scans |
//! | [`text`] | what texts may consist of |
//! | [`isolate`] | how texts of others stand within sentences of ours |
//! | [`amount`] | amounts in minor units, and as people write them |
//! | [`money`] | currencies, and what can be charged in them |
//! | [`bodies`] | the rules of whole bodies |

pub mod account;
pub mod amount;
#[cfg(feature = "services")]
pub mod bodies;
#[cfg(feature = "services")]
pub mod door;
#[cfg(feature = "services")]
pub mod guest;
pub mod isolate;
pub mod listing;
#[cfg(feature = "services")]
pub mod money;
pub mod provider;
pub mod purchase;
pub mod text;

pub use isolate::isolated;

/// What a rule says of a field: nothing, or what is wrong and how to mend it.
pub type Verdict<S = &'static str> = Result<(), S>;

/// Returns `complaint` unless the field is `good`.
pub(crate) const fn unless(good: bool, complaint: &'static str) -> Verdict {
    if good { Ok(()) } else { Err(complaint) }
}

/// Tells whether `text` has 1 to `max` characters; blanks around it do not count.
pub(crate) fn is_of_length(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.trim().chars().count())
}
