//! `cargo xtask test`: every check and suite in turn, then a table and one line that counts.
//!
//! The suites are whatever test targets the workspace has; nothing lists them here. A failure does
//! not end the run, except that suites which run the components are skipped when those were not
//! built. Every step calls cargo with `--workspace`, so that all of them share one set of features
//! and nothing is compiled twice.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use boxoffice_postgres::Postgres;

use crate::failure::Failure;
use crate::workspace::{Suite, Workspace};
use crate::{build, fuzz, install, say, schemathesis};

/// Suites that run none of the components.
const WITHOUT_COMPONENTS: [&str; 2] = ["deploy", "statements"];
/// Suites of the shop's package that use no database.
const WITHOUT_DATABASE: [&str; 1] = ["deploy"];

/// What `cargo xtask test` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run this step alone (may be given several times): format, lint, build, unit,
    /// doc, fuzz, schemathesis, or the name of a suite. Suites that run the shop use SQLite; add
    /// `-postgres` to the name to use Postgres.
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
}

/// One line of the table.
struct Step {
    name: String,
    work: Work,
}

enum Work {
    /// Passes or fails as a whole.
    Check(Command),
    /// Builds the components.
    Build,
    /// Passes or fails as a whole, after some work of our own.
    Task { run: fn(&Workspace) -> Result<(), Failure>, runs_components: bool },
    /// Test programs, whose tests are counted.
    Tests { command: Command, runs_components: bool },
}

/// The package whose suites run the shop, which keeps its tables in either of two databases.
const SHOP_SUITES: &str = "boxoffice-tests";
/// The variables by which the suite of crashes tries one point in so many, and begins with which. There
/// are thousands: a run tries a share of them, which the commit's hash chooses, so that in time all are
/// tried. `CRASH_EVERY=1 cargo xtask test --only crash` tries all at once.
const CRASH_EVERY: &str = "CRASH_EVERY";
const CRASH_FROM: &str = "CRASH_FROM";
/// Odd numbers: points come in pairs, before a call and after it. What heals a crash is the same on both
/// databases, and Postgres takes three times as long.
const CRASH_POINTS: &str = "15";
const CRASH_POINTS_ON_POSTGRES: &str = "45";
/// The tests of the suite `browser` that run on Postgres too: one walk through each part of the shop. The
/// suite `api` runs whole on both databases, and a page shows the same answers in the same way.
const PAGES_ON_POSTGRES: [&str; 4] = ["accounts::", "purchase::", "sales::", "tickets::"];
/// The suites that come last on their database: they cause at random the faults of other suites, or look at
/// pages that show the same on both.
const LAST: [&str; 3] = ["chaos", "kill", "replicas"];
const LAST_ON_POSTGRES: [&str; 4] = ["browser", "budgets", "crash", "chaos"];
/// When a run of everything is late, and leaves out what comes last or repeats on Postgres what was seen on
/// SQLite. CI ends a run after 90 minutes, which would show nothing of it. To run a step whatever the time,
/// name it.
const LATE: Duration = Duration::from_secs(75 * 60);
/// The last step. It only looks for more than the suites know, and building its programs takes minutes.
/// `cargo xtask fuzz` always runs it.
const FUZZ: &str = "fuzz";
const FUZZ_BY: Duration = Duration::from_secs(50 * 60);
/// What follows the name of a suite that runs on Postgres.
const ON_POSTGRES: &str = "-postgres";

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    Skipped,
    /// There was no time for it, and nothing else depends on it.
    LeftOut,
}

struct Outcome {
    name: String,
    took: Duration,
    verdict: Verdict,
    count: Count,
}

/// Tests as cargo reports them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
    ignored: u64,
}

