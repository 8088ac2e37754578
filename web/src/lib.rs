//! The shop: pages as functions of a [`state::State`].

pub mod state;
