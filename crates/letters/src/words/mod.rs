//! What each letter says.

mod account;
pub(crate) mod event;
pub(crate) mod order;

use crate::content::{Content, Reader};
use crate::letter::Letter;

/// Returns what `letter` says to `reader`.
pub(crate) fn content(letter: &Letter, reader: &Reader) -> Content {
    match letter {
        Letter::VerifyAddress(letter) => account::verify_address(letter, reader),
        Letter::ResetPassword(letter) => account::reset_password(letter, reader),
        Letter::PasswordChanged(letter) => account::password_changed(letter, reader),
        Letter::NewDevice(letter) => account::new_device(letter, reader),
        Letter::SignIn(letter) => account::sign_in(letter, reader),
        Letter::ConfirmAddress(letter) => account::confirm_address(letter, reader),
        Letter::AddressChanged(letter) => account::address_changed(letter, reader),
        Letter::ExportReady(letter) => account::export_ready(letter, reader),
        Letter::AccountDeleted(letter) => account::account_deleted(letter, reader),
        Letter::FactorsChanged(letter) => account::factors_changed(letter, reader),
        Letter::OrderConfirmed(letter) => order::confirmed(letter, reader),
        Letter::TicketSold(letter) => order::sold(letter, reader),
        Letter::OrderRefunded(letter) => order::refunded(letter, reader),
        Letter::EventMoved(letter) => event::moved(letter, reader),
        Letter::HoldEnding(letter) => order::ending(letter, reader),
        Letter::TicketTransferred(letter) => event::transferred(letter, reader),
    }
}
