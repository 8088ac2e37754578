//! What sellers are told of their money.

use boxoffice_tests::{check, get, id, row};
use serde_json::{Value, json};

use crate::stage::{PRICE, Stage, refund};

const LEDGER: &str = "/api/payments/ledger";

async fn ledger(stage: &Stage, query: &str) -> Value {
    stage.seller.get(&format!("{LEDGER}?{query}")).await.expect(200)
}

fn amounts(ledger: &Value) -> Vec<i64> {
    let items = ledger["items"].as_array().unwrap();
    items.iter().map(|item| item["amount"].as_i64().unwrap()).collect()
}

/// Two sales on the first day of March, the refund of the second on the next.
async fn busy() -> (Stage, Value, Value) {
    let stage = Stage::with_sandbox().await;
    let (_, kept) = stage.sold().await;
    stage.passes(1).await;
    let (_, undone) = stage.sold().await;
    stage.passes(24 * 60 * 60).await;
    stage.seller.send(&refund(&undone, json!({}))).await.expect(200);
    (stage, kept, undone)
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_and_refunds_add_up() {
    let (stage, kept, undone) = busy().await;
    let all = ledger(&stage, "").await;
    assert_eq!(amounts(&all), [-PRICE, PRICE, PRICE]);
    assert_eq!(all["balances"], json!([{ "currency": "EUR", "opening": 0, "closing": PRICE }]));
    let [refund, second, first] = all["items"].as_array().unwrap().as_slice() else {
        panic!("{all:#}")
    };
    assert_eq!(refund["movement"], "refund");
    assert_eq!((&refund["paymentId"], &second["paymentId"]), (&undone["id"], &undone["id"]));
    assert_eq!(second["paymentStatus"], "refunded");
    assert_eq!((&first["paymentId"], &first["paymentStatus"]), (&kept["id"], &json!("captured")));
    assert_eq!(first["ticketId"], stage.ticket["id"]);
    assert_eq!((&first["title"], &first["quantity"]), (&stage.ticket["title"], &json!(1)));

    let second_day = ledger(&stage, "from=2030-03-02").await;
    assert_eq!(amounts(&second_day), [-PRICE]);
    let balances = json!([{ "currency": "EUR", "opening": 2 * PRICE, "closing": PRICE }]);
    assert_eq!(second_day["balances"], balances);
    let first_day = ledger(&stage, "from=2030-03-01T00:00:00Z&to=2030-03-02").await;
    assert_eq!(amounts(&first_day), [PRICE, PRICE]);
    stage.is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_one_another() {
    let (stage, ..) = busy().await;
    let mut query = "limit=1".to_owned();
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let page = ledger(&stage, &query).await;
        seen.extend(amounts(&page));
        assert_eq!(page["balances"][0]["closing"], PRICE);
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        query = format!("limit=1&cursor={cursor}");
    }
    assert_eq!(seen, [-PRICE, PRICE, PRICE]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_has_it_all_for_programs() {
    let (stage, kept, undone) = busy().await;
    let answer = stage.seller.get(&format!("{LEDGER}?format=csv&from=2030-03-01")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    let name = "attachment; filename=\"boxoffice-ledger-from-2030-03-01.csv\"";
    assert_eq!(answer.header("content-disposition"), name);
    // What reads the text may drop the byte order mark.
    let text = answer.text.trim_start_matches('\u{feff}');
    assert_eq!(answer.header("content-length"), (text.len() + 3).to_string(), "{text}");
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    let head = "\"date (UTC)\",\"movement\",\"title\",\"quantity\",\"amount\",\"currency\",\
                \"order\",\"payment\",\"status now\",\"order number\"";
    assert_eq!((lines.len(), lines[0]), (4, head));
    let ends = |line: &str, payment: &Value, status: &str| {
        let order = payment["orderId"].as_str().unwrap();
        let number = boxoffice_contract::orders::number(order.parse().unwrap());
        let end = format!(",\"{order}\",\"{}\",\"{status}\",\"{number}\"", id(payment));
        assert!(line.ends_with(&end), "{line}");
    };
    ends(lines[1], &kept, "captured");
    ends(lines[3], &undone, "refunded");
    assert!(lines[1].starts_with("\"2030-03-01 12:00:"), "{}", lines[1]);
    assert!(lines[1].contains(",\"1\",\"45.00\",\"EUR\","), "{}", lines[1]);
    assert!(lines[3].contains(",\"refund\",") && lines[3].contains(",\"-45.00\","), "{}", lines[3]);
}

/// Days begin, and clocks show, what they do where the seller is.
#[tokio::test(flavor = "multi_thread")]
async fn the_file_is_for_the_sellers_spreadsheet() {
    let (stage, ..) = busy().await;
    let there = "timeZone=Pacific%2FAuckland";
    let query = format!("format=csv&separator=semicolon&{there}&from=2030-03-02&to=2030-03-03");
    let answer = stage.seller.get(&format!("{LEDGER}?{query}")).await;
    let name = "attachment; filename=\"boxoffice-ledger-from-2030-03-02-to-2030-03-03.csv\"";
    assert_eq!(answer.header("content-disposition"), name);
    let text = answer.text.trim_start_matches('\u{feff}');
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert!(lines[0].starts_with("\"date (Pacific/Auckland)\";\"movement\";"), "{text}");
    assert_eq!(lines.len(), 3, "noon in UTC is the next day's first hours there: {text}");
    assert!(lines[1].starts_with("\"2030-03-02 01:00:"), "{text}");
    assert!(lines[1].contains(";\"45,00\";\"EUR\";"), "{text}");
    let page = ledger(&stage, &format!("{there}&from=2030-03-03")).await;
    assert_eq!(amounts(&page), [-PRICE]);
}

/// A title that a spreadsheet would run is only a text in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_title_is_no_formula() {
    let mut stage = Stage::with_sandbox().await;
    let wish = json!({ "title": "=HYPERLINK(\"x\"), now", "price": PRICE });
    stage.ticket = stage.seller.list(wish).await.expect(201);
    stage.sold().await;
    let answer = stage.seller.get(&format!("{LEDGER}?format=csv")).await;
    let text = &answer.text;
    assert!(text.contains(",\"'=HYPERLINK(\"\"x\"\"), now\","), "{text}");
    // Even where a spreadsheet parts cells by semicolons.
    let wish = json!({ "title": "x;=1+1;y", "price": PRICE });
    stage.ticket = stage.seller.list(wish).await.expect(201);
    stage.passes(1).await;
    stage.sold().await;
    let text = stage.seller.get(&format!("{LEDGER}?format=csv")).await.text;
    assert!(text.contains(",\"x;'=1+1;y\","), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_sees_their_own() {
    let (stage, ..) = busy().await;
    for other in [&stage.buyer, &stage.app.sign_up().await] {
        other.get(LEDGER).await.shows(200, json!({ "balances": [], "items": [] }));
    }
    check(&stage.app.client(), [row("nobody", get(LEDGER), 401)]).await;
    let wrong = |name, query: &str| row(name, get(format!("{LEDGER}?{query}")), 400);
    let rows = [
        wrong("no date", "from=yesterday"),
        wrong("backwards", "from=2030-03-02&to=2030-03-01"),
        wrong("no format", "format=xlsx"),
        wrong("no separator", "format=csv&separator=pipe"),
        wrong("no time zone", "timeZone=Mars/Olympus"),
        wrong("no cursor", "cursor=7"),
        wrong("no such filter", "seller=me"),
    ];
    check(&stage.seller, rows).await;
}
