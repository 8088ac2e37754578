//! Turns what rustc made into modules that browsers load, and their JavaScript: wasm-bindgen, in
//! this process (<https://wasm-bindgen.github.io/wasm-bindgen/reference/deployment.html>).

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use wasm_bindgen_cli_support::Bindgen;

use crate::source::{Source, in_folder};

/// Returns all modules, their glue, and whatever JavaScript the crates brought along.
///
/// # Errors
/// When wasm-bindgen cannot process a module, or two modules bring different files of one name.
pub(crate) fn all(modules: &[PathBuf]) -> anyhow::Result<Vec<Source>> {
    let mut sources: Vec<Source> = Vec::new();
    for module in modules {
        for source in run(module)? {
            add(&mut sources, source)?;
        }
    }
    Ok(sources)
}

/// Adds a file, unless it is there already: two modules may bring the same JavaScript of one crate.
fn add(sources: &mut Vec<Source>, source: Source) -> anyhow::Result<()> {
    match sources.iter().find(|other| other.name == source.name) {
        Some(other) => {
            ensure!(*other == source, "two modules bring different files called {}", source.name);
        }
        None => sources.push(source),
    }
    Ok(())
}

/// Returns one module and its glue, and whatever JavaScript the crates brought along.
fn run(module: &Path) -> anyhow::Result<Vec<Source>> {
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
    use super::*;
    use crate::sources;

    #[test]
    fn what_two_modules_share_is_one_file_and_must_be_equal() {
        let mut all = Vec::new();
        for shared in sources(&[("inline0.js", "1"), ("inline0.js", "1"), ("a.js", "2")]) {
            add(&mut all, shared).expect("nothing differs");
        }
        assert_eq!(all, sources(&[("inline0.js", "1"), ("a.js", "2")]));
        let other = sources(&[("a.js", "3")]).remove(0);
        let error = add(&mut all, other).expect_err("they differ").to_string();
        assert_eq!(error, "two modules bring different files called a.js");
    }

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
