//! Commands to Redis, by one connection an instance.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use futures::future::{Either, select};
use send_wrapper::SendWrapper;
use spin_sdk::redis::{Connection, Error, RedisParameter, RedisResult};

use crate::config;

thread_local! {
    static CONNECTION: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
}

/// What Redis answers within `patience`.
///
/// # Errors
/// What `answer` says; that there was none in time.
pub(crate) async fn within<T>(
    patience: Duration,
    answer: impl Future<Output = Result<T>>,
) -> Result<T> {
    SendWrapper::new(async {
        let answer = pin!(answer);
        let alarm = pin!(spin_sdk::time::sleep(patience));
        match select(answer, alarm).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), _)) => {
                CONNECTION.take();
                bail!("no answer within {patience:?}")
            }
        }
    })
    .await
}

/// Runs a Lua script.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub(crate) async fn script(
    script: &str,
    keys: &[&str],
    arguments: &[&str],
) -> Result<Vec<RedisResult>> {
    let count = keys.len().to_string();
    let all = [script, &count].into_iter().chain(keys.iter().copied());
    execute("EVAL", all.chain(arguments.iter().copied()).map(text)).await
}

/// Runs one command. A connection that failed is forgotten, so that the next call opens another.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub(crate) async fn execute(
    command: &str,
    arguments: impl IntoIterator<Item = RedisParameter>,
) -> Result<Vec<RedisResult>> {
    let arguments: Vec<_> = arguments.into_iter().collect();
    SendWrapper::new(async move {
        let connection = connect().await?;
        let answer = connection.execute(command, arguments).await;
        answer.map_err(|error| {
            CONNECTION.take();
            explain(&error)
        })
    })
    .await
}

async fn connect() -> Result<Rc<Connection>> {
    if let Some(connection) = CONNECTION.with_borrow(Clone::clone) {
        return Ok(connection);
    }
    let url = config::variable("redis_url").await?;
    let connection = Connection::open(&url).await.map_err(|error| explain(&error));
    let connection = Rc::new(connection.context("connecting to Redis")?);
    CONNECTION.set(Some(Rc::clone(&connection)));
    Ok(connection)
}

fn explain(error: &Error) -> anyhow::Error {
    match error {
        Error::Other(text) => anyhow!("{text}"),
        error => anyhow!("{error:?}"),
    }
}

/// An argument.
pub(crate) fn text(argument: &str) -> RedisParameter {
    RedisParameter::Binary(argument.as_bytes().to_vec())
}

/// An answer as a text.
///
/// # Errors
/// When it is none.
pub(crate) fn as_text(value: &RedisResult) -> Result<String> {
    match value {
        RedisResult::Binary(bytes) => Ok(String::from_utf8(bytes.clone())?),
        RedisResult::Status(text) => Ok(text.clone()),
        RedisResult::Int64(number) => Ok(number.to_string()),
        RedisResult::Nil => bail!("Redis answered nil instead of text"),
    }
}
