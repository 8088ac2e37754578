//! What is to be reached, and whether it was.

use crate::results::{Results, Round};
use crate::statistics::{Spread, ratio};
use crate::target::{
    AXUM_POSTGRES, AXUM_SQLITE, BOXOFFICE_POSTGRES, BOXOFFICE_SQLITE, EXPRESS_POSTGRES, HELLO,
    title,
};

/// Two targets that are laid beside each other.
pub(super) struct Pair {
    pub(super) ours: &'static str,
    pub(super) other: &'static str,
    /// How many times as much ours is to bear, where that is a goal.
    least: f64,
    /// In which scenarios; all, if none is named.
    of: &'static [&'static str],
}

/// Who is compared with whom: each of ours with what keeps its data in the same store.
pub(super) const PAIRS: [Pair; 4] = [
    Pair { ours: BOXOFFICE_SQLITE, other: HELLO, least: 0.8, of: &["detail"] },
    Pair { ours: BOXOFFICE_SQLITE, other: AXUM_SQLITE, least: 0.25, of: &[] },
    Pair { ours: BOXOFFICE_POSTGRES, other: AXUM_POSTGRES, least: 0.25, of: &[] },
    Pair {
        ours: BOXOFFICE_POSTGRES,
        other: EXPRESS_POSTGRES,
        least: 3.0,
        of: &["detail", "browse", "deep", "search", "mixed", "hold"],
    },
];

/// What 10,000 requests may leave in memory beyond what 1,000 did, in MiB (20 MB).
const GROWTH_MIB: f64 = 20e6 / 1024.0 / 1024.0;
/// How many times the queue that cores imply a flash sale's slowest may wait.
const QUEUEING: f64 = 2.0;

/// A goal, and what was seen.
pub(super) struct Goal {
    pub(super) what: String,
    pub(super) wanted: String,
    pub(super) seen: Spread,
    pub(super) is_met: bool,
}

impl Pair {
    /// What it is called in tables.
    pub(super) fn title(&self) -> String {
        format!("{} ÷ {}", title(self.ours), title(self.other))
    }

    /// How many times what the other bears ours does, in a scenario.
    pub(super) fn ratio(&self, results: &Results, scenario: &str) -> Option<Spread> {
        let [ours, other] = [self.ours, self.other]
            .map(|target| Some(results.find(scenario, target)?.figures(Round::throughput)));
        ratio(&ours?, &other?)
    }

    /// Whether there is a goal for the scenario.
    fn is_goal(&self, scenario: &str) -> bool {
        self.of.is_empty() || self.of.contains(&scenario)
    }
}

/// Every goal that the run has measured.
pub(super) fn goals(results: &Results) -> Vec<Goal> {
    let mut goals = Vec::new();
    for pair in &PAIRS {
        for scenario in &crate::scenario::ALL {
            let seen = pair.ratio(results, scenario.name);
            if let Some(seen) = seen.filter(|_| pair.is_goal(scenario.name)) {
                goals.push(Goal {
                    what: format!("{}: {}", scenario.title, pair.title()),
                    wanted: format!("{} or more", pair.least),
                    seen,
                    is_met: seen.median >= pair.least,
                });
            }
        }
    }
    for target in [BOXOFFICE_SQLITE, BOXOFFICE_POSTGRES] {
        goals.extend(sale(results, target));
        goals.extend(memory(results, target));
    }
    goals
}

fn sale(results: &Results, target: &str) -> Vec<Goal> {
    let Some(measurement) = results.find("flash-sale", target) else { return Vec::new() };
    let sales = || measurement.rounds.iter().filter_map(|round| round.sale.as_ref());
    let all_right = sales().all(crate::sale::Sale::is_right);
    #[allow(clippy::cast_precision_loss, reason = "a count of tickets")]
    let sold = Spread::of(sales().map(|sale| sale.sold as f64));
    let queueing = Spread::of(sales().map(|sale| sale.queueing(results.machine.cores)));
    let units = sales().next().map_or(0, |sale| sale.units);
    let of_sales = sold.map(|seen| Goal {
        what: format!("Flash sale, {}: tickets sold, and everybody else told so", title(target)),
        wanted: format!("exactly {units}"),
        seen,
        is_met: all_right,
    });
    let of_queues = queueing.map(|seen| Goal {
        what: format!("Flash sale, {}: p99 ÷ the queue that cores imply", title(target)),
        wanted: format!("less than {QUEUEING}"),
        seen,
        is_met: seen.median < QUEUEING,
    });
    of_sales.into_iter().chain(of_queues).collect()
}

fn memory(results: &Results, target: &str) -> Option<Goal> {
    let measurement = results.find("memory", target)?;
    let grown = measurement.rounds.iter().filter_map(|round| Some(round.growth?.grown_mib()));
    // The first round is the one that counts: later ones find what earlier ones have left.
    let seen = Spread::of(grown.take(1))?;
    Some(Goal {
        what: format!("Memory, {}: MiB that the next 9,000 requests leave", title(target)),
        wanted: format!("less than {GROWTH_MIB:.1}"),
        seen,
        is_met: seen.median < GROWTH_MIB,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::report::tests::results;

    fn verdicts() -> Vec<(String, bool)> {
        goals(&results()).into_iter().map(|goal| (goal.what, goal.is_met)).collect()
    }

    fn is_met(what: &str) -> bool {
        verdicts().into_iter().find(|(goal, _)| goal.contains(what)).unwrap().1
    }

    #[test]
    fn goals_are_met_or_not_by_the_median() {
        // 6,000 beside 10,000; 6,000 beside 12,000; 4,000 beside 1,000.
        assert!(!is_met("Ticket detail: Boxoffice, SQLite ÷ Hello"));
        assert!(is_met("Ticket detail: Boxoffice, SQLite ÷ axum"));
        assert!(is_met("Hold a ticket: Boxoffice, Postgres ÷ Express"));
        assert!(is_met("tickets sold") && is_met("p99 ÷ the queue") && is_met("Memory"));
    }

    #[test]
    fn what_was_not_measured_is_no_goal() {
        assert!(verdicts().iter().all(|(goal, _)| !goal.contains("Search")));
        assert_eq!(verdicts().len(), 1 + 2 + 2 + 2 + 2 + 1);
    }

    #[test]
    fn a_sale_that_went_wrong_once_is_no_success() {
        let mut results = results();
        let sale = results.measurements.iter_mut().find(|it| it.scenario == "flash-sale").unwrap();
        let mut again = sale.rounds[0].clone();
        again.sale.as_mut().unwrap().sold = 101;
        sale.rounds.push(again);
        let goal = goals(&results).into_iter().find(|goal| goal.what.contains("sold")).unwrap();
        assert!(!goal.is_met);
    }
}
