//! What the shop writes to people.
//!
//! [`render`] turns a [`Letter`] into a subject, a text, the same as HTML, and a file for calendars
//! where there is a date. Text and HTML are two forms of one tree, so both say the same.
//!
//! | module | holds |
//! |---|---|
//! | [`letter`] | the letters, each with what it says |
//! | [`sample`] | one letter of each kind, for tests and for those who work on them |
//! | `words` | their sentences |
//! | `content` | the tree between: paragraphs, facts, a code, a button |
//! | `text`, `html` | its two forms |
//! | `theirs` | texts that people typed, made safe for both |
//! | `calendar` | the event, for a calendar |
//!
//! A recipient trusts what comes from the shop, and strangers choose the title of an event. So their
//! words never begin a line of the subject, never become HTML, and never become a link.

mod calendar;
mod content;
mod html;
pub mod letter;
pub mod sample;
mod text;
mod theirs;
mod words;

pub use letter::{
    AccountDeleted, AddressChanged, ConfirmAddress, Enclosed, Event, EventMoved, ExportReady,
    FactorsChanged, Held, HoldEnding, Letter, NewDevice, OrderConfirmed, OrderRefunded,
    PasswordChanged, Rendered, ResetPassword, Setting, SignIn, TicketSold, TicketTransferred,
    VerifyAddress,
};

use content::Reader;

/// Writes `letter` for the recipient and the shop of `setting`.
#[must_use]
pub fn render(letter: &Letter, setting: &Setting) -> Rendered {
    let content = words::content(letter, &Reader::new(setting));
    Rendered {
        text: text::written(&content, setting),
        html: html::written(&content, setting),
        calendar: calendar::of(letter, setting),
        is_essential: !matches!(letter, Letter::TicketSold(_) | Letter::HoldEnding(_)),
        subject: content.subject,
    }
}
