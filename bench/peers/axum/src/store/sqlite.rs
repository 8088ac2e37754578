//! SQLite: one connection that writes, some that read, all on threads for work that blocks.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use rusqlite::types::{ToSql, ToSqlOutput};
use rusqlite::{
    Connection, OptionalExtension as _, Params, Row, Transaction, TransactionBehavior, params,
    params_from_iter,
};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::read::{new_order, order, ticket};
use super::sql::{self, Value};
use super::{Filter, Held, Hold, Store};
use crate::model::{Account, Order, Payment, Ticket, Time};

/// How many read at once: more than there are cores, fewer than would only cost memory.
const READERS: usize = 8;

/// Clones share the connections.
#[derive(Clone)]
pub(crate) struct Sqlite(Arc<Inner>);

struct Inner {
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    /// As many as there are readers: who has one finds a reader.
    places: Semaphore,
}

impl Sqlite {
    /// The database in `file`; made if it is missing.
    pub(crate) fn open(file: impl AsRef<Path>) -> Result<Self> {
        let file = file.as_ref();
        let writer = connect(file).with_context(|| file.display().to_string())?;
        writer.execute_batch(include_str!("sqlite.sql"))?;
        let readers = (0..READERS).map(|_| connect(file)).collect::<Result<_>>()?;
        let places = Semaphore::new(READERS);
        Ok(Self(Arc::new(Inner {
            writer: Mutex::new(writer),
            readers: Mutex::new(readers),
            places,
        })))
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = Arc::clone(&self.0);
        let _place = self.0.places.acquire().await?;
        spawn_blocking(move || {
            let lock = || inner.readers.lock().unwrap_or_else(PoisonError::into_inner);
            let connection = lock().pop().context("a place without a reader")?;
            let outcome = work(&connection);
            lock().push(connection);
            outcome
        })
        .await?
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = Arc::clone(&self.0);
        spawn_blocking(move || {
            let mut connection = inner.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let outcome = work(&transaction)?;
            transaction.commit()?;
            Ok(outcome)
        })
        .await?
    }
}

fn connect(file: &Path) -> Result<Connection> {
    let connection = Connection::open(file)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Int(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
            Self::Id(id) => id.to_sql(),
        }
    }
}

fn read_ticket(row: &Row<'_>) -> rusqlite::Result<Ticket> {
    Ok(ticket!(row, get))
}

fn read_order(row: &Row<'_>) -> rusqlite::Result<Order> {
    Ok(order!(row, get))
}

fn execute(connection: &Connection, sql: &str, params: impl Params) -> Result<usize> {
    Ok(connection.prepare_cached(sql)?.execute(params)?)
}

fn first<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    Ok(connection.prepare_cached(sql)?.query_row(params, read).optional()?)
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn add_order(transaction: &Transaction<'_>, order: &Order) -> Result<()> {
    let ticket = &order.ticket;
    let row = params![
        order.id,
        order.quantity,
        order.amount,
        order.currency,
        ticket.id,
        ticket.title,
        ticket.price,
        ticket.venue,
        ticket.city,
        ticket.starts_at.map(|time| time.0),
        ticket.time_zone,
        order.expires_at.0,
        order.created_at.0,
        order.seller_id,
        order.buyer_id
    ];
    execute(transaction, sql::ADD_ORDER, row).map(drop)
}

fn free(transaction: &Transaction<'_>, order: &Order) -> Result<()> {
    execute(transaction, sql::FREE, params![order.quantity, order.ticket.id]).map(drop)
}

impl Store for Sqlite {
    async fn add_account(
        &self,
        account: Account,
        password_hash: String,
        now: Time,
    ) -> Result<bool> {
        self.write(move |transaction| {
            let row = params![account.id, account.email, password_hash, now.0];
            Ok(execute(transaction, sql::ADD_ACCOUNT, row)? == 1)
        })
        .await
    }

    async fn account(&self, email: String) -> Result<Option<(Account, String)>> {
        self.read(move |connection| {
            first(connection, sql::ACCOUNT, [email], |row| {
                Ok((Account { id: row.get(0)?, email: row.get(1)? }, row.get(2)?))
            })
        })
        .await
    }

