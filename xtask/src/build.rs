//! Builds the host, and the components that `spin.toml` files name, as `spin build` would, but at
//! once.
//!
//! The `build` commands in the manifests are the only list of components. Those that differ in
//! nothing but the package become one cargo invocation, so that cargo schedules all of them
//! together and starts once. A command that makes the assets first has them made before that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::failure::Failure;
use crate::workspace::{Workspace, forget_cargo_run};
use crate::{assets, say};

/// How the command of a component that holds the assets begins.
const ASSETS_FIRST: &str = "cargo xtask assets && ";

/// How long the first build takes on two cores that do nothing else, downloads included.
const FIRST_BUILD_MINUTES: u32 = 10;

/// A component's `build` section.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    component: String,
    command: String,
    folder: PathBuf,
}

/// What is run: packages for one cargo invocation, and commands that are of another kind.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    /// Whether the assets must be there before anything else.
    assets: bool,
    /// Packages by the rest of their command's words.
    cargo: BTreeMap<Vec<String>, Vec<String>>,
    other: Vec<Step>,
}

/// Builds every component of the given manifests.
///
/// Manifest by manifest: cargo compiles what several packages share with the features that all
/// packages of one call ask for, so the shop's components would differ with the company.
pub(crate) fn components(workspace: &Workspace, manifests: &[PathBuf]) -> Result<(), Failure> {
    for manifest in manifests {
        let failed = |why: String| Failure::Failed(format!("{}: {why}", manifest.display()));
        let text = std::fs::read_to_string(manifest).map_err(|error| failed(error.to_string()))?;
        let folder = manifest.parent().unwrap_or(workspace.root());
        run(workspace, plan(steps_of(&text, folder).map_err(failed)?))?;
    }
    Ok(())
}

/// Builds what `up` runs: the shop's components, and the host. Returns the host's path.
pub(crate) fn shop(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let start = Instant::now();
    say(&expectation(workspace));
    components(workspace, &[workspace.manifest()])?;
    say(&format!("host: boxoffice (components took {} s)", start.elapsed().as_secs()));
    let host = host(workspace)?;
    say(&format!("built in {} s", start.elapsed().as_secs()));
    Ok(host)
}

/// Says what is built, and about how long that takes: a newcomer waits for minutes.
fn expectation(workspace: &Workspace) -> String {
    let built = |path: &str| workspace.target().join(path).exists();
    let is_first = !built("debug/boxoffice") || !built("wasm32-wasip2/release/orders.wasm");
    let time = if is_first {
        format!("about {FIRST_BUILD_MINUTES} minutes on two cores; later builds take seconds")
    } else {
        "what has not changed stays as it is".to_owned()
    };
    format!("building the browser's module, the components and the host: {time}")
}

/// Builds the host as the suites of its command do, with the features that all suites share: for steps of
/// the tests, which then compile nothing twice.
pub(crate) fn tested_host(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--workspace", "--test", "cli", "--no-run"]);
    finish(&mut cargo, "the host was not built")?;
    Ok(workspace.target().join("debug/boxoffice"))
}

/// Builds `boxoffice`, and tells where it is.
pub(crate) fn host(workspace: &Workspace) -> Result<PathBuf, Failure> {
    program(workspace, "boxoffice")
}

/// Builds a program of the workspace, and tells where it is.
pub(crate) fn program(workspace: &Workspace, name: &str) -> Result<PathBuf, Failure> {
    // With the whole workspace's features, as `test` compiles it: else wasmtime is compiled twice.
    finish(
        workspace.cargo().args(["build", "--workspace", "--bin", name]),
        &format!("{name} was not built"),
    )?;
    Ok(workspace.target().join("debug").join(name))
}

fn run(workspace: &Workspace, plan: Plan) -> Result<(), Failure> {
    if plan.assets {
        assets::build(workspace)?;
    }
    for (options, packages) in plan.cargo {
        say(&format!("components: {}", packages.join(", ")));
        let mut cargo = workspace.cargo();
        cargo.arg("build").args(&options);
        cargo.args(packages.iter().flat_map(|package| ["--package", package]));
        finish(&mut cargo, "the components were not built")?;
    }
    for step in plan.other {
        say(&format!("component {}: {}", step.component, step.command));
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(&step.command).current_dir(&step.folder);
        forget_cargo_run(&mut shell);
        finish(&mut shell, &format!("component {} was not built", step.component))?;
    }
    Ok(())
}

/// Runs a command to its end, which must be a success.
pub(crate) fn finish(command: &mut Command, otherwise: &str) -> Result<(), Failure> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Failed(format!("{otherwise} ({status}, see above)"))),
        Err(error) => Err(Failure::Failed(format!(
            "{otherwise}: {} did not start: {error}",
            command.get_program().to_string_lossy()
        ))),
    }
}

