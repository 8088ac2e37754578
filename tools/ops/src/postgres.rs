//! Postgres: what a service's tables hold, read as of one moment.

use serde_json::Value;
use tokio_postgres::config::Host;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, IsolationLevel, NoTls, Socket, Transaction};

use crate::sources::Problem;
use crate::store::{Row, Select, Tables};

/// How long to wait for a connection.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// Connects to the database at `url`, by TLS as [`boxoffice_tls`] has it.
pub(crate) async fn connect(url: &str) -> Result<Client, Problem> {
    let mut config: Config = url.parse().map_err(|error| {
        Problem::new(
            format!("the address of a Postgres cannot be read: {error}"),
            "write it like postgres://user:password@host:5432/name",
        )
    })?;
    config.connect_timeout(PATIENCE);
    let name = name(&config);
    let tls = boxoffice_tls::connector(&config).map_err(|error| {
        Problem::new(
            format!("the Postgres {name} cannot be used: {error}"),
            "or set sslmode=disable in its address, if the network in between is trusted",
        )
    })?;
    let connected = match tls {
        Some(tls) => open(&config, tls).await,
        None => open(&config, NoTls).await,
    };
    connected.map_err(|error| {
        Problem::new(
            format!("the Postgres {name} cannot be connected to: {}", causes(&error)),
            "start it, or correct the variable <service>_db_url (SPIN_VARIABLE_<SERVICE>_DB_URL)",
        )
    })
}

async fn open<T>(config: &Config, tls: T) -> Result<Client, tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
    T::TlsConnect: TlsConnect<Socket>,
{
    let (client, connection) = config.connect(tls).await?;
    // It ends with the client; what goes wrong shows in what the client is asked.
    tokio::spawn(connection);
    Ok(client)
}

/// Which database it is, without a password.
fn name(config: &Config) -> String {
    let host = config.get_hosts().first().map_or_else(String::new, |host| match host {
        Host::Tcp(host) => host.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    });
    let port = config.get_ports().first().copied().unwrap_or(5432);
    format!("{host}:{port}/{}", config.get_dbname().unwrap_or_default())
}

/// What went wrong, and what is behind it: the first alone says `db error`.
pub(crate) fn causes(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("{} ({})", said.message(), said.code().code()),
        None => {
            let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
            format!("{error}{}", cause.unwrap_or_default())
        }
    }
}

/// Reads the rows of all `selects` in one transaction.
pub(crate) async fn read(url: &str, selects: &[Select]) -> Result<Tables, Problem> {
    let client = connect(url).await?;
    let tables = read_by(client, selects).await.map_err(|error| {
        Problem::new(
            format!("a Postgres cannot be read: {}", causes(&error)),
            "allow this user to read the shop's tables, and try again",
        )
    })?;
    if tables.is_empty() {
        return Err(Problem::new(
            "a Postgres has none of the shop's tables",
            "run `boxoffice migrate`, or start the shop",
        ));
    }
    Ok(tables)
}

async fn read_by(mut client: Client, selects: &[Select]) -> Result<Tables, tokio_postgres::Error> {
    let begin = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
    let snapshot = begin.read_only(true).start().await?;
    let mut tables = Tables::new();
    for select in selects {
        let exists = "SELECT to_regclass($1) IS NOT NULL";
        // A service makes its tables when it is first called.
        if snapshot.query_one(exists, &[&select.table]).await?.get(0) {
            tables.insert(select.table.clone(), rows(&snapshot, select).await?);
        }
    }
    snapshot.rollback().await?;
    Ok(tables)
}

async fn rows(
    snapshot: &Transaction<'_>,
    select: &Select,
) -> Result<Vec<Row>, tokio_postgres::Error> {
    let sql = format!("SELECT row_to_json(found)::TEXT FROM ({}) AS found", select.sql());
    let rows = snapshot.query(&sql, &[]).await?;
    // What Postgres calls a row in JSON is an object; another would have no columns.
    let read = |row: &tokio_postgres::Row| match serde_json::from_str(row.get(0)) {
        Ok(Value::Object(row)) => row,
        _ => Row::new(),
    };
    Ok(rows.iter().map(read).collect())
}
