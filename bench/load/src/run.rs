//! Everything in turn: scenario by scenario, in each of them round by round, in each of those
//! target by target (A B A B, not A A B B), so that whatever changes on the machine with time
//! changes for all.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::{Instant, sleep};

use crate::arrival::{Arrival, Rate};
use crate::load::{Outcome, paced, saturating};
use crate::machine::Machine;
use crate::results::{Growth, Load, Results, Round, Settings};
use crate::sale;
use crate::scenario::{Act, Scenario, Shape};
use crate::shop::{Shop, Size, Stock};
use crate::target::{Programs, Running, Target, need_crowd, need_sandbox};
use crate::usage::{Busy, Part, SERVER, memory};

/// How long one looks whether anything is at work.
const LOOK: Duration = Duration::from_millis(400);
/// How much of a core all servers together may be busy for when nothing is at work: a clock ticks in
/// some of them.
const QUIET: f64 = 0.08;
/// How long to wait until nothing is.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many requests there are before one looks at memory the first time, and the second.
const GROWTH: [u64; 2] = [1_000, 10_000];

/// What is to be run.
pub struct Plan {
    /// Which scenarios, in this order.
    pub scenarios: Vec<&'static Scenario>,
    /// On which targets, in this order.
    pub targets: Vec<&'static Target>,
    /// How it is measured.
    pub times: Times,
    /// How much there is in each shop.
    pub size: Size,
    /// How big a flash sale is.
    pub sale: sale::Plan,
    /// What is started.
    pub programs: Programs,
    /// Where data and logs are kept meanwhile; made, and taken away if all goes well.
    pub work: PathBuf,
    /// Whether this is a trial.
    pub quick: bool,
}

/// How long, and how often, something is measured.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Rounds.
    pub rounds: usize,
    /// How long it is warmed up.
    pub warm_up: Duration,
    /// How long it is measured, each way.
    pub measured: Duration,
}

/// A target that runs, and what is in it.
struct Open {
    running: Running,
    stock: Rc<Stock>,
}

impl Plan {
    /// Runs it; what has been measured is written to `json` after each scenario.
    ///
    /// # Errors
    /// When a target does not start, or its shop cannot be filled.
    pub async fn run(&self, json: &Path) -> Result<Results> {
        let mut results = Results {
            began: OffsetDateTime::now_utc().format(&Rfc3339)?,
            machine: Machine::here(&self.programs.boxoffice),
            settings: self.settings(),
            measurements: Vec::new(),
        };
        let _ = std::fs::remove_dir_all(&self.work);
        let mut open = Vec::new();
        for target in &self.targets {
            open.push(self.open(target).await?);
        }
        for scenario in &self.scenarios {
            for round in 0..self.times.rounds {
                for one in open.iter().filter(|one| one.running.target.has(scenario)) {
                    let name = one.running.target.name;
                    let measured = self.measure(scenario, one, &open).await;
                    let measured =
                        measured.with_context(|| format!("{}, {name}", scenario.name))?;
                    println!(
                        "{}, round {}, {name}: {}",
                        scenario.name,
                        round + 1,
                        brief(&measured)
                    );
                    results.add(scenario.name, name, measured);
                }
            }
            results.write(json)?;
        }
        drop(open);
        std::fs::remove_dir_all(&self.work).context("removing data that is not needed any more")?;
        Ok(results)
    }

    fn settings(&self) -> Settings {
        Settings {
            rounds: self.times.rounds,
            warm_up_s: self.times.warm_up.as_secs_f64(),
            measured_s: self.times.measured.as_secs_f64(),
            listings: self.size.listings,
            buyers: self.size.buyers,
            quick: self.quick,
        }
    }

    async fn open(&self, target: &'static Target) -> Result<Open> {
        let start = Instant::now();
        let folder = self.work.join(target.name);
        let running = target.start(&self.programs, &folder, need_sandbox(&self.scenarios)).await?;
        let stock = if target.is_shop() {
            let size = Size {
                // Without a crowd a few take turns.
                buyers: if need_crowd(&self.scenarios) { self.size.buyers } else { 32 },
                ..self.size
            };
            Stock::fill(running.address, size).await.with_context(|| target.name)?
        } else {
            Stock::none(running.address)
        };
        running.settle().await.with_context(|| target.name)?;
        println!("{}: started and filled in {:.0?}", target.name, start.elapsed());
        Ok(Open { running, stock: Rc::new(stock) })
    }

