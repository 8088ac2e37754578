//! Every statement of this service.

use boxoffice_contract::orders::{Order, OrderStatus, OrderedTicket};
use boxoffice_contract::{OrderId, PaymentId, TicketId, UserId};
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::{Query, statements};

use crate::abuse::{Counter, Limit};
use crate::ledger::{self, Account, Adjustment};
use crate::machine::{End, Move, Movement, State};
use crate::moves::{self, News, RefundRequest};
use crate::payment::Payment;
use crate::statement::{self, Range};
use crate::{abuse, attempt, list, person, reconcile, settle, webhook};

#[test]
fn every_statement_is_listed() {
    let mut all = of_payments();
    all.extend(of_others());
    statements::check(env!("CARGO_MANIFEST_DIR"), &["src/machine/tests/"], &all);
}

fn of_payments() -> Vec<Query> {
    let (id, order_id, buyer) = (PaymentId::nil(), OrderId::nil(), UserId::nil());
    let now = Timestamp::from_millis(0);
    let (payment, order) = (payment(), order());
    let step = Move { to: State::Open, emits: &[], books: &[] };
    let request = RefundRequest { by: Some(buyer), reason: "", restock: false };
    vec![
        Payment::find(id),
        Payment::of_order(order_id),
        payment.putting_off(None),
        payment.waiting(),
        payment.calling_attention(""),
        payment.needing_no_attention(),
        moves::replacing(&payment, &payment),
        moves::locking(id),
        moves::waiting(&payment, step, News::OtherCard),
        moves::declining(&payment, step, News::OtherCard),
        moves::counting(order_id),
        moves::reopening(&payment, News::OtherCard),
        moves::closing(&payment),
        moves::keeping(&payment),
        moves::asking_refund(&payment, request),
        moves::refusing(&payment, ""),
        moves::asking_again(&payment),
        attempt::made_with(buyer, ""),
        attempt::beginning(buyer, &order, 0, "", None, ""),
        attempt::paid(order_id),
        attempt::live(order_id),
        attempt::declined_until(&payment),
        person::payments(buyer, "", 1),
        person::entries(buyer, "", 1),
        person::adjustments(buyer, "", 1),
        person::pending(buyer),
        person::disputed(buyer),
        person::erasing(buyer),
        person::forgetting_limits(buyer),
        reconcile::due_at(now),
        reconcile::warning("", now),
        list::of_buyer(buyer, None, None, 1),
        list::of_buyer(buyer, Some(vec![order_id, order_id]), None, 1),
        list::of_buyer(buyer, None, Some(id), 1),
        list::of_buyer(buyer, Some(vec![order_id]), Some(id), 1),
    ]
}

fn of_others() -> Vec<Query> {
    let now = Timestamp::from_millis(0);
    let range = Range { seller: UserId::nil(), from: now, to: now };
    let (id, payment) = (PaymentId::nil(), payment());
    let counters = [Limit::Account, Limit::Client].map(|limit| Counter::of(limit, ""));
    vec![
        ledger::finding(&payment, Movement::Sale),
        ledger::posting(&payment, Movement::Charge, 1, Account::Buyers, Account::Provider),
        ledger::adding_up(id),
        ledger::adjusting(&payment, Adjustment::Dispute, "", 1, Account::Sellers),
        settle::noting(OrderId::nil(), OrderStatus::Complete, None, 1),
        settle::undoing(OrderId::nil()),
        statement::newest(range, None, 1),
        statement::newest(range, Some(String::new()), 1),
        statement::oldest(range, 1),
        statement::adding_up(range),
        abuse::looking(&counters),
        abuse::looking(&counters[..1]),
        abuse::counting(&counters, now, abuse::RETURNING),
        abuse::counting(&counters[..1], now, abuse::RETURNING),
        abuse::counting(&counters[..1], now, ""),
        abuse::releasing(&counters, now),
        abuse::forgetting(now),
        webhook::storing("", "", ""),
        webhook::by_intent(""),
        webhook::doing_with(""),
        webhook::failing(""),
        webhook::forgetting(now),
        webhook::taking_up(now),
    ]
}

fn order() -> Order {
    let at = Timestamp::from_millis(0);
    let ticket = OrderedTicket {
        id: TicketId::nil(),
        title: String::new(),
        price: 1,
        venue: None,
        city: None,
        starts_at: None,
        time_zone: None,
        resale_of: None,
        revision: None,
    };
    Order {
        id: OrderId::nil(),
        status: OrderStatus::Created.into(),
        cancel_reason: None,
        quantity: 1,
        amount: 1,
        currency: String::new(),
        ticket,
        changed: None,
        expires_at: at,
        created_at: at,
        version: 1,
        seller_id: None,
        restocked: false,
        reminder: false,
    }
}

fn payment() -> Payment {
    Payment {
        id: PaymentId::nil(),
        order_id: OrderId::nil(),
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
        buyer_id: UserId::nil(),
        client: None,
        ticket_id: None,
        seller_id: None,
        refund_reason: None,
        restock: false,
        resale_of: None,
        fee: 0,
        end: End::Unknown,
    }
}
