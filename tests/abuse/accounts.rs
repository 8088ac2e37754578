//! Proofs by letter: codes that are guessed, and letters that are asked for in others' names.

use boxoffice_tests::{App, Request, id, post};
use futures::future::join_all;
use serde_json::json;

const RESET: &str = "/api/users/reset";
const CONFIRM: &str = "/api/users/verification/confirm";
const LINK: &str = "/api/users/signInLink";
const ENTER: &str = "/api/users/signInLink/confirm";
/// A proxy on the machine of the tests is trusted: it says who the client is.
const PROXY: (&str, &str) = ("trusted_proxies", "127.0.0.1");
/// How many letters for a new password a client asks for in an hour, and how many go to one address.
const CLIENT: usize = 20;
const ADDRESS: usize = 3;
/// How many letters that sign in go to one address in an hour.
const LINKS: usize = 5;
/// How many letters to addresses that it wants an account has sent in an hour.
const ADDRESSES: usize = 5;
/// How many tickets a holder hands on in a day.
const TRANSFERS: usize = 100;

fn reset(email: &str, client: &str) -> Request {
    post(RESET, json!({ "email": email })).header("x-forwarded-for", client)
}

/// How many of the answers to `requests`, all at once, have `status`.
async fn count(app: &App, requests: Vec<Request>, status: u16) -> usize {
    let person = app.client();
    let answers = join_all(requests.iter().map(async |request| person.send(request).await)).await;
    answers.iter().filter(|answer| answer.status == status).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_guesses_of_a_code_at_once_are_ten() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let email = ada.account["email"].as_str().unwrap();
    let code = app.letter("verify", email).await.expect(200)["proof"]["code"].clone();
    let right: u32 = code.as_str().unwrap().parse().unwrap();
    let guess = |n: u32| format!("{:06}", (right + n) % 1_000_000);
    let guesses = (1..=40).map(|n| post(CONFIRM, json!({ "code": guess(n) })));
    let answers = join_all(guesses.map(async |guess| ada.send(&guess).await.status)).await;
    let count = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((count(400), count(409)), (10, 30), "{answers:?}");
    ada.post(CONFIRM, json!({ "code": code })).await.refuses(409, "proof_void");
    // Its link, which nobody guesses, works still.
    let token = app.token("verify", email).await;
    app.client().post(CONFIRM, json!({ "token": token })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_to_many_addresses_meet_a_limit() {
    let app = App::start_with([PROXY]).await;
    let from = |client: &str| {
        let ask = |n: usize| reset(&format!("u{n}@example.com"), client);
        (0..2 * CLIENT).map(ask).collect::<Vec<_>>()
    };
    assert_eq!(count(&app, from("198.51.100.7"), 202).await, CLIENT);
    let refused = app.client().send(&reset("other@example.com", "198.51.100.7")).await;
    refused.refuses(429, "too_many_letters");
    app.client().send(&reset("other@example.com", "198.51.100.8")).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_few_letters_from_everywhere() {
    let app = App::start_with([PROXY]).await;
    let ada = app.sign_up().await;
    // It does not show by the limit either whether the address has an account.
    for email in [ada.account["email"].as_str().unwrap(), "nobody@example.com"] {
        let asked = (0..15).map(|n| reset(email, &format!("198.51.{n}.7"))).collect();
        assert_eq!(count(&app, asked, 202).await, ADDRESS, "{email}");
    }
    app.advance(60 * 60);
    let again = reset("nobody@example.com", "198.51.100.7");
    app.client().send(&again).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_session_cannot_guess_the_password_by_changing_it() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let guess = |n: u32| {
        let body =
            json!({ "current": format!("wrong horse {n}"), "password": "twelve paper kites" });
        post("/api/users/password", body)
    };
    let sent = (0..15).map(guess).collect::<Vec<_>>();
    let answers = join_all(sent.iter().map(async |guess| ada.send(guess).await.status)).await;
    let count = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((count(400), count(429)), (10, 5), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_opens_an_account_is_stored_or_published() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let email = ada.account["email"].as_str().unwrap();
    app.client().post(RESET, json!({ "email": email })).await.expect(202);
    let letter = app.letter("verify", email).await.expect(200);
    let mut secrets = vec![app.token("reset", email).await];
    secrets
        .extend(["code", "token"].map(|part| letter["proof"][part].as_str().unwrap().to_owned()));
    let mut redis = app.redis().await;
    let published: redis::Value = redis::cmd("XRANGE")
        .arg(&["letter:asked", "-", "+"])
        .query_async(&mut redis)
        .await
        .unwrap();
    let published = format!("{published:?}");
    assert!(published.contains("reset_password"), "{published}");
    let stored = app.database().rows("SELECT body FROM auth_outbox", []).unwrap();
    let stored = format!("{stored:?} {:?}", app.database().rows("SELECT * FROM auth_proofs", []));
    for secret in secrets {
        assert!(!published.contains(&secret) && !stored.contains(&secret), "{secret}");
    }
    assert!(!published.contains(email), "nor an address");
}

/// Each transfer brings a letter, in the shop's name, to an address that its holder chose.
#[tokio::test(flavor = "multi_thread")]
async fn a_holder_has_so_many_letters_sent_to_others_in_a_day() {
    let app = App::start().await;
    let (seller, holder) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "price": 100 })).await.expect(201);
    let order = holder.buy(&ticket, 1).await;
    let admission = holder.admissions(&order, 1).await.remove(0);
    let path = format!("/api/admissions/{}/transfer", id(&admission));
    let hand_on = async |n: usize| {
        holder.post(&path, json!({ "email": format!("friend{n}@example.com") })).await
    };
    let answers = join_all((0..TRANSFERS + 20).map(hand_on)).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!(count(429), 20, "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
    hand_on(0).await.refuses(429, "too_many_transfers");
    app.advance(24 * 60 * 60 + 1);
    hand_on(0).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_guesses_of_a_code_that_signs_in_are_ten() {
    let app = App::start_with([PROXY]).await;
    let ada = app.sign_up().await;
    let email = ada.account["email"].as_str().unwrap();
    app.client().post(LINK, json!({ "email": email })).await.expect(202);
    let code = app.letter("sign_in", email).await.expect(200)["proof"]["code"].clone();
    let right: u32 = code.as_str().unwrap().parse().unwrap();
    // From as many clients, or their own limit would come first.
    let guess = |n: u32| {
        let code = format!("{:06}", (right + n) % 1_000_000);
        let client = format!("198.51.{n}.7");
        post(ENTER, json!({ "email": email, "code": code })).header("x-forwarded-for", client)
    };
    let guesses: Vec<Request> = (1..=40).map(guess).collect();
    let person = app.client();
    let answers = join_all(guesses.iter().map(async |guess| person.send(guess).await.status)).await;
    let count = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((count(400), count(409)), (10, 30), "{answers:?}");
    let typed = json!({ "email": email, "code": code });
    app.client().post(ENTER, typed).await.refuses(409, "proof_void");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_of_codes_count_as_sign_ins_that_failed() {
    let app = App::start_with([PROXY]).await;
    let guess = |n: usize| {
        let body = json!({ "email": format!("u{n}@example.com"), "code": "123456" });
        post(ENTER, body).header("x-forwarded-for", "198.51.100.7")
    };
    // A client has 100 in 15 minutes, whatever the addresses.
    assert_eq!(count(&app, (0..120).map(guess).collect(), 429).await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_few_letters_that_sign_in() {
    let app = App::start_with([PROXY]).await;
    let ada = app.sign_up().await;
    for email in [ada.account["email"].as_str().unwrap(), "nobody@example.com"] {
        let ask = |n: usize| {
            let client = format!("198.51.{n}.7");
            post(LINK, json!({ "email": email })).header("x-forwarded-for", client)
        };
        assert_eq!(count(&app, (0..15).map(ask).collect(), 202).await, LINKS, "{email}");
    }
    let ask = |n: usize| {
        let body = json!({ "email": format!("u{n}@example.com") });
        post(LINK, body).header("x-forwarded-for", "203.0.113.7")
    };
    assert_eq!(count(&app, (0..2 * CLIENT).map(ask).collect(), 202).await, CLIENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_few_letters_sent_to_addresses_that_it_wants() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let ask = async |n: usize| {
        let email = format!("victim{n}@example.com");
        let body = json!({ "email": email, "password": boxoffice_tests::person::PASSWORD });
        ada.post("/api/users/email", body).await.status
    };
    let answers = join_all((0..10).map(ask)).await;
    let asked = answers.iter().filter(|status| **status == 202).count();
    assert_eq!(asked, ADDRESSES, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_are_counted_as_new_accounts_are() {
    let app = App::start_with([PROXY, ("sign_ups_per_client", "5")]).await;
    let enter = |n: usize| {
        let body = json!({ "email": format!("u{n}@example.com") });
        post("/api/users/guest", body).header("x-forwarded-for", "198.51.100.7")
    };
    assert_eq!(count(&app, (0..12).map(enter).collect(), 201).await, 5);
    let refused = app.client().send(&enter(20)).await;
    refused.refuses(429, "too_many_accounts");
}

/// A token that opens a guest's account opens no other one, and cannot be made up.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_opens_an_account_is_for_it_alone() {
    let app = App::start().await;
    let guest = async |email: &str| {
        let answer = app.client().post("/api/users/guest", json!({ "email": email })).await;
        answer.expect(201)["id"].as_str().unwrap().to_owned()
    };
    let (ada, bob) = (guest("ada@example.com").await, guest("bob@example.com").await);
    let (adas, bobs) = (app.opening(&ada).await.unwrap(), app.opening(&bob).await.unwrap());
    let (id, code) = (&bobs[..22], &adas[22..]);
    let flipped = |at: usize| {
        let other = if &adas[at..=at] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &adas[..at], &adas[at + 1..])
    };
    let forged = [format!("{id}{code}"), flipped(2), flipped(23), flipped(30), flipped(60)];
    for token in forged.iter().map(String::as_str).chain([&adas[..69], ""]) {
        let answer = app.client().post(ENTER, json!({ "token": token })).await;
        assert!(matches!(answer.status, 400 | 409), "{token}: {answer}");
    }
    app.client().post(ENTER, json!({ "token": adas })).await.shows(200, json!({ "id": ada }));
}

/// Who has a session for a moment, and the password, does not keep the account.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_squatter_asked_for_ends_with_what_they_have() {
    let app = App::start().await;
    let squatter = app.sign_up().await;
    let email = squatter.account["email"].as_str().unwrap();
    let wanted = json!({
        "email": "eve@example.org", "password": boxoffice_tests::person::PASSWORD,
    });
    squatter.post("/api/users/email", wanted).await.expect(202);
    let theirs = app.token("address", "eve@example.org").await;
    app.client().post(LINK, json!({ "email": email })).await.expect(202);
    let token = app.token("sign_in", email).await;
    app.client().post(ENTER, json!({ "token": token })).await.expect(200);
    let confirm = json!({ "token": theirs });
    squatter.post("/api/users/email/confirm", confirm).await.expect(401);
    app.letter("address", "eve@example.org").await.refuses(410, "letter_void");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_at_once_for_ones_data_get_one_file() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let asks = (0..10).map(|_| post("/api/users/export", json!({})));
    let answers = join_all(asks.map(async |ask| ada.send(&ask).await.status)).await;
    assert!(answers.iter().all(|status| matches!(status, 202 | 429)), "{answers:?}");
    let count = "SELECT COUNT(*) FROM auth_exports WHERE account_id = ?1";
    let files: i64 = app.database().query_row(count, [ada.id()], |row| row.get(0)).unwrap();
    assert_eq!(files, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_session_cannot_guess_the_password_by_deleting_the_account() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let guess = |n: usize| json!({ "password": format!("not this one {n}") });
    for n in 0..10 {
        ada.post("/api/users/deletion", guess(n)).await.refuses(400, "wrong_password");
    }
    ada.post("/api/users/deletion", guess(10)).await.refuses(429, "too_many_failures");
    ada.get("/api/users/currentUser").await.shows(200, json!({ "currentUser": ada.account }));
}
