//! Overlays and options, and what kustomize makes of them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Options of which one replaces another: what stands in production, and what may stand instead.
const ALTERNATIVES: [(&str, &str); 3] = [
    ("executor-spintainer", "executor-shim"),
    ("clock-cronjob", "clock-plugin"),
    ("routes-gateway", "routes-ingress"),
];
/// Options that may be added to production.
const ADDITIONS: [&str; 2] = ["telemetry", "alerts"];

/// Something that `kubectl apply -k` takes: an overlay, or production with another option.
#[derive(Clone)]
pub(crate) struct Overlay {
    name: String,
    /// What is replaced in the overlay's kustomization, if it is not the overlay as it is.
    change: Option<Change>,
}

#[derive(Clone)]
enum Change {
    Instead(&'static str, &'static str),
    Besides(&'static str),
}

/// An object as it would be sent to the cluster.
#[derive(Clone, Debug)]
pub(crate) struct Object(pub(crate) Value);

impl Overlay {
    /// Every overlay as it is, and production with every option that it has not.
    pub(crate) fn all() -> Vec<Self> {
        let folder = std::fs::read_dir(folder().join("overlays")).unwrap();
        let mut names: Vec<String> =
            folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        let as_they_are = names.into_iter().map(|name| Self { name, change: None });
        let changed = ALTERNATIVES
            .iter()
            .map(|(from, to)| Change::Instead(from, to))
            .chain(ADDITIONS.iter().map(|option| Change::Besides(option)))
            .map(|change| Self { name: format!("production with {change}"), change: Some(change) });
        as_they_are.chain(changed).collect()
    }

    /// The options that are in none of `all`.
    pub(crate) fn left_out() -> Vec<String> {
        let mut named: Vec<String> = ALTERNATIVES.iter().map(|(_, to)| (*to).to_owned()).collect();
        named.extend(ADDITIONS.map(str::to_owned));
        for overlay in std::fs::read_dir(folder().join("overlays")).unwrap() {
            let kustomization = overlay.unwrap().path().join("kustomization.yaml");
            let text = std::fs::read_to_string(kustomization).unwrap();
            named.extend(
                text.lines()
                    .filter_map(|line| line.strip_prefix("  - ../../options/"))
                    .map(str::to_owned),
            );
        }
        let options = std::fs::read_dir(folder().join("options")).unwrap();
        options
            .map(|option| option.unwrap().file_name().into_string().unwrap())
            .filter(|option| !named.contains(option))
            .collect()
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The objects that kustomize makes of it.
    ///
    /// # Panics
    /// When kustomize refuses it, or writes what is not YAML.
    pub(crate) fn render(&self) -> Vec<Object> {
        let Some(change) = &self.change else {
            return kustomize(&folder().join("overlays").join(&self.name));
        };
        let scratch = root().join("target/tmp");
        std::fs::create_dir_all(&scratch).unwrap();
        let scratch = tempfile::tempdir_in(scratch).unwrap();
        let original = folder().join("overlays/production/kustomization.yaml");
        let text = change.made_in(&std::fs::read_to_string(original).unwrap());
        // kustomize takes no absolute paths.
        let text = text.replace("- ../../", "- ../../../deploy/spinkube/");
        std::fs::write(scratch.path().join("kustomization.yaml"), text).unwrap();
        kustomize(scratch.path())
    }
}

impl fmt::Display for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Change {
    /// The kustomization with this change.
    fn made_in(&self, kustomization: &str) -> String {
        let line = |option: &str| format!("  - ../../options/{option}\n");
        let (old, new) = match self {
            Change::Instead(from, to) => (line(from), line(to)),
            Change::Besides(option) => {
                let last = kustomization.lines().rfind(|line| line.contains("../../options/"));
                let last = format!("{}\n", last.expect("production has options"));
                (last.clone(), format!("{last}{}", line(option)))
            }
        };
        assert!(kustomization.contains(&old), "production has no line {old:?}");
        kustomization.replacen(&old, &new, 1)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Instead(_, option) | Change::Besides(option) => f.write_str(option),
        }
    }
}

impl Object {
    pub(crate) fn kind(&self) -> &str {
        self.text("/kind")
    }

    pub(crate) fn api_version(&self) -> &str {
        self.text("/apiVersion")
    }

    pub(crate) fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// What is at a JSON pointer; null where there is nothing.
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The text at a JSON pointer; empty where there is none.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.at(pointer).as_str().unwrap_or_default()
    }

    /// The items of the list at a JSON pointer; none where there is no list.
    pub(crate) fn list(&self, pointer: &str) -> &[Value] {
        self.at(pointer).as_array().map_or(&[], Vec::as_slice)
    }

    /// An annotation of ours.
    pub(crate) fn annotation(&self, name: &str) -> Option<&str> {
        self.at("/metadata/annotations").get(name)?.as_str()
    }
}

/// The repository's top folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn folder() -> PathBuf {
    root().join("deploy/spinkube")
}

/// A program of the environment that `cargo xtask test` makes for this suite.
pub(crate) fn tool(name: &str) -> PathBuf {
    root().join("target/kubernetes/bin").join(name)
}

fn kustomize(folder: &Path) -> Vec<Object> {
    let output = Command::new(tool("kubectl")).arg("kustomize").arg(folder).output();
    let output = output.unwrap_or_else(|error| {
        panic!("kubectl does not start ({error}): `cargo xtask test --only deploy` installs it")
    });
    assert!(
        output.status.success(),
        "kubectl kustomize {}:\n{}",
        folder.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let objects: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    objects.into_iter().map(Object).collect()
}
