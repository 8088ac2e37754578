//! `boxoffice mail`: the letters that the shop has to send.

use std::fmt::Write as _;

use boxoffice_ops::mail::{self, Letter, Refusal, Status, Suppressed};
use boxoffice_ops::store::Databases;
use clap::ValueEnum;

use crate::failure::Failure;
use crate::print::{shortened, table};
use crate::shop::Shop;
use crate::{block_on, print};

/// The most letters that `--all` takes at once.
const MOST: u32 = 100_000;

/// What `boxoffice mail` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    shop: Shop,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the newest letters, oldest first. No letter names an address.
    List {
        /// Only letters that stand so [default: waiting and given-up].
        #[arg(long)]
        status: Vec<Standing>,
        /// How many at most.
        #[arg(long, default_value_t = 100)]
        limit: u32,
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
    /// Send letters that wait or were given up, with the next tick.
    Retry {
        #[command(flatten)]
        which: Which,
    },
    /// Show the addresses that get no letters but those that they need, or let letters go there again.
    Suppressed {
        #[command(subcommand)]
        command: SuppressedCommand,
    },
    /// Have letters that wait or were given up never be sent.
    Drop {
        #[command(flatten)]
        which: Which,
        /// Confirm that all of them are dropped.
        #[arg(long, requires = "all")]
        yes: bool,
    },
}

#[derive(clap::Subcommand)]
enum SuppressedCommand {
    /// List them, oldest first. An id stands for each address.
    List {
        /// How many at most.
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Let letters go to addresses again.
    Clear {
        /// The ids, as the list shows them.
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

/// How a letter stands.
#[derive(Clone, Copy, ValueEnum)]
enum Standing {
    /// It will be sent.
    Waiting,
    /// A mail server has taken it.
    Sent,
    /// It could not be sent, and nobody tries any more.
    GivenUp,
    /// It must not be sent any more.
    Dropped,
}

impl From<Standing> for Status {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Waiting => Self::Waiting,
            Standing::Sent => Self::Sent,
            Standing::GivenUp => Self::GivenUp,
            Standing::Dropped => Self::Dropped,
        }
    }
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The ids of the letters, as the list shows them.
    ids: Vec<String>,
    /// All letters that were given up.
    #[arg(long)]
    all: bool,
}

/// Shows or does what is asked.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let databases = arguments.shop.all_databases()?;
    block_on(async {
        match &arguments.command {
            Command::List { status, limit, json } => {
                let mut statuses: Vec<Status> = status.iter().copied().map(Into::into).collect();
                if statuses.is_empty() {
                    statuses = vec![Status::Waiting, Status::GivenUp];
                }
                let letters = mail::list(&databases, &statuses, *limit).await?;
                if *json { print::json(&letters) } else { print::text(&list(&letters)) }
            }
            Command::Show { id, json } => {
                let letter = mail::show(&databases, id).await?;
                let letter = letter.map_err(|refusal| refused(&[refusal]))?;
                if *json { print::json(&letter) } else { print::text(&show(&letter)) }
            }
            Command::Retry { which } => {
                let ids = ids(&databases, which).await?;
                tell("waits again", &ids, mail::retry(&databases, &ids).await?)
            }
            Command::Suppressed { command: SuppressedCommand::List { limit, json } } => {
                let found = mail::suppressed(&databases, *limit).await?;
                if *json { print::json(&found) } else { print::text(&suppressed(&found)) }
            }
            Command::Suppressed { command: SuppressedCommand::Clear { ids } } => {
                tell("gets letters again", ids, mail::clear(&databases, ids).await?)
            }
            Command::Drop { which, yes } => {
                if which.all && !yes {
                    let why = "nothing was dropped: use --all --yes to drop every letter given up";
                    return Err(Failure::Broken(anyhow::anyhow!(why)));
                }
                let ids = ids(&databases, which).await?;
                tell("dropped", &ids, mail::drop_letters(&databases, &ids).await?)
            }
        }
    })
}

async fn ids(databases: &Databases, which: &Which) -> Result<Vec<String>, Failure> {
    if !which.all {
        return Ok(which.ids.clone());
    }
    let letters = mail::list(databases, &[Status::GivenUp], MOST).await?;
    if letters.is_empty() {
        print::text("no letters were given up\n")?;
    }
    Ok(letters.into_iter().map(|letter| letter.id).collect())
}

/// Prints what became of each letter.
fn tell(done: &str, ids: &[String], outcomes: Vec<Result<(), Refusal>>) -> Result<(), Failure> {
    let mut refusals = Vec::new();
    for (id, outcome) in ids.iter().zip(outcomes) {
        match outcome {
            Ok(()) => print::text(&format!("{done}: {id}\n"))?,
            Err(refusal) => refusals.push(refusal),
        }
    }
    if refusals.is_empty() { Ok(()) } else { Err(refused(&refusals)) }
}

fn refused(refusals: &[Refusal]) -> Failure {
    let lines: Vec<String> = refusals.iter().map(Refusal::to_string).collect();
    let text = lines.join("\nboxoffice: ").replace(|c: char| c.is_control() && c != '\n', " ");
    Failure::Broken(anyhow::anyhow!(text))
}

fn list(letters: &[Letter]) -> String {
    if letters.is_empty() {
        return "no letters\n".to_owned();
    }
    let rows = letters.iter().map(|letter| {
        let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        [
            letter.id.clone(),
            letter.created_at.clone(),
            letter.kind.clone(),
            letter.subject.clone(),
            letter.status.name().to_owned(),
            letter.attempts.to_string(),
            dash(&letter.next_at),
            shortened(letter.last_error.as_deref().unwrap_or("-")),
        ]
        .map(|cell| cell.replace(char::is_control, " "))
    });
    let header = ["id", "made", "kind", "subject", "status", "attempts", "next", "error"];
    table(header, &[5], rows)
}

fn suppressed(addresses: &[Suppressed]) -> String {
    if addresses.is_empty() {
        return "no addresses\n".to_owned();
    }
    let rows = addresses.iter().map(|address| {
        let reason = shortened(address.reason.as_deref().unwrap_or("-"));
        let Suppressed { id, trouble, letter_id, .. } = address;
        [id.clone(), address.since(), trouble.clone(), letter_id.clone(), reason]
            .map(|cell| cell.replace(char::is_control, " "))
    });
    table(["id", "since", "trouble", "letter", "reason"], &[], rows)
}

fn show(letter: &Letter) -> String {
    let attempts = letter.attempts.to_string();
    let mut text = String::new();
    for (name, value) in [
        ("id", Some(letter.id.as_str())),
        ("kind", Some(letter.kind.as_str())),
        ("subject", Some(letter.subject.as_str())),
        ("recipient", letter.recipient.as_deref()),
        ("status", Some(letter.status.name())),
        ("attempts", Some(attempts.as_str())),
        ("made", Some(letter.created_at.as_str())),
        ("next", letter.next_at.as_deref()),
        ("expires", letter.expires_at.as_deref()),
        ("sent", letter.sent_at.as_deref()),
        ("error", letter.last_error.as_deref()),
        ("answer", letter.server_answer.as_deref()),
    ] {
        let _ = writeln!(text, "{name:<9}  {}", value.unwrap_or("-"));
    }
    text
}
