//! What a tick's query finds.

use boxoffice_schema as schema;
use rusqlite::Connection;

use super::walk::pairs;
use super::*;
use crate::SERVICE;
use crate::reconcile::DUE;

/// Stores a payment that has come to `state`, and the status of its order with the payment that has
/// sold it. `undone_at` is since when that sale is undone.
fn store(
    database: &Connection,
    id: &str,
    state: State,
    order: Option<(&str, Option<&str>)>,
    undone_at: Option<i64>,
) {
    let is_asked = matches!(state, State::Refunding | State::Disputed);
    let reason = is_asked.then_some("requested_by_customer");
    let refusal = (state == State::Disputed).then_some("charge_disputed");
    let sql = "INSERT INTO payments_payments (id, order_id, buyer_id, amount, currency, token, \
               status, stage, intent_id, tries, refund_reason, refund_asked_at, undone_at, \
               refund_refusal, try_again_at, created_at, version) VALUES (?1, ?1, 'b', 1, 'EUR', \
               'pm_card_visa', ?2, ?3, ?1, ?4, ?5, ?6, ?7, ?8, 7, 7, 1)";
    let asked_at = reason.map(|_| 7);
    let (status, stage) = (state.status().name(), state.stage().map(Stage::name));
    let tries = state.first_tries();
    database
        .execute(sql, (id, status, stage, tries, reason, asked_at, undone_at, refusal))
        .unwrap();
    if let Some((status, sold_by)) = order {
        let sql = "INSERT INTO payments_orders (id, status, payment_id, version) \
                   VALUES (?1, ?2, ?3, 1)";
        database.execute(sql, (id, status, sold_by)).unwrap();
    }
}

/// The payments that the query finds at the time `now`.
fn found(database: &Connection, now: i64) -> Vec<String> {
    let sql = format!("SELECT id FROM payments_payments WHERE {DUE} ORDER BY id");
    let mut query = database.prepare(&sql).unwrap();
    let rows = query.query_map([now], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn a_tick_finds_every_payment_for_which_something_is_due_and_no_other() {
    let database = Connection::open_in_memory().unwrap();
    let mut schema = vec![schema::versions_table(&SERVICE)];
    schema.extend(schema::upgrade(&SERVICE, 0, 0));
    database.execute_batch(&schema.join(";\n")).unwrap();
    let mut expected = Vec::new();
    for (state, end) in pairs() {
        let mut store = |case: &str, order: Option<(&str, Option<&str>)>, undone_at| {
            let id = format!("{state:?} {end:?} {case}");
            store(&database, &id, state, order, undone_at);
            // Refunded when it is heard of: a tick does not look at what was sold.
            let is_found = (state, end) != (State::Settled, End::Unsold);
            expected.extend(due(state, end).filter(|_| is_found).map(|_| id));
        };
        match end {
            End::Unknown => {
                store("unheard of", None, None);
                store("held", Some(("awaiting:payment", None)), None);
                store("undone before it is known to be sold", None, Some(7));
            }
            End::Sold => store("", Some(("complete", Some("this"))), None),
            End::Undone => store("", Some(("complete", Some("this"))), Some(7)),
            End::Unsold => {
                store("cancelled", Some(("cancelled", None)), None);
                store("sold by another", Some(("complete", Some("another"))), None);
            }
        }
    }
    expected.sort();
    assert_eq!(found(&database, 7), expected);
    assert_eq!(found(&database, 6), [""; 0], "before their time");
}
