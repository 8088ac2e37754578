//! A payment: in the database, in JSON, in events.

use boxoffice_contract::events::{Kind, PaymentState};
use boxoffice_contract::orders::OrderStatus;
use boxoffice_contract::{OrderId, PaymentId, TicketId, UserId};
use boxoffice_kernel::db::{self, FromValue, Query, Read, Reader, Record, Row, Value};
use boxoffice_kernel::events::Event;
use boxoffice_kernel::{Cx, Timestamp, log, query, row, unit};

use crate::SERVICE;
use crate::machine::{self, Due, End, Stage, State, Status};

/// After so many failures an operator is to know: with the waits between them, about ten minutes.
const FAILURES_BEFORE_ATTENTION: i64 = 8;
/// What the log says of what is put before an operator.
pub(crate) const NEEDS_OPERATOR: &str = "a payment needs an operator";

impl From<Status> for Value {
    fn from(it: Status) -> Self {
        it.name().into()
    }
}

impl FromValue for Status {
    fn from_value(value: &Value) -> Result<Self, String> {
        let name = String::from_value(value)?;
        Self::ALL
            .into_iter()
            .find(|status| status.name() == name)
            .ok_or_else(|| format!("{name:?} is not a status of a payment"))
    }
}

impl From<Stage> for Value {
    fn from(it: Stage) -> Self {
        it.name().into()
    }
}

impl FromValue for Stage {
    fn from_value(value: &Value) -> Result<Self, String> {
        let name = String::from_value(value)?;
        Self::ALL
            .into_iter()
            .find(|stage| stage.name() == name)
            .ok_or_else(|| format!("{name:?} is not a stage of a payment"))
    }
}

/// A payment.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    /// The payment's id.
    pub(crate) id: PaymentId,
    /// The order that it pays for.
    pub(crate) order_id: OrderId,
    /// Its status.
    pub(crate) state: State,
    /// The amount in the currency's minor unit.
    pub(crate) amount: i64,
    /// ISO 4217 code.
    pub(crate) currency: String,
    /// When the buyer pressed "Pay".
    pub(crate) created_at: Timestamp,
    /// Grows with every change.
    pub(crate) version: i64,
    /// The payment method, in the provider's words.
    pub(crate) token: String,
    /// The provider's PaymentIntent, once it is known.
    pub(crate) intent_id: Option<String>,
    /// Why it was declined, in Stripe's words.
    pub(crate) decline_code: Option<String>,
    pub(crate) decline_message: Option<String>,
    /// How often it was looked whether anything can be done.
    pub(crate) tries: i64,
    /// How often of these that failed.
    pub(crate) failures: i64,
    /// Who pays.
    pub(crate) buyer_id: UserId,
    /// The client whose attempt it is, while it waits; `None`: it was not counted, or has ended. Empty if
    /// clients cannot be told apart.
    pub(crate) client: Option<String>,
    /// The listing; unknown of payments that are older than the ledger.
    pub(crate) ticket_id: Option<TicketId>,
    /// Whose tickets are paid for; unknown of payments that are older than the ledger.
    pub(crate) seller_id: Option<UserId>,
    /// Why the money is to be given back, in Stripe's words; `None`: nobody has asked for it.
    pub(crate) refund_reason: Option<String>,
    /// Whether the tickets are to be for sale again then.
    pub(crate) restock: bool,
    /// The listing of the event, where a fan sells on a ticket that was bought of it.
    pub(crate) resale_of: Option<TicketId>,
    /// What the shop keeps of the amount, in the currency's minor unit.
    pub(crate) fee: i64,
    /// How its order ended, as far as was known when the payment was read.
    pub(crate) end: End,
}

