//! Kubernetes's own schemas, of each version, as kubernetes-validate carries them.

use std::io::Write;
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::overlay::{Object, root, tool};

/// What one version of Kubernetes says of one object.
#[derive(Deserialize)]
pub(crate) struct Outcome {
    /// Which of the objects.
    pub(crate) object: usize,
    /// Of Kubernetes.
    pub(crate) version: String,
    /// What is wrong.
    pub(crate) problem: Option<String>,
    /// Whether that version knows the object's kind.
    pub(crate) known: bool,
}

/// Validates each object against each version, strictly: a field that is unknown is a problem.
///
/// # Panics
/// When kubernetes-validate does not run, or leaves something out.
pub(crate) fn validate(objects: &[Object], versions: &[&str]) -> Vec<Outcome> {
    let values: Vec<&Value> = objects.iter().map(|object| &object.0).collect();
    let wanted = json!({ "versions": versions, "objects": values }).to_string();
    let mut child = Command::new(tool("python"))
        .arg(root().join("tests/deploy/validate.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("Python does not start ({error}): `cargo xtask test --only deploy` installs it")
        });
    // It reads everything before it writes anything: neither waits for the other.
    child.stdin.take().unwrap().write_all(wanted.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "validate.py failed (see above)");
    let text = String::from_utf8(output.stdout).unwrap();
    let outcomes: Vec<Outcome> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(outcomes.len(), objects.len() * versions.len(), "not everything was validated");
    outcomes
}
