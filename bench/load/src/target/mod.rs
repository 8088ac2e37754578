//! What is measured: each target is a line of data, and how its kind is started.
//!
//! Each has a Redis, and where it needs one a Postgres and a payment sandbox, of its own: the same
//! programs with the same settings, so that what they do can be told apart, and one target's events
//! do not wake another's workers.

mod process;
mod start;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use boxoffice_postgres::Postgres;
use tokio_postgres::NoTls;

use crate::scenario::{Scenario, Shape};
use crate::usage::Part;
use process::Process;

/// Something that is measured.
#[derive(Debug)]
pub struct Target {
    /// How it is called on the command line and in results.
    pub name: &'static str,
    /// How it is called in tables and drawings.
    pub title: &'static str,
    kind: Kind,
    store: Store,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `bench/hello` on our host.
    Hello,
    /// The shop on our host.
    Boxoffice,
    /// `bench/peers/axum`.
    Axum,
    /// `bench/peers/express`.
    Express,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Store {
    None,
    Sqlite,
    Postgres,
}

/// The floor.
pub const HELLO: &str = "hello";
/// Ours.
pub const BOXOFFICE_SQLITE: &str = "boxoffice-sqlite";
/// Ours.
pub const BOXOFFICE_POSTGRES: &str = "boxoffice-postgres";
/// A peer.
pub const AXUM_SQLITE: &str = "axum-sqlite";
/// A peer.
pub const AXUM_POSTGRES: &str = "axum-postgres";
/// A peer.
pub const EXPRESS_POSTGRES: &str = "express-postgres";

/// Every target, in the order in which each round has them.
pub static ALL: [Target; 6] = [
    target(HELLO, "Hello on our host", Kind::Hello, Store::None),
    target(BOXOFFICE_SQLITE, "Boxoffice, SQLite", Kind::Boxoffice, Store::Sqlite),
    target(AXUM_SQLITE, "axum, SQLite", Kind::Axum, Store::Sqlite),
    target(BOXOFFICE_POSTGRES, "Boxoffice, Postgres", Kind::Boxoffice, Store::Postgres),
    target(AXUM_POSTGRES, "axum, Postgres", Kind::Axum, Store::Postgres),
    target(EXPRESS_POSTGRES, "Express, Postgres", Kind::Express, Store::Postgres),
];

const fn target(name: &'static str, title: &'static str, kind: Kind, store: Store) -> Target {
    Target { name, title, kind, store }
}

/// The target of that name.
///
/// # Errors
/// With the names that there are.
pub fn find(name: &str) -> Result<&'static Target, String> {
    ALL.iter().find(|target| target.name == name).ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|target| target.name).collect();
        format!("there is no target {name:?}; the targets are: {}", names.join(", "))
    })
}

/// The title of the target of that name; the name itself where there is none.
pub fn title(name: &str) -> &str {
    find(name).map_or(name, |target| target.title)
}

/// What is started.
#[derive(Clone, Debug, clap::Args)]
pub struct Programs {
    /// `boxoffice`, optimised.
    #[arg(long, value_name = "FILE", default_value = "target/native/boxoffice")]
    pub boxoffice: PathBuf,
    /// The shop's manifest.
    #[arg(long, value_name = "FILE", default_value = "spin.toml")]
    pub manifest: PathBuf,
    /// The manifest of the component that says hello.
    #[arg(long, value_name = "FILE", default_value = "bench/hello/spin.toml")]
    pub hello: PathBuf,
    /// The axum peer, optimised.
    #[arg(long, value_name = "FILE", default_value = "target/native/boxoffice-bench-axum")]
    pub axum: PathBuf,
    /// The folder of the Express peer, with its `node_modules`.
    #[arg(long, value_name = "FOLDER", default_value = "bench/peers/express")]
    pub express: PathBuf,
}

/// A target that runs; dropping it ends all of its processes.
pub struct Running {
    /// Which it is.
    pub target: &'static Target,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its processes.
    pub parts: Vec<Part>,
    // Before what it runs on: fields are dropped in this order.
    _server: Process,
    _around: Vec<Process>,
    postgres: Option<Postgres>,
}

impl Running {
    /// Has its Postgres, if it has one, know what is in its tables. It finds out itself within a minute;
    /// until then it may read all of a table for want of knowing better.
    ///
    /// # Errors
    /// When it does not do so.
    pub async fn settle(&self) -> Result<()> {
        let Some(postgres) = &self.postgres else { return Ok(()) };
        let (client, connection) = tokio_postgres::connect(&postgres.url(), NoTls).await?;
        // It ends when the client is dropped; what breaks it fails the statement.
        let connection = tokio::spawn(connection);
        let settled = client.batch_execute("VACUUM ANALYZE").await;
        drop(client);
        let _ = connection.await;
        settled.context("VACUUM ANALYZE")
    }
}

impl Target {
    /// Whether it can do what the scenario wants. Hello answers whatever it is asked: it is the
    /// floor of the shortest request.
    pub fn has(&self, scenario: &Scenario) -> bool {
        match self.kind {
            Kind::Hello => matches!(scenario.name, "detail" | "memory"),
            Kind::Boxoffice => true,
            Kind::Axum | Kind::Express => scenario.name != "page",
        }
    }

    /// Whether there is a shop to fill.
    pub fn is_shop(&self) -> bool {
        self.kind != Kind::Hello
    }
}

/// Whether any of these pays.
pub fn need_sandbox(scenarios: &[&Scenario]) -> bool {
    scenarios.iter().any(|scenario| scenario.name == "purchase")
}

/// Whether any of these needs everybody's account.
pub fn need_crowd(scenarios: &[&Scenario]) -> bool {
    scenarios.iter().any(|scenario| matches!(scenario.shape, Shape::Sale))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::scenario;

    #[test]
    fn targets_are_found_by_name() {
        for target in &ALL {
            assert_eq!(find(target.name).unwrap().title, target.title);
        }
        let complaint = find("apache").unwrap_err();
        assert!(complaint.contains("apache") && complaint.contains("express-postgres"));
        assert_eq!(title("hello"), "Hello on our host");
    }

    #[test]
    fn pages_are_ours_alone_and_hello_only_says_hello() {
        let having = |name| -> Vec<&str> {
            let scenario = scenario::find(name).unwrap();
            ALL.iter().filter(|target| target.has(scenario)).map(|target| target.name).collect()
        };
        assert_eq!(having("page"), [BOXOFFICE_SQLITE, BOXOFFICE_POSTGRES]);
        assert_eq!(having("detail").len(), 6);
        assert_eq!(having("hold").len(), 5);
    }
}
