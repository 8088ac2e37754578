//! The component: `POST /<what>` with a JSON body does it and tells how that went.

#![allow(
    unsafe_code,
    reason = "the entry points' macros export symbols; nothing here is unsafe by hand"
)]

use std::cell::Cell;
use std::io::Read as _;
use std::net::{SocketAddrV4, TcpStream};
use std::time::{Duration, SystemTime};

use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use futures::SinkExt;
use serde_json::{Value, json};
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{BoxBody, FullBody, IntoResponse, Request, Response, box_body};
use spin_sdk::redis::{RedisParameter, RedisResult};
use spin_sdk::wasip3::sockets::ip_name_lookup;
use spin_sdk::wasip3::sockets::types::{
    IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket, UdpSocket,
};
use spin_sdk::{http_service, pg, redis, redis_subscriber, sqlite, variables};

mod probe {
    #![allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, reason = "generated")]
    wit_bindgen::generate!({ world: "guest", path: "wit" });
    pub(crate) use test::guest::probe::{environment, greet, redis, variable};
}

mod cron {
    #![allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, reason = "generated")]
    wit_bindgen::generate!({
        inline: "
            package test:ticks;
            world ticker {
                include fermyon:spin-cron/spin-cron@2.0.0;
                import fermyon:spin/redis@2.0.0;
                import fermyon:spin/variables@2.0.0;
            }
        ",
        path: ["../../../wit/deps/fermyon-spin-cron", "../../../wit/deps/fermyon-spin"],
        world: "test:ticks/ticker",
        generate_all,
    });
    use super::Ticks;
    pub(crate) use fermyon::spin::redis::Connection;
    pub(crate) use fermyon::spin::variables;
    export!(Ticks);
}

thread_local! {
    static SERVED: Cell<u64> = const { Cell::new(0) };
}

struct Ticks;

impl cron::Guest for Ticks {
    /// Publishes the tick's time, synchronously.
    fn handle_cron_event(metadata: cron::Metadata) -> Result<(), cron::Error> {
        let failed = |error| cron::Error::Other(format!("{error:?}"));
        let address =
            cron::variables::get("redis").map_err(|error| cron::Error::Other(error.to_string()))?;
        let connection = cron::Connection::open(&address).map_err(failed)?;
        connection.publish("ticks", metadata.timestamp.to_string().as_bytes()).map_err(failed)
    }
}

/// Writes the message into a list, in the order of arrival; or does what it says.
#[redis_subscriber]
async fn on_message(message: Bytes) -> anyhow::Result<()> {
    let served = SERVED.replace(SERVED.get() + 1);
    let text = String::from_utf8_lossy(&message).into_owned();
    match text.as_str() {
        "fail" => bail!("told to fail"),
        "trap" => panic!("told to trap"),
        "slow" => spin_sdk::time::sleep(Duration::from_millis(200)).await,
        _ => {}
    }
    let connection = redis::Connection::open(variables::get("redis").await?).await?;
    let entry = format!("{text} {served}");
    connection.execute("RPUSH", [argument("messages"), argument(&entry)]).await?;
    Ok(())
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    SERVED.set(SERVED.get() + 1);
    if request.uri().path().ends_with("/events") {
        return Response::builder().header("content-type", "text/event-stream").body(events());
    }
    let (status, body) = match act(request).await {
        Ok(answer) => (200, answer),
        Err(error) => (418, json!({ "error": format!("{error:#}") })),
    };
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(box_body(FullBody::new(Bytes::from(body.to_string()))))
}

/// An event at once, and another every 100 ms for as long as somebody listens.
fn events() -> BoxBody {
    let (mut writer, body) = spin_sdk::http::body::stream::<&'static str>();
    spin_sdk::wasip3::spawn(async move {
        while writer.send("data: here\n\n").await.is_ok() {
            spin_sdk::time::sleep(Duration::from_millis(100)).await;
        }
    });
    box_body(body)
}

