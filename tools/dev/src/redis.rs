//! Finds the Redis that the shop is to use, or starts one.
//!
//! A Redis that answers at the address is used as it is. If nothing answers and the address is
//! this machine's, a `redis-server` of our own is started there, with its append-only file in the
//! data folder. It is a child that the kernel kills as soon as our process is gone, whatever ended
//! that, so a copy of the shop that was killed leaves nothing behind and can be started again.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::{Duration, Instant};

use redis::{Client, ConnectionAddr, IntoConnectionInfo};

use crate::Problem;

mod server;

use server::Server;

/// The oldest Redis that has every command that the shop uses (`XAUTOCLAIM`).
const OLDEST: (u32, u32) = (6, 2);

/// How long to wait for one answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a server may take until it has read its data.
const LOADING: Duration = Duration::from_secs(30);

/// A Redis that answers. Dropping it stops the server, if it is our own.
#[derive(Debug)]
pub struct Redis {
    place: Place,
    version: String,
    server: Option<Server>,
}

/// Where a Redis is, as its URL says.
#[derive(Debug, Clone)]
struct Place {
    client: Client,
    host: String,
    port: u16,
    user: Option<String>,
    password: Option<String>,
    database: i64,
}

/// What came back from a place.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// A Redis, of this version (empty if it does not tell).
    Ready(String),
    /// A Redis that still reads its data.
    Loading,
    /// Nobody listens there.
    Nothing(String),
    /// Somebody listens, but the shop could not use it.
    Refusal(String),
}

/// Finds the Redis at `url`, or starts one that keeps its data in `<data>/redis`.
///
/// Call it on the main thread: the kernel ends a server of ours when the *thread* that started it
/// ends. It blocks until the server answers, at most half a minute.
pub fn find_or_start(url: &str, data: &Path) -> Result<Redis, Problem> {
    let place = Place::parse(url)?;
    match place.settled_answer() {
        Answer::Ready(version) => Redis::new(place, version, None),
        Answer::Nothing(why) => start(place, data, &why),
        Answer::Loading => Err(place.still_loading()),
        Answer::Refusal(why) => Err(place.unusable(&why)),
    }
}

