//! What came of a run, as it is kept in JSON; [`crate::report`] makes tables and drawings of it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::load::Outcome;
use crate::machine::Machine;
use crate::sale::Sale;
use crate::usage::Busy;

/// A whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// When it began, as RFC 3339 has it.
    pub began: String,
    /// Where it ran.
    pub machine: Machine,
    /// How it was measured.
    pub settings: Settings,
    /// What was measured, in the order in which it was.
    pub measurements: Vec<Measurement>,
}

/// How it was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How often each target had its turn.
    pub rounds: usize,
    /// How long each was warmed up, in seconds.
    pub warm_up_s: f64,
    /// How long each was measured, each way, in seconds.
    pub measured_s: f64,
    /// How many listings each shop had.
    pub listings: u64,
    /// How many buyers had accounts.
    pub buyers: u64,
    /// Whether figures are those of a trial, too short to be told to anybody.
    pub quick: bool,
}

/// One scenario on one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The scenario's name.
    pub scenario: String,
    /// The target's name.
    pub target: String,
    /// One after the other.
    pub rounds: Vec<Round>,
}

/// One target's turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// As much as it could bear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saturated: Option<Load>,
    /// At a pace that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paced: Option<Load>,
    /// Everyone at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale: Option<Sale>,
    /// What requests leave in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth: Option<Growth>,
    /// Memory of the server's own processes at the end, in MiB.
    pub memory_mib: f64,
    /// Whether nothing else was at work before.
    pub quiet: bool,
}

/// What came of a load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// How many a second were meant to be sent; None where as many as could be.
    pub pace: Option<f64>,
    /// How many were answered as they should be.
    pub done: u64,
    /// What was not, by why.
    pub missed: BTreeMap<String, u64>,
    /// Until the last answer, in seconds.
    pub took_s: f64,
    /// How many were answered a second.
    pub per_second: f64,
    /// Latency in milliseconds, from when the request was meant to be sent.
    pub p50_ms: f64,
    /// The same, of nine in ten.
    pub p90_ms: f64,
    /// The same, of 99 in a hundred.
    pub p99_ms: f64,
    /// The same, of all.
    pub max_ms: f64,
    /// Processor time meanwhile, in seconds.
    pub busy: Busy,
}

/// Memory of a server's processes, in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    /// After a thousand requests.
    pub after_1000_mib: f64,
    /// After ten thousand.
    pub after_10000_mib: f64,
}

impl Load {
    /// Of what was counted, and the time that it took processors.
    pub fn of(outcome: &Outcome, pace: Option<f64>, busy: Busy) -> Self {
        Self {
            pace,
            done: outcome.done(),
            missed: outcome.misses.clone(),
            took_s: outcome.took.as_secs_f64(),
            per_second: outcome.per_second(),
            p50_ms: outcome.percentile(50.0),
            p90_ms: outcome.percentile(90.0),
            p99_ms: outcome.percentile(99.0),
            max_ms: outcome.percentile(100.0),
            busy,
        }
    }

    /// Processor time, in milliseconds, that `seconds` of it are for each answer.
    #[allow(clippy::cast_precision_loss, reason = "a count of requests, far below 2^52")]
    pub fn each_ms(&self, seconds: f64) -> f64 {
        seconds * 1_000.0 / (self.done.max(1) as f64)
    }
}

impl Growth {
    /// What nine thousand requests have left, in MiB.
    pub fn grown_mib(&self) -> f64 {
        self.after_10000_mib - self.after_1000_mib
    }
}

impl Results {
    /// What was measured of `scenario` on `target`.
    pub fn find(&self, scenario: &str, target: &str) -> Option<&Measurement> {
        let is_it = |it: &&Measurement| it.scenario == scenario && it.target == target;
        self.measurements.iter().find(is_it)
    }

    /// Adds a round to what was measured of `scenario` on `target`.
    pub fn add(&mut self, scenario: &str, target: &str, round: Round) {
        let is_it = |it: &&mut Measurement| it.scenario == scenario && it.target == target;
        if let Some(measurement) = self.measurements.iter_mut().find(is_it) {
            measurement.rounds.push(round);
            return;
        }
        let (scenario, target) = (scenario.to_owned(), target.to_owned());
        self.measurements.push(Measurement { scenario, target, rounds: vec![round] });
    }

    /// Reads what [`Results::write`] has written.
    ///
    /// # Errors
    /// When there is no such file, or it is of another kind.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} is not a file of results", path.display()))
    }

    /// Writes them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        std::fs::write(path, text).with_context(|| path.display().to_string())
    }
}

impl Measurement {
    /// A figure of each round, where it has one.
    pub fn figures(&self, figure: impl Fn(&Round) -> Option<f64>) -> Vec<Option<f64>> {
        self.rounds.iter().map(figure).collect()
    }
}

impl Round {
    /// How much the target could bear, a second.
    pub fn throughput(&self) -> Option<f64> {
        self.saturated.as_ref().map(|load| load.per_second)
    }
}
