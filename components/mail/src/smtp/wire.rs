//! Bytes to and from the server: by a socket of `wasi:sockets`, with TLS or without.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::{Either, select};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use spin_sdk::wasip3::sockets::types::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress, TcpSocket,
};
use spin_sdk::wasip3::wit_bindgen::{StreamReader, StreamResult, StreamWriter};
use spin_sdk::wasip3::wit_stream;

/// How long connecting may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// How long the server may take for each thing that it is asked.
const LIMIT: Duration = Duration::from_secs(5);
/// How much is read at once, in bytes.
const CHUNK: usize = 8 * 1024;

/// A connection, as the conversation needs it. The error says what broke.
pub(crate) trait Wire {
    /// Sends all of `bytes`.
    async fn send(&mut self, bytes: &[u8]) -> Result<(), String>;
    /// Waits for more, and returns one byte at least.
    async fn receive(&mut self) -> Result<Vec<u8>, String>;
    /// Encrypts everything from now on. The server has to prove that it is `name`.
    async fn encrypt(&mut self, name: &str) -> Result<(), String>;
}

/// A connection to the server.
pub(crate) struct Connection {
    // Before the socket, whose streams they are.
    outgoing: StreamWriter<u8>,
    incoming: StreamReader<u8>,
    _socket: TcpSocket,
    config: Arc<ClientConfig>,
    tls: Option<Box<ClientConnection>>,
    /// When the worker has no more time for it.
    until: Instant,
}

impl Connection {
    /// Connects to `address`. Nothing is waited for after `until`.
    ///
    /// # Errors
    /// Why that is not possible.
    pub(crate) async fn open(
        address: SocketAddr,
        config: Arc<ClientConfig>,
        until: Instant,
    ) -> Result<Self, String> {
        let family = match address.ip() {
            IpAddr::V4(_) => IpAddressFamily::Ipv4,
            IpAddr::V6(_) => IpAddressFamily::Ipv6,
        };
        let socket = TcpSocket::create(family).map_err(|error| refusal(address, &error))?;
        let connected = within(CONNECT_LIMIT, until, socket.connect(wasi(address))).await;
        connected
            .ok_or_else(|| format!("{address} does not answer"))?
            .map_err(|error| refusal(address, &error))?;
        let (outgoing, to_send) = wit_stream::new();
        drop(socket.send(to_send));
        let (incoming, _) = socket.receive();
        Ok(Self { outgoing, incoming, _socket: socket, config, tls: None, until })
    }

    async fn send_raw(&mut self, bytes: Vec<u8>) -> Result<(), String> {
        let rest = within(LIMIT, self.until, self.outgoing.write_all(bytes)).await;
        match rest {
            Some(rest) if rest.is_empty() => Ok(()),
            Some(_) => Err("the server closed the connection".to_owned()),
            None => Err("the server takes no more bytes".to_owned()),
        }
    }

    async fn receive_raw(&mut self) -> Result<Vec<u8>, String> {
        let read = self.incoming.read(Vec::with_capacity(CHUNK));
        match within(LIMIT, self.until, read).await {
            Some((StreamResult::Complete(_), bytes)) if !bytes.is_empty() => Ok(bytes),
            Some(_) => Err("the server closed the connection".to_owned()),
            None => Err("the server does not answer".to_owned()),
        }
    }

    /// Sends what TLS has to say.
    async fn flush(&mut self) -> Result<(), String> {
        let Some(tls) = &mut self.tls else { return Ok(()) };
        let mut bytes = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut bytes).map_err(broken)?;
        }
        if bytes.is_empty() { Ok(()) } else { self.send_raw(bytes).await }
    }

    /// Hands what has come to TLS, and sends what it answers.
    async fn advance(&mut self) -> Result<(), String> {
        let bytes = self.receive_raw().await?;
        let mut left = &bytes[..];
        let mut outcome = Ok(());
        if let Some(tls) = &mut self.tls {
            while !left.is_empty() && outcome.is_ok() {
                tls.read_tls(&mut left).map_err(broken)?;
                outcome = tls.process_new_packets().map(drop).map_err(broken);
            }
        }
        // An alert tells the server why; that it may not arrive changes nothing.
        let flushed = self.flush().await;
        outcome.and(flushed)
    }
}

impl Wire for Connection {
    async fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        // Rustls keeps a few chunks and no more.
        for chunk in bytes.chunks(CHUNK) {
            match &mut self.tls {
                None => self.send_raw(chunk.to_vec()).await?,
                Some(tls) => {
                    tls.writer().write_all(chunk).map_err(broken)?;
                    self.flush().await?;
                }
            }
        }
        Ok(())
    }

    async fn receive(&mut self) -> Result<Vec<u8>, String> {
        let mut bytes = vec![0; CHUNK];
        loop {
            let Some(tls) = &mut self.tls else { return self.receive_raw().await };
            match tls.reader().read(&mut bytes) {
                Ok(0) => return Err("the server closed the connection".to_owned()),
                Ok(length) => {
                    bytes.truncate(length);
                    return Ok(bytes);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.advance().await?,
                Err(error) => return Err(broken(error)),
            }
        }
    }

    async fn encrypt(&mut self, name: &str) -> Result<(), String> {
        let name = ServerName::try_from(name.to_owned())
            .map_err(|_| "the server's name cannot stand in a certificate".to_owned())?;
        let tls = ClientConnection::new(self.config.clone(), name).map_err(broken)?;
        self.tls = Some(Box::new(tls));
        self.flush().await?;
        while self.tls.as_ref().is_some_and(|tls| tls.is_handshaking()) {
            self.advance().await.map_err(|error| format!("TLS: {error}"))?;
        }
        Ok(())
    }
}

/// Waits for `work`, for `limit` and until `until` at the most.
pub(crate) async fn within<F: Future>(
    limit: Duration,
    until: Instant,
    work: F,
) -> Option<F::Output> {
    let limit = limit.min(until.saturating_duration_since(Instant::now()));
    match select(pin!(work), pin!(spin_sdk::time::sleep(limit))).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(((), _)) => None,
    }
}

fn broken(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn refusal(address: SocketAddr, error: &ErrorCode) -> String {
    match error {
        ErrorCode::AccessDenied => {
            format!("the host allows no connection: set smtp_allowed to tcp://{address}")
        }
        ErrorCode::ConnectionRefused => format!("{address} refuses connections"),
        other => format!("{address} cannot be reached: {other:?}"),
    }
}

fn wasi(address: SocketAddr) -> IpSocketAddress {
    let port = address.port();
    match address.ip() {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (a, b, c, d) })
        }
        IpAddr::V6(ip) => {
            let [a, b, c, d, e, f, g, h] = ip.segments();
            IpSocketAddress::Ipv6(Ipv6SocketAddress {
                port,
                flow_info: 0,
                address: (a, b, c, d, e, f, g, h),
                scope_id: 0,
            })
        }
    }
}
