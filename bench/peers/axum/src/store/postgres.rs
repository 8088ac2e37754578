//! Postgres, by a pool of connections with prepared statements.

use anyhow::{Context as _, Result};
use deadpool_postgres::{
    GenericClient, Manager, ManagerConfig, Pool, RecyclingMethod, Transaction,
};
use tokio_postgres::types::ToSql;
use tokio_postgres::{NoTls, Row};
use uuid::Uuid;

use super::read::{new_order, order, ticket};
use super::sql::{self, Value};
use super::{Filter, Held, Hold, Store};
use crate::model::{Account, Order, Payment, Ticket, Time};

/// As many connections as the Express peer's two processes have together.
const CONNECTIONS: usize = 20;

/// The peers' tables are the same.
const SCHEMA: &str = include_str!("../../../express/src/schema.sql");

type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Clones share the connections.
#[derive(Clone)]
pub(crate) struct Postgres(Pool);

impl Postgres {
    /// The database at `url`; tables are made if they are missing.
    pub(crate) async fn connect(url: &str) -> Result<Self> {
        let config = url.parse().with_context(|| format!("{url} is no address of a database"))?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config, NoTls, recycling);
        let pool = Pool::builder(manager).max_size(CONNECTIONS).build()?;
        pool.get().await?.batch_execute(SCHEMA).await?;
        Ok(Self(pool))
    }
}

impl Value {
    fn parameter(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Int(number) => number,
            Self::Text(text) => text,
            Self::Id(id) => id,
        }
    }
}

fn read_ticket(row: &Row) -> Result<Ticket, tokio_postgres::Error> {
    Ok(ticket!(row, try_get))
}

fn read_order(row: &Row) -> Result<Order, tokio_postgres::Error> {
    Ok(order!(row, try_get))
}

async fn execute(client: &impl GenericClient, sql: &str, row: Parameters<'_>) -> Result<u64> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.execute(&statement, row).await?)
}

async fn rows(client: &impl GenericClient, sql: &str, row: Parameters<'_>) -> Result<Vec<Row>> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query(&statement, row).await?)
}

async fn first<T>(
    client: &impl GenericClient,
    sql: &str,
    row: Parameters<'_>,
    read: fn(&Row) -> Result<T, tokio_postgres::Error>,
) -> Result<Option<T>> {
    let rows = rows(client, sql, row).await?;
    Ok(rows.first().map(read).transpose()?)
}

async fn all<T>(
    client: &impl GenericClient,
    sql: &str,
    row: Parameters<'_>,
    read: fn(&Row) -> Result<T, tokio_postgres::Error>,
) -> Result<Vec<T>> {
    let rows = rows(client, sql, row).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

async fn add_order(transaction: &Transaction<'_>, order: &Order) -> Result<()> {
    let ticket = &order.ticket;
    let row: Parameters<'_> = &[
        &order.id,
        &order.quantity,
        &order.amount,
        &order.currency,
        &ticket.id,
        &ticket.title,
        &ticket.price,
        &ticket.venue,
        &ticket.city,
        &ticket.starts_at.map(|time| time.0),
        &ticket.time_zone,
        &order.expires_at.0,
        &order.created_at.0,
        &order.seller_id,
        &order.buyer_id,
    ];
    execute(transaction, sql::ADD_ORDER, row).await.map(drop)
}

async fn free(transaction: &Transaction<'_>, order: &Order) -> Result<()> {
    execute(transaction, sql::FREE, &[&order.quantity, &order.ticket.id]).await.map(drop)
}

impl Store for Postgres {
    async fn add_account(
        &self,
        account: Account,
        password_hash: String,
        now: Time,
    ) -> Result<bool> {
        let client = self.0.get().await?;
        let row: Parameters<'_> = &[&account.id, &account.email, &password_hash, &now.0];
        Ok(execute(&client, sql::ADD_ACCOUNT, row).await? == 1)
    }

    async fn account(&self, email: String) -> Result<Option<(Account, String)>> {
        let client = self.0.get().await?;
        first(&client, sql::ACCOUNT, &[&email], |row| {
            Ok((Account { id: row.try_get(0)?, email: row.try_get(1)? }, row.try_get(2)?))
        })
        .await
    }

