//! Where a payment can stand, what moves it, and what is due: the one page to read about money.
//!
//! Nothing here asks or writes anything. [`next`] says where a signal leads, what is emitted and what
//! is booked; [`due`] says what follows. `moves.rs` writes moves down, `settle.rs` and
//! `reconcile.rs` do what is due. The tests walk through both tables, and compare this page with them.
//!
//! # The picture
//!
//! Money first waits: `waiting` stands for `pending`, `action` and `processing`. Each line is a way
//! to go; the first is the way of most purchases.
//!
//! ```text
//! waiting ──held──▶ authorized ──taken──▶ settled ──refund asked──▶ refunding ──given back──▶ refunded
//! pending ──action──▶ action ──processing──▶ processing
//! pending ──processing──▶ processing
//! pending ──refused──▶ declined
//! waiting ──failed──▶ open ──closed──▶ declined
//! action ──other card──▶ open ──returned──▶ declined
//! waiting ──canceled──▶ declined
//! waiting ──canceled──▶ voided
//! authorized ──canceled──▶ voided
//! waiting ──taken──▶ captured ──sale known──▶ settled
//! authorized ──taken──▶ captured ──refund asked──▶ refunding
//! captured ──given back──▶ refunded
//! settled ──given back──▶ refunded
//! refunding ──refund refused──▶ disputed ──dispute won──▶ refunding
//! captured ──refund refused──▶ disputed ──dispute won──▶ captured
//! settled ──refund refused──▶ disputed ──given back──▶ refunded
//! declined ──held──▶ open ──held──▶ open
//! declined ──taken──▶ open ──taken──▶ open
//! ```
//!
//! # The states, and what is due in each
//!
//! What is due depends on how the order ended: unknown as yet, sold by this very payment, sold by it
//! and undone, or not sold by it. A tick finds every payment for which something is due
//! (`reconcile::DUE`).
//!
//! | state | in the database | unknown | sold | undone | unsold |
//! |---|---|---|---|---|---|
//! | pending | `pending` | find out | find out | find out | find out |
//! | action | `pending`, stage `action` | find out | find out | find out | void |
//! | processing | `pending`, stage `processing` | find out | find out | find out | void |
//! | authorized | `authorized` | | capture | capture | void |
//! | captured | `captured`, `tries` above 0 | | keep | undo | refund |
//! | settled | `captured`, `tries` 0 | | | undo | refund |
//! | refunding | `captured`, with a `refund_reason` | | refund | refund | refund |
//! | disputed | `captured`, with a `refund_refusal` | | | | |
//! | voided | `voided` | | | | |
//! | refunded | `refunded` | | | | |
//! | declined | `declined` | | | | |
//! | open | `declined`, stage `open` | close | close | close | close |
//!
//! A sale is undone when a ticket was sold on and the sale before it is refunded: the shop then asks
//! for the refund itself. Money that is only set aside is captured first, so that orders, events and
//! the ledger see every undone sale in the same way.
//!
//! No order ends unsold after its sale. If `orders` ever says so, the buyer gets the money back at
//! once. A tick does not look for it: it would have to look at every sale there ever was.
//!
//! Nothing mends a voided payment whose order was sold: [`needs_operator`].
//!
//! A payment is disputed when the provider refuses to give its money back, since the buyer wants it
//! from their bank. An operator is told. The provider is asked again only if the dispute is won.

#[cfg(test)]
mod tests;

use boxoffice_contract::events::{Kind, PaymentState, kind};

/// After so many declines of one order it will not be paid: it ends, and its tickets go back on
/// sale.
pub(crate) const MAX_DECLINES: i64 = 5;
/// The decline's code of an attempt whose buyer went on with another payment method.
pub(crate) const ABANDONED: &str = "authentication_abandoned";

/// A payment's status, as the database and the contract of events know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// The provider has been, or is about to be, asked; its answer is not known.
    Pending,
    /// The money is set aside.
    Authorized,
    /// The money is taken.
    Captured,
    /// The money that was set aside is free again.
    Voided,
    /// The money that was taken is given back.
    Refunded,
    /// The provider declined the payment.
    Declined,
}