/// Installs, runs every step that is asked for, and reports. An error if anything failed.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let begun = Instant::now();
    let workspace = Workspace::find()?;
    let suites = workspace.suites()?;
    let mut steps = chosen(steps(&workspace, &suites), &arguments.only)?;
    install::targets(&workspace)?;
    install::tools(&workspace)?;
    install::redis_server()?;
    let seen: Vec<&Suite> = with_pages(&suites, &steps);
    if !seen.is_empty() {
        install::browser(&workspace, &seen)?;
    }
    let is_run = |name: &str| steps.iter().any(|step| step.suite() == name);
    if is_run("payments") {
        install::localstripe(&workspace)?;
    }
    if is_run("api") || is_run("browser") {
        install::identity_provider(&workspace)?;
    }
    if is_run("mail") {
        install::mail_servers(&workspace)?;
    }
    if is_run("schemathesis") {
        install::schemathesis(&workspace)?;
    }
    if is_run("replicas") {
        install::postgres()?;
    }
    if is_run("deploy") {
        install::kubernetes(&workspace)?;
    }
    // Until all is done: it is dropped at the end.
    let _postgres = start_postgres(&mut steps)?;

    let mut outcomes = Vec::new();
    let mut components_are_built = true;
    for step in steps {
        let latest = if arguments.only.is_empty() { step.latest() } else { Duration::MAX };
        let outcome = match begun.elapsed() > latest {
            true => Outcome::left_out(step.name),
            false => perform(&workspace, step, &mut components_are_built)?,
        };
        say(&outcome.line(outcome.name.len()));
        outcomes.push(outcome);
    }
    print!("\n{}", report(&outcomes));
    let is_fine = |verdict| matches!(verdict, Verdict::Passed | Verdict::LeftOut);
    if outcomes.iter().all(|outcome| is_fine(outcome.verdict)) {
        Ok(())
    } else {
        Err(Failure::Failed("not everything passed (see the table)".to_owned()))
    }
}

/// Starts a Postgres for the steps that run on one, and tells them where it is.
fn start_postgres(steps: &mut [Step]) -> Result<Option<Postgres>, Failure> {
    if !steps.iter().any(Step::is_on_postgres) {
        return Ok(None);
    }
    install::postgres()?;
    let postgres = Postgres::start()?;
    for step in steps.iter_mut().filter(|step| step.is_on_postgres()) {
        if let Work::Tests { command, .. } = &mut step.work {
            command.env("BOXOFFICE_TEST_STORE", "postgres");
            command.env("BOXOFFICE_TEST_POSTGRES", postgres.url());
        }
    }
    Ok(Some(postgres))
}

/// The suites among `steps` that look at pages.
fn with_pages<'a>(suites: &'a [Suite], steps: &[Step]) -> Vec<&'a Suite> {
    let is_run = |suite: &Suite| steps.iter().any(|step| step.suite() == suite.target);
    suites.iter().filter(|suite| suite.needs_browser() && is_run(suite)).collect()
}

