//! The Redis trigger, with Spin's semantics: a fresh instance for every message, the messages of
//! one server one after the other, a failed message logged and dropped.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use boxoffice_host_bindings::inbound_redis::RedisSubscriberPre;
use futures::StreamExt;
use futures::future::join_all;
use redis::aio::PubSub;
use tokio::sync::watch;

use crate::code::Code;
use crate::fault::MessageFate;
use crate::host::StopReason;
use crate::instance::{self, Outcome};
use crate::lifetime::Lifetime;
use crate::options::RedisLost;
use crate::problem::Problem;
use crate::redis_client::CONNECT_TIMEOUT;
use crate::state::{Grants, Shared, State};
use crate::trace::Trace;

/// How long to wait before connecting again: this at first, twice as long after each failure.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Spin's way of writing a server's address, without its password.
fn shown(client: &redis::Client) -> String {
    client.get_connection_info().addr().to_string()
}

/// A server whose channels are subscribed to.
pub(crate) struct Connected {
    client: redis::Client,
    pubsub: PubSub,
}

/// Connects to a server and subscribes; when this returns, no further message is missed.
///
/// # Errors
/// The server does not answer, or not as Redis does.
pub(crate) async fn connect(
    address: &str,
    channels: impl Iterator<Item = &str>,
) -> Result<Connected, String> {
    let client = redis::Client::open(address).map_err(|error| error.to_string())?;
    let channels: Vec<&str> = channels.collect();
    let pubsub = subscribe(&client, &channels).await?;
    Ok(Connected { client, pubsub })
}

async fn subscribe(client: &redis::Client, channels: &[&str]) -> Result<PubSub, String> {
    let subscribing = async {
        let mut pubsub = client.get_async_pubsub().await?;
        pubsub.subscribe(channels).await?;
        Ok::<_, redis::RedisError>(pubsub)
    };
    match tokio::time::timeout(CONNECT_TIMEOUT, subscribing).await {
        Ok(subscribed) => subscribed.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs())),
    }
}

/// Why a server that does not answer is one, and what to do about it.
pub(crate) fn unreachable<'v>(
    address: &str,
    variables: impl Iterator<Item = &'v String>,
    error: &str,
) -> Problem {
    let place = redis::Client::open(address).map_or_else(|_| "its address".into(), |c| shown(&c));
    let variables: Vec<String> =
        variables.map(|name| format!("SPIN_VARIABLE_{}", name.to_uppercase())).collect();
    let elsewhere = if variables.is_empty() {
        "name another server in spin.toml".into()
    } else {
        format!("set {} to where one runs", variables.join(" and "))
    };
    Problem::new(
        format!("Redis does not answer at {place}: {error}"),
        format!("start a redis-server there, or {elsewhere}"),
    )
}

/// A component that reacts to messages.
pub(crate) struct Reactor {
    pub(crate) code: Arc<Code<RedisSubscriberPre<State>>>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) grants: Arc<Grants>,
    /// How long one message may take.
    pub(crate) timeout: Duration,
}

impl Reactor {
    /// Has the component react, if no fault has it otherwise.
    async fn receive(self: &Arc<Self>, channel: &str, payload: Vec<u8>, lifetime: &Lifetime) {
        let fate = self.shared.faults.as_ref();
        match fate.map(|faults| faults.of_message(&self.grants.id, channel)) {
            None | Some(MessageFate::Delivered) => self.react(channel, payload).await,
            Some(MessageFate::Dropped) => {}
            Some(MessageFate::Repeated) => {
                self.react(channel, payload.clone()).await;
                self.react(channel, payload).await;
            }
            Some(MessageFate::Late(by)) => {
                let (reactor, channel) = (self.clone(), channel.to_owned());
                lifetime.spawn(async move {
                    tokio::time::sleep(by).await;
                    reactor.react(&channel, payload).await;
                });
            }
        }
    }

