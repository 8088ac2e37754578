//! `GET /api/tickets`: search, filters, order, pages.

use std::cell::Cell;
use std::time::Duration;

use boxoffice_tests::{App, Person, check, get, id, row};
use futures::future::join_all;
use serde_json::{Value, json};

const TICKETS: &str = "/api/tickets";

/// Lists these, a millisecond apart, so that their order is known.
async fn list_all(
    app: &App,
    seller: &Person,
    wishes: impl IntoIterator<Item = Value>,
) -> Vec<Value> {
    let mut listed = Vec::new();
    for wish in wishes {
        listed.push(seller.list(wish).await.expect(201));
        app.a_moment_passes();
    }
    listed
}

/// The titles on a page, in their order.
fn titles(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap_or_else(|| panic!("no page: {page:#}"));
    items.iter().map(|item| item["title"].as_str().unwrap()).collect()
}

/// The page with these titles, in this order.
fn page<const N: usize>(titles: [&str; N]) -> Value {
    let items: Vec<Value> = titles.iter().map(|title| json!({ "title": title })).collect();
    json!({ "items": items })
}

#[tokio::test]
async fn a_search_finds_all_words_wherever_they_stand() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    list_all(
        &app,
        &seller,
        [
            json!({ "title": "Night of Kites", "venue": "Old Mill", "city": "Basel" }),
            json!({ "title": "Mill Sessions", "venue": "Kaserne", "city": "Zürich" }),
            json!({ "title": "100% Techno", "description": "Doors at 23:00, old_school only" }),
            json!({ "title": "1000 Techno", "description": "oldXschool" }),
            json!({ "title": "O'Hara \"Live\"", "city": "ISTANBUL" }),
            json!({ "title": "Back\\slash", "city": "New York" }),
        ],
    )
    .await;
    let search = |q: &str, found: Value| {
        let query: String = form_urlencoded::byte_serialize(q.as_bytes()).collect();
        row(format!("q={q}"), get(format!("{TICKETS}?q={query}")), 200).shows(found)
    };
    let rows = [
        search("kites", page(["Night of Kites"])),
        search("KITES", page(["Night of Kites"])),
        search("mill", page(["Mill Sessions", "Night of Kites"])),
        search("basel mill", page(["Night of Kites"])),
        search("  mill   of ", page(["Night of Kites"])),
        search("mill nothing", page([])),
        search("zürich", page(["Mill Sessions"])),
        search("ZÜRICH", page(["Mill Sessions"])),
        search("100%", page(["100% Techno"])),
        search("100", page(["1000 Techno", "100% Techno"])),
        search("%", page(["100% Techno"])),
        search("old_school", page(["100% Techno"])),
        search("_", page(["100% Techno"])),
        search("o'hara", page(["O'Hara \"Live\""])),
        search("\"live\"", page(["O'Hara \"Live\""])),
        search("back\\slash", page(["Back\\slash"])),
        search("\\", page(["Back\\slash"])),
        search("' OR 1=1 --", page([])),
        search("istanbul", page(["O'Hara \"Live\""])),
        search("of kites old mill basel night of kites of", page(["Night of Kites"])),
    ];
    check(&app.client(), rows).await;
    let all = app.client().get("/api/tickets?q=").await.expect(200);
    assert_eq!(titles(&all).len(), 6, "an empty search finds all");
}

#[tokio::test]
async fn every_word_of_a_long_search_counts() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    list_all(&app, &seller, [json!({ "title": "one two three four five six seven eight nine" })])
        .await;
    let search = |q: &str| get(format!("{TICKETS}?q={}", q.replace(' ', "+")));
    let nine = "one two three four five six seven eight nine";
    let ten = "one two three four five six seven eight nine ten";
    let found = app.client().send(&search(nine)).await.expect(200);
    assert_eq!(titles(&found), [nine]);
    let found = app.client().send(&search(ten)).await.expect(200);
    assert!(titles(&found).is_empty(), "the tenth word is not in it: {found:#}");
}