async fn act(request: Request) -> anyhow::Result<Value> {
    let (parts, body) = request.into_parts();
    let body = body.bytes().await?;
    let input: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? };
    let text = |name: &str| input[name].as_str().with_context(|| format!("no {name}"));
    Ok(match parts.uri.path().rsplit('/').next().unwrap_or_default() {
        "request" => {
            let headers: serde_json::Map<String, Value> = parts
                .headers
                .iter()
                .map(|(name, value)| {
                    (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes())))
                })
                .collect();
            json!({ "uri": parts.uri.to_string(), "headers": headers })
        }
        "served" => json!(SERVED.get()),
        "now" => json!(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs()),
        "print" => {
            println!("{}", text("out")?);
            eprint!("level=warn {}", text("err")?);
            Value::Null
        }
        "trap" => panic!("told to trap"),
        "spin" => loop {
            std::hint::black_box(());
        },
        "sleep" => {
            spin_sdk::time::sleep(Duration::from_millis(input.as_u64().context("no time")?)).await;
            Value::Null
        }
        "memory" => {
            let bytes = vec![1_u8; usize::try_from(input.as_u64().context("no size")?)? << 20];
            json!(std::hint::black_box(bytes).len())
        }
        "hold" => {
            let number = |name: &str| input[name].as_u64().with_context(|| format!("no {name}"));
            let bytes = vec![1_u8; usize::try_from(number("megabytes")?)? << 20];
            spin_sdk::time::sleep(Duration::from_millis(number("milliseconds")?)).await;
            json!(std::hint::black_box(bytes).len())
        }
        "variable" => json!(variables::get(text("name")?).await.map_err(|e| anyhow!("{e:?}"))?),
        "environment" => json!(std::env::vars().collect::<Vec<_>>()),
        "sql" => sql(&input).await?,
        "redis" => {
            let connection = redis::Connection::open(text("address")?.to_owned()).await?;
            let arguments = input["arguments"].as_array().into_iter().flatten();
            let arguments = arguments.map(|a| argument(a.as_str().unwrap_or_default()));
            let answer = connection.execute(text("command")?, arguments).await?;
            answer.iter().map(scalar).collect()
        }
        "postgres" => postgres(&input).await?,
        "get" => {
            let url = text("url")?.parse::<spin_sdk::http::Uri>()?;
            let request = Request::get(url).body(spin_sdk::http::EmptyBody::new())?;
            let response = spin_sdk::http::send(request).await?;
            let status = response.status().as_u16();
            let body = response.into_body().bytes().await?;
            json!({ "status": status, "body": String::from_utf8_lossy(&body) })
        }
        "socket" => socket(&input).await?,
        "socket-of-old" => {
            let mut stream = TcpStream::connect(text("address")?)?;
            let mut said = [0; 64];
            let length = stream.read(&mut said)?;
            json!(String::from_utf8_lossy(&said[..length]))
        }
        "probe" => probe(&input).await?,
        other => bail!("nothing to do for {other}"),
    })
}

async fn probe(input: &Value) -> anyhow::Result<Value> {
    let what = input["what"].as_str().unwrap_or_default();
    let with = input["with"].as_str().unwrap_or_default().to_owned();
    Ok(match what {
        "greet" => json!(probe::greet(&with)),
        "environment" => json!(probe::environment()),
        "variable" => json!(probe::variable(with).await.map_err(anyhow::Error::msg)?),
        "redis" => json!(probe::redis(with).await.map_err(anyhow::Error::msg)?),
        other => bail!("no probe {other}"),
    })
}

/// Does something with a socket of Preview 3.
async fn socket(input: &Value) -> anyhow::Result<Value> {
    let address = input["address"].as_str().context("no address")?;
    Ok(match input["what"].as_str().unwrap_or_default() {
        "connect" => {
            let socket = TcpSocket::create(IpAddressFamily::Ipv4)?;
            socket.connect(ipv4(address)?).await?;
            let (mut incoming, _) = socket.receive();
            let (_, said) = incoming.read(Vec::with_capacity(64)).await;
            json!(String::from_utf8_lossy(&said))
        }
        "listen" => {
            let socket = TcpSocket::create(IpAddressFamily::Ipv4)?;
            socket.listen()?;
            Value::Null
        }
        "udp" => {
            UdpSocket::create(IpAddressFamily::Ipv4)?;
            Value::Null
        }
        "name" => {
            let found = ip_name_lookup::resolve_addresses(address.to_owned()).await?;
            json!(found.len())
        }
        other => bail!("no socket does {other}"),
    })
}

