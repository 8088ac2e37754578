//! What a client says, and what it hears.

use boxoffice_mailbox::{Mailbox, Options};

use crate::client::Client;

const TO: &str = "you@example.org";

#[tokio::test]
async fn a_letter_is_kept_as_it_was_sent() {
    let mailbox = Mailbox::start(Options::default()).await.unwrap();
    let mut client = Client::greeted(mailbox.smtp_address()).await;
    assert_eq!(client.send(TO).await.unwrap(), "250 2.0.0 Kept as 1");
    assert_eq!(client.send(TO).await.unwrap(), "250 2.0.0 Kept as 2");
    assert!(client.say("QUIT").await.unwrap().starts_with("221"));
    assert!(client.reply().await.is_err(), "the server hangs up");
    let [first, _] = mailbox.messages().try_into().unwrap();
    assert_eq!(
        (first.from.as_str(), first.to.as_slice()),
        ("shop@example.org", &[TO.to_owned()][..])
    );
    assert_eq!(first.source, "Subject: Kites\r\n\r\n.dots\r\nText\r\n");
    assert_eq!((first.subject.as_str(), first.text.as_str()), ("Kites", ".dots\r\nText\r\n"));
    mailbox.clear();
    assert!(mailbox.messages().is_empty());
}

#[tokio::test]
async fn commands_may_come_at_once_and_in_pieces() {
    let mailbox = Mailbox::start(Options::default()).await.unwrap();
    let mut client = Client::greeted(mailbox.smtp_address()).await;
    let all = "EHLO here\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n";
    for piece in all.as_bytes().chunks(7) {
        client.write(std::str::from_utf8(piece).unwrap()).await.unwrap();
        tokio::task::yield_now().await;
    }
    for code in ["250", "250", "250", "250", "354"] {
        let reply = client.reply().await.unwrap();
        assert!(reply.starts_with(code), "{reply}");
    }
    assert!(client.say("Subject: a\r\n\r\nb\r\n.").await.unwrap().starts_with("250"));
    assert_eq!(mailbox.messages()[0].to, ["a@example.org", "b@example.org"]);
    assert_eq!(mailbox.messages()[0].from, "", "a bounce");
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let mailbox = Mailbox::start(Options::default()).await.unwrap();
    let mut client = Client::greeted(mailbox.smtp_address()).await;
    for (line, code) in [
        ("RCPT TO:<you@example.org>", "503"),
        ("DATA", "503"),
        ("BREW COFFEE", "500"),
        ("EHLO", "501"),
        ("MAIL FROM:<a b>", "501"),
        ("STARTTLS", "502"),
        ("VRFY you", "502"),
        ("AUTH LOGIN", "504"),
        ("AUTH PLAIN AGEAYg==", "235"),
        ("AUTH PLAIN", "334"),
        ("AGEAYg==", "235"),
        ("MAIL FROM:<shop@example.org>", "250"),
        ("MAIL FROM:<shop@example.org>", "503"),
        ("RSET", "250"),
        ("DATA", "503"),
        ("NOOP", "250"),
    ] {
        let reply = client.say(line).await.unwrap();
        assert!(reply.starts_with(code), "{line}: {reply}");
    }
    let reply = client.say(&format!("NOOP {}", "x".repeat(10_000))).await.unwrap();
    assert!(reply.starts_with("500"), "{reply}");
    assert!(mailbox.messages().is_empty());
}

#[tokio::test]
async fn it_listens_on_this_machine_alone() {
    let everywhere = "0.0.0.0:0".parse().unwrap();
    for options in [
        Options { smtp: everywhere, ..Options::default() },
        Options { pages: everywhere, ..Options::default() },
    ] {
        let error = Mailbox::start(options).await.unwrap_err().to_string();
        assert!(error.contains("this machine alone"), "{error}");
    }
    let mailbox = Mailbox::start(Options::default()).await.unwrap();
    let taken = Options { smtp: mailbox.smtp_address(), ..Options::default() };
    let error = Mailbox::start(taken).await.unwrap_err().to_string();
    assert!(error.contains("choose another address"), "{error}");
    let address = mailbox.smtp_address();
    drop(mailbox);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(Client::connect(address).await.is_err(), "dropped, it is gone");
}
