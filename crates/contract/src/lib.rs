//! What the services say: to one another by events, and by their API to everyone.
//!
//! Services answer with these types; pages, tools and tests read by them. So a field has one name
//! and one type in the whole project.
//!
//! | module | holds |
//! |---|---|
//! | [`ids`] | a type for each kind of id |
//! | [`timestamp`], [`trace`] | instants in RFC 3339; the trace that something is part of |
//! | [`tickets`], [`orders`], [`payments`], [`ledger`], [`users`], [`factors`], [`admissions`], [`door`] | each service's bodies and statuses |
//! | [`mail`] | letters, and what `mail` asks of the services for them |
//! | [`people`] | what `auth` asks of the services for an export, and before an account ends |
//! | [`page`], [`problem`] | lists by cursor; the body of every error |
//! | [`events`] | the events: types, payloads and groups |
//! | [`news`] | what open pages learn of listings |
//! | [`bus`] | the names in Redis that more than one program knows |
//! | [`word`] | words that a newer service may add to |
//!
//! A service of another version may be at the other end. So a field that is added later has a
//! default, and nobody renames a field or a word.

#[macro_use]
mod names;

pub mod admissions;
pub mod bus;
pub mod door;
pub mod events;
pub mod factors;
pub mod ids;
pub mod ledger;
pub mod mail;
pub mod news;
pub mod orders;
pub mod page;
pub mod payments;
pub mod people;
pub mod problem;
pub mod tickets;
pub mod timestamp;
pub mod trace;
pub mod users;
pub mod word;

pub use events::{Event, EventType};
pub use ids::{
    AdmissionId, EventId, ExportId, IdentityId, LetterId, OperationId, OrderId, PasskeyId,
    PaymentId, ScanId, SessionId, StaffId, TicketId, TransferId, UserId,
};
pub use page::Page;
pub use problem::{FieldError, ProblemBody};
pub use timestamp::Timestamp;
pub use trace::Trace;
pub use word::Word;
