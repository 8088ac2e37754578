//! The payment provider: what it has in its ledger, and one that can be made to misbehave, a proxy
//! in front of the sandbox.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{App, Surroundings, id};

/// All PaymentIntents of the provider at `base` whose secret key is `key`, newest first, each with
/// its latest charge.
///
/// # Panics
/// When it does not answer.
pub async fn intents(base: &str, key: &str) -> Vec<Value> {
    let client = reqwest::Client::new();
    let mut intents: Vec<Value> = Vec::new();
    loop {
        let mut url = format!("{base}/v1/payment_intents?limit=100&expand[]=data.latest_charge");
        if let Some(last) = intents.last() {
            url = format!("{url}&starting_after={}", id(last));
        }
        let answer = client.get(url).bearer_auth(key).send().await.unwrap();
        let mut page: Value = answer.json().await.unwrap();
        let Value::Array(more) = page["data"].take() else { panic!("no list: {page:#}") };
        intents.extend(more);
        if page["has_more"] != true {
            return intents;
        }
    }
}

/// How the provider treats those who ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// It does what it is asked and says so.
    Normal,
    /// It does what it is asked and hangs up without a word.
    Mute,
    /// It does what it is asked; its answer comes when the mood changes.
    Slow,
    /// It does what it is asked; its answer takes so many milliseconds.
    Late(u64),
    /// It hangs up without doing anything, but answers those whom it has heard already.
    Deaf,
    /// The same, but only of requests whose path has this in it.
    DeafTo(&'static str),
    /// It is asked twice, as by a network that repeats what it carries, and says what it said the
    /// second time.
    Twice,
    /// It does what it is asked and says that it failed.
    Failing,
}

/// The proxy. Dropped, it is gone.
pub struct Provider {
    address: SocketAddr,
    upstream: watch::Sender<Option<SocketAddr>>,
    mood: watch::Sender<Mood>,
    server: JoinHandle<()>,
}

impl Provider {
    /// A shop whose provider is a proxy in front of its sandbox.
    pub async fn with_shop() -> (Self, App) {
        let mut around = Surroundings::prepare().await;
        let provider = Self::before(&mut around).await;
        (provider, App::start_in(around).await)
    }

    /// Puts a proxy in front of the sandbox; shops that start after that use it.
    ///
    /// # Panics
    /// When there is no port for it.
    pub async fn before(around: &mut Surroundings) -> Self {
        let provider = Self::start().await;
        let sandbox = around.sandbox_url().trim_start_matches("http://").parse().unwrap();
        provider.upstream.send_replace(Some(sandbox));
        let url = format!("http://{}", provider.address);
        around.variables.insert("stripe_api_base".into(), url);
        provider
    }

    /// Puts a proxy in front of another provider, at `upstream`, that passes `edit` of each body on.
    pub async fn before_another(
        around: &mut Surroundings,
        upstream: SocketAddr,
        edit: fn(&str, Bytes) -> Bytes,
    ) -> Self {
        let provider = Self::that_edits(edit).await;
        provider.upstream.send_replace(Some(upstream));
        let url = format!("http://{}", provider.address);
        around.variables.insert("stripe_api_base".into(), url);
        provider
    }

    /// Starts a proxy; until it is told what stands behind it, those who ask have to wait.
    async fn start() -> Self {
        Self::that_edits(|_, body| body).await
    }

    /// Starts a proxy that passes `edit` of each request's body on.
    async fn that_edits(edit: Edit) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (upstream, behind) = watch::channel(None);
        let (mood, moods) = watch::channel(Mood::Normal);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let server = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let proxy = Proxy {
                    http: http.clone(),
                    behind: behind.clone(),
                    moods: moods.clone(),
                    edit,
                };
                tokio::spawn(proxy.serve(client));
            }
        });
        Self { address, upstream, mood, server }
    }

    /// Changes how it behaves from now on, towards requests under way as well.
    pub fn be(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// One connection to the proxy.
#[derive(Clone)]
struct Proxy {
    http: reqwest::Client,
    behind: watch::Receiver<Option<SocketAddr>>,
    moods: watch::Receiver<Mood>,
    edit: Edit,
}

/// What is passed on of a request to this path with this body.
type Edit = fn(&str, Bytes) -> Bytes;

/// Ends the connection without an answer.
type HangUp = &'static str;

impl Proxy {
    async fn serve(self, client: TcpStream) {
        let _ = client.set_nodelay(true);
        let service = service_fn(|request| self.clone().relay(request));
        // How it ends is what is being tried.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(client), service).await;
    }

    async fn relay(mut self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, HangUp> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| "the request broke off")?.to_bytes();
        let body = (self.edit)(head.uri.path(), body);
        let mood = *self.moods.borrow();
        let is_deaf = match mood {
            Mood::Deaf => true,
            Mood::DeafTo(part) => head.uri.path().contains(part),
            _ => false,
        };
        if is_deaf {
            return Err("deaf");
        }
        if mood == Mood::Twice {
            self.ask(&head, body.clone()).await?;
        }
        let answer = self.ask(&head, body).await?;
        if let Mood::Late(ms) = mood {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        let awake = self.moods.wait_for(|mood| *mood != Mood::Slow).await;
        match *awake.map_err(|_| "the provider is gone")? {
            Mood::Mute => Err("mute"),
            Mood::Failing => Ok(failed()),
            _ => Ok(answer),
        }
    }

    async fn ask(
        &mut self,
        head: &hyper::http::request::Parts,
        body: Bytes,
    ) -> Result<Response<Full<Bytes>>, HangUp> {
        let upstream = self.behind.wait_for(Option::is_some).await;
        let upstream = upstream.ok().and_then(|address| *address).ok_or("nobody is behind it")?;
        let url = format!("http://{upstream}{}", head.uri);
        let request = self.http.request(head.method.clone(), url);
        let mut headers = head.headers.clone();
        // The body may have been edited.
        headers.remove("content-length");
        let asked = request.headers(headers).body(body).send().await;
        let answer = asked.map_err(|_| "the sandbox does not answer")?;
        let mut response = Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            *headers = answer.headers().clone();
            // The body is sent on as a whole, whichever way it came.
            headers.remove("transfer-encoding");
        }
        let body = answer.bytes().await.map_err(|_| "the sandbox's answer broke off")?;
        response.body(Full::new(body)).map_err(|_| "no answer to send on")
    }
}

/// What Stripe says when something of its own went wrong.
fn failed() -> Response<Full<Bytes>> {
    let body = r#"{"error":{"type":"api_error","message":"Something went wrong."}}"#;
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
    response
}
