//! Events, by three rules: what is committed gets published, whatever crashes; each group gets
//! each event at least once and applies it once; a tick heals what was left behind. What the events
//! are is for [`boxoffice_contract::events`] to say.
//!
//! | module | holds |
//! |---|---|
//! | [`publish`] | from the outbox to the bus |
//! | [`reconcile`] | what the bus has lost, and what everybody has had |
//! | [`bus`], [`entry`] | Redis: a stream per type, its doorbell, the dead letters; ids of entries |
//! | [`code`] | whether a service of ours published an event |
//! | [`news`] | what pages that are open learn of listings; no event |
//! | [`worker`] | from the bus into a service's handlers |

pub mod bus;
mod code;
pub mod entry;
pub mod news;
pub mod publish;
pub mod reconcile;
mod scripts;
pub mod worker;

pub use boxoffice_contract::bus::WITHOUT_EVENTS;
pub use boxoffice_contract::{Event, EventType};
pub use worker::Outcome;
