//! Where the repository is, what it contains, and how cargo is called in it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;

/// Exactly these, or anything that begins so when it ends in `_`, is what `cargo run` tells the
/// program that it runs.
const SET_BY_CARGO_RUN: [&str; 6] = [
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PRIMARY_PACKAGE",
    "OUT_DIR",
];

/// The repository that this program belongs to.
pub(crate) struct Workspace {
    root: PathBuf,
}

/// A test target of the workspace: what `cargo test --test NAME` runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Suite {
    /// The package that it belongs to.
    pub(crate) package: String,
    /// The target's name.
    pub(crate) target: String,
    /// Where its code is.
    pub(crate) folder: PathBuf,
}

impl Suite {
    /// Whether it looks at pages in a browser: then it says beside its code what it takes from npm.
    pub(crate) fn needs_browser(&self) -> bool {
        self.folder.join("package.json").is_file()
    }
}

impl Workspace {
    /// The workspace around the folder that cargo says xtask lies in.
    pub(crate) fn find() -> Result<Workspace, Failure> {
        let package = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package.parent().unwrap_or(&package).to_owned();
        if !root.join("spin.toml").is_file() {
            return Err(Failure::Setup(format!(
                "no spin.toml in {}: run this as `cargo xtask …` inside the repository",
                root.display()
            )));
        }
        Ok(Workspace { root })
    }

    /// The repository's top folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The shop's manifest.
    pub(crate) fn manifest(&self) -> PathBuf {
        self.root.join("spin.toml")
    }

    /// Where cargo puts what it builds, which is also where `spin.toml` looks for it.
    pub(crate) fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// Every `spin.toml` that belongs to the workspace: the shop's, and those beside a package.
    pub(crate) fn manifests(&self) -> Result<Vec<PathBuf>, Failure> {
        let metadata = self.metadata()?;
        let beside_packages = packages(&metadata)
            .filter_map(|package| package["manifest_path"].as_str())
            .map(|manifest| Path::new(manifest).with_file_name("spin.toml"))
            .filter(|manifest| manifest.is_file());
        Ok(std::iter::once(self.manifest()).chain(beside_packages).collect())
    }

    /// Every test target of every package, in the order in which cargo lists them.
    pub(crate) fn suites(&self) -> Result<Vec<Suite>, Failure> {
        Ok(suites(&self.metadata()?))
    }

    /// `cargo`, to be run in the repository as if it had been typed there.
    ///
    /// What `cargo run` said about xtask is withheld: build scripts that watch those variables
    /// would otherwise run again each time that cargo is called in another way.
    pub(crate) fn cargo(&self) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Command::new(cargo);
        command.current_dir(&self.root);
        command.env("CARGO_TARGET_DIR", self.target());
        forget_cargo_run(&mut command);
        command
    }

    /// Returns a number that each commit has another of, at random: the beginning of its hash. 0 where
    /// there is no git.
    pub(crate) fn number_of_commit(&self) -> u32 {
        let mut git = Command::new("git");
        git.args(["rev-parse", "--short=7", "HEAD"]).current_dir(&self.root);
        let hash = git.output().map(|output| output.stdout).unwrap_or_default();
        let hash = String::from_utf8(hash).unwrap_or_default();
        u32::from_str_radix(hash.trim(), 16).unwrap_or(0)
    }

    /// A tool of cargo's, as it is called by cargo: `cargo-fuzz fuzz`.
    pub(crate) fn cargo_tool(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let name = program.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        command.arg(name.strip_prefix("cargo-").unwrap_or(name)).current_dir(&self.root);
        forget_cargo_run(&mut command);
        command
    }

    /// The programs of a package, by name.
    pub(crate) fn programs(&self, package: &str) -> Result<Vec<String>, Failure> {
        let metadata = self.metadata()?;
        let of_package = packages(&metadata).filter(|found| found["name"] == package);
        let targets =
            of_package.flat_map(|found| found["targets"].as_array().into_iter().flatten());
        let programs = targets.filter(|target| target["kind"] == serde_json::json!(["bin"]));
        let mut names: Vec<String> =
            programs.filter_map(|target| target["name"].as_str()).map(str::to_owned).collect();
        names.sort();
        Ok(names)
    }

    fn metadata(&self) -> Result<Value, Failure> {
        let output = self
            .cargo()
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| Failure::Failed(format!("cargo metadata did not start: {error}")))?;
        if !output.status.success() {
            return Err(Failure::Failed("cargo metadata failed (see above)".to_owned()));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| {
            Failure::Failed(format!("cargo metadata did not answer with JSON: {error}"))
        })
    }
}

/// Removes from a command's environment what `cargo run` put there for xtask alone.
pub(crate) fn forget_cargo_run(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_set_by_cargo_run) {
            command.env_remove(name);
        }
    }
}

fn is_set_by_cargo_run(name: &str) -> bool {
    SET_BY_CARGO_RUN
        .iter()
        .any(|known| name == *known || (known.ends_with('_') && name.starts_with(known)))
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().into_iter().flatten()
}

fn suites(metadata: &Value) -> Vec<Suite> {
    let mut found = Vec::new();
    for package in packages(metadata) {
        for target in package["targets"].as_array().into_iter().flatten() {
            let is_test = target["kind"] == serde_json::json!(["test"]);
            if let (true, Some(package), Some(name), Some(code)) = (
                is_test,
                package["name"].as_str(),
                target["name"].as_str(),
                target["src_path"].as_str(),
            ) {
                found.push(Suite {
                    package: package.to_owned(),
                    target: name.to_owned(),
                    folder: Path::new(code).parent().unwrap_or(Path::new("")).to_owned(),
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cargo_run_sets_is_withheld() {
        for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"] {
            assert!(is_set_by_cargo_run(name), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_TERM_COLOR", "CARGO_NET_OFFLINE", "PATH", "RUSTUP_HOME"] {
            assert!(!is_set_by_cargo_run(name), "{name}");
        }
    }

    #[test]
    fn test_targets_are_suites_and_others_are_not() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "a", "targets": [{ "name": "a", "kind": ["lib"] }] },
            { "name": "b", "targets": [
                { "name": "b", "kind": ["bin"] },
                { "name": "api", "kind": ["test"], "src_path": "/b/tests/api/main.rs" },
                { "name": "build-script-build", "kind": ["custom-build"] },
            ] },
        ]});
        let api = Suite {
            package: "b".to_owned(),
            target: "api".to_owned(),
            folder: PathBuf::from("/b/tests/api"),
        };
        assert_eq!(suites(&metadata), [api]);
    }

    #[test]
    fn the_suite_with_pages_in_it_needs_a_browser() {
        let workspace = Workspace::find().expect("the tests run inside the repository");
        let suites = workspace.suites().expect("cargo metadata works here");
        let needing: Vec<&str> = suites
            .iter()
            .filter(|suite| suite.needs_browser())
            .map(|suite| suite.target.as_str())
            .collect();
        assert_eq!(needing, ["browser"]);
    }

    #[test]
    fn the_shop_and_the_floor_of_the_benchmarks_have_manifests() {
        let workspace = Workspace::find().expect("the tests run inside the repository");
        let manifests = workspace.manifests().expect("cargo metadata works here");
        assert_eq!(manifests[0], workspace.manifest());
        assert!(manifests.contains(&workspace.root().join("bench/hello/spin.toml")));
    }
}
