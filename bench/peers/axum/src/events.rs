//! What Redis is told: an entry in the stream of each event's type, after the commit.

use redis::aio::ConnectionManager;
use serde::Serialize;
use uuid::Uuid;

use crate::model::Time;

/// About how many entries a stream keeps: nobody reads them here.
const KEPT: usize = 10_000;

/// One connection, which many calls use at once.
#[derive(Clone)]
pub(crate) struct Events(ConnectionManager);

/// An event in the form of CloudEvents 1.0.
#[derive(Serialize)]
struct Event<'a, T> {
    specversion: &'a str,
    id: Uuid,
    source: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    subject: Uuid,
    time: Time,
    datacontenttype: &'a str,
    data: &'a T,
}

impl Events {
    pub(crate) async fn connect(url: &str) -> anyhow::Result<Self> {
        Ok(Self(ConnectionManager::new(redis::Client::open(url)?).await?))
    }

    /// Tells of what was committed. If that fails, the change stays and nobody hears of it.
    pub(crate) async fn publish(&self, kind: &str, subject: Uuid, data: &impl Serialize) {
        if let Err(error) = self.try_publish(kind, subject, data).await {
            tracing::error!("{kind} of {subject} was not published: {error:#}");
        }
    }

    async fn try_publish(
        &self,
        kind: &str,
        subject: Uuid,
        data: &impl Serialize,
    ) -> anyhow::Result<()> {
        let event = serde_json::to_string(&Event {
            specversion: "1.0",
            id: Uuid::now_v7(),
            source: "/axum",
            kind,
            subject,
            time: Time::now(),
            datacontenttype: "application/json",
            data,
        })?;
        let mut append = redis::cmd("XADD");
        append.arg(kind).arg("MAXLEN").arg("~").arg(KEPT).arg("*").arg("event").arg(event);
        let mut connection = self.0.clone();
        append.exec_async(&mut connection).await?;
        Ok(())
    }
}
