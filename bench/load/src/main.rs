//! `bench`: measures the shop beside what people would use instead. `cargo xtask bench` builds
//! everything and calls it.
//!
//! Exit codes: 0 done, 1 something failed, 2 what was asked for makes no sense.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use boxoffice_bench::arrival::Rate;
use boxoffice_bench::load::Outcome;
use boxoffice_bench::report;
use boxoffice_bench::results::Results;
use boxoffice_bench::run::{Plan, Times, pace, saturate};
use boxoffice_bench::sale;
use boxoffice_bench::scenario::{self, Scenario, Shape};
use boxoffice_bench::shop::{Shop, Size, Stock};
use boxoffice_bench::target::{self, Programs, Target};
use clap::{Parser, Subcommand};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::task::LocalSet;

/// Measures Boxoffice and its alternatives, to compare them.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start targets, fill them with data, measure them in turn, and write the results.
    Run(Run),
    /// Load a running shop once, and print the results.
    Load(Load),
    /// Write the tables and the drawing of a run again.
    Report {
        /// The results that `run` has written.
        json: PathBuf,
    },
}

#[derive(clap::Args)]
struct Run {
    /// Measure this scenario (may be given several times) [default: all].
    #[arg(long, value_name = "NAME", value_parser = scenario::find)]
    scenario: Vec<&'static Scenario>,
    /// Measure this target (may be given several times) [default: all].
    #[arg(long, value_name = "NAME", value_parser = target::find)]
    target: Vec<&'static Target>,
    /// How many rounds to measure each target [default: 5, with --quick 2].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    rounds: Option<u16>,
    /// How many seconds one measurement takes. The warm-up before it takes three fifths of that
    /// [default: 5, with --quick 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    seconds: Option<u16>,
    /// Make a short trial with little data. Its results are kept apart.
    #[arg(long)]
    quick: bool,
    /// The folder for results.
    #[arg(long, value_name = "FOLDER", default_value = "bench/results")]
    out: PathBuf,
    /// The folder for data and logs of the targets. It is emptied first.
    #[arg(long, value_name = "FOLDER", default_value = "target/bench")]
    work: PathBuf,
    #[command(flatten)]
    programs: Programs,
}

#[derive(clap::Args)]
struct Load {
    /// Where the shop listens. It must be empty, and is filled first.
    #[arg(long, value_name = "ADDRESS:PORT")]
    address: SocketAddr,
    /// The scenario.
    #[arg(long, value_name = "NAME", value_parser = scenario::find)]
    scenario: &'static Scenario,
    /// Requests a second, such as 200, or 50..400 for a rate that grows [default: as many as
    /// possible].
    #[arg(long, value_name = "RATE")]
    rate: Option<Rate>,
    /// How many connections to open [default: the scenario's].
    #[arg(long, value_name = "N")]
    connections: Option<usize>,
    /// How many seconds to measure.
    #[arg(long, value_name = "N", default_value_t = 5)]
    seconds: u64,
    /// How many listings to create.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    listings: u64,
    /// How many buyers to create.
    #[arg(long, value_name = "N", default_value_t = 20)]
    buyers: u64,
    /// How many tickets a flash sale has; all buyers take part.
    #[arg(long, value_name = "N", default_value_t = 10)]
    units: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match act(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn act(command: Command) -> Result<()> {
    raise_file_limit();
    match command {
        Command::Run(arguments) => block_on(run(arguments)),
        Command::Load(arguments) => block_on(load(arguments)),
        Command::Report { json } => {
            let results = Results::read(&json)?;
            write(&results, &json)
        }
    }
}

/// On one thread: the other cores are the servers'. Ends when it is asked to, too, and then ends
/// what was started.
fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let mut terminated =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            outcome = work => outcome,
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
            _ = terminated.recv() => bail!("told to stop"),
        }
    })
}

async fn run(arguments: Run) -> Result<()> {
    let quick = arguments.quick;
    let rounds = arguments.rounds.unwrap_or(if quick { 2 } else { 5 }).into();
    let seconds = arguments.seconds.unwrap_or(if quick { 1 } else { 5 });
    let measured = Duration::from_secs(seconds.into());
    let times = Times { rounds, warm_up: measured * 3 / 5, measured };
    let sale = match quick {
        false => sale::Plan { buyers: 1_000, units: 100 },
        true => sale::Plan { buyers: 100, units: 10 },
    };
    let plan = Plan {
        scenarios: all_if_none(arguments.scenario, &scenario::ALL),
        targets: all_if_none(arguments.target, &target::ALL),
        times,
        size: Size { listings: if quick { 1_200 } else { 5_000 }, buyers: sale.buyers },
        sale,
        programs: arguments.programs,
        work: arguments.work,
        quick,
    };
    let day = time::OffsetDateTime::now_utc().date();
    // A trial's figures never lie where those of a whole run would be looked for.
    let folder = if quick { plan.work.with_extension("quick") } else { arguments.out };
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let json = folder.join(format!("{day}.json"));
    let results = plan.run(&json).await?;
    write(&results, &json)
}

fn all_if_none<T>(chosen: Vec<&'static T>, all: &'static [T]) -> Vec<&'static T> {
    if chosen.is_empty() { all.iter().collect() } else { chosen }
}

/// Writes what is made of results beside them.
fn write(results: &Results, json: &Path) -> Result<()> {
    let tables = json.with_extension("md");
    std::fs::write(&tables, report::tables(results))?;
    let drawing = json.with_file_name("latest.svg");
    std::fs::write(&drawing, report::drawing(results))?;
    println!("written: {}, {}, {}", json.display(), tables.display(), drawing.display());
    Ok(())
}

async fn load(arguments: Load) -> Result<()> {
    let size = Size { listings: arguments.listings, buyers: arguments.buyers };
    let stock = Rc::new(Stock::fill(arguments.address, size).await?);
    let over = Duration::from_secs(arguments.seconds);
    let connections = arguments.connections.unwrap_or(arguments.scenario.connections());
    match arguments.scenario.shape {
        Shape::Sale => {
            let plan = sale::Plan { buyers: arguments.buyers, units: arguments.units };
            let sale = sale::hold(&stock, plan).await?;
            println!("{}", serde_json::to_string_pretty(&sale)?);
            if !sale.is_right() {
                bail!("the sale went wrong");
            }
        }
        Shape::Steady { act, .. } | Shape::Growth { act, .. } => {
            let shop = Rc::new(Shop::open(&stock, connections).await?);
            let outcome = match arguments.rate {
                Some(rate) => pace(&shop, rate, over, act).await,
                None => saturate(&shop, connections, over, act).await,
            };
            tell(&outcome);
        }
    }
    Ok(())
}

fn tell(outcome: &Outcome) {
    println!(
        "{} done in {:.1?}: {:.0} a second",
        outcome.done(),
        outcome.took,
        outcome.per_second()
    );
    for percent in [50.0, 90.0, 99.0, 100.0] {
        println!("p{percent:<4} {:>9.2} ms", outcome.percentile(percent));
    }
    for (why, count) in &outcome.misses {
        println!("{count} times: {why}");
    }
}

/// Lets this process, and those that it starts, have as many open files as they may: a thousand
/// buyers have a connection each, and many systems begin with 1,024 files.
fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        eprintln!(
            "bench: the limit on open files cannot be raised, it limits connections: {error}"
        );
    }
}
