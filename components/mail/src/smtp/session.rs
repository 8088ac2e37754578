//! The conversation with the server (RFC 5321), and what a failure of it means for the letter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;

use super::address::{Encryption, Login, Server};
use super::reply::{Extensions, Reply};
use super::wire::Wire;

/// Why the server has not taken a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The server is of no use now; no letter is to blame.
    Server(String),
    /// The connection broke over the letter. It is not known whether the server has taken it.
    Broken(String),
    /// The server does not take this letter now.
    Later(String),
    /// The server will never take this letter.
    Never(String),
}

type Result<T, E = Failure> = std::result::Result<T, E>;

/// A letter as the server gets it.
pub(crate) struct Parcel {
    pub(crate) from: Address,
    pub(crate) to: Address,
    /// The message, in ASCII.
    pub(crate) message: Vec<u8>,
}

/// A connection on which the server is ready for letters.
pub(crate) struct Session<W> {
    wire: W,
    /// What has come and was not read yet.
    unread: Vec<u8>,
    /// What the server can do.
    extensions: Extensions,
}

impl<W: Wire> Session<W> {
    /// Begins a conversation: greeting, encryption, login.
    ///
    /// # Errors
    /// Why the server is of no use.
    pub(crate) async fn begin(wire: W, server: &Server, host: &str) -> Result<Self, String> {
        let mut session = Self { wire, unread: Vec::new(), extensions: Extensions::default() };
        if server.encryption == Encryption::Implicit {
            session.wire.encrypt(&server.name).await?;
        }
        let greeting = session.reply().await?;
        if greeting.code != 220 {
            return Err(format!("the server greets with {greeting}"));
        }
        session.hello(host).await?;
        session.start_tls(server, host).await?;
        if let Some(login) = &server.login {
            session.log_in(login).await?;
        }
        Ok(session)
    }