fn steps(workspace: &Workspace, suites: &[Suite]) -> Vec<Step> {
    let cargo = |arguments: &[&str]| {
        let mut command = workspace.cargo();
        command.args(arguments);
        command
    };
    let tests = |arguments: &[&str]| {
        let mut command = cargo(&["test", "--workspace", "--no-fail-fast"]);
        command.args(arguments);
        command
    };
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    let mut steps = vec![
        Step::new("format", Work::Check(cargo(&["fmt", "--all", "--check"]))),
        Step::new("lint", Work::Check(cargo(&clippy))),
        Step::new("build", Work::Build),
        Step::new("unit", Work::tests(tests(&["--lib", "--bins"]), false)),
        Step::new("doc", Work::tests(tests(&["--doc"]), false)),
        Step::new("schemathesis", Work::Task { run: schemathesis::check, runs_components: true }),
    ];
    let commit = workspace.number_of_commit().to_string();
    let names = suite_names(suites);
    let suite = |name: &str, after: &str, crash_points: &str| {
        let mut command = tests(&["--test", name]);
        if name == "crash" {
            try_some_crashes(&mut command, crash_points, &commit);
        }
        if name == "browser" && after == ON_POSTGRES {
            command.arg("--").args(PAGES_ON_POSTGRES);
        }
        let runs_components = !WITHOUT_COMPONENTS.contains(&name);
        Step::new(&format!("{name}{after}"), Work::tests(command, runs_components))
    };
    let on_sqlite = |name: &str| suite(name, "", CRASH_POINTS);
    let on_postgres = |name: &str| suite(name, ON_POSTGRES, CRASH_POINTS_ON_POSTGRES);
    let (last, first): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| LAST.contains(name));
    let stored = suites.iter().filter(|suite| {
        suite.package == SHOP_SUITES && !WITHOUT_DATABASE.contains(&suite.target.as_str())
    });
    let (last_stored, first_stored): (Vec<&str>, Vec<&str>) =
        stored.map(|suite| suite.target.as_str()).partition(|name| LAST_ON_POSTGRES.contains(name));
    steps.extend(first.into_iter().map(on_sqlite));
    steps.extend(first_stored.into_iter().map(on_postgres));
    steps.extend(last.into_iter().map(on_sqlite));
    steps.extend(last_stored.into_iter().map(on_postgres));
    steps.push(Step::new(FUZZ, Work::Task { run: fuzz::check, runs_components: false }));
    steps
}

/// Makes the suite of crashes try one point in `every`, unless the environment says how many.
fn try_some_crashes(command: &mut Command, every: &str, commit: &str) {
    if std::env::var_os(CRASH_EVERY).is_none() {
        command.env(CRASH_EVERY, every).env(CRASH_FROM, commit);
    }
}

/// Each name once: cargo runs the targets of that name in all packages at once.
fn suite_names(suites: &[Suite]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for suite in suites {
        if !names.contains(&suite.target.as_str()) {
            names.push(&suite.target);
        }
    }
    names
}

/// The steps that were asked for, and the build of the components if any of those needs it.
fn chosen(steps: Vec<Step>, only: &[String]) -> Result<Vec<Step>, Failure> {
    if only.is_empty() {
        return Ok(steps);
    }
    if let Some(unknown) = only.iter().find(|name| !steps.iter().any(|step| step.name == **name)) {
        let known: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
        return Err(Failure::Setup(format!(
            "there is no step `{unknown}`; the steps are: {}",
            known.join(", ")
        )));
    }
    let is_asked_for = |step: &Step| only.contains(&step.name);
    let needs_build = steps.iter().any(|step| is_asked_for(step) && step.work.runs_components());
    Ok(steps
        .into_iter()
        .filter(|step| is_asked_for(step) || (needs_build && matches!(step.work, Work::Build)))
        .collect())
}

impl Step {
    fn new(name: &str, work: Work) -> Step {
        Step { name: name.to_owned(), work }
    }

    /// The suite that it runs, whatever on.
    fn suite(&self) -> &str {
        self.name.strip_suffix(ON_POSTGRES).unwrap_or(&self.name)
    }

    fn is_on_postgres(&self) -> bool {
        self.name.ends_with(ON_POSTGRES)
    }

    /// Returns how long after its beginning a run of everything still takes this step.
    fn latest(&self) -> Duration {
        match self.name.as_str() {
            FUZZ => FUZZ_BY,
            _ if self.is_on_postgres() || LAST.contains(&self.suite()) => LATE,
            _ => Duration::MAX,
        }
    }
}

impl Work {
    fn tests(command: Command, runs_components: bool) -> Work {
        Work::Tests { command, runs_components }
    }

    fn runs_components(&self) -> bool {
        matches!(
            self,
            Work::Tests { runs_components: true, .. } | Work::Task { runs_components: true, .. }
        )
    }
}

