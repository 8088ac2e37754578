//! What browsers and programs see.

use boxoffice_mailbox::{Mailbox, Options};

use crate::client::Client;

const EVIL: &str = "Subject: <script>alert(1)</script>\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative; boundary=b\r\n\r\n\
    --b\r\nContent-Type: text/plain\r\n\r\n</pre><script>alert(2)</script>\r\n\
    --b\r\nContent-Type: text/html\r\n\r\n<html><head></head><a href=\"/x\">Link</a>\r\n--b--\r\n.\r\n";

async fn with_letter() -> Mailbox {
    let mailbox = Mailbox::start(Options::default()).await.unwrap();
    let mut client = Client::greeted(mailbox.smtp_address()).await;
    for line in ["EHLO here", "MAIL FROM:<shop@example.org>", "RCPT TO:<you@example.org>", "DATA"] {
        client.say(line).await.unwrap();
    }
    client.write(EVIL).await.unwrap();
    assert!(client.reply().await.unwrap().starts_with("250"));
    mailbox
}

fn browser() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn get(mailbox: &Mailbox, path: &str) -> (u16, String, String) {
    let answer = browser().get(format!("{}{path}", mailbox.url())).send().await.unwrap();
    let policy = answer.headers().get("content-security-policy");
    let policy = policy.map(|policy| policy.to_str().unwrap().to_owned()).unwrap_or_default();
    (answer.status().as_u16(), policy, answer.text().await.unwrap())
}

#[tokio::test]
async fn letters_are_shown_and_do_nothing() {
    let mailbox = with_letter().await;
    for path in ["/", "/messages/1"] {
        let (status, policy, page) = get(&mailbox, path).await;
        assert_eq!(status, 200);
        assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script"), "{page}");
        assert!(policy.contains("default-src 'none'"), "{policy}");
    }
    let (status, policy, page) = get(&mailbox, "/messages/1/html").await;
    assert_eq!(status, 200);
    assert!(policy.contains("sandbox allow-popups"), "{policy}");
    assert!(page.contains("<base target=\"_blank\">") && page.contains("href=\"/x\""), "{page}");
    let (_, _, source) = get(&mailbox, "/messages/1/source").await;
    assert!(source.starts_with("Subject: <script>"), "{source}");
    for path in ["/messages/2", "/messages/x", "/nothing"] {
        assert!((400..500).contains(&get(&mailbox, path).await.0), "{path}");
    }
}

#[tokio::test]
async fn programs_read_and_delete() {
    let mailbox = with_letter().await;
    let (_, _, json) = get(&mailbox, "/api/messages").await;
    let letters: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["to"][0], "you@example.org");
    assert_eq!(letters[0]["subject"], "<script>alert(1)</script>");
    let url = format!("{}/api/messages", mailbox.url());
    assert_eq!(browser().delete(url).send().await.unwrap().status(), 204);
    assert!(mailbox.messages().is_empty());
}

#[tokio::test]
async fn pages_from_elsewhere_see_nothing() {
    let mailbox = with_letter().await;
    let url = format!("{}/api/messages", mailbox.url());
    let rebound = browser().get(&url).header("host", "evil.example").send().await.unwrap();
    assert_eq!(rebound.status(), 403);
    let delete = format!("{}/delete", mailbox.url());
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 200)] {
        let sent = browser().post(&delete).header("sec-fetch-site", site).send().await.unwrap();
        assert_eq!(sent.status(), status, "{site}");
    }
    assert!(mailbox.messages().is_empty());
}
