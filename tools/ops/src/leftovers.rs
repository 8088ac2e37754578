//! What is left of deleted accounts, and should not be.

use boxoffice_schema::Service;

use crate::personal::{self, Table};
use crate::sources::Problem;
use crate::store::{Databases, Select};

/// How long services may take to forget, in milliseconds. They erase what was written meanwhile after ten
/// minutes.
const GRACE: i64 = 15 * 60 * 1_000;

/// A row that still tells of a deleted account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leftover {
    /// The table.
    pub(crate) table: String,
    /// What keys the row.
    pub(crate) row: String,
}

/// Reads what is left at `now`, in milliseconds since 1970.
pub(crate) async fn read(databases: &Databases, now: i64) -> Result<Vec<Leftover>, Problem> {
    let selects: Vec<Select> =
        personal::knowing().flat_map(|service| selects(service, now)).collect();
    let tables = databases.read(&selects).await?;
    let mut left: Vec<Leftover> = tables
        .into_iter()
        .flat_map(|(table, rows)| {
            rows.into_iter().map(move |row| {
                let row = row.values().filter_map(|value| value.as_str()).collect::<Vec<_>>();
                Leftover { table: table.clone(), row: row.join(" ") }
            })
        })
        .collect();
    left.sort_by(|a, b| (&a.table, &a.row).cmp(&(&b.table, &b.row)));
    Ok(left)
}

fn selects(service: &'static Service, now: i64) -> Vec<Select> {
    let limits = service.migrations.contains(&boxoffice_schema::LIMITS);
    personal::of(service)
        .filter(|(name, table)| !table.left.is_empty() && (limits || !name.ends_with("_limits")))
        .map(|(name, table)| select(service, &name, &table, now))
        .collect()
}

/// Selects the rows of a table that tell of accounts that were deleted a while before `now`.
pub(crate) fn select(service: &'static Service, name: &str, table: &Table, now: i64) -> Select {
    let (s, until) = (service.name, now - GRACE);
    let deleted = format!("(SELECT user_id FROM {s}_deleted WHERE deleted_at <= {until})");
    let condition = table.left.replace("{d}", &deleted).into();
    Select { service: s, table: name.to_owned(), columns: table.key, condition }
}