#[tokio::test]
async fn filters_narrow_the_list_together() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let event = |title: &str, city: &str, price: i64, starts_at: &str| json!({ "title": title, "city": city, "price": price, "startsAt": starts_at });
    list_all(
        &app,
        &seller,
        [
            event("april", "Basel", 1000, "2030-04-01T18:00:00Z"),
            event("may", "basel", 2000, "2030-05-01T18:00:00Z"),
            event("june", "Zürich", 3000, "2030-06-01T18:00:00Z"),
            json!({ "title": "undated", "price": 4000 }),
        ],
    )
    .await;
    let filter =
        |query: &str, found: Value| row(query, get(format!("{TICKETS}?{query}")), 200).shows(found);
    let rows = [
        filter("", page(["undated", "june", "may", "april"])),
        filter("city=Basel", page(["may", "april"])),
        filter("city=BASEL", page(["may", "april"])),
        filter("city=%20Basel%20", page(["may", "april"])),
        filter("city=Z%C3%9CRICH", page(["june"])),
        filter("city=Base", page([])),
        filter("city=Bas%25", page([])),
        filter("city=", page(["undated", "june", "may", "april"])),
        filter("maxPrice=2000", page(["may", "april"])),
        filter("maxPrice=1999", page(["april"])),
        filter("maxPrice=0", page([])),
        filter("from=2030-05-01T18:00:00Z", page(["june", "may"])),
        filter("from=2030-05-01T20:00:00%2B02:00", page(["june", "may"])),
        filter("from=2030-05-01T18:00:01Z", page(["june"])),
        filter("to=2030-05-01T18:00:00Z", page(["april"])),
        filter("to=2030-05-01T18:00:01Z", page(["may", "april"])),
        filter("from=2030-04-15T00:00:00Z&to=2030-05-15T00:00:00Z", page(["may"])),
        filter("from=2030-05-15T00:00:00Z&to=2030-04-15T00:00:00Z", page([])),
        filter("city=basel&maxPrice=1500&q=april", page(["april"])),
        filter("city=basel&maxPrice=1500&q=may", page([])),
    ];
    check(&app.client(), rows).await;
}

#[tokio::test]
async fn wrong_filters_are_named_all_at_once() {
    let app = App::start().await;
    let wrong = |query: &str| row(query, get(format!("{TICKETS}?{query}")), 400);
    let rows = [
        wrong("limit=0").fields(["limit"]),
        wrong("limit=-1").fields(["limit"]),
        wrong("limit=101").fields(["limit"]),
        wrong("limit=ten").fields(["limit"]),
        wrong("limit=1.5").fields(["limit"]),
        wrong("limit=99999999999999999999").fields(["limit"]),
        wrong("maxPrice=cheap").fields(["maxPrice"]),
        wrong("maxPrice=-1").fields(["maxPrice"]),
        wrong("from=yesterday").fields(["from"]),
        wrong("to=2030-13-01T00:00:00Z").fields(["to"]),
        wrong("sort=best").fields(["sort"]),
        wrong("sort=price%20DESC").fields(["sort"]),
        wrong("cursor=made-up").fields(["cursor"]),
        wrong("cursor=%ff").fields(["cursor"]),
        wrong(&format!("q={}", "x".repeat(201))).fields(["q"]),
        wrong(&format!("q={}", "x".repeat(8_000))).fields(["q"]),
        wrong("sort=price&sort=newest").fields(["sort"]),
        wrong("resaleOf=1").fields(["resaleOf"]),
        wrong("colour=red").fields(["colour"]),
        wrong("from=x&to=y&maxPrice=z&sort=w&limit=v")
            .fields(["from", "to", "maxPrice", "sort", "limit"]),
    ];
    check(&app.client(), rows).await;
    for limit in [1, 100] {
        app.client().get(&format!("{TICKETS}?limit={limit}")).await.expect(200);
    }
}

/// Follows `Link` from `path` on; the entries of each page.
async fn walk(person: &Person, path: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let answer = person.get(&path).await;
        let link = answer.header("link").to_owned();
        let page = answer.expect(200);
        next = page["nextCursor"].as_str().map(|cursor| {
            let target =
                link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\""));
            let target = target.unwrap_or_else(|| panic!("{path}: Link is {link:?}"));
            assert!(target.ends_with(&format!("cursor={cursor}")), "{link}");
            target.to_owned()
        });
        assert_eq!(next.is_none(), link.is_empty(), "Link and nextCursor agree: {link}");
        pages.push(page["items"].as_array().unwrap().clone());
        assert!(pages.len() < 100, "the pages do not end");
    }
    pages
}

