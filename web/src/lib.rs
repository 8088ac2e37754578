//! The shop: pages as functions of a [`state::State`].
//!
//! The crate is built twice. For the server, [`document()`] renders a page's whole HTML; for the
//! browser, the module's start function takes that HTML over (hydration) and gives it life. What is
//! between the two, the views, is the same code on both sides, and must draw the same tree: a
//! difference would let hydration fail.

#[cfg(not(target_os = "unknown"))]
pub mod accept;
#[cfg(not(target_os = "unknown"))]
pub mod account;
#[cfg(not(target_os = "unknown"))]
pub mod admission;
mod app;
pub mod artwork;
pub mod check;
pub mod countdown;
#[cfg(not(target_os = "unknown"))]
pub mod door;
#[cfg(not(target_os = "unknown"))]
mod drawn;
pub mod news;
mod pages;
mod parts;
#[cfg(not(target_os = "unknown"))]
pub mod sales;
#[cfg(not(target_os = "unknown"))]
pub mod sessions;
mod shop;
pub mod state;
pub mod tabs;

#[cfg(target_os = "unknown")]
mod browser;
#[cfg(not(target_os = "unknown"))]
mod document;

pub use boxoffice_rules::isolated;

#[cfg(not(target_os = "unknown"))]
pub use document::{Assets, Module, Site, document};
