//! The shop as people see it: real pages of the real components, in Chromium.
//!
//! | module | holds |
//! |---|---|
//! | `purchase` | from an account to a ticket of one's own, in two windows; declines |
//! | `bank` | buying where the bank has a question first |
//! | `sales` | what sellers see of their sales, and refunding them |
//! | `tickets` | a ticket's code, handing it on, and letting people in |
//! | `turning` | codes that turn, in the hand and at the door |
//! | `door` | a door's camera, and its sound |
//! | `accounts` | a forgotten password, and an address that is proven |
//! | `factors` | passkeys, an authenticator app, and confirming again |
//! | `providers` | signing in by a provider, on its own pages |
//! | `live` | what changes on an open page while others buy, give up and edit |
//! | `holds` | the race lost, a hold that ends, a hold given up |
//! | `offline` | tickets and doors without a network |
//! | `network` | answers that get lost, streams that fail, laptops that sleep |
//! | `forms` | what is wrong with what people filled in, with scripts and without |
//! | `plain` | everything without scripts |
//! | `keyboard` | everything without a mouse |
//! | `navigation` | addresses, history, signing in on the way |
//! | `everyday` | further pages, menus, small and large windows, paper |
//! | `states` | what a page says when there is nothing to show, or nothing to have |
//! | `languages` | money and dates as visitors write them |
//! | `safety` | what people type, and what other sites send |
//! | `hydration` | the page before and after its scripts have taken it over |
//! | `looks` | every page in every size and colour: accessible, nothing cut off, nothing jumps |
//! | `lighthouse` | what Lighthouse says |
//! | `acts` | what people do on several pages in a row |
//! | `harness` | windows, and what people see and do in them |
//!
//! A page that complains on its console, or breaks its own content security policy, fails the test
//! that opened it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod acts;
mod bank;
mod door;
mod everyday;
mod factors;
mod forms;
mod harness;
mod holds;
mod hydration;
mod keyboard;
mod languages;
mod lighthouse;
mod live;
mod looks;
mod navigation;
mod network;
mod offline;
mod plain;
mod providers;
mod purchase;
mod safety;
mod sales;
mod states;
mod tickets;
mod turning;
