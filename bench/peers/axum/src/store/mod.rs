//! The database: SQLite or Postgres, by the same statements.

mod postgres;
mod read;
mod sql;
mod sqlite;

use anyhow::Result;
use uuid::Uuid;

use crate::model::{Account, Order, Payment, Ticket, Time};
use crate::tickets::Sort;

pub(crate) use postgres::Postgres;
pub(crate) use sqlite::Sqlite;

/// Which listings, in which order.
pub(crate) struct Filter {
    /// Each must be in the listing's texts.
    pub(crate) words: Vec<String>,
    pub(crate) sort: Sort,
    /// Begins after this one.
    pub(crate) after: Option<After>,
    /// Events that have begun do not show.
    pub(crate) now: Time,
    pub(crate) limit: i64,
}

/// Where a page ended.
pub(crate) struct After {
    pub(crate) key: i64,
    pub(crate) id: Uuid,
}

/// A hold that somebody wants.
#[derive(Clone, Copy)]
pub(crate) struct Hold {
    /// The id that the order will have.
    pub(crate) id: Uuid,
    pub(crate) ticket_id: Uuid,
    pub(crate) buyer_id: Uuid,
    pub(crate) quantity: i64,
    pub(crate) now: Time,
    pub(crate) until: Time,
}

/// What became of it.
pub(crate) enum Held {
    Order(Order),
    /// Not held; the listing as it is, to say why.
    Refused(Option<Ticket>),
}

/// What is kept. Whatever changes two rows does so in a transaction, and each change of an order is
/// one guarded statement.
pub(crate) trait Store: Clone + Send + Sync + 'static {
    /// False if the address has an account already.
    fn add_account(
        &self,
        account: Account,
        password_hash: String,
        now: Time,
    ) -> impl Future<Output = Result<bool>> + Send;
    /// The account with its password's hash.
    fn account(
        &self,
        email: String,
    ) -> impl Future<Output = Result<Option<(Account, String)>>> + Send;
    fn add_ticket(&self, ticket: Ticket) -> impl Future<Output = Result<()>> + Send;
    fn ticket(&self, id: Uuid) -> impl Future<Output = Result<Option<Ticket>>> + Send;
    fn tickets(&self, filter: Filter) -> impl Future<Output = Result<Vec<Ticket>>> + Send;
    fn hold(&self, hold: Hold) -> impl Future<Output = Result<Held>> + Send;
    fn order(&self, id: Uuid) -> impl Future<Output = Result<Option<Order>>> + Send;
    fn orders(
        &self,
        buyer: Uuid,
        after: Option<Uuid>,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<Order>>> + Send;
    /// Ends a hold; None if it is none.
    fn cancel(&self, id: Uuid) -> impl Future<Output = Result<Option<Order>>> + Send;
    /// Takes an order off the clock to be paid; None if it cannot be.
    fn begin_payment(
        &self,
        id: Uuid,
        now: Time,
    ) -> impl Future<Output = Result<Option<Order>>> + Send;
    /// Makes it a hold again.
    fn end_payment(&self, id: Uuid) -> impl Future<Output = Result<()>> + Send;
    /// Makes it a sale.
    fn complete(&self, payment: Payment) -> impl Future<Output = Result<Order>> + Send;
    /// Ends holds whose time is up, some at a time.
    fn expire(&self, now: Time) -> impl Future<Output = Result<Vec<Order>>> + Send;
}
