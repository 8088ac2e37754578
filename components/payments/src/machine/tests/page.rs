//! What people read about the machine.

use std::collections::BTreeSet;
use std::fmt::Debug;

use super::*;

/// The module with its head.
const HEAD: &str = include_str!("../../machine.rs");
/// The page for operators.
const PAGE: &str = include_str!("../../../../../docs/payments.md");

/// From where, by what, to where.
type Way = (String, String, String);

/// `name` as people read it: `find out` for `FindOut`.
fn words(name: impl Debug) -> String {
    let mut words = String::new();
    for letter in format!("{name:?}").chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// The ways that an arrow stands for; `waiting` is three states.
fn ways(from: &str, signals: &str, to: &str) -> Vec<Way> {
    let from = if from == "waiting" { vec!["pending", "action", "processing"] } else { vec![from] };
    let of = |from: &str, signal: &str| (from.to_owned(), signal.to_owned(), to.to_owned());
    signals.split(", ").flat_map(|signal| from.iter().map(move |from| of(from, signal))).collect()
}

/// Every way that the table knows.
fn table() -> BTreeSet<Way> {
    let mut all = BTreeSet::new();
    for state in STATES {
        for signal in SIGNALS {
            let moves = ENDS.iter().filter_map(|end| next(state, signal, *end));
            all.extend(moves.map(|step| (words(state), words(signal), words(step.to))));
        }
    }
    all
}

#[test]
fn the_picture_shows_every_move_and_no_other() {
    let mut drawn = BTreeSet::new();
    for mut line in HEAD.lines().filter_map(|line| line.strip_prefix("//! ")) {
        while let Some((from, rest)) = line.split_once(" ──") {
            let (signal, rest) = rest.split_once("──▶ ").unwrap();
            let (to, _) = rest.split_once(' ').unwrap_or((rest, ""));
            drawn.extend(ways(from, signal, to));
            line = rest;
        }
    }
    assert_eq!(drawn, table());
}

#[test]
fn the_page_draws_every_move_and_no_other() {
    let mut drawn = BTreeSet::new();
    for line in PAGE.lines() {
        let Some((from, rest)) = line.trim().split_once(" --> ") else { continue };
        let Some((to, signals)) = rest.split_once(": ") else { continue };
        drawn.extend(ways(from, signals, to));
    }
    assert_eq!(drawn, table());
}

#[test]
fn the_list_of_states_says_what_is_due() {
    let name = |due| match due {
        Some(Due::Act(action)) => words(action),
        Some(other) => words(other),
        None => String::new(),
    };
    for state in STATES {
        let start = format!("//! | {} | ", words(state));
        let row = HEAD.lines().find_map(|line| line.strip_prefix(&start)).expect(&start);
        let cells: Vec<&str> = row.trim_end_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells[1..], ENDS.map(|end| name(due(state, end))), "{state:?}");
        assert!(cells[0].starts_with(&format!("`{}`", state.status().name())), "{row}");
        if let Some(stage) = state.stage() {
            assert!(cells[0].ends_with(&format!("`{}`", stage.name())), "{row}");
        }
    }
}
