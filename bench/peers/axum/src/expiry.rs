//! Holds that end: once a second, those whose time is up.

use std::time::Duration;

use crate::app::App;
use crate::model::Time;
use crate::store::Store;

pub(crate) async fn run<S: Store>(app: App<S>) {
    let mut clock = tokio::time::interval(Duration::from_secs(1));
    loop {
        clock.tick().await;
        match app.store.expire(Time::now()).await {
            Ok(orders) => {
                for order in orders {
                    app.events.publish("order:cancelled", order.id, &order).await;
                }
            }
            Err(error) => tracing::error!("holds that are over: {error:#}"),
        }
    }
}
