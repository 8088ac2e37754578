//! An admission ticket as a pass of Apple Wallet, and as a link of Google Wallet.
//!
//! Reads no clock, file or network. The system's randomness blinds signatures, and changes no byte.
//!
//! | module | holds |
//! |---|---|
//! | [`apple`] | `.pkpass`: a signed zip |
//! | [`google`] | a link that saves the ticket: a signed JWT |
//! | `key` | reading an RSA key, and signing with it |
//! | `text` | shortening texts, and writing times |
//! | [`Error`] | what is wrong, and how the operator mends it |

pub mod apple;
mod error;
pub mod google;
mod key;
mod text;

pub use apple::Apple;
pub use error::Error;
pub use google::Google;

/// One admission, as a pass shows it.
#[derive(Clone, Copy, Debug)]
pub struct Pass<'a> {
    /// The admission's id: letters, digits, `.`, `_` and `-`. A second pass with it replaces the first.
    pub admission_id: &'a str,
    /// The listing's id: letters, digits, `.`, `_` and `-`. Passes of one listing stand together.
    pub ticket_id: &'a str,
    /// The listing's title.
    pub title: &'a str,
    /// The venue's name.
    pub venue: Option<&'a str>,
    /// The venue's city.
    pub city: Option<&'a str>,
    /// When the event begins: RFC 3339, with the venue's offset.
    pub starts_at: Option<&'a str>,
    /// When the admission ends, if that is known: RFC 3339.
    pub expires_at: Option<&'a str>,
    /// The person who is admitted.
    pub holder: &'a str,
    /// The ticket's number within its order, and how many the order has: `(1, 2)`.
    pub position: (u32, u32),
    /// The order's number, as its buyer knows it.
    pub order: &'a str,
    /// The content of the QR code.
    pub code: &'a str,
    /// The seller's name.
    pub organization: &'a str,
    /// The page of the ticket.
    pub url: &'a str,
    /// Whether the admission is void, such as after a refund.
    pub is_void: bool,
}

impl Pass<'_> {
    /// Returns `1 of 2`.
    fn number(&self) -> String {
        format!("{} of {}", self.position.0, self.position.1)
    }
}
