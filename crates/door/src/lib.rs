//! How a door decides without a network.
//!
//! A door has a [`List`] of the event's admissions and the shop's public keys. It decides by these,
//! keeps what it has decided in a [`Queue`], and tells the shop as soon as it can. What the shop says
//! then counts: the door takes it over.
//!
//! | module | holds |
//! |---|---|
//! | [`list`] | the admissions of an event, compactly |
//! | [`stored`] | the list as bytes, for a device's storage |
//! | [`queue`] | what the shop has not heard of yet, in order |
//! | [`decide`] | what a code comes to |
//! | [`words`] | how verdicts are called and look |
//! | [`wire`] | what is read and written in JSON |
//!
//! Nothing here knows a clock, random numbers, a browser or a network: all of it runs in tests.

pub mod decide;
pub mod list;
pub mod queue;
pub mod stored;
pub mod wire;
pub mod words;

pub use decide::{Decided, Door, Read, Want};
pub use list::List;
pub use queue::{Batch, Queue, Queued, Task};
