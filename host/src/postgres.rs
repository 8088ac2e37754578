//! `spin:postgres@4.2.0`: connections from a pool per address, as in Spin.
//!
//! | module | what |
//! |---|---|
//! | `pool` | connections, and the statements that they keep |
//! | `residue` | what statements leave behind on one |
//! | `types` | values and parameters, between the interface and Postgres |

#![allow(clippy::result_large_err, reason = "the interface's own error, which only failures build")]

mod pool;
mod residue;
mod types;

use std::sync::Arc;

use boxoffice_host_bindings::platform::spin::postgres::postgres as wit;
use deadpool_postgres::PoolError;
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use self::pool::{Found, Loan};
use crate::call::Gate;
use crate::fault::Call;
use crate::state::{Guest, State};

pub(crate) use self::pool::Pools;

/// A guest's connection.
#[derive(Clone)]
struct Connection(Arc<Loan>);

/// The address that a guest builds a connection from.
struct Builder(String);

fn other(error: impl ToString) -> wit::Error {
    wit::Error::Other(error.to_string())
}

async fn connect(gate: &Gate, pools: &Pools, address: &str) -> Result<Connection, wit::Error> {
    let pool = pools.get(&gate.grants, address)?;
    let connection = gate.pass(Call::Postgres("open"), pool.get()).await;
    connection
        .map(|connection| Connection(Arc::new(Loan::new(connection))))
        .map_err(|error| not_connected(&gate.grants.id, &error))
}

/// The error's debug form names the cause; its display form says only "error connecting". What is wrong
/// with a certificate it does not tell in words, and trying again does not help.
fn not_connected(component: &str, error: &PoolError) -> wit::Error {
    let advice = boxoffice_tls::advice(error);
    if let Some(advice) = advice {
        tracing::error!(component, "Postgres is not connected to: {advice}");
    }
    let cause = format!("{error:?}");
    wit::Error::ConnectionFailed(advice.map_or(cause.clone(), |told| format!("{told} ({cause})")))
}

impl Connection {
    async fn query(
        &self,
        gate: &Gate,
        sql: &str,
        parameters: Vec<wit::ParameterValue>,
    ) -> Result<wit::RowSet, wit::Error> {
        let rows = self.run(gate, sql, parameters).await?.rows;
        let columns = rows.first().map(tokio_postgres::Row::columns).unwrap_or_default();
        let columns = columns.iter().map(types::column).collect();
        Ok(wit::RowSet { columns, rows: rows.iter().map(types::row).collect::<Result<_, _>>()? })
    }

    async fn run(
        &self,
        gate: &Gate,
        sql: &str,
        parameters: Vec<wit::ParameterValue>,
    ) -> Result<Found, wit::Error> {
        let parameters = types::parameters(parameters)?;
        let running = self.0.run(sql, &parameters);
        gate.pass(Call::Postgres(sql), running).await
    }
}

fn failed(error: tokio_postgres::Error) -> wit::Error {
    let as_text = format!("{error:?}");
    wit::Error::QueryFailed(match error.as_db_error() {
        None => wit::QueryError::Text(as_text),
        Some(error) => wit::QueryError::DbError(wit::DbError {
            as_text,
            severity: error.severity().to_owned(),
            code: error.code().code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            extras: extras(error),
        }),
    })
}

