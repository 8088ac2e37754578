//! Makes what browsers download: `cargo xtask assets` calls it.
//!
//! ```text
//! modules ─ bindgen ── optimize ──┐
//! web/assets/* ───────────────────┴─ fingerprint ── compress ── store
//! ```
//!
//! | file | does |
//! |---|---|
//! | [`bindgen`] | turns what rustc made into modules and their JavaScript |
//! | [`optimize`] | shrinks the modules with `wasm-opt`, where there is one |
//! | [`source`] | the files before they have their final names |
//! | [`fingerprint`] | names files by their content, and says those names in the others |
//! | [`compress`] | brotli and gzip |
//! | [`store`] | writes the files and, last, the manifest |
//!
//! Exit codes: 0 done, 1 failed (the message says what, and the assets are what they were).

mod bindgen;
mod compress;
mod fingerprint;
mod optimize;
mod source;
mod store;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;

use crate::source::Inputs;
use crate::store::Manifest;

/// Builds the files that browsers download.
#[derive(Parser)]
struct Arguments {
    /// A module for browsers, as cargo built it. Give this once for each of them.
    #[arg(long = "module", value_name = "FILE", required = true)]
    modules: Vec<PathBuf>,
    /// The folder of the files that are written by hand.
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,
    /// Where the assets and their manifest go.
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
}

fn main() -> ExitCode {
    match make(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("assets: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn make(arguments: &Arguments) -> anyhow::Result<()> {
    let modules: Vec<Vec<u8>> =
        arguments.modules.iter().map(|module| read(module)).collect::<anyhow::Result<_>>()?;
    let by_hand = source::in_folder(&arguments.from)?;
    let optimizer = optimize::Optimizer::find();
    let inputs = Inputs::digest(&modules, &by_hand, optimizer.as_ref())?;
    if Manifest::read(&arguments.into).is_some_and(|manifest| manifest.is_of(&inputs)) {
        println!("nothing changed");
        return Ok(());
    }
    let mut sources = bindgen::all(&arguments.modules)?;
    optimize::modules(&mut sources, optimizer.as_ref())?;
    sources.extend(by_hand);
    let assets = fingerprint::all(sources)?;
    let manifest = store::write(&arguments.into, inputs, &assets)?;
    print!("{manifest}");
    Ok(())
}

fn read(module: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(module).with_context(|| format!("{} cannot be read", module.display()))
}

/// The sources of a test, by name and text.
#[cfg(test)]
fn sources(texts: &[(&str, &str)]) -> Vec<source::Source> {
    let source = |(name, text): &(&str, &str)| source::Source::new(*name, text.as_bytes().to_vec());
    texts.iter().map(source).collect::<Result<_, _>>().expect("known kinds")
}
