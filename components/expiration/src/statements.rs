//! Every statement of this service.

use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::statements;
use boxoffice_kernel::events::contract::{OrderState, OrderStatus};
use uuid::Uuid;

use crate::timer;

#[test]
fn every_statement_is_listed() {
    let now = Timestamp::from_millis(0);
    let order = OrderState {
        id: Uuid::nil(),
        version: 1,
        status: OrderStatus::Created,
        buyer_id: Uuid::nil(),
        ticket_id: Uuid::nil(),
        quantity: 1,
        amount: 1,
        currency: String::new(),
        expires_at: now,
        payment_id: None,
        restocked: false,
    };
    let all = [
        timer::setting(&[&order]),
        timer::setting(&[&order, &order]),
        timer::firing(now),
        timer::forgetting(now),
    ];
    statements::check(env!("CARGO_MANIFEST_DIR"), &[], &all);
}
