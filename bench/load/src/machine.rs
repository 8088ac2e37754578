//! Where something ran, and what on.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// A machine, and the programs on it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's model.
    pub processor: String,
    /// How many of it may be used at once.
    pub cores: usize,
    /// Memory, in GiB.
    pub memory_gib: f64,
    /// The kernel and its version.
    pub kernel: String,
    /// The commit that was measured; with `+` behind it if something was changed since.
    pub commit: String,
    /// Versions of what took part, by name.
    pub versions: BTreeMap<String, String>,
}

impl Machine {
    /// This one; `boxoffice` is the host that is measured.
    pub fn here(boxoffice: &Path) -> Self {
        let boxoffice = boxoffice.to_string_lossy();
        let asked = [
            ("boxoffice", boxoffice.as_ref(), "--version"),
            ("rustc", "rustc", "--version"),
            ("node", "node", "--version"),
            ("redis", "redis-server", "--version"),
        ];
        let versions = asked.into_iter().filter_map(|(name, program, argument)| {
            Some((name.to_owned(), short(&said(program, &[argument])?)))
        });
        let mut versions: BTreeMap<String, String> = versions.collect();
        if let Some(version) = boxoffice_postgres::version() {
            versions.insert("postgres".to_owned(), short(&version));
        }
        Self {
            processor: in_file("/proc/cpuinfo", "model name")
                .unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: memory_gib(),
            kernel: said("uname", &["-sr"]).unwrap_or_default(),
            commit: commit(),
            versions,
        }
    }
}

/// What a program says, on one line; None if there is no such program.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// The version in what a program says of itself: its first word that has a digit and a point.
fn short(text: &str) -> String {
    let is_version =
        |word: &&str| word.contains('.') && word.contains(|c: char| c.is_ascii_digit());
    let word = text.split_whitespace().find(is_version).unwrap_or(text);
    word.trim_start_matches("v=").trim_start_matches('v').to_owned()
}

fn commit() -> String {
    let Some(commit) = said("git", &["rev-parse", "--short=10", "HEAD"]) else {
        return "unknown".to_owned();
    };
    let is_changed = said("git", &["status", "--porcelain", "--untracked-files=no"]).is_some();
    if is_changed { commit + "+" } else { commit }
}

fn memory_gib() -> f64 {
    let total = in_file("/proc/meminfo", "MemTotal");
    let kib: Option<f64> = total.and_then(|text| text.split(' ').next()?.parse().ok());
    kib.unwrap_or_default() / 1024.0 / 1024.0
}

/// What stands behind `name:` in a file of the kernel's.
fn in_file(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        for (said, version) in [
            ("v20.20.2", "20.20.2"),
            ("rustc 1.95.0 (f2d3ce0bd 2026-03-21)", "1.95.0"),
            ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", "7.0.15"),
            ("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)", "15.14"),
            ("boxoffice 0.1.0", "0.1.0"),
        ] {
            assert_eq!(short(said), version);
        }
    }

    #[test]
    fn this_machine_has_a_core_and_memory() {
        let here = Machine::here(Path::new("no-such-program"));
        assert!(here.cores >= 1 && here.memory_gib > 0.1, "{here:?}");
        assert!(here.kernel.starts_with("Linux"), "{here:?}");
        assert!(!here.versions.contains_key("boxoffice"));
    }
}
