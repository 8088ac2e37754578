//! `spin:postgres@4.2.0`: connections from a pool per address, as in Spin.
//!
//! | module | what |
//! |---|---|
//! | `types` | values and parameters, between the interface and Postgres |

#![allow(clippy::result_large_err, reason = "the interface's own error, which only failures build")]

mod types;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use boxoffice_host_bindings::platform::spin::postgres::postgres as wit;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use futures::TryStreamExt;
use tokio_postgres::NoTls;
use tokio_postgres::config::{Config, Host};
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use crate::allowed_hosts::Target;
use crate::call::Gate;
use crate::fault::Call;
use crate::state::{Grants, Guest, State};

/// Connections to one address.
const POOL_SIZE: usize = 64;

/// Addresses that keep their pool.
const POOLS_KEPT: usize = 16;

/// How long a guest waits for a connection before it is told that there is none.
const WAIT: Duration = Duration::from_secs(30);

/// Makes a connection as good as new: first of all it ends what a guest left open. A `ROLLBACK` alone
/// would have Postgres log a warning each time that nothing was. Where a transaction has failed, this
/// fails, too, and the connection is closed.
const RECYCLE: &str = "BEGIN; ROLLBACK; CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; \
                       UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES;";

/// The pools of an application, by address.
#[derive(Default)]
pub(crate) struct Pools(Mutex<HashMap<String, Pool>>);

/// A guest's connection.
#[derive(Clone)]
struct Connection(Arc<Loan>);

/// A connection on loan from its pool.
struct Loan(Option<Object>);

impl Drop for Loan {
    /// Makes the connection as good as new before it goes back. Whoever was stopped in the midst of a
    /// transaction has left it open: its locks must not last until somebody else is lent the same
    /// connection.
    fn drop(&mut self) {
        let Some(object) = self.0.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            drop(Object::take(object));
            return;
        };
        runtime.spawn(async move {
            // What cannot be mended is closed, which ends its transaction, too.
            if object.batch_execute(RECYCLE).await.is_err() {
                drop(Object::take(object));
            }
        });
    }
}

/// The address that a guest builds a connection from.
struct Builder(String);

fn other(error: impl ToString) -> wit::Error {
    wit::Error::Other(error.to_string())
}

fn not_connected(error: impl std::fmt::Display) -> wit::Error {
    wit::Error::ConnectionFailed(error.to_string())
}

impl Pools {
    fn get(&self, address: &str) -> Result<Pool, wit::Error> {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(address) {
            return Ok(pool.clone());
        }
        let pool = build_pool(address.parse().map_err(not_connected)?)?;
        if pools.len() >= POOLS_KEPT {
            pools.clear();
        }
        pools.insert(address.to_owned(), pool.clone());
        Ok(pool)
    }
}

fn build_pool(config: Config) -> Result<Pool, wit::Error> {
    // What comes back is as good as new already; here, only connections that were lost are left out.
    let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match boxoffice_tls::connector(&config).map_err(not_connected)? {
        Some(tls) => Manager::from_config(config, tls, manager_config),
        None => Manager::from_config(config, NoTls, manager_config),
    };
    Pool::builder(manager)
        .runtime(Runtime::Tokio1)
        .max_size(POOL_SIZE)
        .wait_timeout(Some(WAIT))
        .create_timeout(Some(WAIT))
        .build()
        .map_err(not_connected)
}

/// Refuses addresses that the component may not reach.
fn check(grants: &Grants, address: &str) -> Result<(), wit::Error> {
    let config: Config = address.parse().map_err(not_connected)?;
    let ports = config.get_ports();
    for (n, host) in config.get_hosts().iter().enumerate() {
        let Host::Tcp(host) = host else {
            return Err(not_connected("Unix sockets are out of reach for components"));
        };
        let port = ports.get(n).or(if ports.len() == 1 { ports.first() } else { None });
        let url = port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        let allowed = Target::parse(&url, "postgres").is_ok_and(|target| grants.allow(&target));
        if !allowed {
            return Err(not_connected(format!("address postgres://{url} is not permitted")));
        }
    }
    Ok(())
}

async fn connect(gate: &Gate, pools: &Pools, address: &str) -> Result<Connection, wit::Error> {
    check(&gate.grants, address)?;
    let pool = pools.get(address)?;
    let connection = gate.pass(Call::Postgres("open"), pool.get()).await;
    // The error's debug form names the cause; its display form says only "error connecting".
    connection
        .map(|connection| Connection(Arc::new(Loan(Some(connection)))))
        .map_err(|error| wit::Error::ConnectionFailed(format!("{error:?}")))
}

impl Connection {
    fn client(&self) -> Result<&Object, wit::Error> {
        self.0.0.as_ref().ok_or_else(|| other("the connection was given back"))
    }

    async fn query(
        &self,
        gate: &Gate,
        sql: &str,
        parameters: Vec<wit::ParameterValue>,
    ) -> Result<wit::RowSet, wit::Error> {
        let running = async {
            let parameters = types::parameters(parameters)?;
            let found = self.client()?.query_raw(sql, parameters).await.map_err(failed)?;
            let mut found = Box::pin(found);
            let (mut columns, mut rows) = (Vec::new(), Vec::new());
            while let Some(row) = found.try_next().await.map_err(failed)? {
                if columns.is_empty() {
                    columns = row.columns().iter().map(types::column).collect();
                }
                rows.push(types::row(&row)?);
            }
            Ok(wit::RowSet { columns, rows })
        };
        gate.pass(Call::Postgres(sql), running).await
    }

    async fn execute(
        &self,
        gate: &Gate,
        sql: &str,
        parameters: Vec<wit::ParameterValue>,
    ) -> Result<u64, wit::Error> {
        let running = async {
            let parameters = types::parameters(parameters)?;
            self.client()?.execute_raw(sql, parameters).await.map_err(failed)
        };
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
        connection.execute(&gate, &sql, parameters).await
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
        Err(other("the embedded host speaks to Postgres without TLS only: run on Spin for it"))
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
        connection.execute(&gate, &sql, parameters).await
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