impl Status {
    pub(crate) const ALL: [Self; 6] = [
        Self::Pending,
        Self::Authorized,
        Self::Captured,
        Self::Voided,
        Self::Refunded,
        Self::Declined,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Voided => "voided",
            Self::Refunded => "refunded",
            Self::Declined => "declined",
        }
    }
}

/// What the database keeps of a payment's state besides its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Pending: the buyer has to do something, such as 3-D Secure.
    Action,
    /// Pending: the provider will know later.
    Processing,
    /// Declined, and the provider's intent is still to be closed.
    Open,
}

impl Stage {
    pub(crate) const ALL: [Self; 3] = [Self::Action, Self::Processing, Self::Open];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Processing => "processing",
            Self::Open => "open",
        }
    }
}

/// The status of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// The provider has been, or is about to be, asked, and no intent is known.
    Pending,
    /// The intent waits for its buyer, such as for 3-D Secure.
    Action,
    /// The provider will know later.
    Processing,
    /// The money is set aside.
    Authorized,
    /// The money is taken, and it is not known to be a sale: a tick looks at it.
    Captured,
    /// The money is taken and booked as the seller's; nothing is left to do.
    Settled,
    /// The sale is undone, and the money has yet to be given back.
    Refunding,
    /// The money was to be given back, and the provider refuses: the buyer disputes the charge.
    Disputed,
    /// No money was taken, and the intent is over.
    Voided,
    /// The money is given back.
    Refunded,
    /// The provider declined the payment.
    Declined,
    /// Declined, but a browser could go on with the intent: a tick closes it.
    Open,
}

impl State {
    /// The state that a row tells.
    pub(crate) const fn from_columns(
        status: Status,
        stage: Option<Stage>,
        tries: i64,
        is_refund_asked: bool,
        is_refund_refused: bool,
    ) -> Self {
        match (status, stage) {
            (Status::Pending, Some(Stage::Action)) => Self::Action,
            (Status::Pending, Some(Stage::Processing)) => Self::Processing,
            (Status::Pending, _) => Self::Pending,
            (Status::Authorized, _) => Self::Authorized,
            (Status::Captured, _) if is_refund_refused => Self::Disputed,
            (Status::Captured, _) if is_refund_asked => Self::Refunding,
            (Status::Captured, _) if tries > 0 => Self::Captured,
            (Status::Captured, _) => Self::Settled,
            (Status::Voided, _) => Self::Voided,
            (Status::Refunded, _) => Self::Refunded,
            (Status::Declined, Some(Stage::Open)) => Self::Open,
            (Status::Declined, _) => Self::Declined,
        }
    }

    /// The status that is stored of it.
    pub(crate) const fn status(self) -> Status {
        match self {
            Self::Pending | Self::Action | Self::Processing => Status::Pending,
            Self::Authorized => Status::Authorized,
            Self::Captured | Self::Settled | Self::Refunding | Self::Disputed => Status::Captured,
            Self::Voided => Status::Voided,
            Self::Refunded => Status::Refunded,
            Self::Declined | Self::Open => Status::Declined,
        }
    }

    /// The stage that is stored of it.
    pub(crate) const fn stage(self) -> Option<Stage> {
        match self {
            Self::Action => Some(Stage::Action),
            Self::Processing => Some(Stage::Processing),
            Self::Open => Some(Stage::Open),
            _ => None,
        }
    }

    /// The `tries` with which a payment comes to it. Ticks look at captured payments that have some.
    pub(crate) const fn first_tries(self) -> i64 {
        matches!(self, Self::Captured | Self::Refunding) as i64
    }

    /// Whether the provider has not decided.
    pub(crate) const fn is_waiting(self) -> bool {
        matches!(self, Self::Pending | Self::Action | Self::Processing)
    }
}

