//! What a purchase, a refund, a move and a transfer bring.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use boxoffice_tests::wallet::Wallet;
use boxoffice_tests::{id, put};
use serde_json::json;

use crate::post::{MOVED, ORDER, Post, REFUND, SOLD, TRANSFER};

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_brings_a_letter_to_both_sides() {
    let post = Post::open().await;
    let (_, order) = post.sell("Grüße & <b>Küsse</b>").await;
    let letters = post.receives(&post.buyer, ORDER, 1).await;
    let letter = &letters[0];
    assert!(letter.subject.ends_with("Grüße & <b>Küsse</b>"), "{}", letter.subject);
    for part in [&letter.text, &letter.html] {
        assert!(part.contains(id(&order)), "{part}");
    }
    assert!(letter.html.contains("&lt;b&gt;"), "{}", letter.html);
    assert!(letter.calendar.as_ref().is_some_and(|file| file.contains("BEGIN:VEVENT")));
    // The tickets come along, as a file that programs know by its first bytes.
    assert!(letter.source.contains("filename=\"tickets.pdf\""), "{}", letter.source);
    assert!(letter.source.contains("\r\nJVBERi0") || letter.source.contains("\nJVBERi0"));
    assert!(letter.text.contains("the attached file"), "{}", letter.text);
    let own = |name: &str| letter.header(name).unwrap_or_default();
    assert_eq!(own("Auto-Submitted"), "auto-generated");
    assert!(letter.message_id.ends_with("@127.0.0.1"), "{}", letter.message_id);
    post.receives(&post.seller, SOLD, 1).await;
    // Nobody gets one twice, however often workers look.
    for _ in 0..3 {
        post.app.advance(120);
        post.app.tick().await;
    }
    assert_eq!(post.letters(&post.buyer, ORDER).len(), 1);
    assert_eq!(post.letters(&post.seller, SOLD).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn passes_for_phones_come_along() {
    let wallet = Wallet::make();
    let post = Post::open_with(wallet.variables()).await;
    let ticket = post.list("Opera").await;
    let order = post.buyer.buy(&ticket, 2).await;
    let admissions = post.buyer.admissions(&order, 2).await;
    let letters = post.receives(&post.buyer, ORDER, 1).await;
    let source = letters[0].source.replace("\r\n", "\n");
    assert!(source.contains("filename=\"tickets.pdf\""), "{source}");
    assert_eq!(source.matches("application/vnd.apple.pkpass").count(), 2, "{source}");
    for admission in &admissions {
        let name = format!("filename=\"ticket-{}.pkpass\"", admission["number"]);
        let (_, part) = source.split_once(&name).unwrap_or_else(|| panic!("{name}: {source}"));
        let (_, body) = part.split_once("\n\n").unwrap();
        let (body, _) = body.split_once("\n--").unwrap();
        let pass = STANDARD.decode(body.replace('\n', "")).unwrap();
        assert!(pass.starts_with(b"PK"), "a zip");
        // A pass is stored without compression: its ticket's code can be read in it.
        let code = post.buyer.get(&format!("/api/admissions/{}", id(admission))).await;
        let code = code.expect(200)["code"].as_str().unwrap().to_owned();
        assert!(String::from_utf8_lossy(&pass).contains(&code), "{name} is for another ticket");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_brings_a_letter_to_the_buyer() {
    let post = Post::open().await;
    let (_, _) = post.sell("Opera").await;
    post.receives(&post.buyer, ORDER, 1).await;
    post.seller.post(&post.buyer.refund_path().await, json!({})).await.expect(200);
    post.receives(&post.buyer, REFUND, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_brings_a_letter_to_each_holder() {
    let post = Post::open().await;
    let ticket = post.list("Opera").await;
    let others = tokio::join!(post.app.sign_up(), post.app.sign_up());
    for person in [&post.buyer, &others.0, &others.1] {
        let order = person.buy(&ticket, 1).await;
        person.admissions(&order, 1).await;
    }
    let path = format!("/api/tickets/{}", id(&ticket));
    let listed = post.seller.get(&path).await.expect(200);
    let edit = |field: &str, value: &str| {
        let mut draft = listed.clone();
        draft[field] = json!(value);
        let fields =
            ["title", "price", "currency", "quantity", "venue", "city", "startsAt", "timeZone"];
        let body = fields.map(|name| (name.to_owned(), draft[name].clone()));
        put(path.clone(), body.into_iter().collect())
    };
    // Nobody needs to know of another title.
    post.seller.send(&edit("title", "Operetta")).await.expect(200);
    post.seller.send(&edit("venue", "Small Hall")).await.expect(200);
    for person in [&post.buyer, &others.0, &others.1] {
        let letters = post.receives(person, MOVED, 1).await;
        assert_eq!(letters.len(), 1);
        assert!(letters[0].text.contains("Small Hall"), "{}", letters[0].text);
        // Their calendar knows the event by the order.
        let calendar = letters[0].calendar.clone().unwrap_or_default();
        let orders = person.get("/api/orders").await.expect(200);
        let uid = format!("UID:{}@boxoffice", orders["items"][0]["id"].as_str().unwrap());
        assert!(calendar.replace("\r\n ", "").contains(&uid), "{uid} is not in {calendar}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_brings_a_letter_to_the_receiver() {
    let post = Post::open().await;
    let (_, order) = post.sell("Opera").await;
    let admission = post.buyer.admissions(&order, 1).await.remove(0);
    let receiver = post.app.sign_up().await;
    let path = format!("/api/admissions/{}/transfer", id(&admission));
    let begun = post.buyer.post(&path, json!({ "email": receiver.account["email"] })).await;
    let link = begun.expect(200)["transfer"]["link"].as_str().unwrap().to_owned();
    let letters = post.receives(&receiver, TRANSFER, 1).await;
    let token = link.split_once("token=").unwrap().1;
    assert!(letters[0].text.replace(['\r', '\n'], "").contains(token), "{}", letters[0].text);
    // One that is taken back before it is sent says nothing any more.
    post.mailbox.fault(boxoffice_mailbox::Fault::Refuse).await;
    post.buyer.delete(&path).await.expect(200);
    post.buyer.post(&path, json!({ "email": receiver.account["email"] })).await.expect(200);
    post.buyer.delete(&path).await.expect(200);
    post.mailbox.fault(boxoffice_mailbox::Fault::None).await;
    let kept = post.settled(&["sent", "dropped"]).await;
    let dropped =
        kept.iter().filter(|(kind, status)| kind == "ticket_transferred" && status == "dropped");
    assert_eq!(dropped.count(), 1, "{kept:#?}");
    assert_eq!(post.letters(&receiver, TRANSFER).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_turn_come_in_no_file() {
    let post = Post::open().await;
    let wish = json!({
        "title": "Opera", "startsAt": post.app.time(90 * 24 * 60 * 60), "turningCodes": true,
    });
    let ticket = post.seller.list(wish).await.expect(201);
    post.buyer.buy(&ticket, 1).await;
    let letters = post.receives(&post.buyer, ORDER, 1).await;
    let letter = &letters[0];
    assert!(!letter.source.contains("application/pdf"), "{}", letter.source);
    assert!(letter.text.replace("\r\n", " ").contains("every 30 seconds"), "{}", letter.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_goes_without_tickets_that_cannot_be_had() {
    // Nobody answers there; what the shop's pages need is not asked by that name.
    let post = Post::open_with([("admissions_base_url", "http://127.0.0.1:9")]).await;
    post.sell("Opera").await;
    post.receives(&post.seller, SOLD, 1).await;
    assert!(post.letters(&post.buyer, ORDER).is_empty(), "it waits for the tickets");
    post.app.advance(120);
    let letters = post.receives(&post.buyer, ORDER, 1).await;
    assert!(!letters[0].source.contains("application/pdf"), "{}", letters[0].source);
    assert!(letters[0].text.replace("\r\n", " ").contains("not in this e-mail"));
}
