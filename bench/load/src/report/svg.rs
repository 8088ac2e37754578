//! The drawing for the README: what each target can bear, scenario by scenario.
//!
//! Bars begin at nothing, and each panel has a scale of its own. A thin line shows the spread of
//! the rounds. Colours follow the reader's choice of light or dark, by the drawing's own style.

use std::fmt::Write as _;

use super::figure;
use crate::results::{Measurement, Results, Round};
use crate::scenario;
use crate::statistics::Spread;
use crate::target::{BOXOFFICE_POSTGRES, BOXOFFICE_SQLITE, EXPRESS_POSTGRES, HELLO, title};

/// How wide the drawing is, in its own units, which are pixels where it is shown in full.
const WIDTH: f64 = 800.0;
const MARGIN: f64 = 24.0;
/// Panels stand in two columns.
const COLUMNS: usize = 2;
const GAP: f64 = 24.0;
const PANEL: f64 = (WIDTH - 2.0 * MARGIN - GAP) / 2.0;
/// Where bars begin, after the targets' names; and how much is kept behind them for figures.
const NAMES: f64 = 146.0;
const FIGURES: f64 = 56.0;
const BAR: f64 = 16.0;
const STEP: f64 = 22.0;
/// Room above the first bar of a panel, and below its last.
const ABOVE: f64 = 30.0;
const BELOW: f64 = 20.0;
/// Room above the first panel, and below the last.
const HEAD: f64 = 74.0;
const FOOT: f64 = 40.0;

const STYLE: &str = "\
svg{font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:13px}\
.paper{fill:#fff}text{fill:#1f2328}.quiet{fill:#59636e}.title{font-size:18px;font-weight:600}\
.panel{font-size:14px;font-weight:600}.figure{font-variant-numeric:tabular-nums}\
.ours{fill:#7c3aed}.peer{fill:#8b98a8}.node{fill:#b9a13c}.floor{fill:#c3ccd6}\
.line{stroke:#1f2328;stroke-width:1.25;stroke-opacity:.6}.mine{font-weight:600}\
@media(prefers-color-scheme:dark){.paper{fill:#0d1117}text{fill:#e6edf3}.quiet{fill:#9198a1}\
.ours{fill:#a78bfa}.peer{fill:#6b7787}.node{fill:#a8913a}.floor{fill:#434c57}\
.line{stroke:#e6edf3}}";

/// A bar.
struct Bar<'a> {
    target: &'a str,
    spread: Spread,
}

/// The drawing.
pub fn drawing(results: &Results) -> String {
    let panels = panels(results);
    let rows: Vec<f64> = panels
        .chunks(COLUMNS)
        .map(|row| {
            let bars = row.iter().map(|(_, bars)| bars.len()).max().unwrap_or_default();
            ABOVE + STEP * count(bars) + BELOW
        })
        .collect();
    let height = HEAD + rows.iter().sum::<f64>() + FOOT;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"t d\">\n<title id=\"t\">{TITLE}</title>\n\
         <desc id=\"d\">{}</desc>\n<style>{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\"/>\n",
        escaped(&described(&panels))
    );
    let _ = writeln!(text, "<text class=\"title\" x=\"{MARGIN}\" y=\"36\">{TITLE}</text>");
    let _ = writeln!(
        text,
        "<text class=\"quiet\" x=\"{MARGIN}\" y=\"57\">{}</text>",
        escaped(&subtitle(results))
    );
    let mut top = HEAD;
    for (row, height) in panels.chunks(COLUMNS).zip(&rows) {
        for (column, (title, bars)) in row.iter().enumerate() {
            let left = MARGIN + count(column) * (PANEL + GAP);
            text.push_str(&panel(title, bars, left, top));
        }
        top += height;
    }
    let _ = writeln!(
        text,
        "<text class=\"quiet\" x=\"{MARGIN}\" y=\"{}\">{}</text>",
        height - 18.0,
        escaped(&foot(results))
    );
    text.push_str("</svg>\n");
    text
}

const TITLE: &str = "Requests a second, more is better";

fn subtitle(results: &Results) -> String {
    let cores = results.machine.cores;
    format!(
        "{cores} cores for server, database, Redis and the client alike; median of {} rounds, line: \
         least to most",
        results.settings.rounds
    )
}

fn foot(results: &Results) -> String {
    let day = results.began.split('T').next().unwrap_or_default();
    let trial = if results.settings.quick { "A trial. " } else { "" };
    format!("{trial}{day}, {}, {}", results.machine.processor, results.machine.kernel)
}

/// What is drawn: each scenario of which it was measured how much can be borne.
fn panels(results: &Results) -> Vec<(&'static str, Vec<Bar<'_>>)> {
    let of = |name: &str| -> Vec<Bar<'_>> {
        let of_it = results.measurements.iter().filter(|it| it.scenario == name);
        of_it.filter_map(bar).collect()
    };
    let panels = scenario::ALL.iter().map(|scenario| (scenario.title, of(scenario.name)));
    // One bar alone compares nothing.
    panels.filter(|(_, bars)| bars.len() > 1).collect()
}