fn steps_of(manifest: &str, folder: &Path) -> Result<Vec<Step>, String> {
    let manifest: toml::Table = manifest.parse().map_err(|error| format!("{error}"))?;
    let Some(components) = manifest.get("component").and_then(toml::Value::as_table) else {
        return Ok(Vec::new());
    };
    let mut steps = Vec::new();
    for (component, value) in components {
        let Some(build) = value.get("build") else { continue };
        let command = build
            .get("command")
            .and_then(toml::Value::as_str)
            .ok_or_else(|| format!("component {component}: `build.command` must be a string"))?;
        let below = build.get("workdir").and_then(toml::Value::as_str).unwrap_or("");
        steps.push(Step {
            component: component.clone(),
            command: command.to_owned(),
            folder: folder.join(below),
        });
    }
    Ok(steps)
}

fn plan(steps: Vec<Step>) -> Plan {
    let mut plan = Plan::default();
    for step in steps {
        let (assets, command) = match step.command.strip_prefix(ASSETS_FIRST) {
            Some(rest) => (true, rest),
            None => (false, step.command.as_str()),
        };
        match cargo_package(command) {
            Some((package, options)) => {
                plan.assets |= assets;
                let packages = plan.cargo.entry(options).or_default();
                if !packages.contains(&package) {
                    packages.push(package);
                }
            }
            None => plan.other.push(step),
        }
    }
    plan
}

/// Splits `cargo build --package NAME …` into the name and the remaining options; `None` for a
/// command of any other form.
fn cargo_package(command: &str) -> Option<(String, Vec<String>)> {
    let has_shell_syntax = command.contains(['"', '\'', '$', '&', ';', '|', '<', '>', '\\', '`']);
    let mut words = command.split_whitespace();
    if has_shell_syntax || words.next() != Some("cargo") || words.next() != Some("build") {
        return None;
    }
    let mut package = None;
    let mut options = Vec::new();
    while let Some(word) = words.next() {
        if matches!(word, "--package" | "-p") {
            if package.replace(words.next()?.to_owned()).is_some() {
                return None;
            }
        } else {
            options.push(word.to_owned());
        }
    }
    Some((package?, options))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WASM: &str = "--target wasm32-wasip2 --release";

    fn step(component: &str, command: &str) -> Step {
        Step { component: component.into(), command: command.into(), folder: "/shop".into() }
    }

    #[test]
    fn equal_commands_for_several_packages_become_one_invocation() {
        let plan = plan(vec![
            step("tickets", &format!("cargo build --package tickets {WASM}")),
            step("orders", &format!("cargo build -p orders {WASM}")),
            step("orders-worker", &format!("cargo build -p orders {WASM}")),
        ]);
        let options = WASM.split(' ').map(str::to_owned).collect();
        let expected = vec!["tickets".to_owned(), "orders".to_owned()];
        assert_eq!(plan.cargo, BTreeMap::from([(options, expected)]));
        assert_eq!(plan.other, []);
    }

    #[test]
    fn assets_are_made_once_and_before_the_one_invocation() {
        let assets_first = format!("cargo xtask assets && cargo build -p storefront {WASM}");
        let plan = plan(vec![
            step("storefront", &assets_first),
            step("tickets", &format!("cargo build -p tickets {WASM}")),
        ]);
        let options = WASM.split(' ').map(str::to_owned).collect();
        let packages = vec!["storefront".to_owned(), "tickets".to_owned()];
        let cargo = BTreeMap::from([(options, packages)]);
        assert_eq!(plan, Plan { assets: true, cargo, other: Vec::new() });
    }

    #[test]
    fn commands_of_another_form_stay_as_they_are() {
        for command in [
            "npm run build",
            "cargo component build --package a",
            "cargo build --workspace",
            "cargo build -p a -p b",
            "cargo build -p a && wasm-opt a.wasm",
            "cargo xtask assets && npm run build",
        ] {
            let plan = plan(vec![step("a", command)]);
            assert_eq!(plan, Plan { other: vec![step("a", command)], ..Plan::default() });
        }
    }

    #[test]
    fn build_sections_are_read_from_a_manifest() {
        let manifest = r#"
            spin_manifest_version = 2
            [component.a]
            source = "a.wasm"
            [component.a.build]
            command = "make"
            workdir = "guest"
            [component.b]
            source = "b.wasm"
        "#;
        let steps = steps_of(manifest, Path::new("/shop")).expect("a valid manifest");
        let folder = PathBuf::from("/shop/guest");
        assert_eq!(steps, [Step { folder, ..step("a", "make") }]);
    }

    #[test]
    fn a_command_that_is_no_string_is_named() {
        let error = steps_of("[component.a.build]\ncommand = [\"make\"]", Path::new("/"))
            .expect_err("a list is no string");
        assert!(error.contains("component a"), "{error}");
    }

    #[test]
    fn the_shop_is_built_by_a_single_invocation() {
        let manifest = include_str!("../../spin.toml");
        let plan = plan(steps_of(manifest, Path::new("/")).expect("a valid manifest"));
        assert!(plan.assets, "the storefront holds the assets");
        assert_eq!(plan.cargo.len(), 1);
        assert_eq!(plan.other, []);
        let packages: Vec<_> = plan.cargo.into_values().flatten().collect();
        for package in ["auth", "tickets", "orders", "payments", "session", "storefront"] {
            assert!(packages.iter().any(|p| p == package), "{package} is missing");
        }
    }
}
