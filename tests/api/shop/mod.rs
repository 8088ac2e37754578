//! The shop's pages and forms, as a browser without scripts has them.
//!
//! | module | holds |
//! |---|---|
//! | `browser` | somebody with such a browser |
//! | `pages` | what pages show, and how they are answered |
//! | `purchase` | from an account to a ticket of one's own, by forms |
//! | `bank` | paying where the buyer's bank has a question first |
//! | `account` | one's address and password, and a forgotten one |
//! | `sessions` | where one is signed in, and ending it |
//! | `sales` | what sellers see of their sales, and refunding them |
//! | `tickets` | a ticket's code, handing it on, and doors |
//! | `forms` | what each form says to what is wrong with it |
//! | `guards` | headers, origins, what is escaped, where one is sent |

mod account;
mod bank;
mod browser;
mod forms;
mod guards;
mod pages;
mod purchase;
mod sales;
mod sessions;
mod tickets;