    async fn add_ticket(&self, ticket: Ticket) -> Result<()> {
        self.write(move |transaction| {
            let row = params![
                ticket.id,
                ticket.title,
                ticket.price,
                ticket.currency,
                ticket.quantity,
                ticket.seller_id,
                ticket.venue,
                ticket.city,
                ticket.starts_at.map(|time| time.0),
                ticket.time_zone,
                ticket.description,
                ticket.created_at.0,
                ticket.version,
                ticket.words()
            ];
            execute(transaction, sql::ADD_TICKET, row).map(drop)
        })
        .await
    }

    async fn ticket(&self, id: Uuid) -> Result<Option<Ticket>> {
        self.read(move |connection| first(connection, sql::TICKET, [id], read_ticket)).await
    }

    async fn tickets(&self, filter: Filter) -> Result<Vec<Ticket>> {
        let (sql, values) = sql::tickets(filter);
        self.read(move |connection| all(connection, &sql, params_from_iter(values), read_ticket))
            .await
    }

    async fn hold(&self, hold: Hold) -> Result<Held> {
        self.write(move |transaction| {
            let row = params![hold.quantity, hold.ticket_id, hold.buyer_id, hold.now.0];
            match first(transaction, sql::HOLD, row, read_ticket)? {
                Some(ticket) => {
                    let order = new_order(hold, ticket);
                    add_order(transaction, &order)?;
                    Ok(Held::Order(order))
                }
                None => {
                    let ticket = first(transaction, sql::TICKET, [hold.ticket_id], read_ticket)?;
                    Ok(Held::Refused(ticket))
                }
            }
        })
        .await
    }

    async fn order(&self, id: Uuid) -> Result<Option<Order>> {
        self.read(move |connection| first(connection, sql::ORDER, [id], read_order)).await
    }

    async fn orders(&self, buyer: Uuid, after: Option<Uuid>, limit: i64) -> Result<Vec<Order>> {
        self.read(move |connection| match after {
            Some(after) => {
                all(connection, sql::ORDERS_AFTER, params![buyer, after, limit], read_order)
            }
            None => all(connection, sql::ORDERS, params![buyer, limit], read_order),
        })
        .await
    }

    async fn cancel(&self, id: Uuid) -> Result<Option<Order>> {
        self.write(move |transaction| {
            let order = first(transaction, sql::CANCEL, [id], read_order)?;
            order.iter().try_for_each(|order| free(transaction, order))?;
            Ok(order)
        })
        .await
    }

    async fn begin_payment(&self, id: Uuid, now: Time) -> Result<Option<Order>> {
        self.write(move |transaction| {
            first(transaction, sql::BEGIN_PAYMENT, params![id, now.0], read_order)
        })
        .await
    }

    async fn end_payment(&self, id: Uuid) -> Result<()> {
        self.write(move |transaction| execute(transaction, sql::END_PAYMENT, [id]).map(drop)).await
    }

    async fn complete(&self, payment: Payment) -> Result<Order> {
        self.write(move |transaction| {
            let ids = params![payment.id, payment.order_id];
            let order = first(transaction, sql::COMPLETE, ids, read_order)?;
            let order = order.context("an order that is paid is not waiting for it")?;
            let row = params![
                payment.id,
                payment.order_id,
                payment.amount,
                payment.currency,
                payment.status,
                payment.intent_id,
                payment.created_at.0
            ];
            execute(transaction, sql::ADD_PAYMENT, row)?;
            execute(transaction, sql::SELL, params![order.quantity, order.ticket.id])?;
            Ok(order)
        })
        .await
    }

    async fn expire(&self, now: Time) -> Result<Vec<Order>> {
        self.write(move |transaction| {
            let orders = all(transaction, sql::EXPIRE, [now.0], read_order)?;
            orders.iter().try_for_each(|order| free(transaction, order))?;
            Ok(orders)
        })
        .await
    }
}
