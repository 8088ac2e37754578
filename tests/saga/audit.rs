//! What must be true of a shop at the end of every test, whatever happened before.

use boxoffice_tests::App;
use rusqlite::types::Value as Sql;

pub(crate) use boxoffice_tests::Audit;

/// Checks a shop in which nothing out of the ordinary is left over.
pub(crate) async fn audit(app: &App) {
    app.audit().await;
}

/// Everything that the services know, to compare: what an event that changes nothing must leave as
/// it is.
pub(crate) fn everything(app: &App) -> Vec<String> {
    let tables = [
        "tickets_tickets",
        "tickets_orders",
        "orders_listings",
        "orders_orders",
        "payments_payments",
        "payments_orders",
        "expiration_timers",
    ];
    tables.iter().flat_map(|table| rows(app, table)).collect()
}

fn rows(app: &App, table: &str) -> Vec<String> {
    let database = app.database();
    let mut statement = database.prepare(&format!("SELECT * FROM {table} ORDER BY 1")).unwrap();
    let columns = statement.column_count();
    let read = |row: &rusqlite::Row<'_>| {
        let values = (0..columns).map(|column| row.get::<_, Sql>(column));
        Ok(format!("{:?}", values.collect::<Result<Vec<_>, _>>()?))
    };
    statement.query_map([], read).unwrap().map(Result::unwrap).collect()
}