    async fn add_ticket(&self, ticket: Ticket) -> Result<()> {
        let client = self.0.get().await?;
        let row: Parameters<'_> = &[
            &ticket.id,
            &ticket.title,
            &ticket.price,
            &ticket.currency,
            &ticket.quantity,
            &ticket.seller_id,
            &ticket.venue,
            &ticket.city,
            &ticket.starts_at.map(|time| time.0),
            &ticket.time_zone,
            &ticket.description,
            &ticket.created_at.0,
            &ticket.version,
            &ticket.words(),
        ];
        execute(&client, sql::ADD_TICKET, row).await.map(drop)
    }

    async fn ticket(&self, id: Uuid) -> Result<Option<Ticket>> {
        let client = self.0.get().await?;
        first(&client, sql::TICKET, &[&id], read_ticket).await
    }

    async fn tickets(&self, filter: Filter) -> Result<Vec<Ticket>> {
        let (sql, values) = sql::tickets(filter);
        let row: Vec<_> = values.iter().map(Value::parameter).collect();
        let client = self.0.get().await?;
        all(&client, &sql, &row, read_ticket).await
    }

    async fn hold(&self, hold: Hold) -> Result<Held> {
        let mut client = self.0.get().await?;
        let transaction = client.transaction().await?;
        let row: Parameters<'_> = &[&hold.quantity, &hold.ticket_id, &hold.buyer_id, &hold.now.0];
        let held = match first(&transaction, sql::HOLD, row, read_ticket).await? {
            Some(ticket) => {
                let order = new_order(hold, ticket);
                add_order(&transaction, &order).await?;
                Held::Order(order)
            }
            None => {
                let row: Parameters<'_> = &[&hold.ticket_id];
                Held::Refused(first(&transaction, sql::TICKET, row, read_ticket).await?)
            }
        };
        transaction.commit().await?;
        Ok(held)
    }

    async fn order(&self, id: Uuid) -> Result<Option<Order>> {
        let client = self.0.get().await?;
        first(&client, sql::ORDER, &[&id], read_order).await
    }

    async fn orders(&self, buyer: Uuid, after: Option<Uuid>, limit: i64) -> Result<Vec<Order>> {
        let client = self.0.get().await?;
        match after {
            Some(after) => {
                all(&client, sql::ORDERS_AFTER, &[&buyer, &after, &limit], read_order).await
            }
            None => all(&client, sql::ORDERS, &[&buyer, &limit], read_order).await,
        }
    }

    async fn cancel(&self, id: Uuid) -> Result<Option<Order>> {
        let mut client = self.0.get().await?;
        let transaction = client.transaction().await?;
        let order = first(&transaction, sql::CANCEL, &[&id], read_order).await?;
        if let Some(order) = &order {
            free(&transaction, order).await?;
        }
        transaction.commit().await?;
        Ok(order)
    }

    async fn begin_payment(&self, id: Uuid, now: Time) -> Result<Option<Order>> {
        let client = self.0.get().await?;
        first(&client, sql::BEGIN_PAYMENT, &[&id, &now.0], read_order).await
    }

    async fn end_payment(&self, id: Uuid) -> Result<()> {
        let client = self.0.get().await?;
        execute(&client, sql::END_PAYMENT, &[&id]).await.map(drop)
    }

    async fn complete(&self, payment: Payment) -> Result<Order> {
        let mut client = self.0.get().await?;
        let transaction = client.transaction().await?;
        let ids: Parameters<'_> = &[&payment.id, &payment.order_id];
        let order = first(&transaction, sql::COMPLETE, ids, read_order).await?;
        let order = order.context("an order that is paid is not waiting for it")?;
        let row: Parameters<'_> = &[
            &payment.id,
            &payment.order_id,
            &payment.amount,
            &payment.currency,
            &payment.status,
            &payment.intent_id,
            &payment.created_at.0,
        ];
        execute(&transaction, sql::ADD_PAYMENT, row).await?;
        execute(&transaction, sql::SELL, &[&order.quantity, &order.ticket.id]).await?;
        transaction.commit().await?;
        Ok(order)
    }

    async fn expire(&self, now: Time) -> Result<Vec<Order>> {
        let mut client = self.0.get().await?;
        let transaction = client.transaction().await?;
        let orders = all(&transaction, sql::EXPIRE, &[&now.0], read_order).await?;
        for order in &orders {
            free(&transaction, order).await?;
        }
        transaction.commit().await?;
        Ok(orders)
    }
}
