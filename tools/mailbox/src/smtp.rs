//! One client's session (RFC 5321).

use std::io;
use std::time::Duration;

use smtp_proto::request::receiver::{DataReceiver, LineReceiver, RequestReceiver};
use smtp_proto::{
    AUTH_PLAIN, EXT_8BIT_MIME, EXT_AUTH, EXT_PIPELINING, EXT_SIZE, EXT_SMTP_UTF8, EhloResponse,
    Error, Request,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fault::Fault;
use crate::message::Envelope;
use crate::store::Store;

/// How the server calls itself.
const NAME: &str = "mailbox.localhost";
/// How many bytes a letter may have.
const MAX_SIZE: usize = 10 << 20;
/// How many recipients a letter may have.
const MAX_RECIPIENTS: usize = 100;
/// How long a client may say nothing (RFC 5321, 4.5.3.2.7).
const SILENCE: Duration = Duration::from_secs(5 * 60);

/// What a client has said so far.
struct Session<'s> {
    stream: TcpStream,
    store: &'s Store,
    requests: RequestReceiver,
    /// What was read of the stream and not yet understood.
    unread: Vec<u8>,
    from: Option<String>,
    to: Vec<String>,
}

/// What becomes of the connection.
#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    HangUp,
}

/// Serves a client until it goes, or something goes wrong.
pub(crate) async fn serve(stream: TcpStream, store: &Store) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let requests = RequestReceiver::default();
    let (unread, from, to) = (Vec::new(), None, Vec::new());
    let mut session = Session { stream, store, requests, unread, from, to };
    match store.fault() {
        Fault::HangAtBanner => return session.hang().await,
        Fault::Unavailable => return session.say("421 4.3.2 Come back later").await,
        _ => session.say(&format!("220 {NAME} keeps what it gets, and sends nothing on")).await?,
    }
    while let Some(request) = session.request().await? {
        let next = match request {
            Ok(request) => session.answer(request).await?,
            Err(error) => session.refuse(&error).await?,
        };
        if next == Next::HangUp {
            break;
        }
    }
    session.stream.shutdown().await
}

