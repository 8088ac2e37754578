//! Results as Markdown.

use std::fmt::Write as _;

use super::figure;
use super::goals::{Goal, PAIRS, goals};
use crate::results::{Load, Measurement, Results, Round};
use crate::scenario::{self, Scenario, Shape};
use crate::statistics::Spread;
use crate::target::title;
use crate::usage::SERVER;

/// All tables of a run.
pub fn tables(results: &Results) -> String {
    let mut text = head(results);
    text.push_str(&goals_table(&goals(results)));
    text.push_str(&ratios(results));
    for scenario in &scenario::ALL {
        text.push_str(&match scenario.shape {
            Shape::Steady { .. } => steady(results, scenario),
            Shape::Sale => sales(results, scenario),
            Shape::Growth { .. } => growth(results, scenario),
        });
    }
    text
}

fn head(results: &Results) -> String {
    let (machine, settings) = (&results.machine, &results.settings);
    let day = results.began.split('T').next().unwrap_or_default();
    let versions: Vec<String> =
        machine.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let mut text = format!(
        "# Measured on {day}\n\nWhat is compared, and how to read it: [bench/README.md](../README.md).\n\n"
    );
    if settings.quick {
        text.push_str("**A trial, too short for figures that mean anything.**\n\n");
    }
    let rows = [
        (
            "machine",
            format!(
                "{}, {} cores, {:.0} GiB; {}",
                machine.processor, machine.cores, machine.memory_gib, machine.kernel
            ),
        ),
        ("versions", versions.join(", ")),
        ("commit", machine.commit.clone()),
        ("began", results.began.clone()),
        (
            "in each shop",
            format!(
                "{} listings, {} buyers",
                figure_of(settings.listings),
                figure_of(settings.buyers)
            ),
        ),
        (
            "measured",
            format!(
                "{} rounds, in each of which every target has its turn: {} s to warm up, {} s at full \
             load, {} s at a pace",
                settings.rounds, settings.warm_up_s, settings.measured_s, settings.measured_s
            ),
        ),
        ("figures", "median of the rounds (least – most)".to_owned()),
    ];
    text.push_str("| | |\n|---|---|\n");
    for (name, value) in rows {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    text
}

#[allow(clippy::cast_precision_loss, reason = "a count of what a run has made")]
fn figure_of(count: u64) -> String {
    if count < 1_000 { count.to_string() } else { figure(count as f64) }
}

fn spread(spread: Option<Spread>) -> String {
    let Some(Spread { least, median, most }) = spread else { return "–".to_owned() };
    let [least, median, most] = [least, median, most].map(figure);
    if least == most { median } else { format!("{median} ({least} – {most})") }
}

fn goals_table(goals: &[Goal]) -> String {
    if goals.is_empty() {
        return String::new();
    }
    let met = goals.iter().filter(|goal| goal.is_met).count();
    let mut text = format!("\n## Goals\n\n{met} of {} are met.\n\n", goals.len());
    text.push_str("| goal | wanted | seen | met |\n|---|---|---|---|\n");
    for Goal { what, wanted, seen, is_met } in goals {
        let verdict = if *is_met { "yes" } else { "**no**" };
        let _ = writeln!(text, "| {what} | {wanted} | {} | {verdict} |", spread(Some(*seen)));
    }
    text
}

/// How many times as much each of ours bears as the others.
fn ratios(results: &Results) -> String {
    let mut rows = String::new();
    for scenario in &scenario::ALL {
        let cells: Vec<Option<Spread>> =
            PAIRS.iter().map(|pair| pair.ratio(results, scenario.name)).collect();
        if cells.iter().any(Option::is_some) {
            let cells: Vec<String> = cells.into_iter().map(spread).collect();
            let _ = writeln!(rows, "| {} | {} |", scenario.title, cells.join(" | "));
        }
    }
    if rows.is_empty() {
        return rows;
    }
    let titles: Vec<String> = PAIRS.iter().map(|pair| pair.title()).collect();
    let lines = vec!["---|"; PAIRS.len()].concat();
    format!(
        "\n## Ratios\n\nOf what each can bear, in requests a second, round by round.\n\n\
         | scenario | {} |\n|---|{lines}\n{rows}",
        titles.join(" | ")
    )
}

/// What was measured of a scenario, target by target.
fn of<'a>(results: &'a Results, scenario: &Scenario) -> Vec<&'a Measurement> {
    results.measurements.iter().filter(|it| it.scenario == scenario.name).collect()
}

