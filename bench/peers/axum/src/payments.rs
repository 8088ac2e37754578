//! Payments: the order is taken off the clock, the money is taken, the order is completed.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

use crate::app::App;
use crate::model::{NewPayment, Payment, Time};
use crate::orders::own;
use crate::problem::{Problem, Result, Valid};
use crate::session::User;
use crate::store::Store;
use crate::stripe::Charge;

pub(crate) async fn pay<S: Store>(
    State(app): State<App<S>>,
    User(user): User,
    Valid(wish): Valid<NewPayment>,
) -> Result<(StatusCode, Json<Payment>)> {
    own(&app, user.id, wish.order_id).await?;
    // From here on it neither runs out nor is cancelled, nor paid a second time.
    let Some(order) = app.store.begin_payment(wish.order_id, Time::now()).await? else {
        let detail = "This order has ended, or is paid for, or being paid for";
        return Err(Problem::conflict(detail, "not_payable"));
    };
    let id = Uuid::now_v7();
    let charge = app.stripe.charge(id, &order, &wish.token).await;
    let intent_id = match charge {
        Ok(Charge::Succeeded(intent_id)) => intent_id,
        Ok(Charge::Declined(code)) => {
            app.store.end_payment(order.id).await?;
            return Err(Problem::declined(code));
        }
        // Whether the money was taken is not known: the order stays as it is, for an operator.
        Err(error) => return Err(error.into()),
    };
    let payment = Payment {
        id,
        order_id: order.id,
        amount: order.amount,
        currency: order.currency,
        status: "captured",
        intent_id,
        created_at: Time::now(),
    };
    let order = app.store.complete(payment.clone()).await?;
    app.events.publish("payment:created", payment.id, &payment).await;
    app.events.publish("order:completed", order.id, &order).await;
    Ok((StatusCode::CREATED, Json(payment)))
}
