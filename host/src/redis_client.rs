//! `spin:redis@3.0.0` and `fermyon:spin/redis@2.0.0`: every `open` is a connection that nobody else
//! has meanwhile.
//!
//! | module | what |
//! |---|---|
//! | `servers` | connections that are kept |

mod servers;

use std::sync::Arc;

use boxoffice_host_bindings::platform::fermyon::spin::redis as v2;
use boxoffice_host_bindings::platform::spin::redis::redis as v3;
use redis::{FromRedisValue, ParsingError, Value};
use wasmtime::component::{Accessor, Resource};

use self::servers::Lent;
use crate::call::Gate;
use crate::fault::Call;
use crate::state::{Guest, State};

pub(crate) use self::servers::{CONNECT_TIMEOUT, Servers};

/// A guest's connection.
#[derive(Clone)]
struct Connection(Arc<Lent>);

fn other(error: impl ToString) -> v3::Error {
    v3::Error::Other(error.to_string())
}

/// Connects for a component that is allowed to.
async fn connect(
    gate: &Gate,
    servers: &Arc<Servers>,
    address: &str,
) -> Result<Connection, v3::Error> {
    if !gate.grants.allow_address(address, "redis") || redis::Client::open(address).is_err() {
        return Err(v3::Error::InvalidAddress);
    }
    let connection = gate.pass(Call::Redis("open"), servers.connect(address)).await;
    connection.map(|lent| Connection(Arc::new(lent))).map_err(other)
}

impl Connection {
    /// Sends one command and reads its answer.
    async fn run<A: FromRedisValue>(
        self,
        gate: &Gate,
        name: &str,
        command: redis::Cmd,
    ) -> Result<A, v3::Error> {
        let answer = gate.pass(Call::Redis(name), self.0.run(name, command)).await;
        A::from_redis_value(answer.map_err(other)?.extract_error().map_err(other)?).map_err(other)
    }
}

fn command(name: &str, arguments: &[&[u8]]) -> redis::Cmd {
    let mut command = redis::cmd(name);
    for argument in arguments {
        command.arg(argument);
    }
    command
}

fn keyed(name: &str, key: &str, values: &[String]) -> redis::Cmd {
    let mut command = redis::cmd(name);
    command.arg(key).arg(values);
    command
}

fn arbitrary(name: &str, arguments: Vec<v3::RedisParameter>) -> redis::Cmd {
    let mut command = redis::cmd(name);
    for argument in arguments {
        match argument {
            v3::RedisParameter::Int64(number) => command.arg(number),
            v3::RedisParameter::Binary(bytes) => command.arg(bytes),
        };
    }
    command
}

/// An answer as a list of scalars: boundaries of nested arrays are lost, maps are refused.
#[derive(Debug)]
struct Flat(Vec<v3::RedisResult>);

impl FromRedisValue for Flat {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let mut out = Vec::new();
        flatten(value, &mut out)?;
        Ok(Self(out))
    }
}

fn flatten(value: Value, out: &mut Vec<v3::RedisResult>) -> Result<(), ParsingError> {
    use v3::RedisResult as R;
    out.push(match value {
        Value::Nil => R::Nil,
        Value::Int(number) => R::Int64(number),
        Value::BulkString(bytes) => R::Binary(bytes),
        Value::SimpleString(text) => R::Status(text),
        Value::Okay => R::Status("OK".into()),
        Value::Double(number) => R::Binary(number.to_string().into_bytes()),
        Value::Boolean(truth) => R::Int64(truth.into()),
        Value::Array(values) | Value::Set(values) => {
            return values.into_iter().try_for_each(|value| flatten(value, out));
        }
        other => {
            return Err(ParsingError::from(format!(
                "the interface cannot express this answer: {other:?}"
            )));
        }
    });
    Ok(())
}

impl v3::Host for State {}

impl v3::HostConnection for State {
    async fn drop(&mut self, connection: Resource<v3::Connection>) -> wasmtime::Result<()> {
        self.remove::<Connection, _>(connection)?;
        Ok(())
    }
}

/// The connection behind a handle, and the gate to it.
fn behind<T: Send>(
    accessor: &Accessor<T, Guest>,
    handle: &Resource<v3::Connection>,
) -> Result<(Connection, Gate), v3::Error> {
    accessor.with(|mut access| {
        let gate = State::gate_of(&mut access);
        let state = access.get();
        let connection = state.get::<Connection, _>(handle).map_err(other)?.clone();
        Ok((connection, gate))
    })
}

