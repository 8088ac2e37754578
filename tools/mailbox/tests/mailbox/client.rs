//! A mail client that does what a test says, right or wrong.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// How long an answer may take that is to come.
const PATIENCE: Duration = Duration::from_secs(5);

/// A letter that is like others.
pub(crate) const LETTER: &str = "Subject: Kites\r\n\r\n..dots\r\nText\r\n";

/// An open connection.
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    /// Connects, and reads the greeting.
    pub(crate) async fn greeted(address: SocketAddr) -> Self {
        let mut client = Self::connect(address).await.unwrap();
        assert!(client.reply().await.unwrap().starts_with("220 "));
        client
    }

    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Self> {
        Ok(Self(BufReader::new(TcpStream::connect(address).await?)))
    }

    /// Says something. Returns the last line of the answer.
    pub(crate) async fn say(&mut self, line: &str) -> io::Result<String> {
        self.write(&format!("{line}\r\n")).await?;
        self.reply().await
    }

    pub(crate) async fn write(&mut self, text: &str) -> io::Result<()> {
        self.0.get_mut().write_all(text.as_bytes()).await
    }

    /// Reads an answer to its last line. Fails without one within five seconds.
    pub(crate) async fn reply(&mut self) -> io::Result<String> {
        loop {
            let mut line = String::new();
            let read = tokio::time::timeout(PATIENCE, self.0.read_line(&mut line)).await;
            if read.map_err(|_| io::ErrorKind::TimedOut)?? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(line.trim_end().to_owned());
            }
        }
    }

    /// Sends a letter to `to`. Returns the answer to it, or what went wrong before.
    pub(crate) async fn send(&mut self, to: &str) -> io::Result<String> {
        for line in
            ["EHLO here", "MAIL FROM:<shop@example.org>", &format!("RCPT TO:<{to}>"), "DATA"]
        {
            let reply = self.say(line).await?;
            if !reply.starts_with(['2', '3']) {
                return Ok(reply);
            }
        }
        self.write(LETTER).await?;
        self.say(".").await
    }
}

/// Connects, and sends a letter to `to`.
pub(crate) async fn send(address: SocketAddr, to: &str) -> io::Result<String> {
    let mut client = Client::connect(address).await?;
    let greeting = client.reply().await?;
    if !greeting.starts_with("220") {
        return Ok(greeting);
    }
    client.send(to).await
}
