//! What must be true of a shop at the end of every test, whatever happened before.

use boxoffice_tests::App;

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
        "tickets_offers",
        "orders_listings",
        "orders_orders",
        "payments_payments",
        "payments_orders",
        "expiration_timers",
        "admissions_listings",
        "admissions_orders",
        "admissions_admissions",
        "mail_letters",
        "tickets_people",
    ];
    tables.iter().flat_map(|table| rows(app, table)).collect()
}

fn rows(app: &App, table: &str) -> Vec<String> {
    let rows = app.database().rows(&format!("SELECT * FROM {table} ORDER BY 1"), []).unwrap();
    rows.iter().map(|row| format!("{row:?}")).collect()
}
