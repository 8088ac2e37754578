//! Texts that nobody sees, that turn around what stands beside them, or that are written in two ways.

use boxoffice_tests::person::listing;
use boxoffice_tests::{App, Row, check, get, id, post, put, row};
use serde_json::{Value, json};

/// Texts that leave no mark on a page.
const UNSEEN: [&str; 7] = [
    "\u{200b}",
    "\u{2800}",
    "\u{3164}",
    "\u{ad}",
    "\u{115f}\u{1160}",
    "\u{ffa0}",
    "\u{feff}\u{2060}",
];
/// Texts that change their direction by a character that nobody sees, and its number.
const TURNED: [(&str, &str); 4] = [
    ("Abba \u{202e}gnp.exe", "U+202E"),
    ("\u{2067}Abba\u{2069}", "U+2067"),
    ("Abba\u{200f}", "U+200F"),
    ("\u{61c}Abba", "U+061C"),
];
/// The texts of a listing.
const FIELDS: [&str; 4] = ["title", "venue", "city", "description"];

/// A new listing whose `field` is `text`, which is refused.
fn refused(field: &str, text: &str) -> Row {
    let mut wish = listing(json!({}));
    wish[field] = json!(text);
    row(format!("{field} {}", text.escape_unicode()), post("/api/tickets", wish), 400)
        .fields([field])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_seen_and_has_one_direction() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    for field in FIELDS {
        check(&seller, UNSEEN.map(|text| refused(field, text))).await;
        check(&seller, ["\u{e000}", "A\u{f8ff}", "\u{10fffd}"].map(|text| refused(field, text)))
            .await;
        for (text, number) in TURNED {
            let mut wish = listing(json!({}));
            wish[field] = json!(text);
            let answer = seller.post("/api/tickets", wish).await;
            assert_eq!((answer.status, answer.fields()), (400, vec![field]), "{answer}");
            let message = answer.body["errors"][0]["message"].as_str().unwrap();
            assert!(message.contains(number), "{message}");
        }
    }
    let ticket = seller.list(json!({})).await.expect(201);
    let path = format!("/api/tickets/{}", id(&ticket));
    let edit = put(&path, listing(json!({ "title": "\u{3164}" })));
    check(&seller, [row("an edit", edit, 400).fields(["title"])]).await;
    let seen = json!({ "title": "👩‍👩‍👧 می\u{200c}خواهم", "venue": "עברית", "city": "Ж" });
    seller.list(seen.clone()).await.shows(201, seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_description_has_lines() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    for field in ["title", "venue", "city"] {
        check(&seller, ["A\nB", "A\r\nB", "A\u{2028}B", "A\u{85}B"].map(|it| refused(field, it)))
            .await;
    }
    let lines = json!({ "description": "Row 7\nSeat 2" });
    seller.list(lines.clone()).await.shows(201, lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_stored_and_found_composed() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let wish = json!({ "title": "Beyonce\u{301}", "city": "Zu\u{308}rich" });
    let stored = json!({ "title": "Beyonc\u{e9}", "city": "Z\u{fc}rich" });
    let ticket = seller.list(wish.clone()).await.shows(201, stored.clone()).body;
    let path = format!("/api/tickets/{}", id(&ticket));
    seller.put(&path, listing(wish)).await.shows(200, stored);
    for query in ["q=beyonc%C3%A9", "q=Beyonce%CC%81", "city=z%C3%BCrich", "city=ZU%CC%88RICH"] {
        let found = app.client().get(&format!("/api/tickets?{query}")).await.expect(200);
        assert_eq!(found["items"][0]["id"], ticket["id"], "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_at_a_door_are_seen() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "asksNames": true })).await.expect(201);
    let order = buyer.buy(&ticket, 1).await;
    let admissions = buyer.admissions(&order, 1).await;
    let guest = format!("/api/admissions/{}/name", id(&admissions[0]));
    let door = format!("/api/door/{}", id(&ticket));
    let scans = |door: &str| {
        let scan = json!({ "id": "01980f3c-0000-7000-8000-000000000001", "code": "A" });
        json!({ "door": door, "scans": [scan] })
    };
    let name = |name: &str| json!({ "name": name });
    for text in ["\u{3164}", "Ann\u{202e}eeL", "Ann\u{2029}Lee", "\u{e000}"] {
        let shown = text.escape_unicode();
        check(
            &buyer,
            [row(format!("guest {shown}"), put(&guest, name(text)), 400).fields(["name"])],
        )
        .await;
        let staff = post(format!("{door}/staff"), name(text));
        let scan = post(format!("{door}/scans"), scans(text));
        check(
            &seller,
            [
                row(format!("staff {shown}"), staff, 400).fields(["name"]),
                row(format!("door {shown}"), scan, 400).fields(["door"]),
            ],
        )
        .await;
    }
    buyer.put(&guest, name("Zoe\u{308}")).await.shows(200, name("Zo\u{eb}"));
}

/// Where a text of others stands within a sentence of the shop's, it is isolated.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_turns_nothing_around_but_itself() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let (venue, city) = ("היכל התרבות", "Basel 7");
    let ticket = seller.list(json!({ "title": "שלום", "venue": venue, "city": city })).await;
    let ticket: Value = ticket.expect(201);
    let page = get(format!("/tickets/{}", id(&ticket))).header("accept", "text/html");
    let page = app.client().exchange(&page).await;
    assert!(page.text.contains(&format!("\u{2068}{venue}\u{2069}, {city}")), "{page}");
    assert!(page.text.contains("<title>\u{2068}שלום\u{2069} · Boxoffice</title>"), "{page}");
}
