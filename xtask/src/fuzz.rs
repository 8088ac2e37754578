//! `cargo xtask fuzz`: builds the programs of `fuzz` with cargo-fuzz, runs each for its share of the
//! time, and counts.
//!
//! A program begins with its seeds and with what it found interesting before, below `target/fuzz`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::workspace::Workspace;
use crate::{build, install, say};

/// The package whose programs are the targets, and its folder.
const PACKAGE: &str = "boxoffice-fuzz";
const FOLDER: &str = "fuzz";

/// How long `cargo xtask test` runs each target, in seconds.
const SECONDS_IN_TEST: u64 = 5;
/// The longest that one input may take, in seconds: what takes longer is a finding, too.
const SECONDS_PER_INPUT: u32 = 5;
/// The most memory of a target, in MiB.
const MEMORY: u32 = 1_024;

/// What `cargo xtask fuzz` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many seconds to run, divided among the targets.
    #[arg(long, value_name = "N", default_value_t = 600)]
    seconds: u64,
    /// What to run [default: everything].
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
}

/// What came of a target.
struct Outcome {
    target: String,
    executions: u64,
    /// The file with an input that breaks the property.
    finding: Option<PathBuf>,
    /// Whether the program ended as it does when nothing is found.
    ended_well: bool,
}

/// Builds and runs the targets. An error if one of them found something.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let workspace = Workspace::find()?;
    install::targets(&workspace)?;
    let targets = chosen(workspace.programs(PACKAGE)?, &arguments.targets)?;
    let each = arguments.seconds.checked_div(targets.len() as u64).unwrap_or_default().max(1);
    // Each time other inputs.
    fuzz(&workspace, &targets, each, None)
}

/// Runs each target for a short time, with the same inputs as long as the programs are the same.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    fuzz(workspace, &workspace.programs(PACKAGE)?, SECONDS_IN_TEST, Some(1))
}

fn chosen(targets: Vec<String>, only: &[String]) -> Result<Vec<String>, Failure> {
    if let Some(unknown) = only.iter().find(|name| !targets.contains(name)) {
        let known = targets.join(", ");
        return Err(Failure::Setup(format!("there is no target `{unknown}`; they are: {known}")));
    }
    Ok(targets.into_iter().filter(|name| only.is_empty() || only.contains(name)).collect())
}

fn fuzz(
    workspace: &Workspace,
    targets: &[String],
    seconds: u64,
    seed: Option<u32>,
) -> Result<(), Failure> {
    let programs = built(workspace)?;
    let mut outcomes = Vec::new();
    for target in targets {
        say(&format!("fuzz: {target} for {seconds} s"));
        let outcome = one(workspace, &programs, target, seconds, seed)?;
        println!("{}", outcome.line());
        outcomes.push(outcome);
    }
    let executions: u64 = outcomes.iter().map(|outcome| outcome.executions).sum();
    let bad: Vec<&Outcome> = outcomes.iter().filter(|outcome| !outcome.ended_well).collect();
    println!("\n{executions} executions, {} findings", bad.len());
    match bad.as_slice() {
        [] => Ok(()),
        bad => Err(Failure::Failed(bad.iter().map(|outcome| outcome.advice()).collect())),
    }
}

/// Builds the programs. Tells the folder in which they are.
fn built(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let cargo_fuzz = install::cargo_fuzz(workspace)?;
    say("fuzz: building the targets");
    // Beside all else: what runs on this machine while building is compiled for both.
    let target = workspace.target();
    let mut cargo = workspace.cargo_tool(&cargo_fuzz);
    // The address sanitizer needs a nightly compiler, and looks for what safe Rust rules out.
    cargo.args(["build", "--dev", "--sanitizer", "none", "--fuzz-dir", FOLDER, "--target-dir"]);
    cargo.arg(&target);
    // Between quick to build and quick to run. Overflows are found, because it is not a release.
    cargo
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
    build::finish(&mut cargo, "the fuzz targets were not built")?;
    let rustc = Command::new("rustc").arg("-vV").current_dir(workspace.root()).output();
    let rustc = rustc.map_err(|error| Failure::Setup(format!("rustc does not start: {error}")))?;
    let said = String::from_utf8_lossy(&rustc.stdout).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or_else(|| Failure::Failed("rustc does not say its host".to_owned()))?;
    Ok(target.join(host).join("debug"))
}

