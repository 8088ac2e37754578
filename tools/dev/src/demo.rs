//! Fills a new shop with two accounts and two dozen listings, once for each data folder.
//!
//! Everything goes through the shop's own HTTP API. How far it got is kept in the data folder
//! after each listing, and each is sent with an `Idempotency-Key` of its own and with content that
//! depends on nothing but what that file says: whenever the shop or the machine dies, the next
//! start goes on without duplicates.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use boxoffice_contract::tickets::Draft;
use boxoffice_contract::users::Credentials;
use jiff::Timestamp;
use reqwest::header::{COOKIE, RETRY_AFTER, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::listings::{LISTINGS, Listing};
use crate::{Problem, folder};

/// The file's name in the data folder.
pub const FILE: &str = "demo.toml";

const HEADER: &str = "\
# The accounts of this copy's demo data, and how many of its listings there are.

";

/// Letters and digits that nobody mistakes for one another: 32, so that every byte's lower five
/// bits choose one with equal chances.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// How often a request is tried that finds the shop not ready for it.
const TRIES: u32 = 20;

/// An account of the demo data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The address to sign in with.
    pub email: String,
    /// Its password, made at random.
    pub password: String,
}

/// A data folder's demo data: the accounts and how far it has got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demo {
    /// When it was first made; all dates count from here.
    made_at: Timestamp,
    /// How many of the listings are in the shop.
    listed: usize,
    /// Whose listings they are.
    pub seller: Account,
    /// Somebody who has bought nothing yet.
    pub buyer: Account,
}

/// Reads the folder's demo data, having made up its accounts if there were none. Nothing is sent
/// to the shop yet.
pub fn prepare(data: &Path) -> Result<Demo, Problem> {
    folder::prepare(data)?;
    let path = data.join(FILE);
    let load = || -> anyhow::Result<Demo> {
        if !path.exists() {
            folder::write_once(&path, &Demo::fresh(Timestamp::now())?.to_text()?)?;
        }
        Ok(toml::from_str(&std::fs::read_to_string(&path)?)?)
    };
    load().map_err(|error| {
        Problem::new(
            format!("{} cannot be read or created: {error:#}", path.display()),
            "correct it, or start without demo data: --no-demo",
        )
    })
}

impl Demo {
    fn fresh(now: Timestamp) -> anyhow::Result<Demo> {
        let account = |email: &str| -> anyhow::Result<Account> {
            Ok(Account { email: email.to_owned(), password: password()? })
        };
        Ok(Demo {
            made_at: now,
            listed: 0,
            seller: account("seller@example.com")?,
            buyer: account("buyer@example.com")?,
        })
    }

    fn to_text(&self) -> anyhow::Result<String> {
        Ok(format!("{HEADER}{}", toml::to_string(self)?))
    }

    /// Whether the shop has all of it.
    pub fn is_complete(&self) -> bool {
        self.listed >= LISTINGS.len()
    }

    /// Sends what is missing to the shop at `shop`, a base URL such as `http://127.0.0.1:3000`.
    ///
    /// Fails if the shop refuses something or cannot be reached; calling it again goes on from
    /// there.
    pub async fn seed(&mut self, shop: &str, data: &Path) -> anyhow::Result<()> {
        let shop = Shop { client: client()?, base: shop.trim_end_matches('/') };
        if self.is_complete() {
            return Ok(());
        }
        shop.sign_up(&self.buyer).await.context("the buyer's account")?;
        shop.sign_up(&self.seller).await.context("the seller's account")?;
        let session = shop.sign_in(&self.seller).await.context("the seller's session")?;
        while let Some(listing) = LISTINGS.get(self.listed) {
            let key = format!("demo-listing-{:02}", self.listed);
            shop.list(listing, self.made_at, &session, &key)
                .await
                .with_context(|| format!("listing “{}”", listing.title))?;
            self.listed += 1;
            folder::replace(&data.join(FILE), &self.to_text()?)?;
        }
        Ok(())
    }
}

fn client() -> reqwest::Result<Client> {
    Client::builder().timeout(Duration::from_secs(30)).no_proxy().build()
}

/// Twenty random characters in groups of five: a hundred bits.
fn password() -> anyhow::Result<String> {
    let mut random = [0; 20];
    getrandom::fill(&mut random).map_err(std::io::Error::other)?;
    let characters = random.map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
    let groups: Vec<String> = characters.chunks(5).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// The shop as a client sees it.
struct Shop<'a> {
    client: Client,
    base: &'a str,
}

