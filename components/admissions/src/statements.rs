//! Every statement of this service.

use boxoffice_contract::door::{Scan, Verdict};
use boxoffice_contract::events::{OrderState, TicketState};
use boxoffice_contract::orders::OrderStatus;
use boxoffice_contract::{AdmissionId, OrderId, ScanId, StaffId, TicketId, TransferId, UserId};
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::{Query, statements};

use crate::admission::Admission;
use crate::list::{self, Filter};
use crate::listing::Listing;
use crate::transition::{self, Entering, Transfer};
use crate::{changes, door, doubles, issue, letters, person, scan, staff};

#[test]
fn every_statement_is_listed() {
    statements::check(env!("CARGO_MANIFEST_DIR"), &[], &all());
}

/// Doors ask for what has changed: a statement that forgets to say when would hide a change from them.
#[test]
fn what_doors_go_by_is_never_changed_in_silence() {
    let all = all();
    let changes: Vec<&str> = all
        .iter()
        .filter_map(|query| query.sql().split_once("admissions_admissions SET "))
        .filter_map(|(_, rest)| rest.split(" WHERE ").next())
        .filter(|set| {
            ["status =", "generation =", "guest_name ="].iter().any(|name| set.contains(name))
        })
        .collect();
    assert!(changes.len() >= 4, "{changes:#?}");
    for set in changes {
        assert!(set.contains("changed_at = "), "{set}");
    }
}

fn all() -> Vec<Query> {
    let (id, ticket_id, user_id) = (AdmissionId::nil(), TicketId::nil(), UserId::nil());
    let (order_id, scan_id, staff_id) = (OrderId::nil(), ScanId::nil(), StaffId::nil());
    let now = Timestamp::from_millis(0);
    let (order, ticket) = (order(now), ticket());
    let admission = Admission::new(&order, 1, now);
    let (one, two) = ([admission.clone()], [admission.clone(), admission.clone()]);
    let transfer = Transfer { id: TransferId::nil(), email: "", until: now };
    let scan = Scan { id: scan_id, code: None, admission_id: None, at: None, admitted: false };
    let entering = Entering { scan: scan_id, at: now, door: "", admitted: false };
    let staff = staff::Staff::new(ticket_id, String::new(), now);
    let mut all = vec![
        Admission::find(id),
        Admission::insert_all(&one),
        Admission::insert_all(&two),
        Listing::find(ticket_id),
        Listing::replicating(&[&ticket]),
        Listing::replicating(&[&ticket, &ticket]),
        issue::storing(&order),
        Admission::offered(ticket_id),
        letters::of_transfer(TransferId::nil()),
        letters::held_by(ticket_id, user_id),
        letters::of_order(order_id),
        letters::holding(ticket_id, None),
        letters::holding(ticket_id, Some(user_id)),
        transition::naming(id, user_id, ""),
        transition::beginning(id, user_id, &transfer, None),
        transition::taking_back(id, user_id),
        transition::accepting(id, TransferId::nil(), user_id, now),
        transition::admitting(id, ticket_id, None, &entering),
        transition::admitting(id, ticket_id, Some(1), &entering),
        transition::restoring(ticket_id, scan_id),
        transition::offering(id, user_id, ticket_id, 1),
        transition::keeping(ticket_id),
        transition::selling(ticket_id, order_id),
        transition::locking(order_id),
        transition::locking_unit(id),
        transition::voiding(order_id),
        transition::giving_back(order_id),
        person::admissions(user_id, "", 1),
        person::staff(user_id, "", 1),
        person::to_come(user_id, now),
        person::erasing_guests(user_id, now),
        person::erasing_staff(user_id),
        person::erasing_doors(user_id),
        person::erasing_scans(user_id),
        person::forgetting_limits(user_id),
        door::counting(ticket_id),
        door::of_listing(ticket_id, None, 1),
        door::of_listing(ticket_id, Some(id), 1),
        changes::since_then(ticket_id, now),
        doubles::of_door(ticket_id),
        scan::noted(&[scan]),
        scan::keeping(ticket_id, scan_id),
        scan::withdrawing(ticket_id, scan_id),
        scan::noting(ticket_id, &admission, &entering, Verdict::Admitted),
        staff.insert(),
        staff::of_door(ticket_id, now),
        staff::working(ticket_id, staff_id, now),
        staff::ending(ticket_id, staff_id),
    ];
    for order in [None, Some(order_id)] {
        for upcoming in [None, Some(now)] {
            for after in [None, Some(id)] {
                let filter = Filter { order, upcoming, after };
                all.push(list::of_holder(user_id, filter, 1));
            }
        }
    }
    all
}

fn order(now: Timestamp) -> OrderState {
    OrderState {
        id: OrderId::nil(),
        version: 1,
        status: OrderStatus::Complete,
        buyer_id: UserId::nil(),
        ticket_id: TicketId::nil(),
        quantity: 1,
        amount: 1,
        currency: String::new(),
        expires_at: now,
        payment_id: None,
        restocked: false,
    }
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
