//! A payment: in the database, in JSON, in events.

use boxoffice_kernel::db::{self, FromValue, Record as Row, Value};
use boxoffice_kernel::events::contract::{OrderStatus, PaymentState};
use boxoffice_kernel::events::{Event, EventType};
use boxoffice_kernel::old::log;
use boxoffice_kernel::old::{Connection, Read};
use boxoffice_kernel::{Timestamp, params};
use uuid::Uuid;

use crate::SERVICE;
use crate::machine::{self, Due, End, Stage, State, Status};

/// After so many failures an operator is to know: with the waits between them, about ten minutes.
const FAILURES_BEFORE_ATTENTION: i64 = 8;
/// What the log says of what is put before an operator.
pub(crate) const NEEDS_OPERATOR: &str = "a payment needs an operator";

impl FromValue for Status {
    fn from_value(value: &Value) -> Result<Self, String> {
        let name = String::from_value(value)?;
        Self::ALL
            .into_iter()
            .find(|status| status.name() == name)
            .ok_or_else(|| format!("{name:?} is not a status of a payment"))
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

impl End {
    /// Reads how the order of the payment `id` ended.
    fn read(row: &Row, id: Uuid) -> db::Result<Self> {
        Ok(match row.get("order_status")? {
            Some(OrderStatus::Complete | OrderStatus::Refunded) => {
                if row.get::<Uuid>("sold_by")? == id { Self::Sold } else { Self::Unsold }
            }
            Some(OrderStatus::Cancelled) => Self::Unsold,
            Some(OrderStatus::Created | OrderStatus::AwaitingPayment) | None => Self::Unknown,
        })
    }
}

/// A payment.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    /// The payment's id.
    pub(crate) id: Uuid,
    /// The order that it pays for.
    pub(crate) order_id: Uuid,
    /// Where it stands.
    pub(crate) state: State,
    /// In the currency's minor unit.
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
    pub(crate) buyer_id: Uuid,
    /// Whose tickets are paid for; unknown of payments that are older than the ledger.
    pub(crate) seller_id: Option<Uuid>,
    /// Why the money is to be given back, in Stripe's words; `None`: nobody has asked for it.
    pub(crate) refund_reason: Option<String>,
    /// Whether the tickets are to be for sale again then.
    pub(crate) restock: bool,
    /// How its order ended, as far as was known when the payment was read.
    pub(crate) end: End,
}

/// The columns that [`Payment::read`] needs.
pub(crate) const COLUMNS: &str = "id, order_id, amount, currency, token, status, \
    intent_id, decline_code, decline_message, tries, created_at, version, buyer_id, stage, \
    seller_id, refund_reason, restock, failures, \
    (SELECT status FROM payments_orders \
        WHERE payments_orders.id = payments_payments.order_id) AS order_status, \
    (SELECT payment_id FROM payments_orders \
        WHERE payments_orders.id = payments_payments.order_id) AS sold_by";

impl Payment {
    /// Reads a row of [`COLUMNS`].
    pub(crate) fn read(row: &Row) -> db::Result<Self> {
        let id = row.get("id")?;
        let tries = row.get("tries")?;
        let refund_reason: Option<String> = row.get("refund_reason")?;
        let (status, stage) = (row.get("status")?, row.get("stage")?);
        Ok(Self {
            id,
            order_id: row.get("order_id")?,
            state: State::from_columns(status, stage, tries, refund_reason.is_some()),
            amount: row.get("amount")?,
            currency: row.get("currency")?,
            created_at: row.get("created_at")?,
            version: row.get("version")?,
            token: row.get("token")?,
            intent_id: row.get("intent_id")?,
            decline_code: row.get("decline_code")?,
            decline_message: row.get("decline_message")?,
            tries,
            buyer_id: row.get("buyer_id")?,
            seller_id: row.get("seller_id")?,
            refund_reason,
            restock: row.get::<i64>("restock")? != 0,
            failures: row.get("failures")?,
            end: End::read(row, id)?,
        })
    }

    /// The payments that fulfil `condition`, in which `?1` and so on are `params`.
    pub(crate) async fn select(condition: &str, params: &[Value]) -> db::Result<Vec<Self>> {
        Self::select_in(&Connection::open(&SERVICE).await?, condition, params).await
    }

