//! `cargo xtask assets`: what browsers download, from `web/` to `target/assets/`.
//!
//! The work is done by `boxoffice-assets` (`xtask/assets`), which cargo builds when it is needed:
//! its dependencies would hold up every other command for as long as they take to compile.

use std::process::Command;

use crate::build::{finish, program};
use crate::failure::Failure;
use crate::say;
use crate::workspace::Workspace;

/// The packages whose modules browsers load: the shop's on every page, the others on some.
const MODULES: [&str; 3] = ["boxoffice-web", "boxoffice-web-door", "boxoffice-web-turning"];

/// Builds the browser's modules, then all that is made from them. What is up to date stays.
pub(crate) fn build(workspace: &Workspace) -> Result<(), Failure> {
    say(&format!("assets: {}, web/assets", MODULES.join(", ")));
    let mut web = workspace.cargo();
    web.args(["build", "--lib", "--target", "wasm32-unknown-unknown", "--profile", "browser"]);
    web.args(MODULES.iter().flat_map(|package| ["--package", package]));
    finish(&mut web, "the browser's modules were not built")?;
    let mut make = Command::new(program(workspace, "boxoffice-assets")?);
    let target = workspace.target();
    for package in MODULES {
        let file = format!("wasm32-unknown-unknown/browser/{}.wasm", package.replace('-', "_"));
        make.arg("--module").arg(target.join(file));
    }
    make.arg("--from").arg(workspace.root().join("web/assets"));
    make.arg("--into").arg(target.join("assets"));
    finish(&mut make, "the assets were not built")
}