#[tokio::test]
async fn every_order_walks_through_each_listing_once() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    // Many equal keys, so that pages end between equals.
    let wishes = (0..23).map(|n| {
        let mut wish =
            json!({ "title": format!("{n:02}"), "price": 1000 + 500 * (n % 4), "city": "Basel" });
        if n % 3 != 0 {
            wish["startsAt"] = json!(format!("2030-06-{:02}T18:00:00Z", 1 + n % 5));
        }
        wish
    });
    let listed = list_all(&app, &seller, wishes).await;
    type Key = fn(&Value) -> (String, String);
    let by_id: Key = |ticket| (String::new(), id(ticket).to_owned());
    let by_price: Key = |ticket| (format!("{:>9}", ticket["price"]), id(ticket).to_owned());
    let by_start: Key =
        |ticket| (ticket["startsAt"].as_str().unwrap_or("9").to_owned(), id(ticket).to_owned());
    for (sort, key, descends) in [
        ("newest", by_id, true),
        ("startsAt", by_start, false),
        ("price", by_price, false),
        ("-price", by_price, true),
    ] {
        let mut due: Vec<&Value> = listed.iter().collect();
        due.sort_by_key(|ticket| key(ticket));
        if descends {
            due.reverse();
        }
        for limit in [1, 4, 23, 100] {
            let path = format!("{TICKETS}?sort={sort}&limit={limit}&city=basel");
            let pages = walk(&app.client(), &path).await;
            assert_eq!(pages.len(), 23_usize.div_ceil(limit), "{path}");
            let seen: Vec<&Value> = pages.iter().flatten().collect();
            let names = |tickets: &[&Value]| -> Vec<String> {
                tickets.iter().map(|ticket| ticket["title"].to_string()).collect()
            };
            assert_eq!(names(&seen), names(&due), "{path}");
        }
    }
    let pages = walk(&app.client(), TICKETS).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [20, 3], "20 a page by default");
}

#[tokio::test]
async fn a_walk_is_not_disturbed_by_what_is_listed_or_withdrawn_meanwhile() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let listed = list_all(&app, &seller, (0..6).map(|n| json!({ "title": format!("{n}") }))).await;
    let first = app.client().get(&format!("{TICKETS}?limit=3")).await;
    let next = first.body["nextCursor"].as_str().unwrap().to_owned();
    assert_eq!(titles(&first.expect(200)), ["5", "4", "3"]);
    list_all(&app, &seller, [json!({ "title": "new" })]).await;
    seller.delete(&format!("{TICKETS}/{}", id(&listed[3]))).await.expect(204);
    let second = app.client().get(&format!("{TICKETS}?limit=3&cursor={next}")).await.expect(200);
    assert_eq!(titles(&second), ["2", "1", "0"]);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_alone() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let listed = list_all(&app, &seller, (0..3).map(|n| json!({ "price": 100 + n }))).await;
    for ticket in &listed[..2] {
        buyer.hold(ticket).await.expect(201);
    }
    let cursor = async |path: &str| {
        let page = buyer.get(path).await.expect(200);
        page["nextCursor"].as_str().unwrap_or_else(|| panic!("{page:#}")).to_owned()
    };
    let by_price = cursor("/api/tickets?sort=price&limit=1").await;
    let newest = cursor("/api/tickets?limit=1").await;
    let orders = cursor("/api/orders?limit=1").await;
    let foreign = |name: &str, path: String| row(name, get(path), 400).fields(["cursor"]);
    let rows = [
        row("its own", get(format!("/api/tickets?sort=price&cursor={by_price}")), 200),
        foreign("another order", format!("/api/tickets?sort=-price&cursor={by_price}")),
        foreign("no order", format!("/api/tickets?cursor={by_price}")),
        foreign("of orders", format!("/api/tickets?cursor={orders}")),
        foreign("cut off", format!("/api/tickets?cursor={}", &newest[..newest.len() - 4])),
        foreign("longer", format!("/api/tickets?cursor={newest}AAAA")),
        foreign("orders with one of tickets", format!("/api/orders?cursor={newest}")),
        foreign("orders with one made up", "/api/orders?cursor=x".to_owned()),
        row("orders with its own", get(format!("/api/orders?cursor={orders}")), 200),
    ];
    check(&buyer, rows).await;
}