    async fn measure(&self, scenario: &Scenario, one: &Open, all: &[Open]) -> Result<Round> {
        let mut round = Round { quiet: quiet(all).await, ..Round::default() };
        let parts = &one.running.parts;
        match scenario.shape {
            Shape::Sale => round.sale = Some(sale::hold(&one.stock, self.sale).await?),
            Shape::Growth { connections, act } => {
                round.growth = Some(growth(one, connections, act).await?);
            }
            Shape::Steady { rate, connections, act } => {
                let Times { warm_up, measured, .. } = self.times;
                let shop = Shop::open(&one.stock, connections).await?;
                saturate(&shop, connections, warm_up, act).await;
                let (outcome, busy) =
                    watched(parts, saturate(&shop, connections, measured, act)).await;
                round.saturated = Some(Load::of(&outcome, None, busy));
                drop(shop);
                round.quiet &= quiet(all).await;
                // New connections: servers may have closed the old ones while it was quiet.
                let shop = Rc::new(Shop::open(&one.stock, connections).await?);
                let (outcome, busy) = watched(parts, pace(&shop, rate, measured, act)).await;
                round.paced = Some(Load::of(&outcome, Some(rate.mean()), busy));
            }
        }
        round.memory_mib = server_memory(parts);
        Ok(round)
    }
}

/// Does `act` as often as `shop` can bear, for so long.
pub async fn saturate(shop: &Shop, connections: usize, over: Duration, act: Act) -> Outcome {
    saturating(connections, over, async |number| act(shop, number).await).await
}

/// Does `act` at a pace, for so long.
pub async fn pace(shop: &Rc<Shop>, rate: Rate, over: Duration, act: Act) -> Outcome {
    let shop = Rc::clone(shop);
    let once = move |number| {
        let shop = Rc::clone(&shop);
        async move { act(&shop, number).await }
    };
    paced(Arrival::new(rate, over), once).await
}

/// What comes of `work`, and the processor time of `parts` meanwhile.
async fn watched<T>(parts: &[Part], work: impl Future<Output = T>) -> (T, Busy) {
    let before = Busy::now(parts);
    let outcome = work.await;
    (outcome, Busy::now(parts).since(&before))
}

/// Lets the work that earlier requests have left be done, of all targets. Whether it was, in time.
async fn quiet(all: &[Open]) -> bool {
    let parts: Vec<Part> = all.iter().flat_map(|one| one.running.parts.iter().copied()).collect();
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        let before = Busy::now(&parts);
        let looked = Instant::now();
        sleep(LOOK).await;
        let busy = Busy::now(&parts).since(&before).of_servers();
        if busy < QUIET * looked.elapsed().as_secs_f64() {
            return true;
        }
    }
    false
}

async fn growth(one: &Open, connections: usize, act: Act) -> Result<Growth> {
    let shop = Shop::open(&one.stock, connections).await?;
    let mut seen = Vec::new();
    let mut next = 0;
    for count in GROWTH {
        let mut last = next;
        while last < count {
            let batch = (count - last).min(connections as u64);
            let acting = (last..last + batch).map(|number| act(&shop, number));
            for result in futures::future::join_all(acting).await {
                result.map_err(anyhow::Error::msg)?;
            }
            last += batch;
        }
        next = last;
        seen.push(server_memory(&one.running.parts));
    }
    Ok(Growth { after_1000_mib: seen[0], after_10000_mib: seen[1] })
}

fn server_memory(parts: &[Part]) -> f64 {
    parts.iter().filter(|part| part.name == SERVER).map(|part| memory(part.process)).sum()
}

/// A round in a few words.
fn brief(round: &Round) -> String {
    let mut words = Vec::new();
    if let Some(load) = &round.saturated {
        words.push(format!("{:.0} a second", load.per_second));
    }
    if let Some(load) = &round.paced {
        let pace = load.pace.unwrap_or_default();
        words.push(format!(
            "at {pace:.0} a second p50 {:.2} ms, p99 {:.2} ms",
            load.p50_ms, load.p99_ms
        ));
    }
    if let Some(sale) = &round.sale {
        let verdict = if sale.is_right() { "right" } else { "WRONG" };
        words.push(format!(
            "{} sold of {}: {verdict}; p99 {:.0} ms",
            sale.sold, sale.units, sale.p99_ms
        ));
    }
    if let Some(growth) = &round.growth {
        words.push(format!("9,000 requests left {:.1} MiB", growth.grown_mib()));
    }
    let missed: u64 = [&round.saturated, &round.paced]
        .into_iter()
        .flatten()
        .flat_map(|load| load.missed.values())
        .sum();
    if missed > 0 {
        words.push(format!("{missed} MISSED"));
    }
    if !round.quiet {
        words.push("not quiet before".to_owned());
    }
    words.join("; ")
}
