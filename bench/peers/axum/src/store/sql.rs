//! Statements that SQLite and Postgres both take. SQLite numbers parameters as they first appear:
//! each statement has them in order.

use uuid::Uuid;

use super::Filter;
use crate::tickets::Sort;

pub(super) const ADD_ACCOUNT: &str = "\
    INSERT INTO users (id, email, password_hash, created_at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (email) DO NOTHING";

pub(super) const ACCOUNT: &str = "SELECT id, email, password_hash FROM users WHERE email = $1";

pub(super) const ADD_TICKET: &str = "\
    INSERT INTO tickets (id, title, price, currency, quantity, seller_id, venue, city, starts_at, \
    time_zone, description, created_at, version, words) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

/// What [`super::read::ticket`] reads.
macro_rules! ticket_columns {
    () => {
        "id, title, price, currency, quantity, held, sold, seller_id, venue, city, starts_at, \
         time_zone, description, created_at, version"
    };
}

/// What [`super::read::order`] reads.
macro_rules! order_columns {
    () => {
        "id, status, cancel_reason, quantity, amount, currency, ticket_id, title, price, venue, \
         city, starts_at, time_zone, expires_at, created_at, version, seller_id, buyer_id"
    };
}

pub(super) const TICKET: &str =
    concat!("SELECT ", ticket_columns!(), " FROM tickets WHERE id = $1");

/// Decides who gets them.
pub(super) const HOLD: &str = concat!(
    "UPDATE tickets SET held = held + $1, version = version + 1 \
     WHERE id = $2 AND seller_id <> $3 AND held + sold + $1 <= quantity \
     AND (starts_at IS NULL OR starts_at > $4) RETURNING ",
    ticket_columns!()
);

pub(super) const ADD_ORDER: &str = "\
    INSERT INTO orders (id, status, quantity, amount, currency, ticket_id, title, price, venue, \
    city, starts_at, time_zone, expires_at, created_at, version, seller_id, buyer_id) \
    VALUES ($1, 'created', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, $14, $15)";

pub(super) const ORDER: &str = concat!("SELECT ", order_columns!(), " FROM orders WHERE id = $1");

pub(super) const ORDERS: &str = concat!(
    "SELECT ",
    order_columns!(),
    " FROM orders WHERE buyer_id = $1 ORDER BY id DESC LIMIT $2"
);

pub(super) const ORDERS_AFTER: &str = concat!(
    "SELECT ",
    order_columns!(),
    " FROM orders WHERE buyer_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
);

pub(super) const CANCEL: &str = concat!(
    "UPDATE orders SET status = 'cancelled', cancel_reason = 'buyer', version = version + 1 \
     WHERE id = $1 AND status = 'created' RETURNING ",
    order_columns!()
);

pub(super) const EXPIRE: &str = concat!(
    "UPDATE orders SET status = 'cancelled', cancel_reason = 'expired', version = version + 1 \
     WHERE id IN (SELECT id FROM orders WHERE status = 'created' AND expires_at <= $1 \
     ORDER BY id LIMIT 100) AND status = 'created' RETURNING ",
    order_columns!()
);

pub(super) const FREE: &str =
    "UPDATE tickets SET held = held - $1, version = version + 1 WHERE id = $2";

pub(super) const BEGIN_PAYMENT: &str = concat!(
    "UPDATE orders SET status = 'awaiting:payment', version = version + 1 \
     WHERE id = $1 AND status = 'created' AND expires_at > $2 RETURNING ",
    order_columns!()
);

pub(super) const END_PAYMENT: &str = "\
    UPDATE orders SET status = 'created', version = version + 1 \
    WHERE id = $1 AND status = 'awaiting:payment'";

pub(super) const COMPLETE: &str = concat!(
    "UPDATE orders SET status = 'complete', payment_id = $1, version = version + 1 \
     WHERE id = $2 AND status = 'awaiting:payment' RETURNING ",
    order_columns!()
);

pub(super) const ADD_PAYMENT: &str = "\
    INSERT INTO payments (id, order_id, amount, currency, status, intent_id, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

