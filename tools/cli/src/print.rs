//! What `audit` and `events` print, for people and for programs.

use std::io::{ErrorKind, Write};

use anyhow::Context;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;

use crate::failure::Failure;

/// How much of an error a list shows, in characters.
const SHORT: usize = 60;

/// Prints lines for people. What strangers wrote must not steer a terminal, so control characters
/// but line ends are replaced.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    let steers = |c: char| c.is_control() && c != '\n';
    out(&text.replace(steers, "\u{fffd}"))
}

/// Prints JSON for programs.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let json =
        serde_json::to_string_pretty(value).context("the result cannot be written as JSON")?;
    out(&format!("{json}\n"))
}

/// Whoever reads may have had enough: that is no failure.
fn out(text: &str) -> Result<(), Failure> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("standard output").into())
        }
        _ => Ok(()),
    }
}

/// Cuts what a list shows of an error.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Rows below a header, in columns; those of `numbers` end at the same place.
pub(crate) fn table<const N: usize>(
    header: [&str; N],
    numbers: &[usize],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(header);
    table.add_rows(rows);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if numbers.contains(&at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    format!("{}\n", lines.join("\n"))
}

/// How long, in the largest unit of which there is one: `12 s`, `5 min`, `3 h`, `2 d`.
pub(crate) fn duration(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// The same, or a dash.
pub(crate) fn duration_or_dash(seconds: Option<i64>) -> String {
    seconds.map_or("-".to_owned(), duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_end_where_their_text_does() {
        let rows = [["orders", "7", "x"], ["payments", "12", ""]];
        let rows = rows.map(|row| row.map(str::to_owned));
        assert_eq!(
            table(["service", "waiting", "note"], &[1], rows),
            "service   waiting  note\n\
             orders          7  x\n\
             payments       12\n"
        );
    }

    #[test]
    fn durations_are_told_in_one_unit() {
        let seconds = [0, 59, 60, 3_599, 3_600, 86_399, 86_400];
        let told = seconds.map(duration);
        assert_eq!(told, ["0 s", "59 s", "1 min", "59 min", "1 h", "23 h", "1 d"]);
        assert_eq!(duration_or_dash(None), "-");
    }
}
