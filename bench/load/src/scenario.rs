//! What is done: each scenario is a line of data, and what one of many does once.

use std::time::Duration;

use boxoffice_contract::orders::OrderStatus;
use boxoffice_contract::payments::NewPayment;
use boxoffice_contract::users::Credentials;
use boxoffice_contract::{OrderId, TicketId, Word};
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use serde::Deserialize;
use serde_json::json;
use tokio::time::sleep;

use crate::arrival::Rate;
use crate::client::{Answer, Request};
use crate::load::Miss;
use crate::shop::{PASSWORD, Shop};
use crate::texts;

/// How often one looks whether an order is complete.
const LOOK: Duration = Duration::from_millis(5);
/// How often one looks before one gives up: half a minute.
const LOOKS: usize = 6_000;

/// Something that is measured.
pub struct Scenario {
    /// How it is called on the command line and in results.
    pub name: &'static str,
    /// How it is called in tables and drawings.
    pub title: &'static str,
    /// What is sent.
    pub what: &'static str,
    /// How it is measured.
    pub shape: Shape,
}

/// How a scenario is measured.
pub enum Shape {
    /// By many who do the same, each on their own.
    Steady {
        /// The pace at which latency is measured: one that every target can keep.
        rate: Rate,
        /// How many connections there are, and how many do it at once when it is measured how much
        /// a target can bear.
        connections: usize,
        /// What one of them does.
        act: Act,
    },
    /// By everyone at once ([`crate::sale`]).
    Sale,
    /// By what it leaves in memory: as `Steady`, and looked at after some requests and after many.
    Growth {
        /// How many connections there are.
        connections: usize,
        /// What one request does.
        act: Act,
    },
}

impl Scenario {
    /// How many connections are open while it is measured.
    pub const fn connections(&self) -> usize {
        match self.shape {
            Shape::Steady { connections, .. } | Shape::Growth { connections, .. } => connections,
            Shape::Sale => 1,
        }
    }
}

/// What somebody does once; the number tells them from others.
pub type Act = for<'a> fn(&'a Shop, u64) -> LocalBoxFuture<'a, Result<(), Miss>>;

/// Every scenario, in the order in which they are measured: those that only read come first, since
/// of those that write, a faster server leaves more behind.
pub static ALL: [Scenario; 12] = [
    Scenario {
        name: "memory",
        title: "Memory",
        what: "60 % detail, 40 % page 1",
        shape: Shape::Growth { connections: 32, act: read },
    },
    steady("detail", "Ticket detail", "GET /api/tickets/{id}", 300.0, 32, detail),
    steady("browse", "Browse, page 1", "GET /api/tickets", 100.0, 32, browse),
    steady("deep", "Browse, page 50", "GET /api/tickets?cursor=…", 100.0, 32, deep),
    steady("search", "Search", "GET /api/tickets?q=…", 40.0, 32, search),
    steady("page", "Browse, rendered page", "GET /", 40.0, 32, page),
    steady(
        "mixed",
        "Mixed, 95 % reading",
        "55 % detail, 25 % page 1, 10 % search, 5 % page 50, \
        4 % holds, 1 % new listings",
        100.0,
        32,
        mixed,
    ),
    steady("sign-in", "Sign in", "POST /api/users/signIn", 6.0, 8, sign_in),
    steady("hold", "Hold a ticket", "POST /api/orders", 60.0, 32, hold),
    steady("list", "List a ticket", "POST /api/tickets", 60.0, 32, list),
    steady(
        "purchase",
        "Whole purchase",
        "hold, pay, and look until the order is complete",
        6.0,
        8,
        purchase,
    ),
    Scenario {
        name: "flash-sale",
        title: "Flash sale",
        what: "POST /api/orders for one listing, by everyone at once",
        shape: Shape::Sale,
    },
];

const fn steady(
    name: &'static str,
    title: &'static str,
    what: &'static str,
    rate: f64,
    connections: usize,
    act: Act,
) -> Scenario {
    Scenario {
        name,
        title,
        what,
        shape: Shape::Steady { rate: Rate::steady(rate), connections, act },
    }
}

/// The scenario of that name.
///
/// # Errors
/// With the names that there are.
pub fn find(name: &str) -> Result<&'static Scenario, String> {
    ALL.iter().find(|scenario| scenario.name == name).ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|scenario| scenario.name).collect();
        format!("there is no scenario {name:?}; the scenarios are: {}", names.join(", "))
    })
}

/// Sends a request, whose answer must have the status `wanted`.
pub(crate) async fn ask(shop: &Shop, request: Request, wanted: u16) -> Result<Answer, Miss> {
    match shop.client.send(&request).await {
        Ok(answer) if answer.status == wanted => Ok(answer),
        Ok(answer) => Err(answer.status.as_u16().to_string()),
        Err(error) => Err(format!("{error:#}")),
    }
}

