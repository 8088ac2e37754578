//! What is in a shop before it is measured: the same in each, and put there as people would, by its
//! API.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use anyhow::{Context, Result};
use boxoffice_contract::users::Credentials;
use boxoffice_contract::{Page, TicketId};
use futures::StreamExt;
use futures::stream::{TryStreamExt, iter};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::client::{Client, Request, Session};
use crate::texts;

/// Everybody's.
pub const PASSWORD: &str = "correct horse battery";
/// How many are sent at once.
const AT_ONCE: usize = 8;
/// Which page is the deep one.
const DEEP: usize = 50;

/// How much there is to be in a shop.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Listings.
    pub listings: u64,
    /// Accounts of buyers.
    pub buyers: u64,
}

/// A shop, with what is in it, and connections to it.
pub struct Shop {
    /// The connections.
    pub client: Client,
    stock: Rc<Stock>,
}

/// What is in a shop.
pub struct Stock {
    address: SocketAddr,
    seller: Option<Session>,
    buyers: Vec<Buyer>,
    listings: Vec<TicketId>,
    /// Where the deep page begins.
    deep: String,
    /// Grows with each listing that is made while it is measured.
    listed: Cell<u64>,
}

/// Somebody with an account.
pub struct Buyer {
    /// What they sign in with.
    pub email: String,
    /// Their session.
    pub session: Session,
}

/// As much of a listing as is needed: peers have fewer members.
#[derive(Deserialize)]
struct Listed {
    id: TicketId,
}

impl Stock {
    /// Of what has no shop in it and answers every address the same: ids that are none.
    pub fn none(address: SocketAddr) -> Self {
        let listings = (0..1_000).map(|_| TicketId::new()).collect();
        let (deep, listed) = (String::new(), Cell::new(0));
        Self { address, seller: None, buyers: Vec::new(), listings, deep, listed }
    }

    /// Fills the empty shop at `address`.
    ///
    /// # Errors
    /// When it refuses something.
    pub async fn fill(address: SocketAddr, size: Size) -> Result<Self> {
        let client = Client::new(address, AT_ONCE)?;
        let seller = sign_up(&client, "seller@example.com").await?;
        let buyers = iter(0..size.buyers).map(async |number| {
            let email = format!("buyer-{number}@example.com");
            let session = sign_up(&client, &email).await?;
            anyhow::Ok(Buyer { email, session })
        });
        let buyers = buyers.buffered(AT_ONCE).try_collect().await?;
        let listings = iter(0..size.listings)
            .map(|number| list(&client, &seller, number))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let deep = deep_cursor(&client).await?;
        let (seller, listed) = (Some(seller), Cell::new(size.listings));
        Ok(Self { address, seller, buyers, listings, deep, listed })
    }
}

impl Shop {
    /// With so many connections, all open.
    ///
    /// # Errors
    /// When the server does not take them.
    pub async fn open(stock: &Rc<Stock>, connections: usize) -> Result<Self> {
        let client = Client::new(stock.address, connections)?;
        client.open(connections).await?;
        Ok(Self { client, stock: Rc::clone(stock) })
    }

    /// Some listing; the same `number` has the same in every shop.
    pub fn listing(&self, number: u64) -> TicketId {
        *texts::one_of(&self.stock.listings, texts::scattered(number))
    }

    /// The buyers, one after the other.
    pub fn buyer(&self, number: u64) -> &Buyer {
        texts::one_of(&self.stock.buyers, number)
    }

    /// How many buyers there are.
    pub fn buyers(&self) -> usize {
        self.stock.buyers.len()
    }

    /// Whoever lists tickets.
    ///
    /// # Errors
    /// Where there is no shop.
    pub fn seller(&self) -> Result<&Session> {
        self.stock.seller.as_ref().context("nobody sells here")
    }

    /// What nobody has listed yet.
    pub fn next_listing(&self) -> serde_json::Value {
        let number = self.stock.listed.get();
        self.stock.listed.set(number + 1);
        texts::listing(number)
    }

    /// Where the deep page begins.
    pub fn deep_cursor(&self) -> &str {
        &self.stock.deep
    }
}

async fn sign_up(client: &Client, email: &str) -> Result<Session> {
    let body = Credentials { email: email.to_owned(), password: PASSWORD.to_owned() };
    let answer = client.send(&Request::post("/api/users/signUp", &body)).await?;
    answer.expect(201).and_then(|answer| answer.session()).context("signing up")
}

async fn list(client: &Client, seller: &Session, number: u64) -> Result<TicketId> {
    let request = Request::post("/api/tickets", &texts::listing(number)).by(seller);
    let answer = client.send(&request).await?.expect(201).context("listing")?;
    Ok(answer.json::<Listed>()?.id)
}

/// Turns pages until the deep one is next; the last that there is, in a small shop.
async fn deep_cursor(client: &Client) -> Result<String> {
    let mut cursor = String::new();
    for _ in 1..DEEP {
        let path = match cursor.as_str() {
            "" => "/api/tickets".to_owned(),
            cursor => format!("/api/tickets?cursor={cursor}"),
        };
        let answer = client.send(&Request::get(path)).await?.expect(200).context("a page")?;
        match answer.json::<Page<IgnoredAny>>()?.next_cursor {
            Some(next) => cursor = next,
            None => break,
        }
    }
    Ok(cursor)
}