fn perform(
    workspace: &Workspace,
    step: Step,
    components_are_built: &mut bool,
) -> Result<Outcome, Failure> {
    say(&step.name);
    let start = Instant::now();
    let mut count = Count::default();
    let verdict = match step.work {
        work if work.runs_components() && !*components_are_built => {
            println!("skipped: the components were not built");
            Verdict::Skipped
        }
        Work::Check(mut command) => verdict(build::finish(&mut command, "the check failed")),
        Work::Build => {
            let built = verdict(build::components(workspace, &workspace.manifests()?));
            *components_are_built = built == Verdict::Passed;
            built
        }
        Work::Task { run, .. } => verdict(run(workspace)),
        Work::Tests { mut command, .. } => {
            let (succeeded, counted) = run_tests(&mut command, &mut std::io::stdout())?;
            count = counted;
            if succeeded { Verdict::Passed } else { Verdict::Failed }
        }
    };
    Ok(Outcome { name: step.name, took: start.elapsed(), verdict, count })
}

fn verdict(result: Result<(), Failure>) -> Verdict {
    match result {
        Ok(()) => Verdict::Passed,
        Err(failure) => {
            println!("{failure}");
            Verdict::Failed
        }
    }
}

/// Runs `cargo test`, shows what it prints as it comes, and adds up what it counted.
fn run_tests(command: &mut Command, show: &mut dyn Write) -> Result<(bool, Count), Failure> {
    let failed = |error: std::io::Error| Failure::Failed(format!("cargo test: {error}"));
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut count = Count::default();
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).map_err(failed)? > 0 {
            show.write_all(&line).map_err(failed)?;
            count.add(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }
    let succeeded = child.wait().map_err(failed)?.success();
    // Test programs that did not compile, or died, fail without counting anything.
    if !succeeded && count.failed == 0 {
        count.failed = 1;
    }
    Ok((succeeded, count))
}