fn get(shop: &Shop, path: String) -> LocalBoxFuture<'_, Result<(), Miss>> {
    async move { ask(shop, Request::get(path), 200).await.map(drop) }.boxed_local()
}

fn detail(shop: &Shop, number: u64) -> LocalBoxFuture<'_, Result<(), Miss>> {
    get(shop, format!("/api/tickets/{}", shop.listing(number)))
}

fn browse(shop: &Shop, _: u64) -> LocalBoxFuture<'_, Result<(), Miss>> {
    get(shop, "/api/tickets".to_owned())
}

fn deep(shop: &Shop, _: u64) -> LocalBoxFuture<'_, Result<(), Miss>> {
    get(shop, format!("/api/tickets?cursor={}", shop.deep_cursor()))
}

fn search(shop: &Shop, number: u64) -> LocalBoxFuture<'_, Result<(), Miss>> {
    get(shop, format!("/api/tickets?q={}", texts::search(number)))
}

fn page(shop: &Shop, _: u64) -> LocalBoxFuture<'_, Result<(), Miss>> {
    get(shop, "/".to_owned())
}

fn mixed(shop: &Shop, number: u64) -> LocalBoxFuture<'_, Result<(), Miss>> {
    let act = match texts::scattered(number) % 100 {
        0..55 => detail,
        55..80 => browse,
        80..90 => search,
        90..95 => deep,
        95..99 => hold,
        _ => list,
    };
    act(shop, number)
}

fn read(shop: &Shop, number: u64) -> LocalBoxFuture<'_, Result<(), Miss>> {
    let act = if number % 5 < 3 { detail } else { browse };
    act(shop, number)
}

fn sign_in(shop: &Shop, number: u64) -> LocalBoxFuture<'_, Result<(), Miss>> {
    async move {
        let email = shop.buyer(number).email.clone();
        let body = Credentials { email, password: PASSWORD.to_owned() };
        ask(shop, Request::post("/api/users/signIn", &body), 200).await.map(drop)
    }
    .boxed_local()
}

fn list(shop: &Shop, _: u64) -> LocalBoxFuture<'_, Result<(), Miss>> {
    async move {
        let seller = shop.seller().map_err(|error| error.to_string())?;
        let request = Request::post("/api/tickets", &shop.next_listing()).by(seller);
        ask(shop, request, 201).await.map(drop)
    }
    .boxed_local()
}

fn hold(shop: &Shop, number: u64) -> LocalBoxFuture<'_, Result<(), Miss>> {
    async move { hold_one(shop, number, shop.listing(number)).await.map(drop) }.boxed_local()
}

/// As much of an order as is needed: peers have fewer members.
#[derive(Deserialize)]
struct Order {
    id: OrderId,
    status: Word<OrderStatus>,
}

/// Has the buyer `number` hold a ticket of `listing`.
pub(crate) async fn hold_one(shop: &Shop, number: u64, listing: TicketId) -> Result<Answer, Miss> {
    let body = json!({ "ticketId": listing });
    let request = Request::post("/api/orders", &body).by(&shop.buyer(number).session);
    ask(shop, request, 201).await
}

fn purchase(shop: &Shop, number: u64) -> LocalBoxFuture<'_, Result<(), Miss>> {
    async move {
        let read = |answer: Answer| answer.json().map_err(|error| format!("{error:#}"));
        let order: Order = read(hold_one(shop, number, shop.listing(number)).await?)?;
        let buyer = &shop.buyer(number).session;
        let body = NewPayment { order_id: order.id, token: "pm_card_visa".to_owned() };
        ask(shop, Request::post("/api/payments", &body).by(buyer), 201).await?;
        let path = format!("/api/orders/{}", order.id);
        for _ in 0..LOOKS {
            let seen: Order = read(ask(shop, Request::get(path.as_str()).by(buyer), 200).await?)?;
            if seen.status == OrderStatus::Complete {
                return Ok(());
            }
            sleep(LOOK).await;
        }
        Err("paid, but not complete".to_owned())
    }
    .boxed_local()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn scenarios_are_found_by_name() {
        for scenario in &ALL {
            assert_eq!(find(scenario.name).unwrap().title, scenario.title);
        }
        let complaint = find("nap").err().unwrap();
        assert!(complaint.contains("nap") && complaint.contains("flash-sale"), "{complaint}");
    }

    #[test]
    fn of_mixed_traffic_one_in_twenty_writes() {
        let writes = (0..10_000).filter(|number| texts::scattered(*number) % 100 >= 95).count();
        assert!((420..=580).contains(&writes), "{writes}");
    }
}
