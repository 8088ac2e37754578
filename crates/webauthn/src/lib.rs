//! Passkeys (W3C Web Authentication Level 3) and codes of authenticator apps (RFC 6238): what makes one
//! good. Pure: it knows no database, no clock and no network.
//!
//! | module | holds |
//! |---|---|
//! | [`site`] | the shop as browsers know it: its id and its origin |
//! | [`client_data`] | what a browser lets an authenticator sign |
//! | [`authenticator_data`] | what an authenticator says of itself and of a credential |
//! | [`key`] | public keys (COSE, RFC 9053) and their signatures |
//! | [`ceremony`] | the checks, in the order of the standard |
//! | [`totp`] | codes that turn with the time |
//! | `authenticator` | an authenticator for tests |

#[cfg(any(test, feature = "authenticator"))]
pub mod authenticator;
mod authenticator_data;
mod ceremony;
mod client_data;
mod key;
mod site;
#[cfg(test)]
mod tests;
pub mod totp;

pub use ceremony::{Asked, Credential, Proven, check, register};
pub use client_data::challenge;
pub use key::ALGORITHMS;
pub use site::{NotAnOrigin, Site};

/// Why a credential, or a proof by one, is refused. It is for the log: clients get one sentence for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Something cannot be read.
    #[error("{0} cannot be read")]
    Unreadable(&'static str),
    /// It was made for something else.
    #[error("it is of another type")]
    Type,
    /// It answers another challenge.
    #[error("it answers another challenge")]
    Challenge,
    /// A page of another origin asked for it, or one inside a page of another origin.
    #[error("a page of another origin asked for it")]
    Origin,
    /// It is for another shop.
    #[error("it is for another relying party")]
    RelyingParty,
    /// Nobody was there, or nobody showed who they are.
    #[error("the user was not verified")]
    UserNotVerified,
    /// The flags of the authenticator contradict each other.
    #[error("the authenticator's flags contradict each other")]
    Flags,
    /// The key's algorithm is not one of those that were asked for.
    #[error("the key's algorithm was not asked for")]
    Algorithm,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// The authenticator's counter went back: there may be a copy of it.
    #[error("the signature counter went back")]
    Counter,
    /// It is of another account.
    #[error("it is of another account")]
    Account,
}