/// How a payment's order ended. A sale stays one: an order that is refunded was sold all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum End {
    /// It has not, or that is not known here yet.
    Unknown,
    /// Its tickets were sold by this payment.
    Sold,
    /// The same, but the sale before it was refunded, and so this one is undone. It may become so at
    /// any time after it was sold.
    Undone,
    /// They were not, or by another payment.
    Unsold,
}

/// What moves a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Signal {
    /// The provider says of the intent that its money is set aside.
    Held,
    /// The money is taken.
    Taken,
    /// The buyer has to do something.
    Action,
    /// The provider will know later.
    Processing,
    /// The payment method did not work; another one could be used with the intent.
    Failed,
    /// The intent is over, and no money moved.
    Canceled,
    /// The provider said no instead of making an intent, or never heard of one.
    Refused,
    /// The buyer goes on with another payment method.
    OtherCard,
    /// The order is known to be complete by a payment whose money is taken.
    SaleKnown,
    /// The seller, an operator or the shop itself undoes the sale.
    RefundAsked,
    /// The provider has given the money back.
    GivenBack,
    /// The provider refuses to give the money back, since the charge is disputed.
    RefundRefused,
    /// The dispute is over, and the money stays.
    DisputeWon,
    /// The intent of a declined payment is closed; no money came in by it.
    Closed,
    /// The same, but money had come in, and was given back.
    Returned,
}

/// A movement of money in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Movement {
    /// Money was taken.
    Charge,
    /// It is the seller's.
    Sale,
    /// The shop keeps a part of it.
    Fee,
    /// It was given back by its holder.
    Refund,
    /// The shop gave its part back.
    FeeReturn,
}

/// Where a signal leads a payment, and what is committed with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) to: State,
    /// In this order, each with a version of its own. `payment:declined` is emitted only by the last
    /// decline that an order may have.
    pub(crate) emits: &'static [Kind<PaymentState>],
    /// Each at most once. A fee is booked only if the payment has one, and goes back only if it was
    /// booked.
    pub(crate) books: &'static [Movement],
}

/// Returns where `signal` leads a payment in `state` whose order ended as `end`, or `None` if it stays
/// as it is. Signals come in any order, and repeatedly.
pub(crate) fn next(state: State, signal: Signal, end: End) -> Option<Move> {
    use Movement::{Charge, Fee, FeeReturn, Refund, Sale};
    use State::{Action, Authorized, Captured, Declined, Disputed, Open, Pending};
    use State::{Processing, Refunded, Refunding, Settled, Voided};
    use kind::{PaymentCaptured, PaymentCreated, PaymentDeclined};
    use kind::{PaymentRefunded, PaymentVoided};

    let (to, emits, books): (_, &[_], &[_]) = match (state, signal, end) {
        (Pending | Action | Processing, Signal::Held, _) => (Authorized, &[PaymentCreated], &[]),
        // A method that cannot wait is charged at once. Whether that is a sale is for the order to say:
        // it learns of the payment by the first of the two events.
        (Pending | Action | Processing, Signal::Taken, _) => {
            (Captured, &[PaymentCreated, PaymentCaptured], &[Charge])
        }
        // An older signal may come after a newer one: what is being processed is past the action.
        (Pending, Signal::Action, _) => (Action, &[], &[]),
        (Pending | Action, Signal::Processing, _) => (Processing, &[], &[]),
        // A browser with the client secret could use another method, so the intent must be closed.
        (Pending | Action | Processing, Signal::Failed, _) | (Action, Signal::OtherCard, _) => {
            (Open, &[PaymentDeclined], &[])
        }
        (Pending, Signal::Refused, _) => (Declined, &[PaymentDeclined], &[]),
        // That is as it should be if the order has ended; if not, it is one more way not to have paid.
        (Pending | Action | Processing, Signal::Canceled, End::Unsold) => {
            (Voided, &[PaymentVoided], &[])
        }
        (Pending | Action | Processing, Signal::Canceled, _) => (Declined, &[PaymentDeclined], &[]),

        (Authorized, Signal::Taken, End::Sold | End::Undone) => {
            (Settled, &[PaymentCaptured], &[Charge, Sale, Fee])
        }
        (Authorized, Signal::Taken, _) => (Captured, &[PaymentCaptured], &[Charge]),
        (Authorized, Signal::Canceled, _) => (Voided, &[PaymentVoided], &[]),

        (Captured, Signal::SaleKnown, End::Sold) => (Settled, &[], &[Sale, Fee]),
        // The sale of a payment that was charged at once may not have been booked.
        (Captured | Settled, Signal::RefundAsked, End::Sold | End::Undone) => {
            (Refunding, &[], &[Sale, Fee])
        }
        // By us, or by hand at the provider.
        (Captured | Settled | Refunding | Disputed, Signal::GivenBack, _) => {
            (Refunded, &[PaymentRefunded], &[Refund, FeeReturn])
        }
        // Asked of the provider for either reason.
        (Refunding, Signal::RefundRefused, _)
        | (Captured | Settled, Signal::RefundRefused, End::Unsold) => (Disputed, &[], &[]),
        // Due again as it was before.
        (Disputed, Signal::DisputeWon, End::Sold | End::Undone) => (Refunding, &[], &[]),
        (Disputed, Signal::DisputeWon, End::Unsold) => (Captured, &[], &[]),

        // A browser has gone on with the intent of a payment that counts as declined. Its buyer was
        // told that they did not pay: the money is given back.
        (Declined | Open, Signal::Held | Signal::Taken, _) => (Open, &[], &[]),
        (Open, Signal::Closed, _) => (Declined, &[], &[]),
        (Open, Signal::Returned, _) => (Declined, &[], &[Charge, Refund]),

        _ => return None,
    };
    Some(Move { to, emits, books })
}

