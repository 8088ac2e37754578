//! `boxoffice`: runs the shop.
//!
//! | file | does |
//! |---|---|
//! | [`serve`] | runs a manifest and nothing else, as in production |
//! | [`up`] | runs a developer's copy: keys, Redis, payment sandbox, mailbox, shop, demo data |
//! | [`audit`] | tells whether a shop's books are right |
//! | [`events`] | shows what the bus holds; replays and drops dead letters |
//! | [`migrate`] | brings the services' tables up to date |
//! | [`user`] | ends all sessions of an account; makes a link for a new password |
//! | [`mail`] | shows the letters that wait; has them sent again, or dropped |
//! | [`shop`] | the shop that `audit`, `events`, `mail`, `migrate` and `user` look at |
//! | [`print`] | what they print, for people and for programs |
//! | [`payments`] | decides between the sandbox and Stripe |
//! | [`mailbox`] | where the letters of `up` end |
//! | [`sandbox`], [`keys`] | parts of `up` on their own, for those who run the shop with `spin up` |
//! | [`variables`] | the shop's variables: from the manifest, a file, the environment |
//! | [`metrics`] | what Prometheus reads of `serve` and `up` |
//! | [`places`] | the addresses that people type into a browser |
//! | [`memory`] | the allocator, and what it gives back |
//! | [`stop`] | Ctrl-C and SIGTERM |
//! | [`failure`] | why a command ended, and its exit code |
//!
//! Exit codes: 0 stopped as asked, 1 failed while running, 2 could not start as configured. Of
//! `audit`: 0 clean, 1 something is wrong, 2 could not look.

mod audit;
mod events;
mod failure;
mod keys;
mod mail;
mod mailbox;
mod memory;
mod metrics;
mod migrate;
mod payments;
mod places;
mod print;
mod sandbox;
mod serve;
mod shop;
mod stop;
mod up;
mod user;
mod variables;

use std::future::Future;
use std::process::ExitCode;

use boxoffice_host::log;
use clap::{Parser, Subcommand, ValueEnum};

use crate::failure::Failure;

/// Runs Boxoffice, a marketplace for event tickets.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the application of a manifest, as in production.
    Serve(serve::Arguments),
    /// Run a developer's copy: keys, Redis, a payment sandbox, a mailbox, the shop and
    /// demo data.
    Up(up::Arguments),
    /// Run the payment sandbox alone, for a shop that runs elsewhere.
    Sandbox(sandbox::Arguments),
    /// Make development keys, for a shop that is run with Spin.
    Keys(keys::Arguments),
    /// Check whether a shop's books are right. The exit code is 0 if they are, 1 if not, 2 if they
    /// cannot be read.
    Audit(audit::Arguments),
    /// Show the state of the bus; list, show, replay and drop dead letters.
    Events(events::Arguments),
    /// Bring the services' tables in Postgres up to date. This is safe while the shop runs, and
    /// safe to run several times at once.
    Migrate(migrate::Arguments),
    /// List, show, repeat and drop the letters that the shop has to send.
    Mail(mail::Arguments),
    /// Do with an account what its owner cannot: end all its sessions, make a link for a new password.
    User(user::Arguments),
}

/// The form of the log, which goes to standard error.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    /// Text for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    fn init(self) {
        log::init(match self {
            LogFormat::Text => log::Format::Text,
            LogFormat::Json => log::Format::Json,
        });
    }
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Up(arguments) => up::run(&arguments),
        Command::Sandbox(arguments) => sandbox::run(arguments),
        Command::Keys(arguments) => keys::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Events(arguments) => events::run(&arguments),
        Command::Mail(arguments) => mail::run(&arguments),
        Command::Migrate(arguments) => migrate::run(&arguments),
        Command::User(arguments) => user::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            failure.code()
        }
    }
}

/// Runs asynchronous work on the main thread, with half as many helpers again as the machine has cores:
/// the host lets as many components compute for long as there are cores, and the others go on meanwhile.
/// Still more would get into each other's way.
///
/// What is still running when the work is done does not keep the process from ending.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores + cores.div_ceil(2);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .on_thread_park(memory::rest)
        .enable_all()
        .build()
        .map_err(|error| Failure::Broken(anyhow::Error::new(error)))?;
    let outcome = runtime.block_on(async {
        let giving_back = async {
            memory::give_back(threads).await;
            std::future::pending().await
        };
        tokio::select! {
            outcome = work => outcome,
            never = giving_back => never,
        }
    });
    runtime.shutdown_background();
    outcome
}
