//! A peer to be measured against: the API of the shop, as far as `bench` uses it, as one native axum
//! service on SQLite or Postgres. `bench/README.md` says what it leaves out.
//!
//! | module | holds |
//! |---|---|
//! | [`users`], [`tickets`], [`orders`], [`payments`] | the calls of the API |
//! | [`session`] | who is asking, by a signed cookie |
//! | [`password`] | hashing, with the shop's parameters |
//! | [`model`], [`page`] | what is sent and kept |
//! | [`store`] | the database |
//! | [`events`] | what Redis is told |
//! | [`stripe`] | the payment provider |
//! | [`expiry`] | holds that end |
//! | [`problem`] | errors that clients see |

mod app;
mod events;
mod expiry;
mod model;
mod orders;
mod page;
mod password;
mod payments;
mod problem;
mod session;
mod store;
mod stripe;
mod tickets;
mod users;

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::serve::ListenerExt as _;
use clap::Parser;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::app::App;
use crate::store::{Postgres, Sqlite, Store};

/// The usual choice for a service under load: faster than the system's, which also keeps the memory
/// of many a password's hash.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A ticket shop on axum, to be measured.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where it listens.
    #[arg(long, default_value = "127.0.0.1:3100", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Where its tables are: sqlite:FILE, or postgres://USER@HOST:PORT/NAME.
    #[arg(long, value_name = "URL")]
    database: String,
    /// The Redis that hears of changes.
    #[arg(long, default_value = "redis://127.0.0.1:6379", value_name = "URL")]
    redis: String,
    /// The payment provider.
    #[arg(long, default_value = "http://127.0.0.1:3001", value_name = "URL")]
    stripe_base: String,
    /// The key for it.
    #[arg(long, default_value = "sk_test_sandbox", value_name = "KEY")]
    stripe_key: String,
    /// How long a hold lasts.
    #[arg(long, default_value_t = 900, value_name = "SECONDS")]
    hold_seconds: i64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    match arguments.database.strip_prefix("sqlite:") {
        Some(file) => serve(Sqlite::open(file)?, arguments).await,
        None => serve(Postgres::connect(&arguments.database).await?, arguments).await,
    }
}

async fn serve<S: Store>(store: S, arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { listen, redis, stripe_base, stripe_key, hold_seconds, .. } = arguments;
    let events = events::Events::connect(&redis).await.context("Redis")?;
    let stripe = stripe::Stripe::new(stripe_base, stripe_key)?;
    let app = App::new(store, events, stripe, hold_seconds);
    tokio::spawn(expiry::run(app.clone()));
    let listener = TcpListener::bind(listen).await.with_context(|| listen.to_string())?;
    // An answer in two pieces would otherwise wait for an acknowledgement.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, app::router(app)).await?;
    Ok(())
}
