//! `boxoffice events`: what the bus holds, and the events that could not be applied.

use std::fmt::Write as _;

use boxoffice_ops::bus::{Bus, Letter, Refusal};
use boxoffice_ops::status::{self, Status, StreamStatus};
use serde_json::Value;

use crate::failure::Failure;
use crate::print::{duration_or_dash, shortened, table};
use crate::shop::Shop;
use crate::{block_on, print};

/// What `boxoffice events` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    shop: Shop,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Show every stream, the progress and last ticks of its groups, and the events that wait in
    /// outboxes.
    Status {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// The events that a group could not apply.
    #[command(subcommand)]
    Dead(Dead),
}

#[derive(clap::Subcommand)]
enum Dead {
    /// List them, oldest first.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one in full.
    Show {
        /// Its id, as the list shows it.
        id: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Put events back into their streams. This is safe: a group ignores an event that it has
    /// handled.
    Replay {
        #[command(flatten)]
        which: Which,
    },
    /// Delete dead letters for good.
    Drop {
        #[command(flatten)]
        which: Which,
        /// Confirm that all of them are deleted.
        #[arg(long, requires = "all")]
        yes: bool,
    },
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The ids of the dead letters, as the list shows them.
    ids: Vec<String>,
    /// All dead letters that exist now.
    #[arg(long)]
    all: bool,
}

/// Shows or does what is asked.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    block_on(async {
        let shop = &arguments.shop;
        let bus = shop.bus()?;
        match &arguments.command {
            Command::Status { json } => {
                let status = status::status(&bus, shop.databases()?.as_ref()).await?;
                if *json { print::json(&status) } else { print::text(&describe(&status)) }
            }
            Command::Dead(Dead::List { json }) => {
                let letters = bus.dead_letters().await?;
                if *json { print::json(&letters) } else { print::text(&list(&letters)) }
            }
            Command::Dead(Dead::Show { id, json }) => {
                let letter = bus.dead_letter(id).await?.map_err(|refusal| refused(&[refusal]))?;
                if *json { print::json(&letter) } else { print::text(&show(&letter)) }
            }
            Command::Dead(Dead::Replay { which }) => replay(&bus, which).await,
            Command::Dead(Dead::Drop { which, yes }) => {
                if which.all && !yes {
                    let why = "nothing was dropped: use --all --yes to drop every dead letter";
                    return Err(Failure::Broken(anyhow::anyhow!(why)));
                }
                drop_letters(&bus, which).await
            }
        }
    })
}

async fn replay(bus: &Bus, which: &Which) -> Result<(), Failure> {
    let mut refusals = Vec::new();
    for id in ids(bus, which).await? {
        match bus.replay(&id).await? {
            Ok(replayed) => {
                print::text(&format!("replayed {id}: {} {}\n", replayed.stream, replayed.entry))?;
            }
            Err(refusal) => refusals.push(refusal),
        }
    }
    unless_refused(&refusals)
}

async fn drop_letters(bus: &Bus, which: &Which) -> Result<(), Failure> {
    let mut refusals = Vec::new();
    for id in ids(bus, which).await? {
        match bus.drop_letter(&id).await? {
            Ok(()) => print::text(&format!("dropped {id}\n"))?,
            Err(refusal) => refusals.push(refusal),
        }
    }
    unless_refused(&refusals)
}

async fn ids(bus: &Bus, which: &Which) -> Result<Vec<String>, Failure> {
    if !which.all {
        return Ok(which.ids.clone());
    }
    let ids: Vec<String> = bus.dead_letters().await?.into_iter().map(|letter| letter.id).collect();
    if ids.is_empty() {
        print::text("no dead letters\n")?;
    }
    Ok(ids)
}

fn unless_refused(refusals: &[Refusal]) -> Result<(), Failure> {
    if refusals.is_empty() { Ok(()) } else { Err(refused(refusals)) }
}

