//! `/orders/{id}/checkout`: pays for what is held.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::OrderId;
use boxoffice_contract::orders::Order;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Cx, Timestamp, config, log};
use boxoffice_rules::provider::is_stripe;
use boxoffice_rules::{money, purchase};
use boxoffice_web::isolated;
use boxoffice_web::state::{self, Checkout, Form, Method, Page, Reminder, State, TestCard};
use http::header::SET_COOKIE;
use http::{StatusCode, Uri};

use super::bank::{self, Progress};
use super::entrance::sign_in_first;
use super::order::find;
use crate::answer::{self, Keep};
use crate::form::{blank, wrong_at_all};
use crate::services::orders::is_held;
use crate::visitor::Visit;
use crate::{held, mail, show, test_shop};

/// The sandbox's cards that are offered, with what they do: Stripe's own
/// (<https://docs.stripe.com/testing>).
const CARDS: [(&str, &str, &str); 7] = [
    ("pm_card_visa", "Visa ···· 4242", "pays"),
    ("pm_card_mastercard", "Mastercard ···· 4444", "pays"),
    ("pm_card_amex", "American Express ···· 8431", "pays"),
    ("pm_card_threeDSecure2Required", "Visa ···· 3220", "pays, but asks you at your bank first"),
    ("pm_card_chargeDeclined", "Visa ···· 0002", "is declined"),
    ("pm_card_chargeDeclinedInsufficientFunds", "Visa ···· 9995", "has insufficient funds"),
    ("pm_card_chargeDeclinedExpiredCard", "Visa ···· 0069", "has expired"),
];

pub(crate) fn route() -> Router {
    Router::new().route("/orders/{id}/checkout", get(checkout))
}

async fn checkout(visit: Visit, Id(id): Id<OrderId>, uri: Uri) -> Result<Response> {
    let Some(user) = visit.user.as_ref().map(|user| user.id) else {
        return sign_in_first(&visit, &visit.here).await;
    };
    let mut pay = blank();
    if bank::was_asked(&uri) {
        match bank::progress(&visit, id).await? {
            Progress::Asked(_) => {}
            Progress::Refused(why) => pay.errors.push(wrong_at_all(why)),
            Progress::Settled => return to_outcome(&visit, id).await,
        }
    }
    let (order, shown) = find(&visit, id).await?;
    if !shown.standing.is_unpaid() {
        return to_outcome(&visit, id).await;
    }
    let state = state(&visit, &order, shown, pay).await?;
    let mut page = answer::show(&visit, state, Keep::Never).await?;
    page.headers_mut().append(SET_COOKIE, held::remember(&order, user).await?);
    Ok(page)
}

/// Sends the visitor to the page on which an order is paid.
///
/// # Errors
/// When the address is none.
pub(crate) async fn show_at(visit: &Visit, id: OrderId) -> Result<Response> {
    Ok(answer::go(visit, &format!("/orders/{id}/checkout"), None).await?)
}

/// Sends the visitor to what has become of an order.
///
/// # Errors
/// When the address is none.
pub(crate) async fn to_outcome(visit: &Visit, id: OrderId) -> Result<Response> {
    Ok(answer::go(visit, &format!("/orders/{id}"), None).await?)
}

/// The page again, with `pay` as its form, if the order can still be paid.
///
/// # Errors
/// When the order cannot be found.
pub(crate) async fn again(
    visit: &Visit,
    id: OrderId,
    status: StatusCode,
    pay: Form,
) -> Result<Response> {
    let (order, shown) = find(visit, id).await?;
    if !is_held(&order) {
        return to_outcome(visit, id).await;
    }
    let state = state(visit, &order, shown, pay).await?;
    Ok(answer::refuse(visit, status, state).await?)
}

async fn state(visit: &Visit, order: &Order, shown: state::Order, pay: Form) -> Result<State> {
    let title = format!("Pay for “{}”", isolated(&shown.title));
    let page = Checkout {
        order: shown,
        method: method(&visit.cx, order).await?,
        pay,
        cancel: blank(),
        again: show::again(order),
        reminder: reminder(order).await?,
    };
    let here = format!("/orders/{}/checkout", order.id);
    Ok(State { here, ..visit.state(&title, "", Page::Checkout(page)) })
}

/// Whether a letter can come before the hold ends, or comes.
async fn reminder(order: &Order) -> anyhow::Result<Reminder> {
    if order.reminder {
        return Ok(Reminder::Asked);
    }
    let in_time = order.expires_at > Timestamp::now().plus_seconds(purchase::REMINDED_BEFORE);
    Ok(if in_time && mail::is_sent().await? { Reminder::Offered(blank()) } else { Reminder::None })
}

/// How the order is paid: by Stripe's form with a key for it, by a test card where a sandbox is all
/// that there is to pay into.
async fn method(cx: &Cx, order: &Order) -> anyhow::Result<Method> {
    if test_shop::is_closed().await? {
        let error = anyhow::anyhow!(
            "test payments are not allowed under https, so nobody can pay: the log of payments says \
             what to do"
        );
        log::failed(cx, "offering payment", &error);
        return Ok(Method::Unavailable);
    }
    let key = config::variable("stripe_publishable_key").await?;
    if !key.is_empty() {
        let Some(amount) = money::stripe_amount(&order.currency, order.amount) else {
            let error = anyhow::anyhow!("Stripe cannot take {} {}", order.amount, order.currency);
            log::failed(cx, "offering payment", &error);
            return Ok(Method::Unavailable);
        };
        return Ok(Method::Stripe {
            publishable_key: key,
            amount,
            currency: order.currency.to_lowercase(),
        });
    }
    let base = config::variable("stripe_api_base").await?;
    if is_stripe(&base) {
        let error = anyhow::anyhow!(
            "stripe_publishable_key is not set, so nobody can pay: set it to the key (pk_…) that \
             belongs to stripe_api_key"
        );
        log::failed(cx, "offering payment", &error);
        return Ok(Method::Unavailable);
    }
    let card = |(token, name, effect): (&str, &str, &str)| TestCard {
        token: token.to_owned(),
        name: name.to_owned(),
        effect: effect.to_owned(),
    };
    Ok(Method::Sandbox { cards: CARDS.map(card).to_vec() })
}