impl Session<'_> {
    async fn answer(&mut self, request: Request<String>) -> io::Result<Next> {
        match request {
            Request::Ehlo { .. } => {
                self.forget();
                self.say_hello().await?;
            }
            Request::Helo { .. } => {
                self.forget();
                self.say(&format!("250 {NAME}")).await?;
            }
            Request::Auth { mechanism, initial_response } => {
                self.authenticate(mechanism, &initial_response).await?;
            }
            Request::Mail { from } if self.from.is_none() => {
                self.from = Some(from.address);
                self.say("250 2.1.0 OK").await?;
            }
            Request::Rcpt { to } if self.from.is_some() => self.recipient(to.address).await?,
            Request::Data if !self.to.is_empty() => return self.letter().await,
            Request::Mail { .. } | Request::Rcpt { .. } | Request::Data => {
                self.say("503 5.5.1 This is not its turn").await?;
            }
            Request::Rset => {
                self.forget();
                self.say("250 2.0.0 OK").await?;
            }
            Request::Noop { .. } => self.say("250 2.0.0 OK").await?,
            Request::Quit => {
                self.say("221 2.0.0 Goodbye").await?;
                return Ok(Next::HangUp);
            }
            _ => self.say("502 5.5.1 The mailbox does not know this command").await?,
        }
        Ok(Next::GoOn)
    }

    async fn refuse(&mut self, error: &Error) -> io::Result<Next> {
        match error {
            Error::UnknownCommand | Error::InvalidResponse { .. } => {
                self.say("500 5.5.2 The mailbox does not know this command").await?;
            }
            Error::ResponseTooLong => {
                self.say("500 5.5.2 The line is too long").await?;
                return Ok(Next::HangUp);
            }
            _ => self.say("501 5.5.4 The mailbox does not understand this").await?,
        }
        Ok(Next::GoOn)
    }

    async fn say_hello(&mut self) -> io::Result<()> {
        let mut hello = EhloResponse::new(NAME);
        hello.capabilities = EXT_8BIT_MIME | EXT_AUTH | EXT_PIPELINING | EXT_SIZE | EXT_SMTP_UTF8;
        hello.auth_mechanisms = AUTH_PLAIN;
        hello.size = MAX_SIZE;
        let mut text = Vec::new();
        hello.write(&mut text)?;
        self.stream.write_all(&text).await
    }

    /// Lets anybody in, with any name and password.
    async fn authenticate(&mut self, mechanism: u64, response: &str) -> io::Result<()> {
        if mechanism != AUTH_PLAIN {
            return self.say("504 5.5.4 Use PLAIN").await;
        }
        if response.is_empty() {
            self.say("334 ").await?;
            self.line().await?;
        }
        match self.store.fault() {
            Fault::RefuseAuth => self.say("535 5.7.8 Name or password is wrong").await,
            _ => self.say("235 2.7.0 OK").await,
        }
    }

    async fn recipient(&mut self, address: String) -> io::Result<()> {
        if self.store.puts_off() {
            return self.say("451 4.7.1 Greylisted: try again later").await;
        }
        match self.store.fault() {
            Fault::RejectRecipient { address: unknown } if unknown == address => {
                self.say("550 5.1.1 There is no such mailbox").await
            }
            _ if self.to.len() >= MAX_RECIPIENTS => {
                self.say("452 4.5.3 That is too many recipients").await
            }
            _ => {
                self.to.push(address);
                self.say("250 2.1.5 OK").await
            }
        }
    }

    async fn letter(&mut self) -> io::Result<Next> {
        self.say("354 Go on, and end with a full stop").await?;
        let Some(data) = self.data().await? else {
            self.say("552 5.3.4 The letter is too long").await?;
            return Ok(Next::HangUp);
        };
        let from = self.from.take().unwrap_or_default();
        let envelope = Envelope { from, to: std::mem::take(&mut self.to), data };
        match self.store.fault() {
            Fault::HangAfterData => {
                self.hang().await?;
                return Ok(Next::HangUp);
            }
            Fault::DisconnectBeforeAnswer { keeps } => {
                if keeps {
                    self.store.keep(envelope);
                }
                return Ok(Next::HangUp);
            }
            _ => {}
        }
        let id = self.store.keep(envelope);
        self.say(&format!("250 2.0.0 Kept as {id}")).await?;
        Ok(match self.store.fault() {
            Fault::DisconnectAfterAnswer => Next::HangUp,
            _ => Next::GoOn,
        })
    }

    /// Reads a letter to its end. Returns nothing if it is too long.
    async fn data(&mut self) -> io::Result<Option<Vec<u8>>> {
        let (mut receiver, mut data) = (DataReceiver::new(), Vec::new());
        loop {
            let mut bytes = self.unread.iter();
            let is_whole = receiver.ingest(&mut bytes, &mut data);
            let left = bytes.len();
            self.consume(left);
            if is_whole {
                return Ok(Some(data));
            }
            if data.len() > MAX_SIZE {
                return Ok(None);
            }
            if !self.fill().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads a line that is no command.
    async fn line(&mut self) -> io::Result<()> {
        let mut receiver = LineReceiver::new(());
        loop {
            let mut bytes = self.unread.iter();
            let is_whole = receiver.ingest(&mut bytes);
            let left = bytes.len();
            self.consume(left);
            if is_whole {
                return Ok(());
            }
            if !self.fill().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads the next command. Returns nothing if the client is gone.
    async fn request(&mut self) -> io::Result<Option<Result<Request<String>, Error>>> {
        loop {
            let mut bytes = self.unread.iter();
            let request = self.requests.ingest(&mut bytes).map(Request::into_owned);
            let left = bytes.len();
            self.consume(left);
            match request {
                Err(Error::NeedsMoreData { .. }) => {
                    if !self.fill().await? {
                        return Ok(None);
                    }
                }
                request => return Ok(Some(request)),
            }
        }
    }

    /// Forgets what was read but its last `left` bytes.
    fn consume(&mut self, left: usize) {
        let read = self.unread.len() - left;
        self.unread.drain(..read);
    }

    /// Reads more. Returns whether there was more.
    async fn fill(&mut self) -> io::Result<bool> {
        let reading = self.stream.read_buf(&mut self.unread);
        match tokio::time::timeout(SILENCE, reading).await {
            Ok(read) => Ok(read? > 0),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Says nothing more until the client has gone.
    async fn hang(&mut self) -> io::Result<()> {
        while self.fill().await? {
            self.unread.clear();
        }
        Ok(())
    }

    /// Forgets a letter that was begun.
    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await
    }
}