fn section(scenario: &Scenario, columns: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut text = format!("\n## {}\n\n{}\n\n", scenario.title, scenario.what);
    let _ = writeln!(text, "| {} |", columns.join(" | "));
    let _ = writeln!(text, "|{}", vec!["---|"; columns.len()].concat());
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// The spread of a figure over a measurement's rounds.
fn over(measurement: &Measurement, figure: impl Fn(&Round) -> Option<f64>) -> String {
    spread(Spread::of(measurement.figures(figure).into_iter().flatten()))
}

fn steady(results: &Results, scenario: &Scenario) -> String {
    let measurements = of(results, scenario);
    let pace = measurements
        .iter()
        .find_map(|it| it.rounds.first()?.paced.as_ref()?.pace)
        .map_or_else(String::new, figure);
    let (p50, p99) = (format!("p50 at {pace} a second, ms"), format!("p99 at {pace} a second, ms"));
    let columns = [
        "target",
        "at most, a second",
        "CPU each, ms: server",
        "with databases",
        &p50,
        &p99,
        "memory, MiB",
        "missed",
    ];
    let full = |round: &Round, figure: fn(&Load) -> f64| round.saturated.as_ref().map(figure);
    let at_pace = |round: &Round, figure: fn(&Load) -> f64| round.paced.as_ref().map(figure);
    let rows: Vec<Vec<String>> = measurements
        .into_iter()
        .map(|it| {
            vec![
                title(&it.target).to_owned(),
                over(it, Round::throughput),
                over(it, |round| full(round, |load| load.each_ms(load.busy.of(SERVER)))),
                over(it, |round| full(round, |load| load.each_ms(load.busy.of_servers()))),
                over(it, |round| at_pace(round, |load| load.p50_ms)),
                over(it, |round| at_pace(round, |load| load.p99_ms)),
                over(it, |round| Some(round.memory_mib)),
                missed(it),
            ]
        })
        .collect();
    section(scenario, &columns, &rows)
}

/// What was not answered as it should be, over all rounds.
fn missed(measurement: &Measurement) -> String {
    let loads = measurement.rounds.iter().flat_map(|round| [&round.saturated, &round.paced]);
    let mut all = std::collections::BTreeMap::new();
    for (why, count) in loads.flatten().flat_map(|load| &load.missed) {
        *all.entry(why.as_str()).or_insert(0) += count;
    }
    if all.is_empty() {
        return "0".to_owned();
    }
    let each: Vec<String> = all.iter().map(|(why, count)| format!("{count} × {why}")).collect();
    each.join(", ").replace('|', "\\|")
}

fn sales(results: &Results, scenario: &Scenario) -> String {
    let columns = [
        "target",
        "sold",
        "right",
        "all answered, s",
        "p50, ms",
        "p99, ms",
        "one alone, ms",
        "p99 ÷ queue",
    ];
    let cores = results.machine.cores;
    let rows: Vec<Vec<String>> = of(results, scenario)
        .into_iter()
        .map(|it| {
            let sales = || it.rounds.iter().filter_map(|round| round.sale.as_ref());
            let right = sales().filter(|sale| sale.is_right()).count();
            let sold: Vec<String> = sales().map(|sale| sale.sold.to_string()).collect();
            let of = |figure: &dyn Fn(&crate::sale::Sale) -> f64| {
                spread(Spread::of(sales().map(figure)))
            };
            vec![
                title(&it.target).to_owned(),
                sold.join(", "),
                format!("{right} of {}", it.rounds.len()),
                of(&|sale| sale.took_s),
                of(&|sale| sale.p50_ms),
                of(&|sale| sale.p99_ms),
                of(&|sale| sale.alone_ms),
                of(&|sale| sale.queueing(cores)),
            ]
        })
        .collect();
    section(scenario, &columns, &rows)
}

fn growth(results: &Results, scenario: &Scenario) -> String {
    let columns = ["target", "MiB after 1,000 requests", "after 10,000", "in later rounds"];
    let rows: Vec<Vec<String>> = of(results, scenario)
        .into_iter()
        .map(|it| {
            let growths: Vec<_> = it.rounds.iter().filter_map(|round| round.growth).collect();
            let first = growths.first();
            let later: Vec<String> =
                growths.iter().skip(1).map(|growth| figure(growth.after_10000_mib)).collect();
            vec![
                title(&it.target).to_owned(),
                first.map_or_else(String::new, |growth| figure(growth.after_1000_mib)),
                first.map_or_else(String::new, |growth| figure(growth.after_10000_mib)),
                later.join(", "),
            ]
        })
        .collect();
    section(scenario, &columns, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::results;

    #[test]
    fn a_run_becomes_tables() {
        let text = tables(&results());
        for part in [
            "# Measured on 2026-11-24\n",
            "| in each shop | 5,000 listings, 1,000 buyers |",
            "| versions | node 20.20.2 |",
            "| Ticket detail: Boxoffice, SQLite ÷ Hello on our host | 0.8 or more | 0.60 | **no** |",
            "| Hold a ticket | – | 0.50 | 0.50 | 4.00 |",
            "| Boxoffice, SQLite | 6,000 (5,400 – 6,600) | 3.00 | 4.00 | 2.00 | 8.00 | 64.0 | 0 |",
            "| Boxoffice, SQLite | 100 | 1 of 1 | 1.00 | 500 | 990 | 2.00 | 1.00 |",
            "| Boxoffice, SQLite | 50.0 | 60.0 |  |",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains("A trial") && !text.contains("## Search"));
    }

    #[test]
    fn every_row_has_as_many_cells_as_its_table() {
        let bars = |line: &str| line.matches('|').count();
        for table in tables(&results()).split("\n\n").filter(|part| part.starts_with('|')) {
            let lines: Vec<&str> = table.lines().collect();
            assert!(lines.iter().all(|line| bars(line) == bars(lines[0])), "{table}");
        }
    }

    #[test]
    fn what_was_missed_is_counted_by_why() {
        let mut results = results();
        let load = results.measurements[1].rounds[0].paced.as_mut().expect("it was paced");
        load.missed = [("503".to_owned(), 3)].into();
        assert!(tables(&results).contains("| 64.0 | 3 × 503 |"));
    }

    #[test]
    fn a_trial_says_that_it_is_one() {
        let mut results = results();
        results.settings.quick = true;
        assert!(tables(&results).contains("**A trial"));
    }
}
