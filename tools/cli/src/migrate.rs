//! `boxoffice migrate`: brings the services' tables up to date, before a new version is rolled out.

use boxoffice_ops::migrate::{self, Migrated};

use crate::failure::Failure;
use crate::shop::Shop;
use crate::{block_on, print};

/// What `boxoffice migrate` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    shop: Shop,
}

/// Migrates, and says from which version to which.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let databases = arguments.shop.all_databases()?;
    let all = block_on(async { Ok(migrate::migrate(&databases).await?) })?;
    print::text(&all.iter().map(describe).collect::<String>())
}

fn describe(migrated: &Migrated) -> String {
    let what = match migrated.versions {
        None => "SQLite: the shop migrates it on first use".to_owned(),
        Some((from, to)) if from >= to => format!("version {from}, unchanged"),
        Some((from, to)) => format!("version {to}, was {from}"),
    };
    format!("{:<11} {what}\n", migrated.service)
}
