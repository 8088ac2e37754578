//! What the kernel knows of a server's processes: time and memory (proc(5)).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the kernel counts processor time in, on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// A part of what is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is: `server`, `postgres`, `redis`, `sandbox`, `client`.
    pub name: &'static str,
    /// Its first process.
    pub process: u32,
    /// Whether those below that belong to it.
    pub with_children: bool,
}

impl Part {
    /// A process and all below it.
    pub const fn tree(name: &'static str, process: u32) -> Self {
        Self { name, process, with_children: true }
    }

    /// This process alone, which sends the requests.
    pub fn client() -> Self {
        Self { name: CLIENT, process: std::process::id(), with_children: false }
    }
}

/// The part that sends the requests.
pub const CLIENT: &str = "client";
/// The part that answers them.
pub const SERVER: &str = "server";

/// Processor time, in seconds, by part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Busy(pub BTreeMap<String, f64>);

impl Busy {
    /// What each of `parts` has taken until now.
    pub fn now(parts: &[Part]) -> Self {
        let table = Table::read();
        let mut busy = BTreeMap::new();
        for part in parts {
            let ticks = table.ticks(part);
            *busy.entry(part.name.to_owned()).or_default() += ticks / TICKS_PER_SECOND;
        }
        Self(busy)
    }

    /// What has been taken since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let since = |(part, seconds): (&String, &f64)| {
            (part.clone(), (seconds - earlier.of(part)).max(0.0))
        };
        Self(self.0.iter().map(since).collect())
    }

    /// Of one part.
    pub fn of(&self, part: &str) -> f64 {
        self.0.get(part).copied().unwrap_or_default()
    }

    /// Of all parts but the client.
    pub fn of_servers(&self) -> f64 {
        self.0.iter().filter(|(part, _)| *part != CLIENT).map(|(_, seconds)| seconds).sum()
    }
}

/// Memory, in MiB, of the processes below `process`: pages that several of them share count once
/// (`Pss`), where the kernel tells.
pub fn memory(process: u32) -> f64 {
    let table = Table::read();
    let kib: f64 = table.below(process).map(|process| resident(process.id)).sum();
    kib / 1024.0
}

fn resident(process: u32) -> f64 {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}"));
    let shared = read("smaps_rollup").ok().and_then(|text| kib_of(&text, "Pss:"));
    let alone = || read("status").ok().and_then(|text| kib_of(&text, "VmRSS:"));
    shared.or_else(alone).unwrap_or_default()
}

/// The number in the line that begins with `name`, as in `Pss:     1234 kB`.
fn kib_of(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Every process there is.
struct Table(BTreeMap<u32, Process>);

struct Process {
    id: u32,
    parent: u32,
    /// In user and kernel mode, with those of children that have ended.
    ticks: f64,
}

impl Table {
    fn read() -> Self {
        let mut table = BTreeMap::new();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let id = entry.file_name().to_str().and_then(|name| name.parse().ok());
            // One that has ended meanwhile counts with its parent.
            let stat = std::fs::read_to_string(entry.path().join("stat"));
            if let (Some(id), Ok(stat)) = (id, stat)
                && let Some((parent, ticks)) = parent_and_ticks(&stat)
            {
                table.insert(id, Process { id, parent, ticks });
            }
        }
        Self(table)
    }

    fn ticks(&self, part: &Part) -> f64 {
        if part.with_children {
            return self.below(part.process).map(|process| process.ticks).sum();
        }
        self.0.get(&part.process).map_or(0.0, |process| process.ticks)
    }

    /// The process `root` and all below it.
    fn below(&self, root: u32) -> impl Iterator<Item = &Process> {
        self.0.values().filter(move |process| self.is_below(process.id, root))
    }

    fn is_below(&self, mut process: u32, root: u32) -> bool {
        loop {
            match self.0.get(&process) {
                _ if process == root => return true,
                Some(Process { parent, .. }) if *parent != process => process = *parent,
                _ => return false,
            }
        }
    }
}

/// Of `/proc/<pid>/stat` (proc(5)): the parent, and the ticks in user and kernel mode, with those of
/// children that have ended.
fn parent_and_ticks(stat: &str) -> Option<(u32, f64)> {
    // The name, in brackets, may have anything in it.
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<f64>().ok()).sum();
    Some((fields.get(1)?.parse().ok()?, ticks))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn ticks_are_read_whatever_a_process_is_called() {
        let stat = "42 (a) b (c) S 7 42 42 0 -1 4194560 100 0 0 0 11 22 3 4 20 0 1 0 5 6 7";
        assert_eq!(parent_and_ticks(stat), Some((7, 40.0)));
        assert_eq!(parent_and_ticks("nonsense"), None);
    }

    #[test]
    fn memory_is_read_of_a_line_by_its_name() {
        let text = "Rss:      2048 kB\nPss:      1024 kB\nPss_Anon:  512 kB\n";
        assert_eq!(kib_of(text, "Pss:"), Some(1024.0));
        assert_eq!(kib_of(text, "Swap:"), None);
    }

    #[test]
    fn children_count_with_their_parents() {
        let process = |id, parent, ticks| (id, Process { id, parent, ticks });
        let all =
            [process(1, 0, 1.0), process(2, 1, 10.0), process(3, 2, 100.0), process(4, 1, 5.0)];
        let table = Table(all.into());
        let of = |root| table.ticks(&Part::tree(SERVER, root));
        assert_eq!([of(1), of(2), of(3), of(9)], [116.0, 110.0, 100.0, 0.0]);
        assert_eq!(table.ticks(&Part { with_children: false, ..Part::tree(SERVER, 1) }), 1.0);
    }

    #[test]
    fn this_process_has_memory_and_time() {
        let part = Part::client();
        assert!(memory(part.process) > 0.1, "{}", memory(part.process));
        let (before, after) = (Busy::now(&[part]), Busy::now(&[part]));
        assert!(after.since(&before).of(CLIENT) >= 0.0);
        assert_eq!(after.0.keys().collect::<Vec<_>>(), [CLIENT]);
        assert!(after.of_servers() < f64::EPSILON, "the client is no server");
    }
}
