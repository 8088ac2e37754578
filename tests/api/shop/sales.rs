//! What sellers see of their sales, and how they refund them.

use boxoffice_tests::{Answer, App, Person, eventually, get, id};
use serde_json::{Value, json};

use super::browser::{Browser, Form, embedded};

/// A seller of kites, two buyers' worth of them.
async fn a_seller(app: &App) -> (Browser, String) {
    let seller = Browser::signed_up(app, "kites@example.com").await;
    let form = seller.form("/tickets/new", "/tickets/new").await;
    let form = form.with("title", "Kites").with("price", "45").with("currency", "EUR");
    let form = form.with("quantity", "50").with("maxPerBuyer", "50");
    let listed = seller.send(&form).await;
    (seller, listed.header("location").to_owned())
}

/// Has `buyer` buy so many of what is at `page`; the order.
async fn buys(app: &App, buyer: &Person, page: &str, quantity: i64) -> Value {
    let ticket = app.client().get(&format!("/api{page}")).await.expect(200);
    let order = buyer.hold_many(&ticket, quantity).await.expect(201);
    buyer.pay(&order, "pm_card_visa").await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await
}

/// The page of sales once it has so many lines.
async fn sales(seller: &Browser, path: &str, lines: usize) -> Answer {
    let look = async || seller.page(path).await;
    eventually("the sales are told", look, |page| kinds(page).len() == lines).await
}

/// What each line of the page is said to be.
fn kinds(page: &Answer) -> Vec<&str> {
    let lines = page.text.split("<p class=\"status").skip(1);
    lines.map(|line| line.split(['>', '<']).nth(1).unwrap_or_default()).collect()
}

/// Where the form for the only refund on the page is sent.
fn refund_on(page: &Answer) -> String {
    let mut forms = page.text.split("action=\"/sales/").skip(1);
    let action = forms.next().unwrap_or_else(|| panic!("nothing to refund: {page}"));
    assert!(forms.next().is_none(), "more than one: {page}");
    format!("/sales/{}", action.split('"').next().unwrap())
}

#[tokio::test]
async fn a_sale_is_refunded_by_its_seller_and_its_buyer_sees_it() {
    let app = App::start().await;
    let (seller, ticket) = a_seller(&app).await;
    let none = seller.page("/sales").await;
    assert!(none.text.contains("You have sold nothing yet."), "{none}");
    let buyer = Browser::signed_up(&app, "buyer@example.com").await;
    let hold = buyer.form(&ticket, &format!("{ticket}/hold")).await.with("quantity", "2");
    let checkout = buyer.send(&hold).await.header("location").to_owned();
    let order = checkout.trim_end_matches("/checkout").to_owned();
    let pay = buyer.form(&checkout, &format!("{order}/pay")).await;
    assert_eq!(buyer.send(&pay.with("token", "pm_card_visa")).await.header("location"), order);

    let page = sales(&seller, "/sales", 1).await;
    assert_eq!(kinds(&page), ["Sold"]);
    for text in
        ["Kites", "2 tickets", "€90.00", "Put the tickets back on sale", "href=\"/sales.csv\""]
    {
        assert!(page.text.contains(text), "{text}: {page}");
    }
    assert!(!page.text.contains("fraudulent"), "only operators may say that: {page}");
    let form = Form::on(&page, &refund_on(&page));
    let forged = form.clone().with("key", "forged").with("reason", "fraudulent");
    assert_eq!(seller.send(&forged).await.status, 403);
    let form = form.with("reason", "duplicate").with("restock", "true");
    // So that the refund is booked after the sale.
    app.a_moment_passes();
    let refunded = seller.send(&form).await;
    assert_eq!(refunded.header("location"), "/sales", "{refunded}");
    let page = seller.follow(&refunded).await;
    assert!(page.text.contains("Refunded. The buyer has the money back"), "{page}");
    let page = sales(&seller, "/sales", 2).await;
    assert_eq!(kinds(&page), ["Refund", "Sold, then refunded"]);
    assert!(page.text.contains("−€90.00") && page.text.contains("€0.00"), "{page}");
    assert!(!page.text.contains("/refund"), "nothing is refunded twice: {page}");
    for key in [form.value("key"), "another"] {
        let again = seller.send(&form.clone().with("key", key)).await;
        assert_eq!(again.header("location"), "/sales", "as good as once: {again}");
    }

    let look = async || buyer.page(&order).await.text;
    let page = eventually("the buyer sees it", look, |page| page.contains("Given back")).await;
    assert!(page.contains("5 to 10 days") && page.contains("Refunded"), "{page}");
    assert!(!page.contains("event.ics"), "{page}");
    assert_eq!(buyer.open(&format!("{order}/event.ics")).await.status, 404);
    assert!(buyer.page("/orders").await.text.contains("Refunded"));
    app.client().sees(&format!("/api{ticket}"), json!({ "available": 50 })).await;
    app.audit().await;
}

