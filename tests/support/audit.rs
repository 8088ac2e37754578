//! The audit of a shop that a test has in its hand: the operators' own, after the shop has been
//! let come to rest.

use std::time::{Duration, Instant};

use boxoffice_ops::provider::Provider;
use boxoffice_ops::{Rule, Sources, Violation, audit, bus::Bus};

use crate::{App, Surroundings};

/// How long everything may take to be as it must.
const PATIENCE: Duration = Duration::from_secs(45);
/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(50);
/// Events that are younger than this count as being published by those who made them, in seconds.
const LEFT_BEHIND: u64 = 3;

/// What is left over in a shop on purpose.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// How many dead letters there are.
    pub dead_letters: usize,
    /// Orders whose money was given back since somebody told everyone but `orders` that they had
    /// ended: what the others have heard of them is wrong.
    pub given_back: Vec<String>,
}

impl Audit {
    /// Lets the shop come to rest by ticks, and checks every rule.
    ///
    /// # Panics
    /// When something stays wrong, with all of it.
    pub async fn check(&self, app: &App) {
        app.advance(LEFT_BEHIND);
        self.heals(app, async || app.tick().await).await;
    }

    /// Calls `tick` until a pass finds nothing wrong.
    ///
    /// # Panics
    /// When something stays wrong for twenty seconds, with all of it, or why nothing can be seen.
    pub async fn heals(&self, around: &Surroundings, mut tick: impl AsyncFnMut()) {
        let sources = around.sources();
        let start = Instant::now();
        loop {
            tick().await;
            let faults = match audit::pass(&sources).await {
                Ok(violations) => self.faults(&violations),
                Err(error) => vec![format!("nothing can be seen: {error:#}")],
            };
            if faults.is_empty() {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "the audit found:\n{}", faults.join("\n"));
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What of `violations` is not left over on purpose, and what of that is not there.
    fn faults(&self, violations: &[Violation]) -> Vec<String> {
        let is_letter = |violation: &Violation| violation.rule == Rule::DeadLetter;
        let letters = violations.iter().filter(|violation| is_letter(violation)).count();
        let as_due = letters == self.dead_letters;
        let on_purpose = |violation: &Violation| {
            (as_due && is_letter(violation)) || self.is_given_back(violation)
        };
        let unwanted = violations.iter().filter(|violation| !on_purpose(violation));
        let mut faults: Vec<String> = unwanted.map(Violation::to_string).collect();
        if !as_due {
            faults.push(format!("there are {letters} dead letters, not {}", self.dead_letters));
        }
        faults
    }

    fn is_given_back(&self, violation: &Violation) -> bool {
        let rules = [Rule::OrderReplica, Rule::TimerReplica];
        let order = violation.id("order").unwrap_or_default();
        rules.contains(&violation.rule) && self.given_back.iter().any(|id| id == order)
    }
}

impl App {
    /// Lets the shop come to rest by ticks, and checks that nothing at all is wrong.
    pub async fn audit(&self) {
        Audit::default().check(self).await;
    }
}

impl Surroundings {
    /// Where an audit reads this shop: the sandbox itself, whoever stands before it.
    ///
    /// # Panics
    /// When the variables do not say where Redis is, or what the provider's key is.
    pub fn sources(&self) -> Sources {
        Sources {
            databases: self.databases(),
            bus: Bus::new(&self.variables["redis_url"]).unwrap(),
            provider: Provider::new(self.sandbox_url(), &self.variables["stripe_api_key"]),
            now: self.now(),
        }
    }
}