impl<T: Send> v3::HostConnectionWithStore<T> for Guest {
    async fn open(
        accessor: &Accessor<T, Self>,
        address: String,
    ) -> Result<Resource<v3::Connection>, v3::Error> {
        let (gate, servers) = accessor.with(|mut access| {
            let gate = State::gate_of(&mut access);
            (gate, access.get().shared.servers.clone())
        });
        let connection = connect(&gate, &servers, &address).await?;
        accessor.with(|mut access| {
            access.get().push(connection).map_err(|_| v3::Error::TooManyConnections)
        })
    }

    async fn publish(
        accessor: &Accessor<T, Self>,
        handle: Resource<v3::Connection>,
        channel: String,
        payload: Vec<u8>,
    ) -> Result<(), v3::Error> {
        let (connection, gate) = behind(accessor, &handle)?;
        let command = command("PUBLISH", &[channel.as_bytes(), &payload]);
        connection.run(&gate, "PUBLISH", command).await
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        handle: Resource<v3::Connection>,
        key: String,
    ) -> Result<Option<Vec<u8>>, v3::Error> {
        let (connection, gate) = behind(accessor, &handle)?;
        connection.run(&gate, "GET", command("GET", &[key.as_bytes()])).await
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        handle: Resource<v3::Connection>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), v3::Error> {
        let (connection, gate) = behind(accessor, &handle)?;
        connection.run(&gate, "SET", command("SET", &[key.as_bytes(), &value])).await
    }

    async fn incr(
        accessor: &Accessor<T, Self>,
        handle: Resource<v3::Connection>,
        key: String,
    ) -> Result<i64, v3::Error> {
        let (connection, gate) = behind(accessor, &handle)?;
        connection.run(&gate, "INCR", command("INCR", &[key.as_bytes()])).await
    }

    async fn del(
        accessor: &Accessor<T, Self>,
        handle: Resource<v3::Connection>,
        keys: Vec<String>,
    ) -> Result<u32, v3::Error> {
        let (connection, gate) = behind(accessor, &handle)?;
        let mut command = redis::cmd("DEL");
        command.arg(keys);
        connection.run(&gate, "DEL", command).await
    }

    async fn sadd(
        accessor: &Accessor<T, Self>,
        handle: Resource<v3::Connection>,
        key: String,
        values: Vec<String>,
    ) -> Result<u32, v3::Error> {
        let (connection, gate) = behind(accessor, &handle)?;
        connection.run(&gate, "SADD", keyed("SADD", &key, &values)).await
    }

    async fn smembers(
        accessor: &Accessor<T, Self>,
        handle: Resource<v3::Connection>,
        key: String,
    ) -> Result<Vec<String>, v3::Error> {
        let (connection, gate) = behind(accessor, &handle)?;
        connection.run(&gate, "SMEMBERS", command("SMEMBERS", &[key.as_bytes()])).await
    }

    async fn srem(
        accessor: &Accessor<T, Self>,
        handle: Resource<v3::Connection>,
        key: String,
        values: Vec<String>,
    ) -> Result<u32, v3::Error> {
        let (connection, gate) = behind(accessor, &handle)?;
        connection.run(&gate, "SREM", keyed("SREM", &key, &values)).await
    }

    async fn execute(
        accessor: &Accessor<T, Self>,
        handle: Resource<v3::Connection>,
        name: String,
        arguments: Vec<v3::RedisParameter>,
    ) -> Result<Vec<v3::RedisResult>, v3::Error> {
        let (connection, gate) = behind(accessor, &handle)?;
        let command = arbitrary(&name, arguments);
        Ok(connection.run::<Flat>(&gate, &name, command).await?.0)
    }
}

impl From<v3::Error> for V2Error {
    fn from(error: v3::Error) -> Self {
        Self(match error {
            v3::Error::InvalidAddress => v2::Error::InvalidAddress,
            v3::Error::TooManyConnections => v2::Error::TooManyConnections,
            v3::Error::TypeError => v2::Error::TypeError,
            v3::Error::Other(text) => v2::Error::Other(text),
        })
    }
}

/// Carries an error from one version to the other; both types are foreign.
struct V2Error(v2::Error);

fn old(error: v3::Error) -> v2::Error {
    V2Error::from(error).0
}

impl State {
    async fn v2_run<A: FromRedisValue>(
        &mut self,
        handle: Resource<v2::Connection>,
        name: &str,
        command: redis::Cmd,
    ) -> Result<A, v2::Error> {
        let connection = self.get::<Connection, _>(&handle);
        let connection = connection.map_err(|error| v2::Error::Other(error.to_string()))?.clone();
        let gate = self.own_gate();
        connection.run(&gate, name, command).await.map_err(old)
    }
}

impl v2::Host for State {}

