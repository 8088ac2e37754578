//! The shop itself stops and starts.

use serde_json::json;

use crate::audit::audit;
use crate::bus;
use crate::{HOLD, Stage, VISA};

impl Stage {
    /// Stops the shop and starts it anew; everyone learns its new address.
    pub(crate) async fn restart(&mut self) {
        self.app.restart().await;
        let address = self.app.host().address();
        for person in [&mut self.seller, &mut self.buyer, &mut self.other] {
            *person = person.clone().at(address);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_shop_goes_on_where_it_was() {
    let mut stage = Stage::set(4).await;
    let first = stage.buyer.hold(&stage.ticket).await.expect(201);
    let second = stage.other.hold(&stage.ticket).await.expect(201);
    stage.buyer.pay(&first, VISA).await.expect(201);
    stage.restart().await;
    stage.app.advance(3);
    stage.app.tick().await;
    stage.buyer.sees_order(&first, json!({ "status": "complete" })).await;
    stage.shows(2, "open").await;
    stage.other.sees_order(&second, json!({ "status": "created" })).await;
    stage.other.pay(&second, VISA).await.expect(201);
    stage.other.sees_order(&second, json!({ "status": "complete" })).await;
    let third = stage.buyer.hold(&stage.ticket).await.expect(201);
    stage.shows(1, "open").await;
    audit(&stage.app).await;
    // A hold outlives the shop that made it, and so does its end.
    stage.restart().await;
    stage.app.advance(HOLD);
    stage.app.tick().await;
    let expired = json!({ "status": "cancelled", "cancelReason": "expired" });
    stage.buyer.sees_order(&third, expired).await;
    stage.shows(2, "open").await;
    audit(&stage.app).await;
}

/// Everything stops, Redis and the provider too, in the midst of a purchase.
#[tokio::test(flavor = "multi_thread")]
async fn everything_stops_and_starts() {
    let mut stage = Stage::set(2).await;
    let order = stage.buyer.hold(&stage.ticket).await.expect(201);
    bus::done(&stage.app, "order:created").await;
    stage.app.stop_redis();
    stage.buyer.pay(&order, VISA).await.expect(201);
    stage.app.stop_sandbox().await;
    stage.app.start_redis();
    stage.restart().await;
    stage.app.advance(3);
    stage.app.tick().await;
    // Complete, though the money cannot be taken yet.
    stage.buyer.sees_order(&order, json!({ "status": "complete" })).await;
    bus::done(&stage.app, "order:completed").await;
    stage.app.start_sandbox().await;
    stage.restart().await;
    stage.app.advance(60);
    audit(&stage.app).await;
    stage.shows(1, "open").await;
}
