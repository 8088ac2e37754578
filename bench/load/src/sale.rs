//! A flash sale: everyone wants one of the few tickets of one listing, at the same moment.
//!
//! A server that does so many holds at once as it has cores, each in the time `m` that one takes
//! when nothing else is done, has answered the 99th of a hundred buyers after
//! `m · ⌈0.99 · buyers ÷ cores⌉`. That is the queue which cores imply; the goal is twice that.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result};
use boxoffice_contract::TicketId;
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::client::Request;
use crate::load::Outcome;
use crate::scenario::hold_one;
use crate::shop::{Shop, Stock};

/// How many holds are made one after the other to know how long one takes.
const ALONE: u64 = 40;
/// How long news of the new listing may take to be everywhere.
const NEWS: Duration = Duration::from_millis(500);
/// How long the listing may take to say that nothing is left.
const PATIENCE: Duration = Duration::from_secs(30);

/// How big a sale is.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Who wants a ticket.
    pub buyers: u64,
    /// How many there are.
    pub units: u64,
}

/// What came of a sale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sale {
    /// Who came.
    pub buyers: u64,
    /// How many tickets there were.
    pub units: u64,
    /// How many were told that they have one.
    pub sold: u64,
    /// How many were told that they have none.
    pub refused: u64,
    /// How many were told anything else, or nothing.
    pub other: u64,
    /// What the listing says at the end.
    pub left: u64,
    /// Until all had an answer, in seconds.
    pub took_s: f64,
    /// The median of the answers, in milliseconds after everybody asked.
    pub p50_ms: f64,
    /// The 99th percentile of the same.
    pub p99_ms: f64,
    /// The median of holds one after the other, in milliseconds.
    pub alone_ms: f64,
}

impl Sale {
    /// Whether exactly as many were sold as there were, and everybody else was told so.
    pub fn is_right(&self) -> bool {
        let sold_out = self.sold == self.units.min(self.buyers);
        sold_out && self.refused == self.buyers - self.sold && self.other == 0 && self.left == 0
    }

    /// The 99th percentile as a multiple of the queue that `cores` imply; the goal is below 2.
    #[allow(clippy::cast_precision_loss, reason = "a count of people")]
    pub fn queueing(&self, cores: usize) -> f64 {
        let queue = (self.buyers as f64 * 0.99 / cores as f64).ceil();
        self.p99_ms / (self.alone_ms * queue)
    }
}

/// As much of a listing as is needed: peers have fewer members.
#[derive(Deserialize)]
struct Listing {
    id: TicketId,
    available: u64,
}

/// Holds a sale.
///
/// # Errors
/// When there is no shop, or it does not take what the sale begins with.
pub async fn hold(stock: &Rc<Stock>, plan: Plan) -> Result<Sale> {
    let buyers = usize::try_from(plan.buyers)?;
    let shop = Shop::open(stock, 1).await?;
    let alone_ms = alone(&shop).await.map_err(anyhow::Error::msg)?;
    let listing = offer(&shop, plan.units).await?;
    sleep(NEWS).await;

    let crowd = Shop::open(stock, buyers).await?;
    let outcome = RefCell::new(Outcome::new());
    let start = Instant::now();
    let asking = (0..plan.buyers).map(async |number| {
        let result = hold_one(&crowd, number, listing).await.map(drop);
        let refused = result.as_ref().is_err_and(|miss| miss == REFUSED);
        let mut outcome = outcome.borrow_mut();
        // Who is told no has an answer, too, and it has taken its time.
        let counted = if refused { Ok(()) } else { result.clone() };
        outcome.note(start.elapsed(), counted);
        result
    });
    let results = join_all(asking).await;
    let took_s = start.elapsed().as_secs_f64();
    let outcome = outcome.into_inner();

    let count = |wanted: &dyn Fn(&Result<(), String>) -> bool| {
        results.iter().filter(|result| wanted(result)).count() as u64
    };
    let sold = count(&|result| result.is_ok());
    let refused = count(&|result| result.as_ref().is_err_and(|miss| miss == REFUSED));
    Ok(Sale {
        buyers: plan.buyers,
        units: plan.units,
        sold,
        refused,
        other: plan.buyers - sold - refused,
        left: left(&shop, listing).await?,
        took_s,
        p50_ms: outcome.percentile(50.0),
        p99_ms: outcome.percentile(99.0),
        alone_ms,
    })
}

/// What those are answered who come too late.
const REFUSED: &str = "409";

/// How long a hold takes when nothing else is done: the median, in milliseconds.
async fn alone(shop: &Shop) -> Result<f64, String> {
    let mut outcome = Outcome::new();
    for number in 0..ALONE {
        let start = Instant::now();
        hold_one(shop, number, shop.listing(number)).await?;
        outcome.note(start.elapsed(), Ok(()));
    }
    Ok(outcome.percentile(50.0))
}

async fn offer(shop: &Shop, units: u64) -> Result<TicketId> {
    let mut listing = shop.next_listing();
    listing["quantity"] = units.into();
    let request = Request::post("/api/tickets", &listing).by(shop.seller()?);
    let answer =
        shop.client.send(&request).await?.expect(201).context("listing what is on sale")?;
    Ok(answer.json::<Listing>()?.id)
}

/// How many tickets the listing has left; what is behind gets time to catch up.
async fn left(shop: &Shop, listing: TicketId) -> Result<u64> {
    let path = format!("/api/tickets/{listing}");
    let start = Instant::now();
    loop {
        let answer = shop.client.send(&Request::get(path.as_str())).await?.expect(200)?;
        let Listing { available, .. } = answer.json()?;
        if available == 0 || start.elapsed() > PATIENCE {
            return Ok(available);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// One that went well.
    pub(crate) fn sale() -> Sale {
        Sale {
            buyers: 1_000,
            units: 100,
            sold: 100,
            refused: 900,
            other: 0,
            left: 0,
            took_s: 1.0,
            p50_ms: 500.0,
            p99_ms: 990.0,
            alone_ms: 2.0,
        }
    }

    #[test]
    fn a_sale_is_right_if_everybody_has_a_ticket_or_a_no() {
        assert!(sale().is_right());
        assert!(!Sale { sold: 101, refused: 899, ..sale() }.is_right(), "oversold");
        assert!(!Sale { sold: 99, refused: 901, ..sale() }.is_right(), "one was left");
        assert!(!Sale { refused: 899, other: 1, ..sale() }.is_right(), "one had no answer");
        assert!(!Sale { left: 1, ..sale() }.is_right(), "the listing says otherwise");
    }

    #[test]
    fn the_queue_is_what_cores_imply() {
        // 495 in front of the last but ten, each 2 ms: 990 ms.
        assert!((sale().queueing(2) - 1.0).abs() < 1e-9);
        assert!((sale().queueing(1) - 0.5).abs() < 1e-9);
    }
}