impl Count {
    /// Adds what a line says, if it is the one that closes a test program's report:
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some((_, numbers)) =
            line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for part in numbers.split(';') {
            match part.trim().split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                Some((number, "ignored")) => self.ignored += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

fn report(outcomes: &[Outcome]) -> String {
    let mut report = String::new();
    let mut total = Count::default();
    let width = outcomes.iter().map(|outcome| outcome.name.len()).max().unwrap_or(0).max(4);
    let _ = writeln!(report, "{:width$}  {:>9}  result", "step", "time");
    for outcome in outcomes {
        let _ = writeln!(report, "{}", outcome.line(width));
        total.passed += outcome.count.passed;
        total.failed += outcome.count.failed;
    }
    let _ = writeln!(report, "\n{} passed, {} failed", total.passed, total.failed);
    report
}

impl Outcome {
    fn left_out(name: String) -> Outcome {
        Outcome { name, took: Duration::ZERO, verdict: Verdict::LeftOut, count: Count::default() }
    }

    /// Returns the step's line of the table, with its name in so many columns.
    fn line(&self, width: usize) -> String {
        let Outcome { name, took, verdict, count } = self;
        let result = match verdict {
            Verdict::Passed => "ok",
            Verdict::Failed => "FAILED",
            Verdict::Skipped => "skipped",
            Verdict::LeftOut => "left out, since everything else took too long",
        };
        let took = format!("{:.1} s", took.as_secs_f64());
        format!("{name:width$}  {took:>9}  {result}{}", count.describe())
    }
}

impl Count {
    fn describe(&self) -> String {
        let mut text = String::new();
        for (number, what) in
            [(self.passed, "passed"), (self.failed, "failed"), (self.ignored, "ignored")]
        {
            if number > 0 {
                let _ = write!(text, ", {number} {what}");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn names(steps: &[Step]) -> Vec<&str> {
        steps.iter().map(|step| step.name.as_str()).collect()
    }

    fn some_steps() -> Vec<Step> {
        vec![
            Step::new("lint", Work::Check(Command::new("true"))),
            Step::new("build", Work::Build),
            Step::new("unit", Work::tests(Command::new("true"), false)),
            Step::new("api", Work::tests(Command::new("true"), true)),
            Step::new("calls", Work::Task { run: |_| Ok(()), runs_components: true }),
        ]
    }

    #[test]
    fn only_what_repeats_is_left_out_of_a_late_run() {
        let latest = |name: &str| Step::new(name, Work::Build).latest();
        for name in ["lint", "unit", "api", "browser", "crash", "saga", "payments", "statements"] {
            assert_eq!(latest(name), Duration::MAX, "{name}");
        }
        for name in ["chaos", "kill", "replicas", "api-postgres", "chaos-postgres"] {
            assert_eq!(latest(name), LATE, "{name}");
        }
        assert_eq!(latest(FUZZ), FUZZ_BY);
    }

    #[test]
    fn counts_are_added_up_over_several_programs() {
        let mut count = Count::default();
        for line in [
            "running 3 tests\n",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n",
            "test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 9 filtered out\n",
            "a test printed: test result: ok. 99 passed; 0 failed\n",
        ] {
            count.add(line);
        }
        assert_eq!(count, Count { passed: 7, failed: 2, ignored: 1 });
    }

    #[test]
    fn a_suite_brings_the_build_of_the_components_with_it() {
        for name in ["api", "calls"] {
            let steps = chosen(some_steps(), &[name.to_owned()]).expect("it is a step");
            assert_eq!(names(&steps), ["build", name]);
        }
    }

    #[test]
    fn unit_tests_need_no_components() {
        let steps = chosen(some_steps(), &["unit".to_owned()]).expect("unit is a step");
        assert_eq!(names(&steps), ["unit"]);
    }

    #[test]
    fn suites_that_run_no_components_are_there() {
        let workspace = Workspace::find().expect("the tests run inside the repository");
        let suites = workspace.suites().expect("cargo metadata works here");
        let there = suite_names(&suites);
        assert!(WITHOUT_COMPONENTS.iter().all(|name| there.contains(name)), "{there:?}");
    }

    #[test]
    fn everything_runs_unless_something_is_chosen() {
        let steps = chosen(some_steps(), &[]).expect("nothing was asked for");
        assert_eq!(names(&steps), ["lint", "build", "unit", "api", "calls"]);
    }

    #[test]
    fn an_unknown_step_is_refused_with_those_that_exist() {
        let refused = chosen(some_steps(), &["apy".to_owned()]).err().expect("no such step");
        let message = refused.to_string();
        assert!(message.contains("apy") && message.contains("lint, build, unit, api"), "{message}");
    }

    #[test]
    fn programs_that_die_without_counting_are_a_failure() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo 'running 2 tests'; exit 101"]);
        let mut shown = Vec::new();
        let (succeeded, count) = run_tests(&mut command, &mut shown).expect("sh starts");
        assert_eq!(shown, b"running 2 tests\n");
        assert!(!succeeded);
        assert_eq!(count, Count { failed: 1, ..Count::default() });
    }

    #[test]
    fn the_report_ends_with_the_sum() {
        let outcome = |name: &str, verdict, passed, failed| Outcome {
            name: name.to_owned(),
            took: Duration::from_millis(1250),
            verdict,
            count: Count { passed, failed, ignored: 0 },
        };
        let report = report(&[
            outcome("lint", Verdict::Passed, 0, 0),
            outcome("unit", Verdict::Passed, 40, 0),
            outcome("api", Verdict::Failed, 7, 1),
        ]);
        assert!(report.contains("api       1.2 s  FAILED, 7 passed, 1 failed\n"), "{report}");
        assert!(report.ends_with("\n47 passed, 1 failed\n"), "{report}");
    }

    #[test]
    fn a_suite_in_two_packages_is_one_step() {
        let suite = |package: &str, target: &str| Suite {
            package: package.to_owned(),
            target: target.to_owned(),
            folder: PathBuf::new(),
        };
        let suites = [suite("a", "api"), suite("b", "faults"), suite("c", "api")];
        assert_eq!(suite_names(&suites), ["api", "faults"]);
    }
}
