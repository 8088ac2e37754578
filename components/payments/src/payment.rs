//! A payment: in the database, in JSON, in events.

use boxoffice_common::Timestamp;
use boxoffice_common::db::{self, Connection, FromValue, Row, Transaction, Value};
use boxoffice_common::events::contract::PaymentState;
use boxoffice_common::events::{Event, EventType};
use boxoffice_common::params;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::SERVICE;

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// The provider has been, or is about to be, asked; its answer is not known.
    Pending,
    /// The money is set aside.
    Authorized,
    /// The money is taken.
    Captured,
    /// The money that was set aside is free again.
    Voided,
    /// The money that was taken is given back.
    Refunded,
    /// The provider said no.
    Declined,
}

impl Status {
    const ALL: [Self; 6] = [
        Self::Pending,
        Self::Authorized,
        Self::Captured,
        Self::Voided,
        Self::Refunded,
        Self::Declined,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Voided => "voided",
            Self::Refunded => "refunded",
            Self::Declined => "declined",
        }
    }
}

impl FromValue for Status {
    fn from_value(value: &Value) -> Result<Self, String> {
        let name = String::from_value(value)?;
        Self::ALL
            .into_iter()
            .find(|status| status.name() == name)
            .ok_or_else(|| format!("{name:?} is no status of a payment"))
    }
}

/// A payment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payment {
    /// The payment's id.
    pub(crate) id: Uuid,
    /// The order that it pays for.
    pub(crate) order_id: Uuid,
    /// Where it stands.
    pub(crate) status: Status,
    /// In the currency's minor unit.
    pub(crate) amount: i64,
    /// ISO 4217 code.
    pub(crate) currency: String,
    /// When the buyer pressed "Pay".
    pub(crate) created_at: Timestamp,
    /// Grows with every change.
    pub(crate) version: i64,
    #[serde(skip)]
    pub(crate) token: String,
    #[serde(skip)]
    pub(crate) intent_id: Option<String>,
    #[serde(skip)]
    pub(crate) decline_code: Option<String>,
    #[serde(skip)]
    pub(crate) decline_message: Option<String>,
    #[serde(skip)]
    pub(crate) tries: i64,
}

/// The columns that [`Payment::read`] needs.
pub(crate) const COLUMNS: &str = "id, order_id, amount, currency, token, status, \
    intent_id, decline_code, decline_message, tries, created_at, version";

impl Payment {
    /// Reads a row of [`COLUMNS`].
    pub(crate) fn read(row: &Row) -> db::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            order_id: row.get("order_id")?,
            status: row.get("status")?,
            amount: row.get("amount")?,
            currency: row.get("currency")?,
            created_at: row.get("created_at")?,
            version: row.get("version")?,
            token: row.get("token")?,
            intent_id: row.get("intent_id")?,
            decline_code: row.get("decline_code")?,
            decline_message: row.get("decline_message")?,
            tries: row.get("tries")?,
        })
    }

    /// The payments that fulfil `condition`, in which `?1` and so on are `params`.
    pub(crate) async fn select(condition: &str, params: &[Value]) -> db::Result<Vec<Self>> {
        let connection = Connection::open(&SERVICE).await?;
        let sql = format!("SELECT {COLUMNS} FROM payments_payments WHERE {condition}");
        connection.query(&sql, params).await?.iter().map(Self::read).collect()
    }

    /// The payment `id`, if there is one.
    pub(crate) async fn find(id: Uuid) -> db::Result<Option<Self>> {
        Ok(Self::select("id = ?1", params![id]).await?.pop())
    }

    /// Moves the payment from the status that it was read in to `status`. Answers with the payment
    /// as it is then, or `None` if somebody else has moved it already.
    pub(crate) async fn advance(
        &self,
        transaction: &Transaction,
        status: Status,
        intent_id: Option<&str>,
    ) -> db::Result<Option<Self>> {
        let sql = format!(
            "UPDATE payments_payments SET status = ?3, intent_id = COALESCE(?4, intent_id), \
             tries = 0, version = version + 1 WHERE id = ?1 AND status = ?2 RETURNING {COLUMNS}"
        );
        let params = params![self.id, self.status.name(), status.name(), intent_id];
        transaction.first(&sql, params).await?.as_ref().map(Self::read).transpose()
    }

    /// Puts off what is due: the provider could not be asked. Each time the wait doubles, up to
    /// ten minutes.
    pub(crate) async fn put_off(&self) -> db::Result<()> {
        let wait = (5 << self.tries.clamp(0, 7)).min(600);
        let sql = "UPDATE payments_payments SET tries = tries + 1, try_again_at = ?2 WHERE id = ?1";
        let connection = Connection::open(&SERVICE).await?;
        let again = Timestamp::now().plus_seconds(wait);
        connection.query(sql, params![self.id, again]).await.map(drop)
    }

    /// The event that tells of the payment's state.
    pub(crate) fn event(&self, event_type: EventType) -> anyhow::Result<Event> {
        let state = PaymentState {
            id: self.id,
            version: self.version,
            order_id: self.order_id,
            amount: self.amount,
            currency: self.currency.clone(),
        };
        Event::new(event_type, self.id, &state)
    }
}
