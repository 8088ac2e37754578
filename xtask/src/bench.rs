//! `cargo xtask bench`: installs what the targets need, builds all of it optimised, then becomes
//! `bench run` (`bench/load`), which starts them, fills them, measures them in turn and writes what
//! came of it to `bench/results`.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::workspace::{Workspace, forget_cargo_run};
use crate::{build, install, say};

/// The packages whose programs are started.
const PACKAGES: [&str; 3] = ["boxoffice", "boxoffice-bench", "boxoffice-bench-axum"];
/// How they are built; a folder of that name below `target` has them then.
const PROFILE: &str = "native";
/// The Express peer, in the repository and below `target/npm`.
const EXPRESS: &str = "bench/peers/express";
const EXPRESS_NAME: &str = "bench-express";
/// The manifest of the component that is the floor.
const HELLO: &str = "bench/hello/spin.toml";

/// What `cargo xtask bench` takes; all of it goes on to `bench run`, which has the names.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Measure this scenario (may be given several times) [default: all].
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// Measure this target (may be given several times) [default: all].
    #[arg(long, value_name = "NAME")]
    target: Vec<String>,
    /// How many rounds to measure each target [default: 5, with --quick 2].
    #[arg(long, value_name = "N")]
    rounds: Option<u16>,
    /// How many seconds one measurement takes [default: 5, with --quick 1].
    #[arg(long, value_name = "N")]
    seconds: Option<u16>,
    /// Make a short trial with little data, and write its results below `target`.
    #[arg(long)]
    quick: bool,
}

/// Installs and builds, then replaces this process by what measures. Returns only if that fails.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let workspace = Workspace::find()?;
    install::targets(&workspace)?;
    install::redis_server()?;
    if arguments.measures("postgres") {
        install::postgres()?;
    }
    let hello = workspace.root().join(HELLO);
    build::components(&workspace, &[workspace.manifest(), hello])?;
    say(&format!("with the profile {PROFILE}: {}", PACKAGES.join(", ")));
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--profile", PROFILE]);
    cargo.args(PACKAGES.iter().flat_map(|package| ["--package", package]));
    build::finish(&mut cargo, "the programs to measure were not built")?;

    let mut bench = Command::new(workspace.target().join(PROFILE).join("bench"));
    bench.arg("run").current_dir(workspace.root());
    if arguments.measures("express") {
        bench.arg("--express").arg(express(&workspace)?);
    }
    arguments.pass_on(&mut bench);
    forget_cargo_run(&mut bench);
    let error = bench.exec();
    Err(Failure::Failed(format!("bench did not start: {error}")))
}

impl Arguments {
    /// Whether a target is measured in whose name there is `part`.
    fn measures(&self, part: &str) -> bool {
        self.target.is_empty() || self.target.iter().any(|name| name.contains(part))
    }

    fn pass_on(&self, bench: &mut Command) {
        bench.args(self.scenario.iter().flat_map(|name| ["--scenario", name]));
        bench.args(self.target.iter().flat_map(|name| ["--target", name]));
        if let Some(rounds) = self.rounds {
            bench.arg("--rounds").arg(rounds.to_string());
        }
        if let Some(seconds) = self.seconds {
            bench.arg("--seconds").arg(seconds.to_string());
        }
        if self.quick {
            bench.arg("--quick");
        }
    }
}

/// Puts the Express peer where its packages are: Node looks for them beside the code that asks.
fn express(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let source = workspace.root().join(EXPRESS);
    let folder = install::npm_packages(workspace, EXPRESS_NAME, &source)?;
    let code = folder.join("src");
    let failed = |error: std::io::Error| Failure::Failed(format!("{}: {error}", code.display()));
    if code.exists() {
        std::fs::remove_dir_all(&code).map_err(failed)?;
    }
    copy(&source.join("src"), &code).map_err(failed)?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_targets(names: &[&str]) -> Arguments {
        let target = names.iter().map(|name| (*name).to_owned()).collect();
        Arguments {
            scenario: vec!["hold".to_owned()],
            target,
            rounds: Some(3),
            seconds: Some(2),
            quick: true,
        }
    }

    #[test]
    fn only_what_is_measured_is_installed() {
        let measures =
            |names: &[&str]| ["postgres", "express"].map(|part| of_targets(names).measures(part));
        assert_eq!(measures(&[]), [true, true]);
        assert_eq!(measures(&["boxoffice-sqlite", "hello"]), [false, false]);
        assert_eq!(measures(&["axum-postgres"]), [true, false]);
        assert_eq!(measures(&["express-postgres"]), [true, true]);
    }

    #[test]
    fn what_is_asked_for_goes_on() {
        let mut bench = Command::new("bench");
        of_targets(&["hello"]).pass_on(&mut bench);
        let passed: Vec<_> = bench.get_args().map(|argument| argument.to_string_lossy()).collect();
        let expected = [
            "--scenario",
            "hold",
            "--target",
            "hello",
            "--rounds",
            "3",
            "--seconds",
            "2",
            "--quick",
        ];
        assert_eq!(passed, expected);
    }

    #[test]
    fn what_is_built_and_copied_is_there() {
        let workspace = Workspace::find().expect("the tests run inside the repository");
        for file in [HELLO, "bench/load/Cargo.toml", "bench/peers/express/package-lock.json"] {
            assert!(workspace.root().join(file).is_file(), "{file}");
        }
        let to = std::env::temp_dir().join(format!("boxoffice-bench-copy-{}", std::process::id()));
        copy(&workspace.root().join(EXPRESS).join("src"), &to).expect("it can be copied");
        let copied = ["main.js", "routes/orders.js"].map(|file| to.join(file).is_file());
        std::fs::remove_dir_all(&to).expect("it was made");
        assert_eq!(copied, [true, true]);
    }
}