impl Shop<'_> {
    /// The body's members are sorted, whatever its type: a repeat by another version has the same
    /// digest.
    fn post(&self, path: &str, body: &impl Serialize) -> anyhow::Result<RequestBuilder> {
        let body = serde_json::to_value(body)?;
        Ok(self.client.post(format!("{}{path}", self.base)).json(&body))
    }

    /// Makes the account, unless an earlier start has.
    async fn sign_up(&self, account: &Account) -> anyhow::Result<()> {
        let request = self.post("/api/users/signUp", &credentials(account))?;
        let answer = send(request, |status| status == StatusCode::CONFLICT).await?;
        match answer.status() {
            StatusCode::CREATED | StatusCode::CONFLICT => Ok(()),
            _ => Err(refusal(answer).await),
        }
    }

    /// The session's cookie, as a `Cookie` header carries it.
    async fn sign_in(&self, account: &Account) -> anyhow::Result<String> {
        let request = self.post("/api/users/signIn", &credentials(account))?;
        let answer = send(request, |_| false).await?;
        if answer.status() != StatusCode::OK {
            return Err(refusal(answer).await);
        }
        // Taken by hand: a cookie store would keep a `Secure` one from a shop without TLS.
        let cookie = answer.headers().get(SET_COOKIE).context("there is no session cookie")?;
        let cookie = cookie.to_str()?.split(';').next().unwrap_or_default();
        Ok(cookie.to_owned())
    }

    async fn list(
        &self,
        listing: &Listing,
        made_at: Timestamp,
        session: &str,
        key: &str,
    ) -> anyhow::Result<()> {
        let starts_at = listing.starts_at(made_at)?.as_millisecond();
        let body = Draft {
            title: listing.title.to_owned(),
            price: listing.price,
            currency: listing.currency.to_owned(),
            quantity: listing.quantity.into(),
            venue: Some(listing.venue.to_owned()),
            city: Some(listing.city.to_owned()),
            starts_at: Some(boxoffice_contract::Timestamp::from_millis(starts_at)),
            time_zone: Some(listing.time_zone.to_owned()),
            description: Some(listing.description.to_owned()),
            ..Draft::default()
        };
        let request = self.post("/api/tickets", &body)?;
        let request = request.header(COOKIE, session).header("idempotency-key", key);
        let answer = send(request, |_| false).await?;
        match answer.status() {
            StatusCode::CREATED => Ok(()),
            _ => Err(refusal(answer).await),
        }
    }
}

fn credentials(account: &Account) -> Credentials {
    Credentials { email: account.email.clone(), password: account.password.clone() }
}

/// Sends a request, again and again while the shop is not ready for it: it starts, it is busy, or
/// another host that shares the folder is just sending the same. `is_final` tells which of those
/// answers is wanted as it is.
async fn send(
    request: RequestBuilder,
    is_final: impl Fn(StatusCode) -> bool,
) -> anyhow::Result<Response> {
    let mut tries = 0;
    loop {
        tries += 1;
        let attempt = request.try_clone().context("the request cannot be sent twice")?;
        let answer = attempt.send().await;
        let wait = match &answer {
            Ok(answer) if is_final(answer.status()) => None,
            Ok(answer) => wait_before_retry(answer),
            Err(_) => Some(Duration::from_millis(250)),
        };
        match wait {
            Some(wait) if tries < TRIES => tokio::time::sleep(wait).await,
            _ => return Ok(answer?),
        }
    }
}

fn wait_before_retry(answer: &Response) -> Option<Duration> {
    let status = answer.status();
    let is_passing = status.is_server_error()
        || matches!(status, StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS);
    let asked_for = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let seconds = asked_for.and_then(|value| value.parse().ok()).map(Duration::from_secs);
    is_passing.then(|| seconds.unwrap_or(Duration::from_millis(250)).min(Duration::from_secs(5)))
}

async fn refusal(answer: Response) -> anyhow::Error {
    let status = answer.status();
    match answer.text().await {
        Ok(text) if !text.is_empty() => anyhow::anyhow!("the shop answered {status}: {text}"),
        _ => anyhow::anyhow!("the shop answered {status}"),
    }
}

#[cfg(test)]
mod tests;
