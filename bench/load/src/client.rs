//! An HTTP/1.1 client with as little to it as can be: it runs on the cores that the servers need.
//!
//! Everything is on one thread. Connections are taken in turn, the one that has rested longest
//! first: a server that gives its connections to several processes has all of them at work.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures::future::try_join_all;
use http::header::{CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderValue, SET_COOKIE};
use http::{Method, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::spawn_local;
use tokio::time::timeout;

/// How long an answer may take; one that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(30);

/// Some connections to a server. All of it belongs in a [`tokio::task::LocalSet`].
pub struct Client {
    address: SocketAddr,
    host: HeaderValue,
    idle: RefCell<VecDeque<SendRequest<Full<Bytes>>>>,
    /// As many as connections may be open.
    places: Semaphore,
}

/// Who asks: the cookie that a sign-in was answered with.
#[derive(Clone, Debug)]
pub struct Session(HeaderValue);

/// What is asked.
#[derive(Debug)]
pub struct Request {
    method: Method,
    path: String,
    session: Option<Session>,
    body: Option<Bytes>,
}

/// What is answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    /// `GET path`.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), session: None, body: None }
    }

    /// `POST path` with JSON.
    pub fn post(path: impl Into<String>, body: &impl Serialize) -> Self {
        // Ours are maps of texts and numbers: writing one cannot fail.
        let body = Some(serde_json::to_vec(body).unwrap_or_default().into());
        Self { method: Method::POST, path: path.into(), session: None, body }
    }

    /// The same, by somebody who is signed in.
    #[must_use]
    pub fn by(self, session: &Session) -> Self {
        Self { session: Some(session.clone()), ..self }
    }

    fn to_http(&self, host: &HeaderValue) -> Result<http::Request<Full<Bytes>>> {
        let mut builder = http::Request::builder().method(&self.method).uri(&self.path);
        builder = builder.header(HOST, host);
        if let Some(Session(cookie)) = &self.session {
            builder = builder.header(COOKIE, cookie);
        }
        if self.body.is_some() {
            builder = builder.header(CONTENT_TYPE, "application/json");
        }
        Ok(builder.body(Full::new(self.body.clone().unwrap_or_default()))?)
    }
}

impl Answer {
    /// The body, read as JSON.
    ///
    /// # Errors
    /// When it is not what is wanted; with its beginning, to see what it is.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).with_context(|| {
            let text = String::from_utf8_lossy(&self.body);
            format!("{}: {}", self.status, text.chars().take(300).collect::<String>())
        })
    }

    /// The session that the answer starts.
    ///
    /// # Errors
    /// When it starts none.
    pub fn session(&self) -> Result<Session> {
        let set = self.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = set.filter_map(|cookie| cookie.split(';').next());
        let pair = pairs.into_iter().find(|pair| pair.starts_with("session="));
        let pair =
            pair.with_context(|| format!("{}: the answer has no session cookie", self.status))?;
        Ok(Session(HeaderValue::try_from(pair)?))
    }

    /// The answer, if its status is `wanted`.
    ///
    /// # Errors
    /// When it is another; with what the answer says.
    pub fn expect(self, wanted: u16) -> Result<Self> {
        if self.status == wanted {
            return Ok(self);
        }
        let text = String::from_utf8_lossy(&self.body);
        bail!("{} instead of {wanted}: {}", self.status, text.chars().take(300).collect::<String>())
    }
}

impl Client {
    /// A client with up to so many connections, none of which is open yet.
    ///
    /// # Errors
    /// None that happens: an address is a header's value.
    pub fn new(address: SocketAddr, connections: usize) -> Result<Self> {
        Ok(Self {
            address,
            host: HeaderValue::try_from(address.to_string())?,
            idle: RefCell::default(),
            places: Semaphore::new(connections),
        })
    }

    /// Opens so many connections, so that no request has to.
    ///
    /// # Errors
    /// When the server does not take them.
    pub async fn open(&self, connections: usize) -> Result<()> {
        let opened = try_join_all((0..connections).map(|_| self.connect())).await?;
        self.idle.borrow_mut().extend(opened);
        Ok(())
    }

    /// Sends a request when a connection is free for it.
    ///
    /// # Errors
    /// When no whole answer comes in time.
    pub async fn send(&self, request: &Request) -> Result<Answer> {
        let _place = self.places.acquire().await?;
        timeout(PATIENCE, self.exchange(request)).await.context("no answer in time")?
    }

    async fn exchange(&self, request: &Request) -> Result<Answer> {
        let mut connection = self.take().await?;
        let response = connection.send_request(request.to_http(&self.host)?).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        if !connection.is_closed() {
            self.idle.borrow_mut().push_back(connection);
        }
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    async fn take(&self) -> Result<SendRequest<Full<Bytes>>> {
        loop {
            let rested = self.idle.borrow_mut().pop_front();
            let Some(mut connection) = rested else { return self.connect().await };
            // One that the server has closed meanwhile is not.
            if connection.ready().await.is_ok() {
                return Ok(connection);
            }
        }
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.address).await.context("connecting")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        spawn_local(async {
            // What went wrong, the request hears.
            let _ = connection.await;
        });
        Ok(sender)
    }
}
