//! `cargo xtask dependencies`: what cargo-deny says of the lock file, by `deny.toml`.
//!
//! It is no step of the tests: to build cargo-deny takes minutes. Advisories are left out: their
//! database is fetched, and a run without a network must not fail.

use crate::failure::Failure;
use crate::workspace::Workspace;
use crate::{build, install};

/// Checks licences, crates that are not wanted, and where crates come from.
pub(crate) fn run() -> Result<(), Failure> {
    let workspace = Workspace::find()?;
    let mut deny = workspace.cargo_tool(&install::cargo_deny(&workspace)?);
    deny.args(["--locked", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]);
    build::finish(&mut deny, "a dependency breaks a rule of deny.toml")
}