/// Returns whether it depends on the order's end where `signal` leads.
pub(crate) fn is_up_to_order(state: State, signal: Signal) -> bool {
    let unknown = next(state, signal, End::Unknown);
    [End::Sold, End::Undone, End::Unsold].iter().any(|end| next(state, signal, *end) != unknown)
}

/// What a payment needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Ask the provider what became of it.
    FindOut,
    /// Have the provider act.
    Act(MoneyAction),
    /// Book the money as the seller's.
    Keep,
    /// Ask for the refund in the shop's own name.
    Undo,
    /// Close the intent of a declined payment, and give back what came in by it.
    Close,
}

/// What the provider is to do with a payment's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MoneyAction {
    /// Take what is set aside.
    Capture,
    /// Let it, or the buyer who could still pay, go.
    Void,
    /// Give it back.
    Refund,
}

/// Returns what is due for a payment in `state` whose order ended as `end`, until it is done.
pub(crate) const fn due(state: State, end: End) -> Option<Due> {
    use State::{Action, Authorized, Captured, Declined, Disputed, Open, Pending};
    use State::{Processing, Refunded, Refunding, Settled, Voided};

    match (state, end) {
        (Pending, _) | (Action | Processing, End::Unknown | End::Sold | End::Undone) => {
            Some(Due::FindOut)
        }
        // Nobody else could still be asked for the money.
        (Action | Processing | Authorized, End::Unsold) => Some(Due::Act(MoneyAction::Void)),
        (Authorized, End::Sold | End::Undone) => Some(Due::Act(MoneyAction::Capture)),
        (Captured, End::Sold) => Some(Due::Keep),
        (Captured | Settled, End::Undone) => Some(Due::Undo),
        (Captured | Settled, End::Unsold) | (Refunding, End::Sold | End::Undone | End::Unsold) => {
            Some(Due::Act(MoneyAction::Refund))
        }
        (Open, _) => Some(Due::Close),
        (Authorized | Captured | Settled | Refunding, End::Unknown)
        | (Settled, End::Sold)
        | (Disputed | Voided | Refunded | Declined, _) => None,
    }
}

/// Returns why only people can put a payment right, if that is so.
pub(crate) const fn needs_operator(state: State, end: End) -> Option<&'static str> {
    match (state, end) {
        (State::Voided, End::Sold | End::Undone) => {
            Some("the authorization is gone, and the order is complete: nobody has paid")
        }
        _ => None,
    }
}
