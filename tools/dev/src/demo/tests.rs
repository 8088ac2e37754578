#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{HashMap, HashSet};
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// A shop that remembers what it was told, and dies when it was told `patience` listings.
#[derive(Default)]
struct Fake {
    accounts: HashSet<String>,
    listings: HashMap<String, String>,
    requests: usize,
    patience: Option<usize>,
}

impl Fake {
    fn answer(&mut self, path: &str, headers: &HashMap<String, String>, body: &str) -> String {
        self.requests += 1;
        let parsed: serde_json::Value = serde_json::from_str(body).unwrap();
        match path {
            "/api/users/signUp" if self.accounts.insert(parsed["email"].to_string()) => {
                reply("201 Created", "")
            }
            "/api/users/signUp" => reply("409 Conflict", ""),
            "/api/users/signIn" => reply("200 OK", "set-cookie: session=abc; HttpOnly; Secure\r\n"),
            "/api/tickets" if self.patience.is_some_and(|limit| self.listings.len() >= limit) => {
                reply("400 Bad Request", "")
            }
            "/api/tickets" => {
                assert_eq!(headers["cookie"], "session=abc");
                let key = headers["idempotency-key"].clone();
                let before = self.listings.insert(key, body.to_owned());
                assert!(before.is_none_or(|before| before == body), "another body, the same key");
                reply("201 Created", "")
            }
            _ => reply("404 Not Found", ""),
        }
    }
}

fn reply(status: &str, headers: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n")
}

async fn serve(fake: Arc<Mutex<Fake>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            converse(stream, &fake).await;
        }
    });
    base
}

async fn converse(stream: TcpStream, fake: &Mutex<Fake>) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    let path = line.split(' ').nth(1).unwrap().to_owned();
    let mut headers = HashMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await.unwrap();
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    let answer = fake.lock().unwrap().answer(&path, &headers, std::str::from_utf8(&body).unwrap());
    stream.write_all(answer.as_bytes()).await.unwrap();
}

#[test]
fn passwords_are_long_random_and_kept_private() {
    let data = tempfile::tempdir().unwrap();
    let demo = prepare(data.path()).unwrap();
    assert_eq!(demo.seller.password.len(), 23);
    assert_ne!(demo.seller.password, demo.buyer.password);
    let mode = std::fs::metadata(data.path().join(FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(prepare(data.path()).unwrap(), demo, "a second start keeps them");
}

#[test]
fn a_broken_file_is_a_problem_that_names_it() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join(FILE), "seller = 1").unwrap();
    let problem = prepare(data.path()).unwrap_err();
    assert!(problem.what.contains(FILE), "{problem}");
}

#[tokio::test]
async fn everything_is_listed_once_and_not_again() {
    let data = tempfile::tempdir().unwrap();
    let fake = Arc::new(Mutex::new(Fake::default()));
    let shop = serve(fake.clone()).await;
    let mut demo = prepare(data.path()).unwrap();
    demo.seed(&shop, data.path()).await.unwrap();
    assert_eq!(fake.lock().unwrap().listings.len(), LISTINGS.len());
    assert_eq!(fake.lock().unwrap().accounts.len(), 2);

    let requests = fake.lock().unwrap().requests;
    let mut again = prepare(data.path()).unwrap();
    assert!(again.is_complete());
    again.seed(&shop, data.path()).await.unwrap();
    assert_eq!(fake.lock().unwrap().requests, requests, "nothing is sent a second time");
}

#[tokio::test]
async fn after_a_crash_the_rest_is_listed_without_duplicates() {
    let data = tempfile::tempdir().unwrap();
    let fake = Arc::new(Mutex::new(Fake { patience: Some(7), ..Fake::default() }));
    let shop = serve(fake.clone()).await;
    let error = prepare(data.path()).unwrap().seed(&shop, data.path()).await.unwrap_err();
    assert!(format!("{error:#}").contains("400"), "{error:#}");
    assert!(!prepare(data.path()).unwrap().is_complete());

    // The crash came after the shop had the seventh listing and before we had written that down.
    let path = data.path().join(FILE);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("listed = 7"), "{text}");
    std::fs::write(&path, text.replace("listed = 7", "listed = 6")).unwrap();

    fake.lock().unwrap().patience = None;
    let mut demo = prepare(data.path()).unwrap();
    demo.seed(&shop, data.path()).await.unwrap();
    assert!(demo.is_complete());
    assert_eq!(fake.lock().unwrap().listings.len(), LISTINGS.len());
}
