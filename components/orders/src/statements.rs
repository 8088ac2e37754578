//! Every statement of this service.

use boxoffice_contract::events::{PaymentState, TicketState};
use boxoffice_contract::{OrderId, PaymentId, TicketId, UserId};
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::{Query, statements};

use crate::buyer::Buyer;
use crate::listing::Listing;
use crate::order::{Order, Shown};
use crate::{people, person, transition, untold};

#[test]
fn every_statement_is_listed() {
    statements::check(env!("CARGO_MANIFEST_DIR"), &[], &all());
}

fn all() -> Vec<Query> {
    let (id, ticket_id, user_id) = (OrderId::nil(), TicketId::nil(), UserId::nil());
    let now = Timestamp::from_millis(0);
    let (listing, payment) = (listing(), payment());
    let ticket = ticket();
    let (one, two) = ([&ticket], [&ticket, &ticket]);
    let order = Order::new(listing.clone(), user_id, 1, 1, now, now);
    vec![
        Listing::find(ticket_id),
        listing.hold(1),
        Buyer::find(user_id, ticket_id, now),
        Buyer::default().hold(user_id),
        Listing::free(ticket_id, 1),
        Listing::sell(ticket_id, 1),
        Listing::take_back(ticket_id, 1),
        Listing::replicate(&one),
        Listing::replicate(&two),
        Listing::freeze(ticket_id, user_id, now, false),
        Listing::freeze(ticket_id, user_id, now, true),
        Listing::thaw(ticket_id, now),
        order.insert(),
        Order::find(id),
        Shown::find(id),
        Shown::of_buyer(user_id, None, 1),
        Shown::of_buyer(user_id, Some(id), 1),
        transition::giving_up(id, user_id),
        transition::stopping(id, user_id),
        people::held(user_id),
        transition::expiring(id, now),
        transition::declining(&payment),
        transition::beginning(id, user_id, now),
        transition::extending(id, user_id, now, now),
        transition::reminding(id, user_id, now),
        transition::completing(&payment),
        transition::refunding(&payment, now),
        person::orders(user_id, "", 1),
        person::sold_to_come(user_id, now),
        person::paying(user_id),
        person::releasing(user_id),
        person::forgetting_buyer(user_id),
        untold::first(),
        untold::telling(),
    ]
}

fn ticket() -> TicketState {
    TicketState {
        id: TicketId::nil(),
        version: 1,
        seller_id: UserId::nil(),
        title: String::new(),
        price: 1,
        currency: String::new(),
        quantity: 1,
        withdrawn: false,
        venue: None,
        city: None,
        starts_at: None,
        time_zone: None,
        resale_cap: 100,
        transfer_limit: None,
        max_per_buyer: 10,
        asks_names: false,
        turning_codes: false,
        resale_of: None,
        moved: false,
    }
}

pub(crate) fn listing() -> Listing {
    let TicketState { id, version, seller_id, title, price, currency, quantity, .. } = ticket();
    Listing {
        ticket_id: id,
        seller_id,
        title,
        price,
        currency,
        quantity,
        withdrawn: false,
        venue: None,
        city: None,
        starts_at: None,
        time_zone: None,
        max_per_buyer: 10,
        resale_of: None,
        held: 0,
        sold: 0,
        frozen_until: 0,
        version,
    }
}

fn payment() -> PaymentState {
    PaymentState {
        id: PaymentId::nil(),
        version: 1,
        order_id: OrderId::nil(),
        amount: 1,
        currency: String::new(),
        restock: false,
    }
}