fn start(place: Place, data: &Path, why: &str) -> Result<Redis, Problem> {
    let Some(bind) = place.loopback() else {
        return Err(Problem::new(
            format!("no Redis answers at {}: {why}", place.name()),
            "start it, or correct the variable redis_url (SPIN_VARIABLE_REDIS_URL); a Redis at \
             127.0.0.1 is started for you",
        ));
    };
    if let Some(user) = place.user.as_deref().filter(|user| *user != "default") {
        return Err(Problem::new(
            format!(
                "no Redis answers at {}, and a Redis started here would not have the user {user}",
                place.name()
            ),
            "start that Redis, or leave the user out of the variable redis_url",
        ));
    }
    let Some(mut server) = Server::start(&place, &bind, data)? else {
        return wait_for_the_other_one(place, data);
    };
    let deadline = Instant::now() + LOADING;
    while Instant::now() < deadline {
        if let Some(problem) = server.has_ended() {
            return Err(problem);
        }
        match place.answer() {
            Answer::Ready(version) => return Redis::new(place, version, Some(server)),
            Answer::Refusal(why) => return Err(place.unusable(&why)),
            Answer::Loading | Answer::Nothing(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
    Err(place.still_loading())
}

/// Another host on the same data folder has just started its Redis: use that.
fn wait_for_the_other_one(place: Place, data: &Path) -> Result<Redis, Problem> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Answer::Ready(version) = place.settled_answer() {
            return Redis::new(place, version, None);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(Problem::new(
        format!(
            "another copy of the shop runs a Redis on the data folder {}, but not at {}",
            data.display(),
            place.name()
        ),
        "give both copies the same redis_url, or give this one another --data",
    ))
}

impl Redis {
    fn new(place: Place, version: String, server: Option<Server>) -> Result<Redis, Problem> {
        if is_too_old(&version) {
            let (major, minor) = OLDEST;
            return Err(Problem::new(
                format!("the Redis at {} is {version}, which is too old", place.name()),
                format!("use {major}.{minor} or newer"),
            ));
        }
        Ok(Redis { place, version, server })
    }

    /// Whether this server is our own, to be stopped with us.
    pub fn is_ours(&self) -> bool {
        self.server.is_some()
    }

    /// The number of the server's process, if it is our own.
    pub fn process(&self) -> Option<u32> {
        self.server.as_ref().map(Server::process)
    }

    /// What a server of ours said last, once it has ended by itself.
    pub fn has_ended(&mut self) -> Option<Problem> {
        self.server.as_mut()?.has_ended()
    }

    /// Stops the server if it is our own: asks it to, waits, then kills it.
    pub fn stop(mut self, patience: Duration) {
        if let Some(server) = &mut self.server {
            server.stop(patience);
        }
    }
}

/// Address and version; never the password.
impl std::fmt::Display for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (Redis {})", self.place.name(), self.version)
    }
}

impl Place {
    fn parse(url: &str) -> Result<Place, Problem> {
        // Neither the message nor the remedy repeats the URL: it may contain a password.
        let wrong = |why: String| {
            Problem::new(
                format!("the variable redis_url is invalid: {why}"),
                "write it as redis://HOST:PORT, or redis://:PASSWORD@HOST:PORT",
            )
        };
        let info = url.into_connection_info().map_err(|error| wrong(error.to_string()))?;
        let ConnectionAddr::Tcp(host, port) = info.addr() else {
            return Err(wrong("only plain TCP is supported, neither TLS nor sockets".to_owned()));
        };
        let settings = info.redis_settings();
        Ok(Place {
            host: host.clone(),
            port: *port,
            user: settings.username().map(str::to_owned),
            password: settings.password().map(str::to_owned),
            database: settings.db(),
            client: Client::open(info).map_err(|error| wrong(error.to_string()))?,
        })
    }

    fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The addresses that a server of our own binds for this place; `None` if it is elsewhere.
    fn loopback(&self) -> Option<String> {
        if self.host.eq_ignore_ascii_case("localhost") {
            // The second one only where the machine has it.
            return Some("127.0.0.1 -::1".to_owned());
        }
        let address: IpAddr = self.host.trim_matches(['[', ']']).parse().ok()?;
        address.is_loopback().then(|| address.to_string())
    }

    /// Asks once, and again while the server reads its data.
    fn settled_answer(&self) -> Answer {
        let deadline = Instant::now() + LOADING;
        loop {
            let answer = self.answer();
            if answer != Answer::Loading || Instant::now() > deadline {
                return answer;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn answer(&self) -> Answer {
        if let Err(error) = self.reach() {
            return Answer::Nothing(error.to_string());
        }
        match self.ask() {
            Ok(version) => Answer::Ready(version),
            Err(error) if error.code() == Some("LOADING") => Answer::Loading,
            Err(error) => Answer::Refusal(error.to_string()),
        }
    }

    fn reach(&self) -> io::Result<()> {
        let mut last = io::Error::other("the name has no address");
        let host = self.host.trim_matches(['[', ']']);
        for address in (host, self.port).to_socket_addrs()? {
            match connect(address) {
                Ok(()) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn ask(&self) -> redis::RedisResult<String> {
        let mut connection = self.client.get_connection_with_timeout(PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        redis::cmd("PING").exec(&mut connection)?;
        // A server may forbid INFO and still do for the shop.
        let info: String =
            redis::cmd("INFO").arg("server").query(&mut connection).unwrap_or_default();
        Ok(version_in(&info).to_owned())
    }

    fn still_loading(&self) -> Problem {
        Problem::new(
            format!("the Redis at {} is still loading its data", self.name()),
            "wait until it is done, then start again",
        )
    }

    fn unusable(&self, why: &str) -> Problem {
        Problem::new(
            format!("the shop cannot use the server at {} as its Redis: {why}", self.name()),
            "stop it, or set the variable redis_url (SPIN_VARIABLE_REDIS_URL) to another port, or \
             add the right password",
        )
    }
}

fn connect(address: SocketAddr) -> io::Result<()> {
    TcpStream::connect_timeout(&address, PATIENCE).map(drop)
}

fn version_in(info: &str) -> &str {
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
    version.unwrap_or("of unknown version").trim()
}

/// A version that cannot be read is given the benefit of the doubt.
fn is_too_old(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) => (major, minor) < OLDEST,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