fn bar(measurement: &Measurement) -> Option<Bar<'_>> {
    let spread = Spread::of(measurement.figures(Round::throughput).into_iter().flatten())?;
    Some(Bar { target: &measurement.target, spread })
}

fn panel(name: &str, bars: &[Bar<'_>], left: f64, top: f64) -> String {
    let longest = bars.iter().map(|bar| bar.spread.most).fold(f64::MIN_POSITIVE, f64::max);
    let scale = (PANEL - NAMES - FIGURES) / longest;
    let mut text = String::new();
    let _ = writeln!(
        text,
        "<text class=\"panel\" x=\"{left}\" y=\"{}\">{}</text>",
        top + 16.0,
        escaped(name)
    );
    for (number, Bar { target, spread }) in bars.iter().enumerate() {
        let y = top + ABOVE + STEP * count(number);
        let (baseline, middle) = (y + 12.5, y + BAR / 2.0);
        let start = left + NAMES;
        let class = class(target);
        let (name, mine) = if class == "ours" { ("mine", " mine") } else { ("quiet", "") };
        let _ = writeln!(
            text,
            "<text class=\"{name}\" x=\"{:.1}\" y=\"{baseline:.1}\" text-anchor=\"end\">{}</text>",
            start - 8.0,
            escaped(title(target))
        );
        let length = (spread.median * scale).max(1.0);
        let _ = writeln!(
            text,
            "<rect class=\"{class}\" x=\"{start:.1}\" y=\"{y:.1}\" width=\"{length:.1}\" height=\"{BAR}\" rx=\"2\"/>"
        );
        let [from, to] = [spread.least, spread.most].map(|value| start + value * scale);
        let _ = writeln!(
            text,
            "<line class=\"line\" x1=\"{from:.1}\" y1=\"{middle:.1}\" x2=\"{to:.1}\" y2=\"{middle:.1}\"/>"
        );
        let _ = writeln!(
            text,
            "<text class=\"figure{mine}\" x=\"{:.1}\" y=\"{baseline:.1}\">{}</text>",
            to.max(start + length) + 6.0,
            figure(spread.median)
        );
    }
    text
}

fn class(target: &str) -> &'static str {
    match target {
        BOXOFFICE_SQLITE | BOXOFFICE_POSTGRES => "ours",
        EXPRESS_POSTGRES => "node",
        HELLO => "floor",
        _ => "peer",
    }
}

/// The drawing in words, for those who do not see it.
fn described(panels: &[(&str, Vec<Bar<'_>>)]) -> String {
    let sentences = panels.iter().map(|(name, bars)| {
        let each: Vec<String> = bars
            .iter()
            .map(|bar| format!("{} {}", title(bar.target), figure(bar.spread.median)))
            .collect();
        format!("{name}: {}.", each.join("; "))
    });
    sentences.collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[allow(clippy::cast_precision_loss, reason = "a count of bars or columns")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::report::tests::results;

    /// The value of an attribute in each line that has `class`.
    fn attributes(text: &str, class: &str, name: &str) -> Vec<f64> {
        let lines = text.lines().filter(|line| line.contains(&format!("class=\"{class}\"")));
        let value = |line: &str| {
            let (_, rest) = line.split_once(&format!(" {name}=\"")).unwrap();
            rest.split('"').next().unwrap().parse().unwrap()
        };
        lines.map(value).collect()
    }

    #[test]
    fn bars_are_as_long_as_their_figures_say() {
        let text = drawing(&results());
        // Boxoffice on SQLite 6,000, on Postgres 4,000, then both of holds.
        let ours = attributes(&text, "ours", "width");
        assert_eq!(ours.len(), 4);
        assert!((ours[0] / ours[1] - 1.5).abs() < 0.01, "{ours:?}");
        let node = attributes(&text, "node", "width");
        assert!((ours[1] / node[0] - 4.0).abs() < 0.05, "{ours:?} {node:?}");
    }

    #[test]
    fn nothing_leaves_the_paper() {
        let text = drawing(&results());
        let ends = attributes(&text, "line", "x2");
        assert!(ends.iter().all(|end| end + FIGURES <= WIDTH), "{ends:?}");
        let height: f64 = attributes(&text, "paper", "height")[0];
        assert!(attributes(&text, "figure", "y").iter().all(|y| *y < height - FOOT / 2.0));
    }

    #[test]
    fn it_is_well_formed_and_says_in_words_what_it_shows() {
        let text = drawing(&results());
        assert!(text.contains("&lt;processor&gt; &amp; more") && !text.contains("<processor>"));
        assert!(text.contains("Ticket detail: Hello on our host 10,000; Boxoffice, SQLite 6,000;"));
        for element in ["text", "title", "desc", "style", "svg"] {
            let opened = text.matches(&format!("<{element} ")).count()
                + text.matches(&format!("<{element}>")).count();
            assert_eq!(opened, text.matches(&format!("</{element}>")).count(), "{element}");
        }
        assert!(text.contains("prefers-color-scheme:dark"));
    }

    #[test]
    fn a_scenario_of_one_target_is_not_drawn() {
        assert!(!drawing(&results()).contains("Flash sale"));
    }
}
