//! The names in Redis that more than one program knows. A type of event names its own stream.

/// The channel of the clock's doorbell.
pub const TICK: &str = "clock:tick";
/// The hash that holds when each group last had a tick.
pub const TICKS: &str = "boxoffice:ticks";
/// The services whose workers read no events: ticks alone have them do something.
pub const WITHOUT_EVENTS: [&str; 1] = ["auth"];
/// The stream of the events that could not be applied.
pub const DEAD_LETTERS: &str = "dead-letters";
/// The hash that holds how many events each group has refused that no service of ours published.
pub const FORGED: &str = "boxoffice:forged";
/// The stream of news of listings.
pub const NEWS: &str = "live:tickets";
