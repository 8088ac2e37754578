//! What a developer's machine needs around the shop, so that one command suffices to run it.
//!
//! | module | does |
//! |---|---|
//! | [`keys`] | makes the development keys once and keeps them as a variables file |
//! | [`redis`] | finds the Redis that the shop is to use, or starts one |
//! | [`demo`] | fills a new shop with accounts and listings, through its HTTP API |
//! | [`listings`] | those listings |
//! | [`folder`] | the data folder and the private files in it |
//!
//! Nothing here is meant for production: there, keys, Redis and data come from elsewhere.

pub mod demo;
pub mod folder;
pub mod keys;
pub mod listings;
pub mod redis;

use std::fmt;

/// Something that must be set right before the shop can start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Problem {
    /// A problem and its remedy.
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Problem {
        Problem { what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.remedy)
    }
}

impl std::error::Error for Problem {}
