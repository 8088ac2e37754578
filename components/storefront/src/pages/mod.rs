//! One page or form each: loads what it shows, or has a service do what was sent.
//!
//! | module | address |
//! |---|---|
//! | [`browse`] | `/` |
//! | [`ticket`], [`hold`] | `/tickets/{id}`, and its form |
//! | [`sign_in`], [`sign_up`], [`sign_out`] | the same |
//! | [`sell`], [`edit`], [`withdraw`] | `/tickets/new`, `/tickets/{id}/edit`, and withdrawing |
//! | [`checkout`], [`pay`], [`cancel`] | `/orders/{id}/checkout`, and its forms |
//! | [`completion`] | what paying and the bank share: waiting for the order to be complete |
//! | [`bank`] | `/orders/{id}/bank` and `/orders/{id}/return`: to the buyer's bank, and back |
//! | [`order`], [`calendar`], [`give_back`] | `/orders/{id}`, the event for a calendar, and giving the tickets back |
//! | [`admission`], [`transfer`], [`accept`] | `/admissions/{id}`: a ticket's code, and handing it on |
//! | [`name`], [`offer`] | `/admissions/{id}/name` and `/offer`: its guest, and selling it on |
//! | [`door`], [`staff`] | `/door/{id}`: who comes in, and who may let them in |
//! | [`orders`], [`listings`] | `/orders` and `/listings` |
//! | [`sales`], [`refund`] | `/sales`, as a file too, and its form |
//! | [`forgotten`], [`reset`], [`verify`] | `/forgotten`, and what letters about an account lead to |
//! | [`guest`], [`link`] | `/guest`, `/sign-in/link`: in without a password |
//! | [`address`] | `/account/address`, `/account/undo`: another address, and the way back |
//! | [`account`] | `/account`: address and password, and its forms |
//! | [`data`] | `/account/export` and `/account/delete`: one's data, and the end of the account |
//! | [`providers`] | the section of `/account` about the provider that may sign one in |
//! | [`letters`] | which letters one gets: a form of `/account`, and `/mail/unsubscribe` |
//! | [`remind`] | a form of `/orders/{id}/checkout`: a letter before the hold ends |
//! | [`factors`] | its forms about passkeys, an authenticator app and recovery codes |
//! | [`second_step`], [`confirm`] | the second step of a sign-in; `/confirm`, before what cannot be undone |
//! | [`sessions`] | `/sessions`: where one is signed in, and its forms |
//! | [`health`] | `/healthz`, `/readyz` |
//! | [`robots`] | `/robots.txt`, `/favicon.ico` |
//! | [`entrance`], [`draft`] | what pages to sign in and up share; what those to sell and edit do |

mod accept;
mod account;
mod address;
mod admission;
mod bank;
mod browse;
mod calendar;
mod cancel;
mod checkout;
mod completion;
mod confirm;
mod data;
mod door;
mod draft;
mod edit;
mod entrance;
mod factors;
mod forgotten;
mod give_back;
mod guest;
mod health;
mod hold;
mod letters;
mod link;
mod listings;
mod name;
mod offer;
mod order;
mod orders;
mod pay;
mod providers;
mod refund;
mod remind;
mod reset;
mod robots;
mod sales;
mod second_step;
mod sell;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
mod staff;
mod ticket;
mod transfer;
mod verify;
mod withdraw;

use axum::Router;

pub(crate) fn routes() -> Router {
    Router::new()
        .merge(browse::route())
        .merge(ticket::route())
        .merge(hold::route())
        .merge(sign_in::route())
        .merge(sign_up::route())
        .merge(sign_out::route())
        .merge(sell::route())
        .merge(guest::route())
        .merge(link::routes())
        .merge(address::routes())
        .merge(forgotten::routes())
        .merge(reset::route())
        .merge(verify::route())
        .merge(account::routes())
        .merge(data::routes())
        .merge(providers::routes())
        .merge(letters::routes())
        .merge(remind::route())
        .merge(factors::routes())
        .merge(second_step::routes())
        .merge(confirm::route())
        .merge(sessions::routes())
        .merge(edit::route())
        .merge(withdraw::route())
        .merge(checkout::route())
        .merge(pay::route())
        .merge(bank::route())
        .merge(cancel::route())
        .merge(order::route())
        .merge(give_back::route())
        .merge(calendar::route())
        .merge(admission::route())
        .merge(name::route())
        .merge(transfer::routes())
        .merge(offer::routes())
        .merge(accept::route())
        .merge(door::routes())
        .merge(staff::routes())
        .merge(orders::route())
        .merge(listings::route())
        .merge(sales::route())
        .merge(refund::route())
        .merge(health::routes())
        .merge(robots::routes())
}
