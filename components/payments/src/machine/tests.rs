#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod page;
mod tick;
mod walk;

use super::*;

const STATES: [State; 12] = [
    State::Pending,
    State::Action,
    State::Processing,
    State::Authorized,
    State::Captured,
    State::Settled,
    State::Refunding,
    State::Disputed,
    State::Voided,
    State::Refunded,
    State::Declined,
    State::Open,
];

const ENDS: [End; 4] = [End::Unknown, End::Sold, End::Undone, End::Unsold];

const SIGNALS: [Signal; 15] = [
    Signal::Held,
    Signal::Taken,
    Signal::Action,
    Signal::Processing,
    Signal::Failed,
    Signal::Canceled,
    Signal::Refused,
    Signal::OtherCard,
    Signal::SaleKnown,
    Signal::RefundAsked,
    Signal::GivenBack,
    Signal::RefundRefused,
    Signal::DisputeWon,
    Signal::Closed,
    Signal::Returned,
];

#[test]
fn a_state_is_stored_as_its_status_and_its_stage() {
    for state in STATES {
        let (status, stage, tries) = (state.status(), state.stage(), state.first_tries());
        let is_asked = matches!(state, State::Refunding | State::Disputed);
        let is_refused = state == State::Disputed;
        assert_eq!(State::from_columns(status, stage, tries, is_asked, is_refused), state);
    }
}

/// An order is completed by `payment:created`, and sees a later version in each later event.
#[test]
fn money_is_taken_only_after_its_order_was_told() {
    for state in STATES {
        for end in ENDS {
            let Some(taken) = next(state, Signal::Taken, end) else { continue };
            let told = [kind::PaymentCreated, kind::PaymentCaptured];
            match state {
                State::Authorized => assert_eq!(taken.emits, &told[1..]),
                _ if state.is_waiting() => assert_eq!(taken.emits, told),
                _ => assert!(taken.emits.is_empty(), "{state:?}"),
            }
        }
    }
}
