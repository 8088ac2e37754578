//! The auditor: what must be true of a shop, and what breaks it.
//!
//! A pass reads the services' databases, Redis and the payment provider, each as of one moment, and
//! lays them beside one another. In a shop at work they disagree for moments: an event is on its
//! way, an answer is awaited. What is wrong for good is there in every pass; [`settled`] tells only
//! that.

mod rules;
mod violation;

use std::collections::HashSet;
use std::time::{Duration, Instant, UNIX_EPOCH};

pub use violation::{Rule, Violation};

use crate::books::Books;
use crate::bus::{Bus, Letter, Stream};
use crate::leftovers::{self, Leftover};
use crate::provider::{Dispute, Intent, Provider};
use crate::sources::{Problem, Sources, together};
use crate::store::Databases;

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_secs(1);

/// Everything that the rules look at.
#[derive(Clone, Debug)]
struct Facts {
    books: Books,
    streams: Vec<Stream>,
    dead_letters: Vec<Letter>,
    /// All of the provider's account, ours or not.
    intents: Vec<Intent>,
    /// The same of its disputes.
    disputes: Vec<Dispute>,
    /// What is left of deleted accounts.
    leftovers: Vec<Leftover>,
    /// The shop's time, in milliseconds since 1970.
    now: i64,
}

/// Looks once, and answers with everything that is wrong at this moment, sorted.
///
/// # Errors
/// [`Unreadable`](crate::Unreadable), with every source that cannot be read: then nothing can be
/// said about the shop.
pub async fn pass(sources: &Sources) -> anyhow::Result<Vec<Violation>> {
    let facts = read(sources).await?;
    Ok(rules::check(&facts))
}

/// Looks again and again until nothing is left that was wrong each time, or until `patience` is
/// over; answers with what was wrong each time, in the words of the last one.
///
/// # Errors
/// As [`pass`].
pub async fn settled(sources: &Sources, patience: Duration) -> anyhow::Result<Vec<Violation>> {
    let start = Instant::now();
    let mut stayed = pass(sources).await?;
    while !stayed.is_empty() {
        let left = patience.saturating_sub(start.elapsed());
        if left.is_zero() {
            break;
        }
        tokio::time::sleep(PAUSE.min(left)).await;
        let before: HashSet<Violation> = stayed.into_iter().collect();
        stayed = pass(sources).await?;
        stayed.retain(|violation| before.contains(violation));
    }
    Ok(stayed)
}

async fn read(sources: &Sources) -> anyhow::Result<Facts> {
    let since = (sources.now)().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    let (books, bus, provider) = tokio::join!(
        read_databases(&sources.databases, now),
        read_bus(&sources.bus),
        read_provider(&sources.provider),
    );
    let ((books, leftovers), (streams, dead_letters), (intents, disputes)) =
        together(books, bus, provider)?;
    Ok(Facts { books, streams, dead_letters, intents, disputes, leftovers, now })
}

async fn read_databases(
    databases: &Databases,
    now: i64,
) -> Result<(Books, Vec<Leftover>), Problem> {
    Ok((Books::read(databases).await?, leftovers::read(databases, now).await?))
}

async fn read_provider(provider: &Provider) -> Result<(Vec<Intent>, Vec<Dispute>), Problem> {
    tokio::try_join!(provider.intents(), provider.disputes())
}

async fn read_bus(bus: &Bus) -> Result<(Vec<Stream>, Vec<Letter>), Problem> {
    let mut connection = bus.connect().await?;
    Ok((connection.streams().await?, connection.letters().await?))
}