pub(super) const SELL: &str = "\
    UPDATE tickets SET held = held - $1, sold = sold + $1, version = version + 1 WHERE id = $2";

/// A parameter of a statement that is put together.
#[derive(Debug, PartialEq)]
pub(super) enum Value {
    Int(i64),
    Text(String),
    Id(Uuid),
}

/// The statement that a filter asks for; every value is a parameter.
pub(super) fn tickets(filter: Filter) -> (String, Vec<Value>) {
    let mut sql = concat!(
        "SELECT ",
        ticket_columns!(),
        " FROM tickets WHERE (starts_at IS NULL OR starts_at > $1)"
    )
    .to_owned();
    let mut values = vec![Value::Int(filter.now.0)];
    for word in filter.words {
        let literal = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        values.push(Value::Text(format!("%{literal}%")));
        sql.push_str(&format!(" AND words LIKE ${} ESCAPE '\\'", values.len()));
    }
    let (key, way) = match filter.sort {
        Sort::Newest => ("", "DESC"),
        Sort::StartsAt => ("COALESCE(starts_at, 9223372036854775807)", "ASC"),
        Sort::Price => ("price", "ASC"),
        Sort::PriceDescending => ("price", "DESC"),
    };
    if let Some(after) = filter.after {
        let sign = if way == "DESC" { '<' } else { '>' };
        if key.is_empty() {
            values.push(Value::Id(after.id));
            sql.push_str(&format!(" AND id {sign} ${}", values.len()));
        } else {
            values.extend([Value::Int(after.key), Value::Id(after.id)]);
            let last = values.len();
            sql.push_str(&format!(" AND ({key}, id) {sign} (${}, ${last})", last - 1));
        }
    }
    let order = if key.is_empty() { format!("id {way}") } else { format!("{key} {way}, id {way}") };
    values.push(Value::Int(filter.limit));
    sql.push_str(&format!(" ORDER BY {order} LIMIT ${}", values.len()));
    (sql, values)
}

#[cfg(test)]
mod tests {
    use super::super::After;
    use super::*;
    use crate::model::Time;

    fn filter(words: &[&str], sort: Sort, after: Option<After>) -> Filter {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Filter { words, sort, after, now: Time(5), limit: 21 }
    }

    #[test]
    fn every_value_is_a_parameter() {
        let (sql, values) = tickets(filter(&["o'hara", "100%"], Sort::PriceDescending, None));
        assert!(sql.ends_with("ORDER BY price DESC, id DESC LIMIT $4"), "{sql}");
        assert!(!sql.contains("o'hara"), "{sql}");
        assert_eq!(values[2], Value::Text("%100\\%%".to_owned()));
    }

    #[test]
    fn a_page_begins_after_the_last() {
        let after = || Some(After { key: 500, id: Uuid::nil() });
        let (sql, values) = tickets(filter(&[], Sort::Newest, after()));
        assert!(sql.contains("id < $2 ORDER BY id DESC LIMIT $3"), "{sql}");
        assert_eq!(values.len(), 3);
        let (sql, _) = tickets(filter(&[], Sort::Price, after()));
        assert!(sql.contains("(price, id) > ($2, $3) ORDER BY price ASC"), "{sql}");
    }

    #[test]
    fn parameters_first_appear_in_order() {
        for sql in [
            ADD_ACCOUNT,
            ACCOUNT,
            ADD_TICKET,
            TICKET,
            HOLD,
            ADD_ORDER,
            ORDER,
            ORDERS,
            ORDERS_AFTER,
            CANCEL,
            EXPIRE,
            FREE,
            BEGIN_PAYMENT,
            END_PAYMENT,
            COMPLETE,
            ADD_PAYMENT,
            SELL,
        ] {
            let mut highest = 0;
            for rest in sql.split('$').skip(1) {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                let number: u32 = digits.parse().unwrap_or_default();
                assert!((1..=highest + 1).contains(&number), "{sql}");
                highest = highest.max(number);
            }
        }
    }
}