fn ipv4(address: &str) -> anyhow::Result<IpSocketAddress> {
    let address: SocketAddrV4 = address.parse()?;
    let [a, b, c, d] = address.ip().octets();
    Ok(IpSocketAddress::Ipv4(Ipv4SocketAddress { port: address.port(), address: (a, b, c, d) }))
}

/// Runs statements on one connection, one after the other; answers the rows of the last.
async fn sql(input: &Value) -> anyhow::Result<Value> {
    let label = input["database"].as_str().unwrap_or("default");
    let connection = sqlite::Connection::open(label).await?;
    let mut answer = Value::Null;
    for statement in input["statements"].as_array().context("no statements")? {
        let statement = statement.as_str().context("no statement")?;
        let mut found = connection.execute(statement, []).await?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().await {
            rows.push(row.values.iter().map(cell).collect::<Value>());
        }
        found.result().await?;
        answer = json!(rows);
    }
    Ok(answer)
}

fn cell(value: &sqlite::Value) -> Value {
    match value {
        sqlite::Value::Integer(number) => json!(number),
        sqlite::Value::Real(number) => json!(number),
        sqlite::Value::Text(text) => json!(text),
        sqlite::Value::Blob(bytes) => json!(bytes),
        sqlite::Value::Null => Value::Null,
    }
}

/// Sends parameters of many types and reads them back.
async fn postgres(input: &Value) -> anyhow::Result<Value> {
    let address = input["address"].as_str().context("no address")?;
    let connection = pg::Connection::open(address.to_owned()).await?;
    let statement = input["statement"].as_str().context("no statement")?;
    let mut found = connection.query(statement, parameters(&input["parameters"])?).await?;
    let mut rows = Vec::new();
    let width = found.columns().len();
    while let Some(row) = found.next().await {
        rows.push((0..width).map(|n| json!(format!("{:?}", row[n]))).collect::<Value>());
    }
    found.result().await?;
    Ok(json!(rows))
}

/// `{"int32": 1}` and the like, one a parameter.
fn parameters(input: &Value) -> anyhow::Result<Vec<pg::ParameterValue>> {
    use pg::ParameterValue as P;
    let one = |(kind, value): (&String, &Value)| {
        let text = value.as_str().unwrap_or_default().to_owned();
        let number = value.as_i64().unwrap_or_default();
        Ok(match kind.as_str() {
            "boolean" => P::Boolean(value.as_bool().context("no boolean")?),
            "int32" => P::Int32(i32::try_from(number)?),
            "int64" => P::Int64(number),
            "floating64" => P::Floating64(value.as_f64().context("no number")?),
            "str" => P::Str(text),
            "binary" => P::Binary(text.into_bytes()),
            "date" => P::Date((2026, 8, 21)),
            "time" => P::Time((1, 2, 3, 4_000)),
            "datetime" => P::Datetime((2026, 8, 21, 1, 2, 3, 4_000)),
            "timestamp" => P::Timestamp(number),
            "uuid" => P::Uuid(text),
            "jsonb" => P::Jsonb(text.into_bytes()),
            "decimal" => P::Decimal(text),
            "array" => P::ArrayInt32(vec![Some(1), None]),
            "null" => P::DbNull,
            other => bail!("no parameter {other}"),
        })
    };
    let objects = input.as_array().into_iter().flatten().filter_map(Value::as_object);
    objects.flatten().map(one).collect()
}

fn argument(text: &str) -> RedisParameter {
    RedisParameter::Binary(text.as_bytes().to_vec())
}

fn scalar(result: &RedisResult) -> Value {
    match result {
        RedisResult::Nil => Value::Null,
        RedisResult::Status(text) => json!(text),
        RedisResult::Int64(number) => json!(number),
        RedisResult::Binary(bytes) => json!(String::from_utf8_lossy(bytes)),
    }
}
