//! From an account to a ticket of one's own: if this fails, look here first.

use boxoffice_tests::App;
use serde_json::json;

#[tokio::test]
async fn a_ticket_is_listed_held_paid_for_and_owned() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "price": 4500 })).await.expect(201);
    let order = buyer.hold(&ticket).await.expect(201);
    buyer
        .pay(&order, "pm_card_visa")
        .await
        .shows(201, json!({ "payment": { "orderId": order["id"], "amount": 4500 } }));
    buyer.sees_order(&order, json!({ "status": "complete", "amount": 4500 })).await;
    buyer.sees_ticket(&ticket, json!({ "status": "sold", "available": 0 })).await;
    let intents = app.intents_of(&order).await;
    assert_eq!(intents.len(), 1, "{intents:#?}");
}