row! {
    /// A payment's row, with how its order ended.
    pub(crate) struct PaymentRow {
        id: PaymentId,
        order_id: OrderId,
        amount: i64,
        currency: String,
        token: String,
        status: Status,
        intent_id: Option<String>,
        decline_code: Option<String>,
        decline_message: Option<String>,
        tries: i64,
        created_at: Timestamp,
        version: i64,
        buyer_id: UserId,
        stage: Option<Stage>,
        client: Option<String>,
        ticket_id: Option<TicketId>,
        seller_id: Option<UserId>,
        refund_reason: Option<String>,
        refund_refusal: Option<String>,
        restock: bool,
        failures: i64,
        resale_of: Option<TicketId>,
        fee: i64,
        undone_at: Option<Timestamp>,
        order_status: Option<OrderStatus> = "(SELECT status FROM payments_orders \
            WHERE payments_orders.id = payments_payments.order_id)",
        sold_by: Option<PaymentId> = "(SELECT payment_id FROM payments_orders \
            WHERE payments_orders.id = payments_payments.order_id)",
    }
}

/// The columns of a payment.
pub(crate) const COLUMNS: &str = PaymentRow::COLUMNS;

impl PaymentRow {
    fn end(&self) -> End {
        match self.order_status {
            Some(OrderStatus::Complete | OrderStatus::Refunded)
                if self.sold_by == Some(self.id) =>
            {
                if self.undone_at.is_some() {
                    End::Undone
                } else {
                    End::Sold
                }
            }
            Some(OrderStatus::Complete | OrderStatus::Refunded | OrderStatus::Cancelled) => {
                End::Unsold
            }
            Some(OrderStatus::Created | OrderStatus::AwaitingPayment) | None => End::Unknown,
        }
    }
}

impl From<PaymentRow> for Payment {
    fn from(row: PaymentRow) -> Self {
        let (is_asked, is_refused) = (row.refund_reason.is_some(), row.refund_refusal.is_some());
        Self {
            end: row.end(),
            id: row.id,
            order_id: row.order_id,
            state: State::from_columns(row.status, row.stage, row.tries, is_asked, is_refused),
            amount: row.amount,
            currency: row.currency,
            created_at: row.created_at,
            version: row.version,
            token: row.token,
            intent_id: row.intent_id,
            decline_code: row.decline_code,
            decline_message: row.decline_message,
            tries: row.tries,
            failures: row.failures,
            buyer_id: row.buyer_id,
            client: row.client,
            ticket_id: row.ticket_id,
            seller_id: row.seller_id,
            refund_reason: row.refund_reason,
            restock: row.restock,
            resale_of: row.resale_of,
            fee: row.fee,
        }
    }
}

impl Row for Payment {
    fn read(record: &Record) -> db::Result<Self> {
        PaymentRow::read(record).map(Self::from)
    }
}

impl Payment {
    /// Reads the first payment that `query` answers with.
    pub(crate) async fn one(query: Query) -> db::Result<Option<Self>> {
        Reader::new(&SERVICE).read(query).await
    }

    /// Reads all payments that `query` answers with.
    pub(crate) async fn all(query: Query) -> db::Result<Vec<Self>> {
        Reader::new(&SERVICE).read_all(query).await
    }

    pub(crate) fn find(id: PaymentId) -> Query {
        query!("SELECT {COLUMNS} FROM payments_payments WHERE id = ?1", id)
    }

    /// Finds the payments of an order.
    pub(crate) fn of_order(order_id: OrderId) -> Query {
        query!("SELECT {COLUMNS} FROM payments_payments WHERE order_id = ?1", order_id)
    }

    /// The payment as it is by now.
    pub(crate) async fn reload(&self) -> db::Result<Self> {
        self.reload_in(&mut Reader::new(&SERVICE)).await
    }

    /// The same, read by a connection that is there already.
    pub(crate) async fn reload_in(&self, read: &mut impl Read) -> db::Result<Self> {
        Ok(read.read(Self::find(self.id)).await?.unwrap_or_else(|| self.clone()))
    }

    /// Whether its order was sold by it.
    pub(crate) fn has_sold(&self) -> bool {
        matches!(self.end, End::Sold | End::Undone)
    }

    /// Whether its order ended without it.
    pub(crate) fn is_in_vain(&self) -> bool {
        self.end == End::Unsold
    }

    /// Whether its money is the buyer's again, or will be as soon as the provider can be told.
    pub(crate) fn is_given_up(&self) -> bool {
        self.state == State::Voided || self.is_in_vain()
    }