    /// The same, read by a connection or in a transaction.
    pub(crate) async fn select_in(
        read: &impl Read,
        condition: &str,
        params: &[Value],
    ) -> db::Result<Vec<Self>> {
        let sql = format!("SELECT {COLUMNS} FROM payments_payments WHERE {condition}");
        read.query(&sql, params).await?.iter().map(Self::read).collect()
    }

    /// The payment `id`, if there is one.
    pub(crate) async fn find(id: Uuid) -> db::Result<Option<Self>> {
        Ok(Self::select("id = ?1", params![id]).await?.pop())
    }

    /// The payment as it is by now.
    pub(crate) async fn reload(&self) -> db::Result<Self> {
        Ok(Self::find(self.id).await?.unwrap_or_else(|| self.clone()))
    }

    /// Whether its order was sold by it.
    pub(crate) fn has_sold(&self) -> bool {
        self.end == End::Sold
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
    pub(crate) async fn put_off(&self, cause: &str) -> db::Result<()> {
        let is_grave = self.failures + 1 >= FAILURES_BEFORE_ATTENTION;
        let sql = "UPDATE payments_payments SET tries = tries + 1, failures = failures + 1, \
                   try_again_at = ?3, attention = COALESCE(?4, attention), \
                   attention_since = CASE WHEN ?4 IS NULL THEN attention_since \
                       ELSE COALESCE(attention_since, ?5) END \
                   WHERE id = ?1 AND status = ?2";
        let connection = Connection::open(&SERVICE).await?;
        let attention = is_grave.then_some(cause);
        let row = params![
            self.id,
            self.state.status().name(),
            self.next_try(),
            attention,
            Timestamp::now()
        ];
        connection.query(sql, row).await?;
        if self.failures + 1 == FAILURES_BEFORE_ATTENTION {
            log::noted(NEEDS_OPERATOR, format!("{}: {cause}", self.id));
        }
        Ok(())
    }

    /// Looks again later, since nothing could be done yet. Each time the wait doubles, up to ten
    /// minutes.
    pub(crate) async fn wait(&self) -> db::Result<()> {
        let sql = "UPDATE payments_payments SET tries = tries + 1, failures = 0, try_again_at = ?3 \
                   WHERE id = ?1 AND status = ?2";
        let connection = Connection::open(&SERVICE).await?;
        let row = params![self.id, self.state.status().name(), self.next_try()];
        connection.query(sql, row).await.map(drop)
    }

    fn next_try(&self) -> Timestamp {
        Timestamp::now().plus_seconds((5 << self.tries.clamp(0, 7)).min(600))
    }

    /// Puts the payment before an operator, until it moves on. The audit lists it.
    pub(crate) async fn call_attention(&self, cause: &str) -> db::Result<()> {
        let sql = "UPDATE payments_payments SET attention = ?2, \
                   attention_since = COALESCE(attention_since, ?3) WHERE id = ?1";
        let connection = Connection::open(&SERVICE).await?;
        log::noted(NEEDS_OPERATOR, format!("{}: {cause}", self.id));
        connection.query(sql, params![self.id, cause, Timestamp::now()]).await.map(drop)
    }

    /// Puts the payment before an operator if only people can put it right.
    pub(crate) async fn warn_if_owed(&self) -> db::Result<()> {
        match machine::needs_operator(self.state, self.end) {
            Some(cause) => self.call_attention(cause).await,
            None => Ok(()),
        }
    }

    /// Takes the payment from what operators have to look at.
    pub(crate) async fn need_no_attention(&self) -> db::Result<()> {
        let sql = "UPDATE payments_payments SET attention = NULL, attention_since = NULL \
                   WHERE id = ?1";
        let connection = Connection::open(&SERVICE).await?;
        connection.query(sql, params![self.id]).await.map(drop)
    }

    /// The event that tells of the payment's state.
    pub(crate) fn event(&self, event_type: EventType) -> anyhow::Result<Event> {
        let state = PaymentState {
            id: self.id,
            version: self.version,
            order_id: self.order_id,
            amount: self.amount,
            currency: self.currency.clone(),
            restock: self.restock,
        };
        Event::new(event_type, self.id, &state)
    }
}
