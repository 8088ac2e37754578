//! Turns what rustc made into a module that browsers load, and its JavaScript: wasm-bindgen, in
//! this process (<https://wasm-bindgen.github.io/wasm-bindgen/reference/deployment.html>).

use std::path::Path;

use anyhow::Context as _;
use wasm_bindgen_cli_support::Bindgen;

use crate::source::{Source, in_folder};

/// The module and its glue, and whatever JavaScript the crates brought along.
pub(crate) fn run(module: &Path) -> anyhow::Result<Vec<Source>> {
    let folder = tempfile::tempdir().context("a folder for temporary files cannot be created")?;
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .typescript(false)
        .keep_debug(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        // The glue then says where the module is, and is given its final name like any reference.
        .omit_default_module_path(false)
        .web(true)?
        .generate(folder.path())
        .with_context(|| format!("wasm-bindgen cannot process {}", module.display()))?;
    in_folder(folder.path())
}

#[cfg(test)]
mod tests {
    /// wasm-bindgen reads only what a crate of its own version wrote.
    #[test]
    fn the_crate_and_the_tool_are_of_one_version() {
        let lock: toml::Table =
            include_str!("../../../Cargo.lock").parse().expect("cargo writes valid files");
        let packages = lock["package"].as_array().expect("a list of packages");
        let version = |name: &str| {
            let versions: Vec<&str> = packages
                .iter()
                .filter(|package| package["name"].as_str() == Some(name))
                .filter_map(|package| package["version"].as_str())
                .collect();
            assert_eq!(versions.len(), 1, "one version of {name}, not {versions:?}");
            versions[0]
        };
        let (library, tool) = (version("wasm-bindgen"), version("wasm-bindgen-cli-support"));
        assert_eq!(
            library, tool,
            "set wasm-bindgen and wasm-bindgen-cli-support to the same `=` version in the \
             workspace's Cargo.toml, then run `cargo update -p wasm-bindgen`"
        );
    }
}
