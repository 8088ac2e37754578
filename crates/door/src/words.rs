//! How verdicts are called and look, on pages of the server and of the door alike.

use boxoffice_contract::door::Verdict;

/// What a verdict asks of those who stand at the door. Each has a colour, a shape and a sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Let the person in.
    Good,
    /// Look again, before anybody goes in or away.
    Due,
    /// Let nobody in.
    Bad,
}

impl Tone {
    /// Returns the tone's name in style sheets and attributes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Due => "due",
            Self::Bad => "bad",
        }
    }
}

/// What a list says that is older than the ticket.
pub const NEWER: (Tone, &str) = (Tone::Due, "Newer than this door's list");

/// Returns the tone and the name of a verdict; `None` stands for a word of a newer service's.
#[must_use]
pub const fn of(verdict: Option<Verdict>) -> (Tone, &'static str) {
    match verdict {
        Some(Verdict::Admitted) => (Tone::Good, "Come in"),
        Some(Verdict::Used) => (Tone::Due, "Already in"),
        Some(Verdict::Void) => (Tone::Bad, "Refunded or handed on"),
        Some(Verdict::Offered) => (Tone::Bad, "On sale: its holder takes it off sale first"),
        Some(Verdict::Stale) => (Tone::Due, "Old code: ask for the ticket's page"),
        Some(Verdict::OtherEvent) => (Tone::Bad, "Another event"),
        Some(Verdict::Invalid) => (Tone::Bad, "Not a ticket"),
        None => (Tone::Bad, "Not known. Ask the organizer"),
    }
}

/// Returns which of its order's tickets one is.
#[must_use]
pub fn ticket(number: i64, of: i64) -> String {
    format!("Ticket {number} of {of}")
}

/// Returns what people call a guest: the name if there is one, the order's number, and which of its
/// tickets it is.
#[must_use]
pub fn guest(name: Option<&str>, order: &str, number: i64, of: i64) -> String {
    let ticket = format!("rder {order}, ticket {number} of {of}");
    name.map_or_else(|| format!("O{ticket}"), |name| format!("{name}, o{ticket}"))
}

/// Returns when and where somebody entered before.
#[must_use]
pub fn first(time: &str, door: &str) -> String {
    format!("First in at {time}, {door}")
}

/// Returns when and where somebody entered.
#[must_use]
pub fn entry(time: &str, door: &str) -> String {
    format!("In at {time}, {door}")
}
