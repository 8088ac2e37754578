//! `cargo xtask assets`: what browsers download, from `web/` to `target/assets/`.
//!
//! The work is done by `boxoffice-assets` (`xtask/assets`), which cargo builds when it is needed:
//! its dependencies would hold up every other command for as long as they take to compile.

use std::process::Command;

use crate::build::{finish, program};
use crate::failure::Failure;
use crate::say;
use crate::workspace::Workspace;

/// Builds the browser's module, then all that is made from it. What is up to date stays.
pub(crate) fn build(workspace: &Workspace) -> Result<(), Failure> {
    say("assets: boxoffice-web, web/assets");
    let mut web = workspace.cargo();
    web.args(["build", "--package", "boxoffice-web", "--lib"]);
    web.args(["--target", "wasm32-unknown-unknown", "--profile", "browser"]);
    finish(&mut web, "the browser's module was not built")?;
    let mut make = Command::new(program(workspace, "boxoffice-assets")?);
    let target = workspace.target();
    make.arg("--module").arg(target.join("wasm32-unknown-unknown/browser/boxoffice_web.wasm"));
    make.arg("--from").arg(workspace.root().join("web/assets"));
    make.arg("--into").arg(target.join("assets"));
    finish(&mut make, "the assets were not built")
}
