//! Every statement of this service.

use boxoffice_contract::admissions::AdmissionStatus;
use boxoffice_contract::events::{AdmissionState, OrderState, UserState};
use boxoffice_contract::orders::OrderStatus;
use boxoffice_contract::tickets::Draft;
use boxoffice_contract::{AdmissionId, OrderId, TicketId, UserId};
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::{Query, statements};

use crate::ticket::Ticket;
use crate::{list, offer, people, person, show, stored_json, worker};

#[test]
fn every_statement_is_listed() {
    let mut all = all();
    all.extend(list::samples());
    statements::check(env!("CARGO_MANIFEST_DIR"), &[], &all);
}

fn all() -> Vec<Query> {
    let id = TicketId::nil();
    let ticket = Ticket::new(UserId::nil(), Draft::default());
    let order = order();
    let listings = |count| worker::ids((0..count).map(|_| TicketId::new()));
    vec![
        Ticket::find(id),
        ticket.insert().unwrap_or_else(|error| panic!("{error}")),
        ticket.update(Draft::default()).unwrap_or_else(|error| panic!("{error}")),
        ticket.update_offers(),
        Ticket::withdraw(id, 1),
        offer::noting(&admission()),
        offer::locking(id),
        offer::ending(id),
        people::noting(&UserState { id: UserId::nil(), version: 1, suspended: true }),
        people::suspended(UserId::nil()),
        people::ending(UserId::nil()),
        person::listings(UserId::nil(), "", 1),
        person::erasing(UserId::nil()),
        show::with_part(id, UserId::nil()),
        stored_json::stored(id),
        stored_json::renewing(id, 1, String::new()),
        worker::locking(listings(1)),
        worker::locking(listings(2)),
        worker::storing(&[&order]),
        worker::storing(&[&order, &order]),
        worker::counting(listings(1)),
        worker::counting(listings(2)),
    ]
}

fn admission() -> AdmissionState {
    AdmissionState {
        id: AdmissionId::nil(),
        version: 1,
        status: AdmissionStatus::Void,
        order_id: OrderId::nil(),
        ticket_id: TicketId::nil(),
        number: 1,
        holder_id: UserId::nil(),
        generation: 1,
        offer: None,
        undone: false,
    }
}

fn order() -> OrderState {
    OrderState {
        id: OrderId::nil(),
        version: 1,
        status: OrderStatus::Created,
        buyer_id: UserId::nil(),
        ticket_id: TicketId::nil(),
        quantity: 1,
        amount: 1,
        currency: String::new(),
        expires_at: Timestamp::from_millis(0),
        payment_id: None,
        restocked: false,
    }
}