#[tokio::test]
async fn a_refund_goes_on_once_its_seller_has_confirmed() {
    let app = App::start().await;
    let (seller, ticket) = a_seller(&app).await;
    let codes = seller.sets_up_an_app(&app).await;
    let buyer = app.sign_up().await;
    let order = buys(&app, &buyer, &ticket, 2).await;
    app.advance(15 * 60 + 1);
    let page = sales(&seller, "/sales", 1).await;
    let form = Form::on(&page, &refund_on(&page)).with("restock", "true");
    let asked = seller.send(&form.with("reason", "duplicate")).await;
    let refunded = seller.confirms(&asked, &codes.code(&app, 0)).await;
    assert_eq!(refunded.header("location"), "/sales", "{refunded}");
    let page = seller.follow(&refunded).await;
    assert!(page.text.contains("Refunded. The buyer has the money back"), "{page}");
    buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    let on_sale = async || app.client().get(&format!("/api{ticket}")).await.expect(200);
    eventually("they are on sale again", on_sale, |ticket| ticket["available"] == 50).await;
}

#[tokio::test]
async fn what_cannot_be_refunded_is_refused_politely() {
    let app = App::start().await;
    let (seller, ticket) = a_seller(&app).await;
    let buyer = app.sign_up().await;
    buys(&app, &buyer, &ticket, 1).await;
    let sold = sales(&seller, "/sales", 1).await;
    let form = Form::on(&sold, &refund_on(&sold));
    let other = Browser::signed_up(&app, "other@example.com").await;
    assert_eq!(other.send(&form).await.status, 403);
    let nobody = Browser::at(&app).send(&form).await;
    assert_eq!(nobody.header("location"), "/sign-in?next=%2Fsales", "{nobody}");
    let unknown = form.clone().sent_to("/sales/01980f3c-0000-7000-8000-000000000000/refund");
    assert_eq!(seller.send(&unknown).await.status, 404);
    assert_eq!(seller.send(&form.clone().with("reason", "whim")).await.status, 400);

    let shown = app.client().get(&format!("/api{ticket}")).await.expect(200);
    let order = buyer.hold(&shown).await.expect(201);
    buyer.pay(&order, "pm_card_chargeDeclined").await.expect(402);
    let path = format!("/api/payments?orderId={}", id(&order));
    let declined = buyer.exchange(&get(path.as_str())).await.expect(200)["items"][0].clone();
    let action = format!("/sales/{}/refund", id(&declined));
    let refused = seller.send(&form.clone().with("key", "declined").sent_to(&action)).await;
    assert_eq!(refused.status, 409, "{refused}");
    let state = embedded(&refused);
    assert_eq!(state["notice"]["tone"], "bad", "{state:#}");
    assert_eq!(kinds(&refused), ["Sold"], "nothing was refunded: {refused}");
}

#[tokio::test]
async fn a_refund_whose_answer_is_late_is_on_its_way() {
    let mut app = App::start().await;
    let (seller, ticket) = a_seller(&app).await;
    buys(&app, &app.sign_up().await, &ticket, 1).await;
    let sold = sales(&seller, "/sales", 1).await;
    let form = Form::on(&sold, &refund_on(&sold));
    app.stop_sandbox().await;
    let asked = seller.send(&form).await;
    let page = seller.follow(&asked).await;
    assert!(page.text.contains("The refund is on its way."), "{page}");
    assert_eq!(kinds(&page), ["Refund on its way"]);
    assert!(!page.text.contains("/refund"), "{page}");
    app.start_sandbox().await;
    app.advance(3_600);
    app.tick().await;
    let shown = sales(&seller, "/sales", 2).await;
    assert_eq!(kinds(&shown), ["Refund", "Sold, then refunded"]);
}