fn one(
    workspace: &Workspace,
    programs: &Path,
    target: &str,
    seconds: u64,
    seed: Option<u32>,
) -> Result<Outcome, Failure> {
    let failed = |error: std::io::Error| Failure::Failed(format!("{target}: {error}"));
    let place = |what: &str| workspace.target().join("fuzz").join(what).join(target);
    let (corpus, findings) = (place("corpus"), place("findings"));
    for folder in [&corpus, &findings] {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut command = Command::new(programs.join(target));
    // What is new is written to the first folder.
    command.args([&corpus, &workspace.root().join(FOLDER).join("seeds").join(target)]);
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-artifact_prefix={}/", findings.display()));
    command.arg(format!("-timeout={SECONDS_PER_INPUT}")).arg(format!("-rss_limit_mb={MEMORY}"));
    command.args(["-print_final_stats=1", "-verbosity=0"]);
    command.args(seed.map(|seed| format!("-seed={seed}")));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut outcome =
        Outcome { target: target.to_owned(), executions: 0, finding: None, ended_well: false };
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).split(b'\n') {
            let line = line.map_err(failed)?;
            outcome.hear(&String::from_utf8_lossy(&line));
        }
    }
    outcome.ended_well = child.wait().map_err(failed)?.success();
    Ok(outcome)
}

impl Outcome {
    /// Takes from a line of libFuzzer's what counts, and shows the others.
    fn hear(&mut self, line: &str) {
        if let Some(statistic) = line.strip_prefix("stat::") {
            if let Some(count) = statistic.strip_prefix("number_of_executed_units:") {
                self.executions = count.trim().parse().unwrap_or(0);
            }
        } else {
            if let Some((_, file)) = line.split_once("Test unit written to ") {
                self.finding = Some(PathBuf::from(file.trim()));
            }
            eprintln!("{line}");
        }
    }

    fn line(&self) -> String {
        let Outcome { target, executions, ended_well, .. } = self;
        let result = if *ended_well { "nothing found" } else { "FOUND SOMETHING" };
        format!("{target:12} {executions:>9} executions  {result}")
    }

    /// Says how to see a finding again.
    fn advice(&self) -> String {
        let Outcome { target, finding, .. } = self;
        match finding {
            Some(file) => format!(
                "\n{target} fails with {file}. Run it again, without fuzzing:\n    \
                 cargo run --package {PACKAGE} --bin {target} -- {file}",
                file = file.display()
            ),
            None => format!("\n{target} ended early (see above)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(lines: &[&str]) -> Outcome {
        let mut outcome =
            Outcome { target: "body".to_owned(), executions: 0, finding: None, ended_well: false };
        lines.iter().for_each(|line| outcome.hear(line));
        outcome
    }

    #[test]
    fn executions_and_findings_are_heard() {
        let outcome = heard(&[
            "artifact_prefix='./'; Test unit written to ./crash-1",
            "stat::number_of_executed_units: 4711",
            "stat::average_exec_per_sec:     42",
        ]);
        assert_eq!(outcome.executions, 4_711);
        let advice = outcome.advice();
        assert!(advice.contains("--bin body -- ./crash-1"), "{advice}");
        assert!(heard(&["out of memory"]).advice().contains("ended early"));
    }

    #[test]
    fn an_unknown_target_is_refused_with_those_that_exist() {
        let all = || ["body", "form"].map(str::to_owned).to_vec();
        let only = |name: &str| chosen(all(), &[name.to_owned()]);
        assert_eq!(only("form").expect("it exists"), ["form"]);
        assert_eq!(chosen(all(), &[]).expect("all exist"), all());
        let message = only("froms").expect_err("no such target").to_string();
        assert!(message.contains("froms") && message.contains("body, form"), "{message}");
    }

    #[test]
    fn each_target_has_seeds() {
        let workspace = Workspace::find().expect("the tests run inside the repository");
        let targets = workspace.programs(PACKAGE).expect("cargo metadata works here");
        assert!(targets.len() >= 11, "{targets:?}");
        let seeds = workspace.root().join(FOLDER).join("seeds");
        let mut folders: Vec<String> = std::fs::read_dir(&seeds)
            .expect("there are seeds")
            .map(|folder| folder.expect("a folder").file_name().to_string_lossy().into_owned())
            .collect();
        folders.sort();
        assert_eq!(folders, targets);
    }
}
