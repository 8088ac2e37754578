//! `boxoffice audit`: tells whether a shop's books are right.

use std::fmt::Write as _;
use std::time::Duration;

use boxoffice_ops::{Rule, Unreadable, Violation, audit};
use serde::Serialize;

use crate::failure::{Failure, from_ops};
use crate::shop::Shop;
use crate::{block_on, print};

/// What `boxoffice audit` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    shop: Shop,
    /// How long a difference must last before it counts as wrong. The books of a working shop
    /// differ for moments. A payment whose order ended before it reached the provider differs for
    /// up to a minute.
    #[arg(long, default_value_t = 90, value_name = "SECONDS")]
    patience: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What programs get.
#[derive(Serialize)]
struct Report<'a> {
    violations: &'a [Violation],
}

/// Looks until nothing is wrong or patience is over. What is wrong then is a failure.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let violations = block_on(async {
        let sources = arguments.shop.sources()?;
        let patience = Duration::from_secs(arguments.patience);
        audit::settled(&sources, patience).await.map_err(explain)
    })?;
    if arguments.json {
        print::json(&Report { violations: &violations })?;
    } else {
        print::text(&describe(&violations))?;
    }
    match violations.len() {
        0 => Ok(()),
        1 => Err(Failure::Broken(anyhow::anyhow!("1 violation"))),
        count => Err(Failure::Broken(anyhow::anyhow!("{count} violations"))),
    }
}

fn explain(error: anyhow::Error) -> Failure {
    match error.downcast::<Unreadable>() {
        Ok(unreadable) => {
            Failure::Unreadable(unreadable.problems.into_iter().map(from_ops).collect())
        }
        Err(error) => Failure::Broken(error),
    }
}

fn describe(violations: &[Violation]) -> String {
    if violations.is_empty() {
        return format!("clean: all {} rules hold\n", Rule::ALL.len());
    }
    let mut lines = String::new();
    for violation in violations {
        let _ = writeln!(lines, "{violation}");
    }
    lines
}
