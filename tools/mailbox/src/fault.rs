//! How the server may misbehave.

/// What goes wrong from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Connections are refused, and those that are open end.
    Refuse,
    /// Clients are let in, and never greeted.
    HangAtBanner,
    /// Letters are taken in, and never answered.
    HangAfterData,
    /// The server greets with 421 and hangs up.
    Unavailable,
    /// Nobody's name and password are accepted.
    RefuseAuth,
    /// The next recipients are put off with 451, so many times in all.
    Greylist {
        /// How many times.
        times: usize,
    },
    /// One recipient does not exist: 550.
    RejectRecipient {
        /// Its address.
        address: String,
    },
    /// The connection ends when a letter has arrived, before it is answered.
    DisconnectBeforeAnswer {
        /// Whether the letter is kept all the same: then the client will send it twice.
        keeps: bool,
    },
    /// The connection ends as soon as a letter is accepted.
    DisconnectAfterAnswer,
}
