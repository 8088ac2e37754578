//! Shrinks modules with `wasm-opt`, where there is one
//! (<https://github.com/WebAssembly/binaryen>).

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::compress;
use crate::source::Source;

/// What rustc's modules use; an older wasm-opt takes less for granted.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// A `wasm-opt` on PATH.
#[derive(Debug)]
pub(crate) struct Optimizer {
    version: String,
}

impl Optimizer {
    /// The one on PATH, if any.
    pub(crate) fn find() -> Option<Self> {
        let output = Command::new("wasm-opt").arg("--version").output().ok()?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(Self { version })
    }

    /// As it says itself, such as `wasm-opt version 108`.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    fn shrink(&self, module: &[u8], folder: &Path) -> anyhow::Result<Vec<u8>> {
        let (before, after) = (folder.join("before.wasm"), folder.join("after.wasm"));
        std::fs::write(&before, module)?;
        let output = Command::new("wasm-opt")
            .arg("-Oz")
            .args(FEATURES)
            .arg(&before)
            .arg("--output")
            .arg(&after)
            .output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{} failed: {}", self.version, errors.trim());
        Ok(std::fs::read(after)?)
    }
}

/// Whichever of both is smaller on its way to a browser: fewer instructions are not always fewer
/// bytes once they are compressed.
fn lighter(one: Vec<u8>, other: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let takes_less = compress::best(&other)? < compress::best(&one)?;
    Ok(if takes_less { other } else { one })
}

/// Shrinks every module among `sources`. One that this wasm-opt cannot read stays as it is: an old
/// tool must not keep anybody from building.
pub(crate) fn modules(sources: &mut [Source], optimizer: Option<&Optimizer>) -> anyhow::Result<()> {
    let Some(optimizer) = optimizer else {
        println!(
            "wasm-opt (package binaryen) is not installed: the modules will be a few percent larger"
        );
        return Ok(());
    };
    let folder = tempfile::tempdir().context("a folder for temporary files cannot be created")?;
    for module in sources.iter_mut().filter(|source| source.name.ends_with(".wasm")) {
        match optimizer.shrink(&module.content, folder.path()) {
            Ok(other) => module.content = lighter(std::mem::take(&mut module.content), other)?,
            Err(error) => eprintln!("{} was not optimized: {error:#}", module.name),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn what_travels_lighter_is_kept() {
        // 256 different bytes cannot be compressed; a thousand equal ones can.
        let (short, long): (Vec<u8>, Vec<u8>) = ((0..=255).collect(), vec![7; 1_000]);
        assert_eq!(lighter(short.clone(), long.clone()).unwrap(), long);
        assert_eq!(lighter(long.clone(), short).unwrap(), long);
    }
}
