//! Capturing, voiding or refunding, by how the order ended.
//!
//! What is due follows from two facts, whichever is learnt first: where the payment stands and how
//! its order ended. The provider is asked with a key made of the payment's id and the deed, so that
//! a repeat after a crash does nothing twice.

use anyhow::{Context, Result, anyhow};
use boxoffice_common::db::{Connection, Transaction};
use boxoffice_common::events::EventType;
use boxoffice_common::events::contract::OrderStatus;
use boxoffice_common::params;
use uuid::Uuid;

use crate::SERVICE;
use crate::payment::{Payment, Status};
use crate::stripe::{self, Error, Patience};

/// What is to be done with a payment's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Capture,
    Void,
    Refund,
}

/// Takes over how an order stands, unless something newer is known; tells whether it did.
pub(crate) async fn note(
    order_id: Uuid,
    status: OrderStatus,
    payment_id: Option<Uuid>,
    version: i64,
) -> Result<bool> {
    let connection = Connection::open(&SERVICE).await?;
    let sql = "INSERT INTO payments_orders (id, status, payment_id, version) \
               VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (id) DO UPDATE SET status = excluded.status, \
               payment_id = excluded.payment_id, version = excluded.version \
               WHERE excluded.version > payments_orders.version RETURNING id";
    let row = params![order_id, status.name(), payment_id, version];
    Ok(connection.first(sql, row).await?.is_some())
}

/// Does what is due for `payment`; tells whether anything was.
///
/// # Errors
/// When the provider or the database fail. It stays due then.
pub(crate) async fn settle(payment: &Payment, patience: Patience) -> Result<bool> {
    let Some(deed) = due(payment).await? else { return Ok(false) };
    let intent = payment.intent_id.as_deref().ok_or_else(|| anyhow!("no intent"))?;
    let asked = match deed {
        Deed::Capture => stripe::capture(payment, intent, patience).await,
        Deed::Void => stripe::void(payment, intent, patience).await,
        Deed::Refund => stripe::refund(payment, intent, patience).await,
    };
    if let Err(error) = asked {
        payment.put_off().await?;
        let what = format!("{deed:?} of payment {} ({intent})", payment.id);
        return Err(match error {
            Error::Declined(decline) => anyhow!("{}: {}", decline.code, decline.message),
            Error::UnderWay => anyhow!("it is being done already"),
            Error::Refused(cause) | Error::Unknown(cause) => cause,
        })
        .context(what);
    }
    let (status, event_type) = match deed {
        Deed::Capture => (Status::Captured, EventType::PaymentCaptured),
        Deed::Void => (Status::Voided, EventType::PaymentVoided),
        Deed::Refund => (Status::Refunded, EventType::PaymentRefunded),
    };
    let mut transaction = Transaction::begin(&SERVICE).await?;
    if let Some(payment) = payment.advance(&transaction, status, None).await? {
        transaction.emit(payment.event(event_type)?);
        transaction.commit().await?;
    }
    Ok(true)
}

/// Whether the order of `payment` is known to have ended without it: its money is the buyer's
/// again, or will be as soon as the provider can be told.
pub(crate) async fn is_given_up(payment: &Payment) -> Result<bool> {
    let given_back = matches!(payment.status, Status::Voided | Status::Refunded);
    Ok(given_back || matches!(due(payment).await?, Some(Deed::Void | Deed::Refund)))
}

/// What is due, by what is known of the payment's order.
async fn due(payment: &Payment) -> Result<Option<Deed>> {
    let connection = Connection::open(&SERVICE).await?;
    let sql = "SELECT status, payment_id FROM payments_orders WHERE id = ?1";
    let Some(row) = connection.first(sql, params![payment.order_id]).await? else {
        return Ok(None);
    };
    let sold_to = match row.get::<OrderStatus>("status")? {
        OrderStatus::Complete => Some(row.get::<Uuid>("payment_id")?),
        OrderStatus::Cancelled => None,
        OrderStatus::Created | OrderStatus::AwaitingPayment => return Ok(None),
    };
    Ok(match payment.status {
        Status::Authorized if sold_to == Some(payment.id) => Some(Deed::Capture),
        Status::Authorized => Some(Deed::Void),
        Status::Captured if sold_to != Some(payment.id) => Some(Deed::Refund),
        _ => None,
    })
}
