//! The hosts and everything around them.

use std::fmt;
use std::net::SocketAddr;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use boxoffice_host::Host;
use boxoffice_tests::audit::Audit;
use boxoffice_tests::{Person, Provider, Surroundings};
use futures::future::join_all;
use serde_json::Value;

use crate::conductor;
use crate::promise::Promise;
use crate::shopper::Shopper;
use crate::weather::Weather;

/// How many hosts share the data.
pub(crate) const HOSTS: usize = 2;
/// Those who sell, and those who buy.
const SELLERS: usize = 2;
const BUYERS: usize = 4;
/// Longer than a hold, in seconds.
const ALL_HOLDS: u64 = 1_000;
/// How far time moves on with each tick that heals, in seconds.
const STEP: u64 = 6;

/// What happened in one run, or in many.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Account {
    pub(crate) requests: u64,
    pub(crate) promises: u64,
    pub(crate) stopped: u64,
    pub(crate) bells: u64,
    pub(crate) troubles: u64,
    pub(crate) complete: u64,
    pub(crate) refunded: u64,
    pub(crate) cancelled: u64,
    pub(crate) transferred: u64,
    pub(crate) resold: u64,
    pub(crate) admitted: u64,
}

impl AddAssign for Account {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.promises += other.promises;
        self.stopped += other.stopped;
        self.bells += other.bells;
        self.troubles += other.troubles;
        self.complete += other.complete;
        self.refunded += other.refunded;
        self.cancelled += other.cancelled;
        self.transferred += other.transferred;
        self.resold += other.resold;
        self.admitted += other.admitted;
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} requests, {} promises, {} instances stopped, {} doorbells spoilt, {} other troubles, \
             {} orders complete, {} of them refunded, {} cancelled, {} tickets handed on, \
             {} sold on, {} people let in",
            self.requests,
            self.promises,
            self.stopped,
            self.bells,
            self.troubles,
            self.complete,
            self.refunded,
            self.cancelled,
            self.transferred,
            self.resold,
            self.admitted
        )
    }
}

/// Everything there is in one run.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) around: tokio::sync::Mutex<Surroundings>,
    pub(crate) provider: Provider,
    pub(crate) weather: Arc<Weather>,
    pub(crate) hosts: tokio::sync::Mutex<Vec<Host>>,
    /// Where each host listens.
    pub(crate) addresses: Mutex<Vec<SocketAddr>>,
    /// Listings that people have seen.
    pub(crate) listings: Mutex<Vec<Value>>,
    /// The addresses of all people.
    pub(crate) people: Mutex<Vec<String>>,
    /// Links by which a ticket is accepted: for whom, of which admission, and the token.
    pub(crate) links: Mutex<Vec<(String, String, String)>>,
    /// Codes that people have had at some time: of which listing, and the text.
    pub(crate) codes: Mutex<Vec<(Value, Value)>>,
    pub(crate) promises: Mutex<Vec<Promise>>,
    /// How many holds were asked for, each once or several times.
    pub(crate) wishes: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) troubles: AtomicU64,
}

impl World {
    /// Opens a shop in good weather.
    pub(crate) async fn open(seed: u64) -> Self {
        let weather = Arc::new(Weather::new(seed));
        let mut around = Surroundings::prepare().await;
        around.faults = Some(weather.clone());
        let provider = Provider::before(&mut around).await;
        let mut hosts = Vec::new();
        for _ in 0..HOSTS {
            hosts.push(around.host().await);
        }
        let addresses = hosts.iter().map(Host::address).collect();
        Self {
            seed,
            around: tokio::sync::Mutex::new(around),
            provider,
            weather,
            hosts: tokio::sync::Mutex::new(hosts),
            addresses: Mutex::new(addresses),
            listings: Mutex::default(),
            people: Mutex::default(),
            links: Mutex::default(),
            codes: Mutex::default(),
            promises: Mutex::default(),
            wishes: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            troubles: AtomicU64::new(0),
        }
    }

    /// Lets everyone do what they do while the weather is bad.
    pub(crate) async fn live(&self) {
        let first = self.addresses.lock().unwrap()[0];
        let people = join_all((0..SELLERS + BUYERS).map(|_| Person::new(first).signed_up())).await;
        let address = |person: &Person| person.account["email"].as_str().unwrap().to_owned();
        self.people.lock().unwrap().extend(people.iter().map(address));
        let shoppers = people
            .into_iter()
            .enumerate()
            .map(|(index, person)| Shopper::new(self, index as u64, person).lives(index < SELLERS));
        self.weather.turn(true);
        tokio::select! {
            never = conductor::conducts(self) => match never {},
            _ = join_all(shoppers) => {}
        }
    }

    /// Makes all well, lets the shop heal, and checks everything.
    pub(crate) async fn end(self) -> Account {
        self.weather.turn(false);
        conductor::makes_all_well(&self).await;
        let around = self.around.into_inner();
        let hosts = self.hosts.into_inner();
        let audit = Audit::default();
        let tick = async || {
            around.advance(Duration::from_secs(STEP));
            for host in &hosts {
                // Redis may have come back just now.
                let _ = host.fire_cron().await;
            }
        };
        audit.heals(&around, tick).await;
        // Once more when everything that was held has come to its end.
        around.advance(Duration::from_secs(ALL_HOLDS));
        audit.heals(&around, tick).await;

        let database = around.database();
        let count = |sql: &str| -> u64 { database.query_row(sql, [], |row| row.get(0)).unwrap() };
        let by = |status: &str| {
            count(&format!("SELECT COUNT(*) FROM orders_orders WHERE status = '{status}'"))
        };
        let (complete, cancelled) = (by("complete"), by("cancelled"));
        let undecided = count("SELECT COUNT(*) FROM orders_orders") - complete - cancelled;
        assert_eq!(undecided, 0, "seed {}: orders that have not ended", self.seed);
        let twice = count(
            "SELECT COUNT(*) FROM (SELECT admission_id FROM admissions_scans \
             WHERE verdict = 'admitted' GROUP BY admission_id HAVING COUNT(*) > 1) AS twice",
        );
        assert_eq!(twice, 0, "seed {}: people who came in with one ticket", self.seed);
        let wishes = self.wishes.into_inner();
        assert!(complete + cancelled <= wishes, "{} orders of {wishes}", complete + cancelled);
        let promises = self.promises.into_inner().unwrap();
        let broken: Vec<String> =
            promises.iter().filter_map(|promise| promise.broken(&around)).collect();
        assert!(broken.is_empty(), "seed {}: {broken:#?}", self.seed);
        for host in hosts {
            host.shutdown(Duration::from_secs(1)).await;
        }
        Account {
            requests: self.requests.into_inner(),
            promises: promises.len() as u64,
            stopped: self.weather.stopped.load(Ordering::Relaxed),
            bells: self.weather.bells.load(Ordering::Relaxed),
            troubles: self.troubles.into_inner(),
            complete,
            refunded: count("SELECT COUNT(*) FROM orders_orders WHERE refunded_at IS NOT NULL"),
            cancelled,
            transferred: count("SELECT COUNT(*) FROM admissions_admissions WHERE transfers > 0"),
            resold: count(
                "SELECT COUNT(*) FROM admissions_admissions WHERE resold_order_id IS NOT NULL",
            ),
            admitted: count("SELECT COUNT(*) FROM admissions_scans WHERE verdict = 'admitted'"),
        }
    }
}
