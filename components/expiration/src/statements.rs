//! Every statement of this service.

use boxoffice_contract::events::OrderState;
use boxoffice_contract::orders::OrderStatus;
use boxoffice_contract::{OrderId, TicketId, UserId};
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::statements;

use crate::timer;

#[test]
fn every_statement_is_listed() {
    let now = Timestamp::from_millis(0);
    let order = OrderState {
        id: OrderId::nil(),
        version: 1,
        status: OrderStatus::Created,
        buyer_id: UserId::nil(),
        ticket_id: TicketId::nil(),
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