fn refused(refusals: &[Refusal]) -> Failure {
    let lines: Vec<String> = refusals.iter().map(Refusal::to_string).collect();
    let text = lines.join("\nboxoffice: ").replace(|c: char| c.is_control() && c != '\n', " ");
    Failure::Broken(anyhow::anyhow!(text))
}

fn describe(status: &Status) -> String {
    let mut text = table(
        ["stream", "length", "oldest", "group", "lag", "pending", "oldest"],
        &[1, 2, 4, 5, 6],
        status.streams.iter().flat_map(of_stream),
    );
    let ticks = status.ticks.iter().map(|tick| {
        let ago = tick.seconds.map(|seconds| format!("{} ago", print::duration(seconds)));
        [
            tick.group.clone(),
            ago.unwrap_or_else(|| "never".to_owned()),
            tick.at.clone().unwrap_or_default(),
        ]
    });
    let _ = write!(text, "\n{}", table(["group", "last tick", ""], &[], ticks));
    if let Some(outboxes) = &status.outboxes {
        let rows = outboxes.iter().map(|outbox| {
            [
                outbox.service.to_owned(),
                outbox.waiting.to_string(),
                duration_or_dash(outbox.oldest_seconds),
            ]
        });
        let _ = write!(text, "\n{}", table(["outbox", "waiting", "oldest"], &[1, 2], rows));
    }
    let _ = writeln!(text, "\ndead letters: {}", status.dead_letters);
    if status.forged > 0 {
        let _ = writeln!(text, "refused, since no service published them: {}", status.forged);
    }
    text
}

/// A line for each group; the stream is named on the first.
fn of_stream(stream: &StreamStatus) -> Vec<[String; 7]> {
    let dash = || "-".to_owned();
    let mut groups: Vec<[String; 4]> = Vec::new();
    for group in &stream.groups {
        let name = &group.name;
        groups.push([
            if group.required { name.clone() } else { format!("{name} (not the shop's)") },
            group.lag.to_string(),
            group.pending.to_string(),
            duration_or_dash(group.oldest_seconds),
        ]);
    }
    for name in &stream.missing_groups {
        groups.push([format!("{name} (not there yet)"), dash(), dash(), dash()]);
    }
    if groups.is_empty() {
        groups.push([dash(), dash(), dash(), dash()]);
    }
    let oldest = duration_or_dash(stream.oldest_seconds);
    let mut of_stream = [stream.name.to_owned(), stream.length.to_string(), oldest];
    let mut lines = Vec::new();
    for [group, lag, pending, age] in groups {
        let [name, length, oldest] = std::mem::take(&mut of_stream);
        lines.push([name, length, oldest, group, lag, pending, age]);
    }
    lines
}

fn list(letters: &[Letter]) -> String {
    if letters.is_empty() {
        return "no dead letters\n".to_owned();
    }
    let rows = letters.iter().map(|letter| {
        let (event, subject) = letter.about();
        let dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        [
            letter.id.clone(),
            letter.at.clone(),
            letter.stream.clone(),
            letter.group.clone(),
            dash(event),
            dash(subject),
            letter.deliveries.clone(),
            shortened(&letter.error),
        ]
        .map(|cell| cell.replace(char::is_control, " "))
    });
    let header = ["id", "at", "stream", "group", "event", "subject", "deliveries", "error"];
    table(header, &[6], rows)
}

fn show(letter: &Letter) -> String {
    let Letter { id, at, stream, group, entry, deliveries, error, event } = letter;
    let pretty = serde_json::from_str::<Value>(event).map(|event| format!("{event:#}"));
    let event = pretty.unwrap_or_else(|_| event.clone());
    let mut text = String::new();
    for (name, value) in [
        ("id", id),
        ("at", at),
        ("stream", stream),
        ("group", group),
        ("entry", entry),
        ("deliveries", deliveries),
        ("error", error),
    ] {
        let _ = writeln!(text, "{name:<10}  {value}");
    }
    let _ = writeln!(text, "\n{event}");
    text
}
