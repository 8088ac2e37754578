//! Every statement of this service.

use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::{Query, statements};
use boxoffice_kernel::events::contract::OrderStatus;
use uuid::Uuid;

use crate::attempt::{self, Payable, PayableTicket};
use crate::ledger::{self, Account};
use crate::machine::{End, Move, Movement, State};
use crate::moves::{self, News, RefundRequest};
use crate::payment::Payment;
use crate::statement::{self, Range};
use crate::{list, reconcile, settle, webhook};

#[test]
fn every_statement_is_listed() {
    let mut all = of_payments();
    all.extend(of_others());
    statements::check(env!("CARGO_MANIFEST_DIR"), &["src/machine/tests/"], &all);
}

fn of_payments() -> Vec<Query> {
    let (id, now) = (Uuid::nil(), Timestamp::from_millis(0));
    let payment = payment();
    let step = Move { to: State::Open, emits: &[], books: &[] };
    let request = RefundRequest { by: id, reason: "", restock: false };
    let ticket = PayableTicket { id, title: String::new() };
    let order =
        Payable { id, seller_id: None, amount: 1, currency: String::new(), quantity: 1, ticket };
    vec![
        Payment::find(id),
        Payment::of_order(id),
        payment.putting_off(None),
        payment.waiting(),
        payment.calling_attention(""),
        payment.needing_no_attention(),
        moves::replacing(&payment, &payment),
        moves::locking(id),
        moves::waiting(&payment, step, News::OtherCard),
        moves::declining(&payment, step, News::OtherCard),
        moves::counting(id),
        moves::reopening(&payment, News::OtherCard),
        moves::closing(&payment),
        moves::keeping(&payment),
        moves::asking_refund(&payment, request),
        attempt::made_with(id, ""),
        attempt::beginning(id, &order, "", None),
        attempt::paid(id),
        attempt::live(id),
        attempt::declined_until(&payment),
        reconcile::due_at(now),
        reconcile::warning("", now),
        list::of_buyer(id, None, None, 1),
        list::of_buyer(id, Some(vec![id, id]), None, 1),
        list::of_buyer(id, None, Some(id), 1),
        list::of_buyer(id, Some(vec![id]), Some(id), 1),
    ]
}

fn of_others() -> Vec<Query> {
    let (id, now) = (Uuid::nil(), Timestamp::from_millis(0));
    let range = Range { seller: id, from: now, to: now };
    let payment = payment();
    vec![
        ledger::sale_of(&payment),
        ledger::posting(&payment, Movement::Charge, Account::Buyers, Account::Provider),
        settle::noting(id, OrderStatus::Complete, None, 1),
        statement::newest(range, None, 1),
        statement::newest(range, Some(String::new()), 1),
        statement::oldest(range, 1),
        statement::adding_up(range),
        webhook::storing("", "", ""),
        webhook::by_intent(""),
        webhook::doing_with(""),
        webhook::failing(""),
        webhook::forgetting(now),
        webhook::taking_up(now),
    ]
}

fn payment() -> Payment {
    Payment {
        id: Uuid::nil(),
        order_id: Uuid::nil(),
        state: State::Pending,
        amount: 1,
        currency: String::new(),
        created_at: Timestamp::from_millis(0),
        version: 1,
        token: String::new(),
        intent_id: None,
        decline_code: None,
        decline_message: None,
        tries: 0,
        failures: 0,
        buyer_id: Uuid::nil(),
        seller_id: None,
        refund_reason: None,
        restock: false,
        end: End::Unknown,
    }
}
