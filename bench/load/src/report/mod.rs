//! What came of a run, for people: as tables in Markdown, and as a drawing in SVG.

mod goals;
mod svg;
mod tables;

pub use svg::drawing;
pub use tables::tables;

/// A figure with about three digits, and commas between thousands.
fn figure(value: f64) -> String {
    let digits = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    let (whole, rest) = match text.split_once('.') {
        Some((whole, rest)) => (whole, format!(".{rest}")),
        None => (text.as_str(), String::new()),
    };
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let groups: Vec<&str> = {
        let first = whole.len() % 3;
        let (head, tail) = whole.split_at(first);
        let tail = tail.as_bytes().chunks(3).filter_map(|three| std::str::from_utf8(three).ok());
        std::iter::once(head).filter(|head| !head.is_empty()).chain(tail).collect()
    };
    format!("{sign}{}{rest}", groups.join(","))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::machine::Machine;
    use crate::results::{Growth, Load, Results, Round, Settings};
    use crate::sale::tests::sale;
    use crate::usage::Busy;

    #[test]
    fn figures_are_short() {
        for (value, text) in [
            (0.0, "0.00"),
            (0.123, "0.12"),
            (12.34, "12.3"),
            (999.6, "1,000"),
            (12_345.6, "12,346"),
            (1_234_567.0, "1,234,567"),
            (-1_234.5, "-1,234"),
            (123.0, "123"),
        ] {
            assert_eq!(figure(value), text);
        }
    }

    fn load(pace: Option<f64>, per_second: f64) -> Load {
        let busy = [("server", 3.0), ("postgres", 1.0), ("client", 1.0)];
        let busy = Busy(busy.map(|(part, seconds)| (part.to_owned(), seconds)).into());
        Load {
            pace,
            done: 1_000,
            missed: BTreeMap::new(),
            took_s: 5.0,
            per_second,
            p50_ms: 2.0,
            p90_ms: 4.0,
            p99_ms: 8.0,
            max_ms: 16.0,
            busy,
        }
    }

    fn steady(per_second: f64) -> Round {
        Round {
            saturated: Some(load(None, per_second)),
            paced: Some(load(Some(100.0), 100.0)),
            memory_mib: 64.0,
            quiet: true,
            ..Round::default()
        }
    }

    /// A run with something of everything in it.
    pub(crate) fn results() -> Results {
        let mut results = Results {
            began: "2026-11-24T05:00:00Z".to_owned(),
            machine: Machine {
                processor: "Some <processor> & more".to_owned(),
                cores: 2,
                memory_gib: 24.0,
                kernel: "Linux 6.1".to_owned(),
                commit: "0123456789".to_owned(),
                versions: [("node".to_owned(), "20.20.2".to_owned())].into(),
            },
            settings: Settings {
                rounds: 3,
                warm_up_s: 2.0,
                measured_s: 5.0,
                listings: 5_000,
                buyers: 1_000,
                quick: false,
            },
            measurements: Vec::new(),
        };
        for (target, per_second) in [
            ("hello", 10_000.0),
            ("boxoffice-sqlite", 6_000.0),
            ("axum-sqlite", 12_000.0),
            ("boxoffice-postgres", 4_000.0),
            ("axum-postgres", 8_000.0),
            ("express-postgres", 1_000.0),
        ] {
            for factor in [1.0, 1.1, 0.9] {
                results.add("detail", target, steady(per_second * factor));
                if target != "hello" {
                    results.add("hold", target, steady(per_second * factor / 10.0));
                }
            }
        }
        let sold = Round { sale: Some(sale()), ..Round::default() };
        results.add("flash-sale", "boxoffice-sqlite", sold);
        let growth = Growth { after_1000_mib: 50.0, after_10000_mib: 60.0 };
        let grown = Round { growth: Some(growth), ..Round::default() };
        results.add("memory", "boxoffice-sqlite", grown);
        results
    }
}
