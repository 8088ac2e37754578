//! Events, by three rules: what is committed gets published, whatever crashes; each group gets
//! each event at least once and applies it once; a tick heals what was left behind.
//!
//! | module | holds |
//! |---|---|
//! | [`contract`] | the types of events, their data, and the groups that read them |
//! | [`outbox`] | from a committed transaction to the bus |
//! | [`bus`] | Redis: a stream per type, its doorbell, the dead letters |
//! | [`worker`] | from the bus into a service's handlers |

pub mod bus;
pub mod contract;
pub mod outbox;
pub mod worker;

pub use contract::{Event, EventType};
pub use worker::Outcome;