    async fn hello(&mut self, host: &str) -> Result<(), String> {
        let name = if host.parse::<std::net::Ipv4Addr>().is_ok() {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        let answer = self.ask(&format!("EHLO {name}")).await?;
        self.extensions = Extensions::of(&accepted("EHLO", answer)?);
        Ok(())
    }

    async fn start_tls(&mut self, server: &Server, host: &str) -> Result<(), String> {
        match (server.encryption, self.extensions.has("STARTTLS")) {
            (Encryption::Implicit | Encryption::None, _) | (Encryption::Opportunistic, false) => {
                return Ok(());
            }
            (Encryption::Required, false) => {
                return Err("the server offers no STARTTLS: use smtps://, or set \
                            tls=opportunistic if letters may be read on their way"
                    .to_owned());
            }
            (Encryption::Required | Encryption::Opportunistic, true) => {}
        }
        accepted("STARTTLS", self.ask("STARTTLS").await?)?;
        if !self.unread.is_empty() {
            // Somebody on the way may have put it there.
            return Err("the server said more before it was encrypted".to_owned());
        }
        self.wire.encrypt(&server.name).await?;
        self.hello(host).await
    }

    async fn log_in(&mut self, Login { user, password }: &Login) -> Result<(), String> {
        if self.extensions.logs_in_by("PLAIN") {
            let secret = STANDARD.encode(format!("\0{user}\0{password}"));
            return logged_in(self.ask(&format!("AUTH PLAIN {secret}")).await?);
        }
        if !self.extensions.logs_in_by("LOGIN") {
            return Err("the server offers no login by PLAIN or LOGIN".to_owned());
        }
        accepted("AUTH LOGIN", self.ask("AUTH LOGIN").await?)?;
        accepted("AUTH LOGIN", self.ask(&STANDARD.encode(user)).await?)?;
        logged_in(self.ask(&STANDARD.encode(password)).await?)
    }

    /// Hands a letter over, and returns what the server said when it took it. Servers like to repeat
    /// the address; what is returned, and kept, does not have it.
    ///
    /// # Errors
    /// Why the server has not taken it. After anything but [`Failure::Later`] and [`Failure::Never`]
    /// the session is over.
    pub(crate) async fn deliver(&mut self, parcel: &Parcel) -> Result<String> {
        let hidden = |text: String| without(parcel.to.as_ref(), &text);
        self.hand_over(parcel).await.map(hidden).map_err(|failure| match failure {
            Failure::Server(text) => Failure::Server(hidden(text)),
            Failure::Broken(text) => Failure::Broken(hidden(text)),
            Failure::Later(text) => Failure::Later(hidden(text)),
            Failure::Never(text) => Failure::Never(hidden(text)),
        })
    }

    async fn hand_over(&mut self, parcel: &Parcel) -> Result<String> {
        let Parcel { from, to, message } = parcel;
        let (from, to) = (sendable(from)?, sendable(to)?);
        let is_ascii = from.is_ascii() && to.is_ascii();
        if !is_ascii && !self.extensions.has("SMTPUTF8") {
            return Err(Failure::Never("the server takes no addresses beyond ASCII".to_owned()));
        }
        let options = if is_ascii { "" } else { " SMTPUTF8" };
        let answer = self.say(&format!("MAIL FROM:<{from}>{options}")).await?;
        if answer.is_transient() {
            return self.refused(answer).await;
        }
        if !answer.is_positive() {
            // The sender is the same for all: whatever it is, no letter would be taken.
            return Err(Failure::Server(format!("the server refuses mail_from: {answer}")));
        }
        let answer = self.say(&format!("RCPT TO:<{to}>")).await?;
        if matches!(answer.code, 530 | 535 | 538) {
            return Err(Failure::Server(format!("the server wants a login or TLS: {answer}")));
        }
        if !answer.is_positive() {
            return self.refused(answer).await;
        }
        let answer = self.say("DATA").await?;
        if answer.code != 354 {
            return self.refused(answer).await;
        }
        self.wire.send(&escaped(message)).await.map_err(Failure::Broken)?;
        let answer = self.reply().await.map_err(Failure::Broken)?;
        match answer.code {
            250 => Ok(answer.to_string()),
            421 => Err(Failure::Server(answer.to_string())),
            _ => self.refused(answer).await,
        }
    }

    /// Says goodbye. Nobody waits for the answer.
    pub(crate) async fn end(mut self) {
        let _ = self.wire.send(b"QUIT\r\n").await;
    }

    /// Makes the session ready for the next letter, after the server refused one.
    async fn refused(&mut self, answer: Reply) -> Result<String> {
        let reset = self.say("RSET").await?;
        if !reset.is_positive() {
            return Err(Failure::Server(format!("the server refuses RSET: {reset}")));
        }
        Err(if answer.is_transient() {
            Failure::Later(answer.to_string())
        } else {
            Failure::Never(answer.to_string())
        })
    }

    /// Gives a command that is part of a letter.
    async fn say(&mut self, command: &str) -> Result<Reply> {
        let answer = self.ask(command).await.map_err(Failure::Broken)?;
        if answer.code == 421 {
            return Err(Failure::Server(answer.to_string()));
        }
        Ok(answer)
    }

    async fn ask(&mut self, command: &str) -> Result<Reply, String> {
        self.wire.send(format!("{command}\r\n").as_bytes()).await?;
        self.reply().await
    }

    async fn reply(&mut self) -> Result<Reply, String> {
        loop {
            if let Some(reply) = Reply::take(&mut self.unread)? {
                return Ok(reply);
            }
            self.unread.extend(self.wire.receive().await?);
        }
    }
}

fn accepted(command: &str, answer: Reply) -> Result<Reply, String> {
    if answer.is_positive() {
        Ok(answer)
    } else {
        Err(format!("the server refuses {command}: {answer}"))
    }
}

fn logged_in(answer: Reply) -> Result<(), String> {
    if answer.code == 235 {
        return Ok(());
    }
    Err(format!("the server refuses the user and password of smtp_url: {answer}"))
}

/// An address as it stands in a command. Quoted ones may hold what would end it.
fn sendable(address: &Address) -> Result<&str> {
    let text: &str = address.as_ref();
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>');
    if text.contains(is_odd) {
        return Err(Failure::Never("the address has characters that no server takes".to_owned()));
    }
    Ok(text)
}

/// `text` with the address left out, however it is written.
fn without(address: &str, text: &str) -> String {
    let (address, folded) = (address.to_ascii_lowercase(), text.to_ascii_lowercase());
    let (mut rest, mut from) = (String::new(), 0);
    for (at, found) in folded.match_indices(&address) {
        rest.push_str(&text[from..at]);
        rest.push_str("(address)");
        from = at + found.len();
    }
    rest.push_str(&text[from..]);
    rest
}

/// A message as it follows `DATA`, with its end. Every line ends in CR LF, so that no server sees an end
/// where another sees none; a line that begins with a dot gets one more.
fn escaped(message: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(message.len() + 64);
    let mut bytes = message.iter().copied().peekable();
    let mut begins_line = true;
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' | b'\n' => {
                if byte == b'\r' {
                    bytes.next_if_eq(&b'\n');
                }
                escaped.extend(b"\r\n");
                begins_line = true;
                continue;
            }
            b'.' if begins_line => escaped.extend(b".."),
            other => escaped.push(other),
        }
        begins_line = false;
    }
    if !begins_line {
        escaped.extend(b"\r\n");
    }
    escaped.extend(b".\r\n");
    escaped
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::collections::VecDeque;

    use futures::FutureExt as _;

    use super::*;

    /// A server that answers each thing that it hears with the next of its lines.
    #[derive(Default)]
    struct Script {
        answers: VecDeque<&'static str>,
        heard: Vec<String>,
    }

    impl Script {
        fn new(answers: &[&'static str]) -> Self {
            Self { answers: answers.iter().copied().collect(), heard: Vec::new() }
        }
    }

    impl Wire for Script {
        async fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
            self.heard.push(String::from_utf8(bytes.to_vec()).unwrap());
            Ok(())
        }

        async fn receive(&mut self) -> Result<Vec<u8>, String> {
            let answer = self.answers.pop_front().ok_or("closed")?;
            Ok(format!("{answer}\r\n").into_bytes())
        }

        async fn encrypt(&mut self, name: &str) -> Result<(), String> {
            self.heard.push(format!("encrypt {name}"));
            Ok(())
        }
    }

    fn server(url: &str) -> Server {
        Server::parse(url).unwrap_or_else(|error| panic!("{error}"))
    }

    fn begin(url: &str, answers: &[&'static str]) -> Result<Session<Script>, String> {
        let server = server(url);
        let begun = Session::begin(Script::new(answers), &server, "shop.example");
        begun.now_or_never().unwrap()
    }

    fn ready(answers: &[&'static str]) -> Session<Script> {
        Session {
            wire: Script::new(answers),
            unread: Vec::new(),
            extensions: Extensions::default(),
        }
    }

    fn deliver(session: &mut Session<Script>, to: &str) -> Result<String> {
        let parcel = Parcel {
            from: "shop@example.com".parse().unwrap(),
            to: to.parse().unwrap(),
            message: b"Subject: x\r\n\r\n.hidden\n".to_vec(),
        };
        session.deliver(&parcel).now_or_never().unwrap()
    }

    #[test]
    fn a_letter_is_handed_over() {
        let mut session = ready(&["250 ok", "250 ok", "354 go", "250 2.0.0 queued as 7"]);
        assert_eq!(deliver(&mut session, "ada@example.org").unwrap(), "250 2.0.0 queued as 7");
        let heard = [
            "MAIL FROM:<shop@example.com>\r\n",
            "RCPT TO:<ada@example.org>\r\n",
            "DATA\r\n",
            "Subject: x\r\n\r\n..hidden\r\n.\r\n",
        ];
        assert_eq!(session.wire.heard, heard);
    }

    #[test]
    fn a_server_is_greeted_encrypted_and_logged_in_to() {
        let hello = "250-hi\r\n250-STARTTLS\r\n250 AUTH LOGIN PLAIN";
        let answers = ["220 hi", hello, "220 go", hello, "235 ok"];
        let session = begin("smtp://a:b@203.0.113.7", &answers).unwrap_or_else(|e| panic!("{e}"));
        let heard = [
            "EHLO shop.example\r\n",
            "STARTTLS\r\n",
            "encrypt 203.0.113.7",
            "EHLO shop.example\r\n",
            "AUTH PLAIN AGEAYg==\r\n",
        ];
        assert_eq!(session.wire.heard, heard);
        let answers =
            ["220 hi", "250-hi\r\n250 AUTH LOGIN", "334 VXNlcg==", "334 UGFzcw==", "235 ok"];
        let session = begin("smtps://a:b@203.0.113.7", &answers).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(session.wire.heard[2..], ["AUTH LOGIN\r\n", "YQ==\r\n", "Yg==\r\n"]);
    }

    #[test]
    fn a_server_that_is_of_no_use_says_why() {
        let hello = "250-hi\r\n250 STARTTLS";
        for (url, answers, says) in [
            ("smtp://127.0.0.1", &["554 go away"] as &[&str], "greets with 554"),
            ("smtp://127.0.0.1", &["421 busy"], "greets with 421"),
            ("smtp://127.0.0.1", &["220 hi", "502 no"], "refuses EHLO"),
            ("smtp://203.0.113.7", &["220 hi", "250 hi"], "no STARTTLS"),
            ("smtp://203.0.113.7", &["220 hi", hello, "454 no"], "refuses STARTTLS"),
            ("smtp://203.0.113.7", &["220 hi", hello, "220 go\r\n250 more"], "said more"),
            ("smtps://a:b@203.0.113.7", &["220 hi", "250 hi"], "no login"),
            (
                "smtps://a:b@203.0.113.7",
                &["220 hi", "250-hi\r\n250 AUTH PLAIN", "535 no"],
                "user and password",
            ),
            ("smtp://127.0.0.1", &[], "closed"),
        ] {
            let error = begin(url, answers).err().unwrap();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn a_refusal_is_about_the_letter_and_the_session_goes_on() {
        let mut session = ready(&["250 ok", "451 greylisted", "250 reset", "250 ok", "550 nobody"]);
        let later = Failure::Later("451 greylisted".to_owned());
        assert_eq!(deliver(&mut session, "a@example.org"), Err(later));
        session.wire.answers.extend(["250 reset", "250 ok", "250 ok", "354 go", "554 spam"]);
        let never = Failure::Never("550 nobody".to_owned());
        assert_eq!(deliver(&mut session, "b@example.org"), Err(never));
        session.wire.answers.push_back("250 reset");
        let never = Failure::Never("554 spam".to_owned());
        assert_eq!(deliver(&mut session, "c@example.org"), Err(never));
    }

    #[test]
    fn what_is_no_letters_fault_is_the_servers() {
        for (answers, failure) in [
            (&["421 closing"] as &[&str], Failure::Server("421 closing".to_owned())),
            (&["550 who"], Failure::Server("the server refuses mail_from: 550 who".to_owned())),
            (
                &["250 ok", "530 first"],
                Failure::Server("the server wants a login or TLS: 530 first".to_owned()),
            ),
            (&["250 ok", "250 ok", "354 go"], Failure::Broken("closed".to_owned())),
            (&["250 ok", "250 ok", "354 go", "421 no"], Failure::Server("421 no".to_owned())),
        ] {
            assert_eq!(deliver(&mut ready(answers), "a@example.org"), Err(failure));
        }
    }

    #[test]
    fn what_is_kept_of_an_answer_has_no_address() {
        let answers = ["250 ok", "550 5.1.1 <ADA@example.org>: no ada@Example.org", "250 reset"];
        let outcome = deliver(&mut ready(&answers), "Ada@Example.org");
        let said = "550 5.1.1 <(address)>: no (address)".to_owned();
        assert_eq!(outcome, Err(Failure::Never(said)));
    }

    #[test]
    fn no_address_adds_a_command() {
        let mut session = ready(&[]);
        for odd in [r#""a b"@example.org"#, r#""a>b"@example.org"#] {
            if let Ok(address) = odd.parse::<Address>() {
                assert!(matches!(sendable(&address), Err(Failure::Never(_))), "{odd}");
            }
        }
        assert!("a@example.org\r\nRCPT TO:<b@example.org>".parse::<Address>().is_err());
        let beyond = deliver(&mut session, "ä@example.org");
        assert!(matches!(beyond, Err(Failure::Never(_))));
        assert!(session.wire.heard.is_empty());
    }

    #[test]
    fn a_message_ends_where_it_ends() {
        assert_eq!(escaped(b""), b".\r\n");
        assert_eq!(escaped(b"a"), b"a\r\n.\r\n");
        assert_eq!(escaped(b"a\n.\nb\r\n"), b"a\r\n..\r\nb\r\n.\r\n");
        assert_eq!(escaped(b"a\r.\rb"), b"a\r\n..\r\nb\r\n.\r\n");
    }
}