    /// What is due for it, as far as was known when it was read.
    pub(crate) const fn due(&self) -> Option<Due> {
        machine::due(self.state, self.end)
    }

    /// Puts off what is due, since it failed. Each time the wait doubles, up to ten minutes; after
    /// eight times an operator has to look at it, while it is tried on. Nothing is put off of a payment
    /// that has moved on meanwhile.
    pub(crate) async fn put_off(&self, cx: &Cx, cause: &str) -> db::Result<()> {
        let is_grave = self.failures + 1 >= FAILURES_BEFORE_ATTENTION;
        let attention = is_grave.then_some(cause);
        unit::change::<()>(cx, &SERVICE, self.putting_off(attention)).await?;
        if self.failures + 1 == FAILURES_BEFORE_ATTENTION {
            log::noted(cx, NEEDS_OPERATOR, format!("{}: {cause}", self.id));
        }
        Ok(())
    }

    pub(crate) fn putting_off(&self, attention: Option<&str>) -> Query {
        query!(
            "UPDATE payments_payments SET tries = tries + 1, failures = failures + 1, \
             try_again_at = ?3, attention = COALESCE(?4, attention), \
             attention_since = CASE WHEN ?4 IS NULL THEN attention_since \
             ELSE COALESCE(attention_since, ?5) END \
             WHERE id = ?1 AND status = ?2",
            self.id,
            self.state.status(),
            self.next_try(),
            attention,
            Timestamp::now()
        )
    }

    /// Looks again later, since nothing could be done yet. Each time the wait doubles, up to ten
    /// minutes.
    pub(crate) async fn wait(&self, cx: &Cx) -> db::Result<()> {
        unit::change::<()>(cx, &SERVICE, self.waiting()).await.map(drop)
    }

    pub(crate) fn waiting(&self) -> Query {
        query!(
            "UPDATE payments_payments SET tries = tries + 1, failures = 0, try_again_at = ?3 \
             WHERE id = ?1 AND status = ?2",
            self.id,
            self.state.status(),
            self.next_try()
        )
    }

    fn next_try(&self) -> Timestamp {
        Timestamp::now().plus_seconds((5 << self.tries.clamp(0, 7)).min(600))
    }

    /// Puts the payment before an operator, until it moves on. The audit lists it.
    pub(crate) async fn call_attention(&self, cx: &Cx, cause: &str) -> db::Result<()> {
        log::noted(cx, NEEDS_OPERATOR, format!("{}: {cause}", self.id));
        unit::change::<()>(cx, &SERVICE, self.calling_attention(cause)).await.map(drop)
    }

    pub(crate) fn calling_attention(&self, cause: &str) -> Query {
        query!(
            "UPDATE payments_payments SET attention = ?2, \
             attention_since = COALESCE(attention_since, ?3) WHERE id = ?1",
            self.id,
            cause,
            Timestamp::now()
        )
    }

    /// Puts the payment before an operator if only people can put it right.
    pub(crate) async fn warn_if_owed(&self, cx: &Cx) -> db::Result<()> {
        match machine::needs_operator(self.state, self.end) {
            Some(cause) => self.call_attention(cx, cause).await,
            None => Ok(()),
        }
    }

    /// Takes the payment from what operators have to look at.
    pub(crate) async fn need_no_attention(&self, cx: &Cx) -> db::Result<()> {
        unit::change::<()>(cx, &SERVICE, self.needing_no_attention()).await.map(drop)
    }

    pub(crate) fn needing_no_attention(&self) -> Query {
        query!(
            "UPDATE payments_payments SET attention = NULL, attention_since = NULL \
             WHERE id = ?1",
            self.id
        )
    }

    /// The event that tells of the payment's state.
    pub(crate) fn event(&self, kind: Kind<PaymentState>) -> anyhow::Result<Event> {
        let state = PaymentState {
            id: self.id,
            version: self.version,
            order_id: self.order_id,
            amount: self.amount,
            currency: self.currency.clone(),
            restock: self.restock,
        };
        Ok(Event::new(kind, &state)?)
    }
}
