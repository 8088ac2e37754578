//! How the server misbehaves.

use std::io::ErrorKind;

use boxoffice_mailbox::{Fault, Mailbox, Options};

use crate::client::{Client, send};

const TO: &str = "you@example.org";

/// Sends a letter to a server with this fault. Returns what came of it, and how many were kept.
async fn sent(fault: Fault) -> (Result<String, ErrorKind>, usize) {
    let mailbox = Mailbox::start(Options::default()).await.unwrap();
    mailbox.fault(fault).await;
    let answer = send(mailbox.smtp_address(), TO).await.map_err(|error| error.kind());
    let kept = mailbox.messages().len();
    mailbox.fault(Fault::None).await;
    let healed = send(mailbox.smtp_address(), TO).await.unwrap();
    assert!(healed.starts_with("250"), "it is well again: {healed}");
    (answer, kept)
}

#[tokio::test]
async fn nobody_is_let_in() {
    let mailbox = Mailbox::start(Options::default()).await.unwrap();
    let address = mailbox.smtp_address();
    let mut open = Client::greeted(address).await;
    mailbox.fault(Fault::Refuse).await;
    assert!(open.say("NOOP").await.is_err(), "those who are in are thrown out");
    for _ in 0..20 {
        assert_eq!(send(address, TO).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
    mailbox.fault(Fault::None).await;
    assert!(send(address, TO).await.unwrap().starts_with("250"));
}

#[tokio::test]
async fn the_server_hangs() {
    assert_eq!(sent(Fault::HangAtBanner).await, (Err(ErrorKind::TimedOut), 0));
    assert_eq!(sent(Fault::HangAfterData).await, (Err(ErrorKind::TimedOut), 0));
}

#[tokio::test]
async fn the_server_refuses() {
    let (answer, kept) = sent(Fault::Unavailable).await;
    assert!(answer.unwrap().starts_with("421") && kept == 0);
    let unknown = Fault::RejectRecipient { address: TO.to_owned() };
    let (answer, kept) = sent(unknown).await;
    assert!(answer.unwrap().starts_with("550") && kept == 0);
    let other = Fault::RejectRecipient { address: "other@example.org".to_owned() };
    let (answer, kept) = sent(other).await;
    assert!(answer.unwrap().starts_with("250") && kept == 1);
}

#[tokio::test]
async fn names_and_passwords_are_refused() {
    let mailbox = Mailbox::start(Options::default()).await.unwrap();
    mailbox.fault(Fault::RefuseAuth).await;
    let mut client = Client::greeted(mailbox.smtp_address()).await;
    client.say("EHLO here").await.unwrap();
    assert!(client.say("AUTH PLAIN AGEAYg==").await.unwrap().starts_with("535"));
}

#[tokio::test]
async fn the_first_tries_are_put_off() {
    let mailbox = Mailbox::start(Options::default()).await.unwrap();
    mailbox.fault(Fault::Greylist { times: 2 }).await;
    for code in ["451", "451", "250", "250"] {
        let answer = send(mailbox.smtp_address(), TO).await.unwrap();
        assert!(answer.starts_with(code), "{answer}");
    }
    assert_eq!(mailbox.messages().len(), 2);
}

#[tokio::test]
async fn the_connection_ends() {
    let gone = Err(ErrorKind::UnexpectedEof);
    assert_eq!(sent(Fault::DisconnectBeforeAnswer { keeps: false }).await, (gone.clone(), 0));
    assert_eq!(sent(Fault::DisconnectBeforeAnswer { keeps: true }).await, (gone, 1));
    let mailbox = Mailbox::start(Options::default()).await.unwrap();
    mailbox.fault(Fault::DisconnectAfterAnswer).await;
    let mut client = Client::greeted(mailbox.smtp_address()).await;
    assert!(client.send(TO).await.unwrap().starts_with("250"));
    assert!(client.reply().await.is_err());
}
