//! Tools of cargo's that suites need, below `target`: what is on PATH may be of another version.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::build;
use crate::failure::Failure;
use crate::say;
use crate::workspace::Workspace;

/// A tool at the version that steps are written for.
struct Tool {
    name: &'static str,
    version: &'static str,
}

const FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2" };

const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };

/// Makes sure that there is a cargo-fuzz, and tells where.
pub(crate) fn cargo_fuzz(workspace: &Workspace) -> Result<PathBuf, Failure> {
    FUZZ.ensure(workspace)
}

/// Makes sure that there is a cargo-deny, and tells where.
pub(crate) fn cargo_deny(workspace: &Workspace) -> Result<PathBuf, Failure> {
    DENY.ensure(workspace)
}

impl Tool {
    fn ensure(&self, workspace: &Workspace) -> Result<PathBuf, Failure> {
        let Tool { name, version } = self;
        let root = workspace.target().join("tools");
        let program = root.join("bin").join(name);
        if self.is(&program) {
            return Ok(program);
        }
        say(&format!("{name} {version} is missing: building it into {}", root.display()));
        let mut cargo = workspace.cargo();
        cargo.args(["install", "--locked", "--quiet", "--version", version, "--root"]);
        cargo.arg(&root).arg("--target-dir").arg(root.join("build")).arg(name);
        build::finish(&mut cargo, &format!("{name} was not installed"))?;
        Ok(program)
    }

    /// Whether this program is the tool, at its version.
    fn is(&self, program: &PathBuf) -> bool {
        let said = Command::new(program).arg("--version").stderr(Stdio::null()).output();
        said.is_ok_and(|said| self.is_said_by(&String::from_utf8_lossy(&said.stdout)))
    }

    fn is_said_by(&self, said: &str) -> bool {
        said.split_whitespace().eq([self.name, self.version])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_another_tool() {
        assert!(FUZZ.is_said_by("cargo-fuzz 0.13.2\n"));
        assert!(!FUZZ.is_said_by("cargo-fuzz 0.12.0\n"));
        assert!(!FUZZ.is_said_by("") && !DENY.is_said_by("cargo-fuzz 0.13.2\n"));
    }
}