    async fn react(&self, channel: &str, payload: Vec<u8>) {
        let start = Instant::now();
        let trace = self.shared.tracing.begin(&self.grants.id, channel);
        let outcome = instance::call(self.timeout, || async {
            let code = self.code.get();
            let mut store = State::store(&code.engine, &self.shared, &self.grants);
            store.data_mut().traces.own(trace.clone());
            let gate = store.data().gate.clone();
            let payload = payload.clone();
            let work = async {
                let instance = code.pre.instantiate_async(&mut store).await?;
                store.data_mut().count();
                store
                    .run_concurrent(async |accessor| {
                        let guest = instance.spin_redis_inbound_redis();
                        guest.call_handle_message(accessor, payload).await
                    })
                    .await?
            };
            gate.unless_stopped(work).await
        })
        .await;
        let (component, metrics) = (self.grants.id.as_str(), &self.shared.metrics);
        metrics.message(component, channel, start.elapsed(), &outcome);
        metrics.component(component).ended(&outcome);
        trace.ended(outcome.error());
        report(component, channel, start, &trace, &outcome);
    }
}

fn report(component: &str, channel: &str, start: Instant, trace: &Trace, outcome: &Outcome) {
    let trace_id = trace.id();
    let ms = start.elapsed().as_micros() as f64 / 1000.0;
    let outcome_name = outcome.name();
    match outcome.error() {
        None => {
            tracing::info!(target: "message", channel, component, outcome = outcome_name, ms, %trace_id);
        }
        Some(error) => {
            tracing::error!(target: "message", channel, component, outcome = outcome_name, ms, %trace_id, error);
        }
    }
}

/// Who listens to which channel.
pub(crate) type Listeners = BTreeMap<String, Vec<Arc<Reactor>>>;

/// The trigger of one server.
pub(crate) struct RedisTrigger {
    pub(crate) connected: Connected,
    pub(crate) channels: Listeners,
    pub(crate) lost: RedisLost,
    pub(crate) stopped: watch::Sender<Option<StopReason>>,
    pub(crate) lifetime: Lifetime,
}

impl RedisTrigger {
    /// Handles messages until the host drains, or its server is lost for good.
    pub(crate) async fn run(self) {
        let Self { connected, channels, lost, stopped, lifetime } = self;
        let Connected { client, mut pubsub } = connected;
        let address = shown(&client);
        let names: Vec<&str> = channels.keys().map(String::as_str).collect();
        tracing::info!(address, channels = names.join(" "), "listening to Redis");
        loop {
            listen(&mut pubsub, &channels, &lifetime).await;
            if lifetime.drain.is_cancelled() {
                return;
            }
            if lost == RedisLost::Exit {
                let error = "the connection was closed".to_owned();
                tracing::error!(address, error, "the connection to Redis is lost");
                stopped.send_replace(Some(StopReason::RedisLost { address, error }));
                return;
            }
            match again(&client, &names, &address, &lifetime).await {
                Some(fresh) => pubsub = fresh,
                None => return,
            }
        }
    }
}

/// Returns when the connection is lost or the host drains.
async fn listen(pubsub: &mut PubSub, channels: &Listeners, lifetime: &Lifetime) {
    let mut messages = pubsub.on_message();
    loop {
        let message = tokio::select! {
            biased;
            () = lifetime.drain.cancelled() => return,
            message = messages.next() => message,
        };
        let Some(message) = message else { return };
        let channel = message.get_channel_name();
        let Some(reactors) = channels.get(channel) else { continue };
        // All listeners of a channel at once, then the next message: as Spin does.
        let payload = message.get_payload_bytes();
        let receiving =
            reactors.iter().map(|reactor| reactor.receive(channel, payload.to_vec(), lifetime));
        join_all(receiving).await;
    }
}

/// Connects again, however long it takes; None if the host drains before.
async fn again(
    client: &redis::Client,
    channels: &[&str],
    address: &str,
    lifetime: &Lifetime,
) -> Option<PubSub> {
    let lost = Instant::now();
    let mut pause = FIRST_PAUSE;
    tracing::warn!(address, "the connection to Redis is lost: connecting again");
    loop {
        tokio::select! {
            () = lifetime.drain.cancelled() => return None,
            () = tokio::time::sleep(pause) => {}
        }
        match subscribe(client, channels).await {
            Ok(pubsub) => {
                let after_ms = lost.elapsed().as_millis() as u64;
                tracing::warn!(
                    address,
                    after_ms,
                    "Redis is back; messages sent meanwhile were missed"
                );
                return Some(pubsub);
            }
            Err(error) => tracing::warn!(address, error, "Redis does not answer"),
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