#[tokio::test]
async fn events_that_have_begun_show_only_when_asked_for() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let soon = app.time(3600);
    list_all(
        &app,
        &seller,
        [json!({ "title": "soon", "startsAt": soon }), json!({ "title": "some day" })],
    )
    .await;
    app.advance(3590);
    let person = app.client();
    assert_eq!(titles(&person.get(TICKETS).await.expect(200)), ["some day", "soon"]);
    app.advance(10);
    assert_eq!(titles(&person.get(TICKETS).await.expect(200)), ["some day"]);
    let from = format!("{TICKETS}?from=2030-01-01T00:00:00Z");
    assert_eq!(titles(&person.get(&from).await.expect(200)), ["soon"]);
}

#[tokio::test]
async fn sellers_see_all_that_they_list_and_others_what_is_on_show() {
    let app = App::start().await;
    let (seller, other) = (app.sign_up().await, app.sign_up().await);
    let soon = app.time(3600);
    let listed = list_all(
        &app,
        &seller,
        [
            json!({ "title": "on sale" }),
            json!({ "title": "withdrawn" }),
            json!({ "title": "begun", "startsAt": soon }),
        ],
    )
    .await;
    list_all(&app, &other, [json!({ "title": "another's" })]).await;
    seller.delete(&format!("{TICKETS}/{}", id(&listed[1]))).await.expect(204);
    app.advance(3600);
    let own = format!("{TICKETS}?sellerId={}", seller.id());
    let of_fans = format!("{TICKETS}?resaleOf={}", id(&listed[0]));
    let rows = [
        row("by its seller", get(&own), 200).shows(page(["begun", "withdrawn", "on sale"])),
        row("of fans, who sell nothing on", get(of_fans), 200).shows(page([])),
    ];
    check(&seller, rows).await;
    let rows = || {
        let nobody = format!("{TICKETS}?sellerId={}", uuid::Uuid::nil());
        [
            row("by others", get(&own), 200).shows(page(["on sale"])),
            row("of nobody", get(nobody), 200).shows(page([])),
            row("of no account", get(format!("{TICKETS}?sellerId=me")), 400).fields(["sellerId"]),
        ]
    };
    check(&other, rows()).await;
    check(&app.client(), rows()).await;
    let pages = walk(&seller, &format!("{own}&limit=2")).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
}

#[tokio::test]
async fn a_highest_price_in_units_fits_every_currency() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let of = |currency: &str, price: i64| json!({ "title": format!("{currency} {price}"), "currency": currency, "price": price });
    let wishes =
        [of("EUR", 5550), of("EUR", 5551), of("JPY", 55), of("JPY", 56), of("KWD", 55_500)];
    list_all(&app, &seller, wishes).await;
    let most = |units: &str| get(format!("{TICKETS}?sort=price&maxUnits={units}"));
    let rows = [
        row("whole", most("55"), 200).shows(page(["JPY 55"])),
        row("with a rest", most("55.5"), 200).shows(page(["JPY 55", "EUR 5550", "KWD 55500"])),
        row("with much of it", most("55.501"), 200).shows(page([
            "JPY 55",
            "EUR 5550",
            "KWD 55500",
        ])),
        row("no number", most("cheap"), 400).fields(["maxUnits"]),
        row("below nothing", most("-1"), 400).fields(["maxUnits"]),
    ];
    check(&app.client(), rows).await;
}

#[tokio::test]
async fn a_page_is_never_older_than_what_its_reader_was_told() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let listed = seller.list(json!({ "title": "Night of Kites" })).await.expect(201);
    let path = format!("{TICKETS}/{}", id(&listed));
    let is_over = Cell::new(false);
    // They have pages kept all the time, before a change and while it is made.
    let readers = [(); 6].map(async |()| {
        let reader = app.client();
        while !is_over.get() {
            reader.get(TICKETS).await.expect(200);
        }
    });
    let changes = async {
        let reader = app.client();
        for price in 2_000..2_040 {
            // Nothing is kept while changes come faster.
            tokio::time::sleep(Duration::from_millis(25)).await;
            seller
                .put(&path, json!({ "title": "Night of Kites", "price": price, "currency": "EUR" }))
                .await
                .expect(200);
            let page = reader.get(TICKETS).await.expect(200);
            assert_eq!(page["items"][0]["price"], price, "{page:#}");
        }
        seller.delete(&path).await.expect(204);
        assert_eq!(reader.get(TICKETS).await.expect(200)["items"], json!([]));
        seller.list(json!({ "title": "Mill Sessions" })).await.expect(201);
        assert_eq!(titles(&reader.get(TICKETS).await.expect(200)), ["Mill Sessions"]);
        is_over.set(true);
    };
    tokio::join!(join_all(readers), changes);
}