/// What Postgres says besides, by the names that Spin gives it.
fn extras(error: &tokio_postgres::error::DbError) -> Vec<(String, String)> {
    let line = error.line().map(|line| line.to_string());
    [
        ("column", error.column()),
        ("constraint", error.constraint()),
        ("routine", error.routine()),
        ("hint", error.hint()),
        ("table", error.table()),
        ("datatype", error.datatype()),
        ("schema", error.schema()),
        ("file", error.file()),
        ("line", line.as_deref()),
        ("where_", error.where_()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
    .collect()
}

impl State {
    fn pg(&self, handle: &Resource<wit::Connection>) -> Result<Connection, wit::Error> {
        self.get::<Connection, _>(handle).cloned().map_err(other)
    }

    fn pg_address(&self, handle: &Resource<wit::ConnectionBuilder>) -> Result<String, wit::Error> {
        self.get::<Builder, _>(handle).map(|builder| builder.0.clone()).map_err(other)
    }

    async fn pg_open(&mut self, address: &str) -> Result<Resource<wit::Connection>, wit::Error> {
        let (gate, shared) = (self.own_gate(), self.shared.clone());
        let connection = connect(&gate, &shared.pools, address).await?;
        self.push(connection).map_err(other)
    }
}

impl wit::Host for State {}

impl wit::HostConnection for State {
    async fn open(&mut self, address: String) -> Result<Resource<wit::Connection>, wit::Error> {
        self.pg_open(&address).await
    }

    async fn query(
        &mut self,
        handle: Resource<wit::Connection>,
        sql: String,
        parameters: Vec<wit::ParameterValue>,
    ) -> Result<wit::RowSet, wit::Error> {
        let (connection, gate) = (self.pg(&handle)?, self.own_gate());
        connection.query(&gate, &sql, parameters).await
    }

    async fn execute(
        &mut self,
        handle: Resource<wit::Connection>,
        sql: String,
        parameters: Vec<wit::ParameterValue>,
    ) -> Result<u64, wit::Error> {
        let (connection, gate) = (self.pg(&handle)?, self.own_gate());
        Ok(connection.run(&gate, &sql, parameters).await?.affected)
    }

    async fn drop(&mut self, handle: Resource<wit::Connection>) -> wasmtime::Result<()> {
        self.remove::<Connection, _>(handle)?;
        Ok(())
    }
}

impl wit::HostConnectionBuilder for State {
    async fn new(&mut self, address: String) -> wasmtime::Result<Resource<wit::ConnectionBuilder>> {
        Ok(self.push(Builder(address))?)
    }

    async fn set_ca_root(
        &mut self,
        _: Resource<wit::ConnectionBuilder>,
        _certificate: String,
    ) -> Result<(), wit::Error> {
        Err(other("the embedded host cannot use TLS with Postgres: run the shop on Spin for that"))
    }

    async fn build(
        &mut self,
        handle: Resource<wit::ConnectionBuilder>,
    ) -> Result<Resource<wit::Connection>, wit::Error> {
        let address = self.pg_address(&handle)?;
        self.pg_open(&address).await
    }

    async fn drop(&mut self, handle: Resource<wit::ConnectionBuilder>) -> wasmtime::Result<()> {
        self.remove::<Builder, _>(handle)?;
        Ok(())
    }
}

async fn open_async<T: Send>(
    accessor: &Accessor<T, Guest>,
    address: &str,
) -> Result<Resource<wit::Connection>, wit::Error> {
    let (gate, shared) = accessor.with(|mut access| {
        let gate = State::gate_of(&mut access);
        let state = access.get();
        (gate, state.shared.clone())
    });
    let connection = connect(&gate, &shared.pools, address).await?;
    accessor.with(|mut access| access.get().push(connection).map_err(other))
}

type Answer = (Vec<wit::Column>, StreamReader<wit::Row>, FutureReader<Result<(), wit::Error>>);

impl<T: Send> wit::HostConnectionWithStore<T> for Guest {
    async fn open_async(
        accessor: &Accessor<T, Self>,
        address: String,
    ) -> Result<Resource<wit::Connection>, wit::Error> {
        open_async(accessor, &address).await
    }

    async fn query_async(
        accessor: &Accessor<T, Self>,
        handle: Resource<wit::Connection>,
        sql: String,
        parameters: Vec<wit::ParameterValue>,
    ) -> Result<Answer, wit::Error> {
        let (connection, gate) = accessor.with(|mut access| {
            let gate = State::gate_of(&mut access);
            let state = access.get();
            Ok((state.pg(&handle)?, gate))
        })?;
        let answer = connection.query(&gate, &sql, parameters).await?;
        accessor.with(|mut access| {
            let rows = StreamReader::new(&mut access, answer.rows).map_err(other)?;
            let end = async { wasmtime::error::Ok(Ok(())) };
            let end = FutureReader::new(&mut access, end).map_err(other)?;
            Ok((answer.columns, rows, end))
        })
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        handle: Resource<wit::Connection>,
        sql: String,
        parameters: Vec<wit::ParameterValue>,
    ) -> Result<u64, wit::Error> {
        let (connection, gate) = accessor.with(|mut access| {
            let gate = State::gate_of(&mut access);
            let state = access.get();
            Ok((state.pg(&handle)?, gate))
        })?;
        Ok(connection.run(&gate, &sql, parameters).await?.affected)
    }
}

impl<T: Send> wit::HostConnectionBuilderWithStore<T> for Guest {
    async fn build_async(
        accessor: &Accessor<T, Self>,
        handle: Resource<wit::ConnectionBuilder>,
    ) -> Result<Resource<wit::Connection>, wit::Error> {
        let address = accessor.with(|mut access| access.get().pg_address(&handle))?;
        open_async(accessor, &address).await
    }
}
