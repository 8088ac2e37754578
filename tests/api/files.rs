//! `/api/admissions/{id}.pdf` and the like: tickets as files.

use boxoffice_tests::wallet::Wallet;
use boxoffice_tests::{App, Person, Surroundings, check, get, id, row};
use serde_json::{Value, json};

/// A buyer's ticket, and the seller of it.
async fn bought(app: &App) -> (Person, Person, Value) {
    let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
    let ticket = seller
        .list(json!({
            "title": "Ёлка · Ωδείο · The Paper Kites", "venue": "Old Mill", "city": "Basel",
            "startsAt": app.time(86_400 * 30), "timeZone": "Europe/Zurich",
        }))
        .await
        .expect(201);
    let order = buyer.buy(&ticket, 1).await;
    let admission = buyer.admissions(&order, 1).await.remove(0);
    (seller, buyer, admission)
}

fn path(admission: &Value, ending: &str) -> String {
    format!("/api/admissions/{}.{ending}", id(admission))
}

#[tokio::test]
async fn a_ticket_can_be_printed() {
    let app = App::start().await;
    let (seller, buyer, admission) = bought(&app).await;
    for query in ["", "?format=a4", "?format=phone"] {
        let file = buyer.send(&get(format!("{}{query}", path(&admission, "pdf")))).await;
        assert_eq!((file.status, file.header("content-type")), (200, "application/pdf"), "{query}");
        let name = "attachment; filename=\"ticket-1.pdf\"";
        assert_eq!(file.header("content-disposition"), name);
        assert_eq!(file.header("cache-control"), "private, no-store");
        assert!(file.text.starts_with("%PDF-") && file.text.contains("/MarkInfo"), "{query}");
    }
    let print = |query: &str| get(format!("{}{query}", path(&admission, "pdf")));
    check(
        &buyer,
        [
            row("another format", print("?format=letter"), 400).fields(["format"]),
            row("another file", get(path(&admission, "docx")), 404),
            row("another ticket", get(path(&json!({ "id": seller.id() }), "pdf")), 404),
            row("no passes", get(path(&admission, "pkpass")), 404),
            row("no passes", get(path(&admission, "google")), 404),
        ],
    )
    .await;
    check(&seller, [row("somebody else's", print(""), 403)]).await;
    check(&app.client(), [row("nobody's", print(""), 401)]).await;
    assert!(admission.get("wallets").is_none(), "{admission:#}");
}

#[tokio::test]
async fn a_shop_with_wrong_settings_has_tickets_all_the_same() {
    let variables = [("apple_pass_type", "nonsense"), ("google_issuer", "nonsense")];
    let app = App::start_with(variables).await;
    let (_, buyer, admission) = bought(&app).await;
    assert!(admission["code"].is_string() && admission.get("wallets").is_none(), "{admission:#}");
    check(&buyer, [row("no passes", get(path(&admission, "pkpass")), 404)]).await;
}

/// Buys a ticket for which the organizer asks the guest's name. There are no passes without it.
async fn has_names_in_passes(app: &App, seller: &Person) {
    let ticket = seller.list(json!({ "asksNames": true })).await.expect(201);
    let buyer = app.sign_up().await;
    let order = buyer.buy(&ticket, 1).await;
    let admission = buyer.admissions(&order, 1).await.remove(0);
    let files = ["pdf", "pkpass", "google"];
    let ask = |ending: &str| get(path(&admission, ending));
    check(&buyer, files.map(|ending| row(ending, ask(ending), 409).code("needs_name"))).await;
    let name = format!("/api/admissions/{}/name", id(&admission));
    buyer.put(&name, json!({ "name": "Zoë Ångström" })).await.expect(200);
    let email = buyer.account["email"].as_str().unwrap();
    let pass = buyer.send(&ask("pkpass")).await;
    assert!(pass.text.contains("Zoë Ångström") && !pass.text.contains(email), "{pass}");
    assert_eq!(buyer.send(&ask("google")).await.status, 303);
    assert_eq!(buyer.send(&ask("pdf")).await.status, 200);
}

#[tokio::test]
async fn a_shop_with_certificates_makes_passes() {
    let wallet = Wallet::make();
    let mut around = Surroundings::prepare().await;
    for (name, value) in [
        // Google takes links of https alone.
        ("public_url", "https://tickets.example"),
        ("allow_test_payments", "true"),
        ("google_issuer", "3388000000012345678"),
        ("google_account", "wallet@example.iam.gserviceaccount.com"),
        ("google_key", &wallet.key),
    ]
    .into_iter()
    .chain(wallet.variables())
    {
        around.variables.insert(name.to_owned(), value.to_owned());
    }
    let app = App::start_in(around).await;
    let (seller, buyer, admission) = bought(&app).await;
    assert_eq!(admission["wallets"], json!(["apple", "google"]), "{admission:#}");
    let pass = buyer.get(&path(&admission, "pkpass")).await;
    let due = (200, "application/vnd.apple.pkpass");
    assert_eq!((pass.status, pass.header("content-type")), due, "{pass}");
    assert!(pass.text.starts_with("PK"), "a zip");
    for part in ["pass.json", "manifest.json", "signature", admission["code"].as_str().unwrap()] {
        assert!(pass.text.contains(part), "{part} is in the pass");
    }
    let google = buyer.get(&path(&admission, "google")).await;
    assert_eq!(google.status, 303, "{google}");
    assert!(google.header("location").starts_with("https://pay.google.com/gp/v/save/"), "{google}");
    check(&seller, [row("somebody else's", get(path(&admission, "pkpass")), 403)]).await;
    has_names_in_passes(&app, &seller).await;
    seller.post(&buyer.refund_path().await, json!({ "restock": false })).await.expect(200);
    buyer.sees(&format!("/api/admissions/{}", id(&admission)), json!({ "status": "void" })).await;
    let void = |ending: &str| get(path(&admission, ending));
    check(
        &buyer,
        ["pdf", "pkpass", "google"].map(|ending| row(ending, void(ending), 409).code("void")),
    )
    .await;
}
