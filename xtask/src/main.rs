//! What a developer types: `cargo xtask up`, `build`, `assets`, `test`, `fuzz`, `chaos`,
//! `dependencies`, `bench`, `audit`, `events`, `migrate`, `user`.
//!
//! | file | does |
//! |---|---|
//! | [`install`] | adds the Rust targets and system packages that are missing |
//! | [`workspace`] | where the repository is, what it contains, how cargo is called in it |
//! | [`build`] | builds the components that the `spin.toml` files name |
//! | [`assets`] | makes what browsers download, before the component that holds it |
//! | [`up`] | builds everything, then becomes the shop, or what watches over it |
//! | [`operate`] | builds the host, then becomes its `audit`, `events`, `migrate` or `user` |
//! | [`test`] | runs every check and suite, and counts |
//! | [`fuzz`] | looks for inputs that break what must hold of all inputs |
//! | [`schemathesis`] | calls the API by what its description allows, and compares |
//! | [`supply`] | checks where dependencies come from, and their licences |
//! | [`chaos`] | runs the chaos suite with seeds of one's choice |
//! | [`bench`] | builds everything optimised, then becomes what measures it |
//!
//! Exit codes: 0 done, 1 something failed, 2 something must be set up first (the message says what).

mod assets;
mod bench;
mod build;
mod chaos;
mod failure;
mod fuzz;
mod install;
mod operate;
mod schemathesis;
mod supply;
mod test;
mod up;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::workspace::Workspace;

/// Builds, runs and tests Boxoffice.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and serve the shop, with demo data.
    Up(up::Arguments),
    /// Build every component of every spin.toml.
    Build {
        /// Build only what `up` runs: the shop's components, and the host.
        #[arg(long)]
        shop: bool,
    },
    /// Build the files that browsers download, for the component that serves them.
    Assets,
    /// Install what the suites need, then check, build and test everything.
    Test(test::Arguments),
    /// Look for inputs that break what must hold of whatever strangers send.
    Fuzz(fuzz::Arguments),
    /// Check the licences of dependencies, and where they come from.
    Dependencies,
    /// Cause many faults, again and again, and check afterwards that the books are right.
    Chaos(chaos::Arguments),
    /// Measure the shop and its alternatives on this machine, to compare them.
    Bench(bench::Arguments),
    /// Check whether the books of the shop that `up` runs are right.
    #[command(disable_help_flag = true)]
    Audit(operate::Arguments),
    /// Show the state of that shop's bus; list, show, replay and drop dead letters.
    #[command(disable_help_flag = true)]
    Events(operate::Arguments),
    /// List, show, repeat and drop the letters that shop has to send.
    #[command(disable_help_flag = true)]
    Mail(operate::Arguments),
    /// Bring that shop's tables in Postgres up to date.
    #[command(disable_help_flag = true)]
    Migrate(operate::Arguments),
    /// Do with an account of that shop what its owner cannot.
    #[command(disable_help_flag = true)]
    User(operate::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Up(arguments) => up::run(arguments),
        Command::Build { shop: false } => build_all(),
        Command::Build { shop: true } => build_shop(),
        Command::Assets => make_assets(),
        Command::Test(arguments) => test::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Dependencies => supply::run(),
        Command::Chaos(arguments) => chaos::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Audit(arguments) => operate::run("audit", &arguments),
        Command::Events(arguments) => operate::run("events", &arguments),
        Command::Mail(arguments) => operate::run("mail", &arguments),
        Command::Migrate(arguments) => operate::run("migrate", &arguments),
        Command::User(arguments) => operate::run("user", &arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            failure.code()
        }
    }
}

fn build_all() -> Result<(), Failure> {
    let workspace = Workspace::find()?;
    install::targets(&workspace)?;
    build::components(&workspace, &workspace.manifests()?)
}

fn build_shop() -> Result<(), Failure> {
    let workspace = Workspace::find()?;
    install::targets(&workspace)?;
    build::shop(&workspace).map(drop)
}

fn make_assets() -> Result<(), Failure> {
    let workspace = Workspace::find()?;
    install::targets(&workspace)?;
    assets::build(&workspace)
}

/// Says what is being done, one line a step.
fn say(step: &str) {
    println!("==> {step}");
}