/// Every test begins on the first of March 2030.
#[tokio::test]
async fn sales_are_filtered_by_days_and_had_as_a_file() {
    let app = App::start().await;
    let (seller, ticket) = a_seller(&app).await;
    let order = buys(&app, &app.sign_up().await, &ticket, 1).await;
    sales(&seller, "/sales?from=2030-03-01&to=2030-03-01", 1).await;
    let later = sales(&seller, "/sales?from=2030-03-02", 0).await;
    assert!(later.text.contains("€45.00; before this period, €45.00"), "{later}");
    let earlier = seller.page("/sales?to=2030-02-28").await;
    assert!(earlier.text.contains("Nothing was sold in this time."), "{earlier}");
    let german = Browser::signed_up(&app, "g@example.com").await.in_language("de-DE");
    assert_eq!(german.page("/sales").await.status, 200);

    let range = "from=2030-03-01&to=2030-03-01";
    let page = seller.page(&format!("/sales?{range}")).await;
    let link = format!("href=\"/sales.csv?{}\"", range.replace('&', "&amp;"));
    assert!(page.text.contains(&link), "{page}");
    let there = seller.page("/sales?from=2030-03-02&timeZone=Pacific/Auckland").await;
    assert_eq!(kinds(&there), ["Sold"], "it is the next day there: {there}");
    assert!(there.text.contains("NZDT, Auckland"), "{there}");
    let link = "href=\"/sales.csv?from=2030-03-02&amp;timeZone=Pacific%2FAuckland\"";
    assert!(there.text.contains(link), "{there}");
    let file = seller.open(&format!("/sales.csv?{range}")).await;
    assert!(file.header("content-type").starts_with("text/csv"), "{file}");
    assert!(file.header("content-disposition").starts_with("attachment; filename="), "{file}");
    assert_eq!(file.header("cache-control"), "no-store");
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    let lines: Vec<&str> = file.text.lines().collect();
    assert_eq!(lines.len(), 2, "{file}");
    assert!(lines[1].contains("45.00") && lines[1].contains(id(&order)), "{file}");
    let empty = seller.open("/sales.csv?from=2030-03-02").await;
    assert_eq!(empty.text.lines().count(), 1, "{empty}");
    let nobody = Browser::at(&app).open(&format!("/sales.csv?{range}")).await;
    assert!(nobody.header("location").starts_with("/sign-in?next=%2Fsales%3F"), "{nobody}");

    for (query, field, why) in [
        ("from=yesterday", "from", "such as 2027-05-01"),
        ("from=2030-03-02&to=2030-03-01", "to", "swap the two"),
        ("timeZone=Mars/Olympus", "timeZone", "such as Europe/Zurich"),
    ] {
        let wrong = seller.open(&format!("/sales?{query}")).await;
        assert_eq!(wrong.status, 400, "{wrong}");
        assert!(wrong.text.contains(why), "{wrong}");
        assert!(wrong.text.contains(&format!("href=\"#{field}\"")), "the summary: {wrong}");
        assert_eq!(seller.open(&format!("/sales.csv?{query}")).await.status, 400);
    }
    let file = seller.in_language("de-DE").open("/sales.csv").await;
    assert!(file.text.contains(";\"45,00\";\"EUR\";"), "as German spreadsheets read it: {file}");
}

#[tokio::test]
async fn a_long_list_of_sales_has_pages() {
    let app = App::start().await;
    let (seller, ticket) = a_seller(&app).await;
    let buyer = app.sign_up().await;
    for _ in 0..21 {
        buys(&app, &buyer, &ticket, 1).await;
        app.a_moment_passes();
    }
    let look = async || seller.page("/sales").await;
    // The page reads sales before their sum, and the last may be booked in between.
    let (sum, more) = ("€945.00", "href=\"/sales?cursor=");
    let are_all = |page: &Answer| page.text.contains(sum) && page.text.contains(more);
    let first = eventually("all are sold", look, are_all).await;
    assert_eq!(kinds(&first).len(), 20);
    let (_, next) = first.text.split_once(more).unwrap();
    let next = format!("/sales?cursor={}", next.split('"').next().unwrap());
    let second = sales(&seller, &next, 1).await;
    assert!(!second.text.contains("rel=\"next\""), "{second}");
}