impl v2::HostConnection for State {
    async fn open(&mut self, address: String) -> Result<Resource<v2::Connection>, v2::Error> {
        let (gate, servers) = (self.own_gate(), self.shared.servers.clone());
        let connection = connect(&gate, &servers, &address).await.map_err(old)?;
        self.push(connection).map_err(|_| v2::Error::TooManyConnections)
    }

    async fn publish(
        &mut self,
        handle: Resource<v2::Connection>,
        channel: String,
        payload: Vec<u8>,
    ) -> Result<(), v2::Error> {
        let command = command("PUBLISH", &[channel.as_bytes(), &payload]);
        self.v2_run(handle, "PUBLISH", command).await
    }

    async fn get(
        &mut self,
        handle: Resource<v2::Connection>,
        key: String,
    ) -> Result<Option<Vec<u8>>, v2::Error> {
        self.v2_run(handle, "GET", command("GET", &[key.as_bytes()])).await
    }

    async fn set(
        &mut self,
        handle: Resource<v2::Connection>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), v2::Error> {
        self.v2_run(handle, "SET", command("SET", &[key.as_bytes(), &value])).await
    }

    async fn incr(
        &mut self,
        handle: Resource<v2::Connection>,
        key: String,
    ) -> Result<i64, v2::Error> {
        self.v2_run(handle, "INCR", command("INCR", &[key.as_bytes()])).await
    }

    async fn del(
        &mut self,
        handle: Resource<v2::Connection>,
        keys: Vec<String>,
    ) -> Result<u32, v2::Error> {
        let mut command = redis::cmd("DEL");
        command.arg(keys);
        self.v2_run(handle, "DEL", command).await
    }

    async fn sadd(
        &mut self,
        handle: Resource<v2::Connection>,
        key: String,
        values: Vec<String>,
    ) -> Result<u32, v2::Error> {
        self.v2_run(handle, "SADD", keyed("SADD", &key, &values)).await
    }

    async fn smembers(
        &mut self,
        handle: Resource<v2::Connection>,
        key: String,
    ) -> Result<Vec<String>, v2::Error> {
        self.v2_run(handle, "SMEMBERS", command("SMEMBERS", &[key.as_bytes()])).await
    }

    async fn srem(
        &mut self,
        handle: Resource<v2::Connection>,
        key: String,
        values: Vec<String>,
    ) -> Result<u32, v2::Error> {
        self.v2_run(handle, "SREM", keyed("SREM", &key, &values)).await
    }

    async fn execute(
        &mut self,
        handle: Resource<v2::Connection>,
        name: String,
        arguments: Vec<v2::RedisParameter>,
    ) -> Result<Vec<v2::RedisResult>, v2::Error> {
        let arguments = arguments.into_iter().map(|argument| match argument {
            v2::RedisParameter::Int64(number) => v3::RedisParameter::Int64(number),
            v2::RedisParameter::Binary(bytes) => v3::RedisParameter::Binary(bytes),
        });
        let command = arbitrary(&name, arguments.collect());
        let Flat(values) = self.v2_run(handle, &name, command).await?;
        Ok(values.into_iter().map(old_result).collect())
    }

    async fn drop(&mut self, connection: Resource<v2::Connection>) -> wasmtime::Result<()> {
        self.remove::<Connection, _>(connection)?;
        Ok(())
    }
}

fn old_result(result: v3::RedisResult) -> v2::RedisResult {
    match result {
        v3::RedisResult::Nil => v2::RedisResult::Nil,
        v3::RedisResult::Status(text) => v2::RedisResult::Status(text),
        v3::RedisResult::Int64(number) => v2::RedisResult::Int64(number),
        v3::RedisResult::Binary(bytes) => v2::RedisResult::Binary(bytes),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn nested_answers_lose_their_boundaries() {
        let bulk = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let nested = Value::Array(vec![
            Value::Int(1),
            Value::Array(vec![bulk("a"), Value::Nil]),
            Value::Okay,
            Value::Boolean(true),
            Value::Double(1.5),
        ]);
        let Flat(flat) = Flat::from_redis_value(nested).unwrap();
        let text: Vec<String> = flat.iter().map(|value| format!("{value:?}")).collect();
        let expected = [
            v3::RedisResult::Int64(1),
            v3::RedisResult::Binary(b"a".to_vec()),
            v3::RedisResult::Nil,
            v3::RedisResult::Status("OK".into()),
            v3::RedisResult::Int64(1),
            v3::RedisResult::Binary(b"1.5".to_vec()),
        ];
        assert_eq!(text, expected.map(|value| format!("{value:?}")));
    }

    #[test]
    fn maps_are_refused() {
        assert!(Flat::from_redis_value(Value::Map(vec![])).is_err());
    }
}
