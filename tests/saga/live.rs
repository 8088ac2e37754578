//! What open pages hear, and when.

use std::time::{Duration, Instant};

use boxoffice_tests::person::listing;
use boxoffice_tests::{App, Listener, Request, Surroundings, delete, eventually, get, id, put};
use serde_json::{Value, json};

use crate::audit::audit;
use crate::bus;
use crate::{PRICE, Stage, VISA};

/// The stream in which `tickets` tells.
pub(crate) const NEWS: &str = "live:tickets";
/// How soon after it happened a page knows.
const SOON: Duration = Duration::from_secs(1);

/// Asks for the news of `tickets`.
fn live(tickets: &[&Value]) -> Request {
    let query: Vec<_> = tickets.iter().map(|ticket| format!("ticket={}", id(ticket))).collect();
    get(format!("/live?{}", query.join("&")))
}

/// Asks for the news of `ticket`, as a browser that comes back.
fn back(ticket: &Value, last_id: &str) -> Request {
    live(&[ticket]).header("last-event-id", last_id)
}

/// Someone who has opened a page with `ticket`, and has heard all that there was to hear of it.
async fn open(app: &App, ticket: &Value) -> Listener {
    known(app).await;
    let mut page = app.client().listen(&live(&[ticket])).await;
    page.expect("ticket").await;
    page
}

/// Waits until something has been told.
async fn known(app: &App) {
    let told = async || length(app).await;
    eventually("a listing is told of", told, |length| *length > 0).await;
}

/// How much has been told.
async fn length(app: &App) -> usize {
    redis::cmd("XLEN").arg(NEWS).query_async(&mut app.redis().await).await.unwrap()
}

/// Tells of other listings, so many times.
async fn gossip(app: &App, count: usize) {
    let mut redis = app.redis().await;
    let mut pipe = redis::pipe();
    for n in 0..count {
        let id = uuid::Uuid::from_u128(n as u128 + 1);
        let news = json!({ "id": id, "version": 1, "status": "open", "available": 1 });
        pipe.cmd("XADD").arg(NEWS).arg(&["MAXLEN", "~", "2000", "*", "news"]).arg(news.to_string());
    }
    let _: Vec<String> = pipe.query_async(&mut redis).await.unwrap();
}

/// The next that `page` hears of its listing; must be soon after `since`, and stand so.
async fn hears(page: &mut Listener, since: Instant, status: &str, available: i64) -> Value {
    let news = page.expect("ticket").await;
    assert!(since.elapsed() < SOON, "{status}: heard after {:?}", since.elapsed());
    assert_eq!(
        (&news["status"], &news["available"]),
        (&json!(status), &json!(available)),
        "{news}"
    );
    news
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_hears_within_a_second() {
    let Stage { app, seller, buyer, other, ticket } = Stage::set(2).await;
    let mut page = open(&app, &ticket).await;

    let now = Instant::now();
    let order = buyer.hold_many(&ticket, 2).await.expect(201);
    let held = hears(&mut page, now, "held", 0).await;
    assert_eq!(held["id"], ticket["id"]);
    assert!(held.get("edited").is_none(), "only its counts changed: {held}");

    let now = Instant::now();
    buyer.cancel(&order).await.expect(204);
    let freed = hears(&mut page, now, "open", 2).await;
    assert!(freed["version"].as_i64() > held["version"].as_i64(), "{held} then {freed}");

    let now = Instant::now();
    let wish = listing(json!({ "title": "Dearer", "price": 2 * PRICE, "quantity": 2 }));
    let edit = put(format!("/api/tickets/{}", id(&ticket)), wish);
    let shown = seller.send(&edit).await.expect(200);
    let edited = hears(&mut page, now, "open", 2).await;
    assert_eq!((&edited["edited"], &edited["version"]), (&json!(true), &shown["version"]));

    let order = other.hold_many(&ticket, 2).await.expect(201);
    hears(&mut page, Instant::now(), "held", 0).await;
    let now = Instant::now();
    other.pay(&order, VISA).await.expect(201);
    let sold = hears(&mut page, now, "sold", 0).await;
    let seen = buyer.sees_ticket(&ticket, json!({ "status": "sold" })).await;
    assert_eq!(sold["version"], seen["version"], "the news and the listing have one version");
    audit(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_hears_that_its_listing_was_withdrawn() {
    let Stage { app, seller, ticket, .. } = Stage::set(1).await;
    let mut page = open(&app, &ticket).await;
    let now = Instant::now();
    seller.send(&delete(format!("/api/tickets/{}", id(&ticket)))).await.expect(204);
    hears(&mut page, now, "withdrawn", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_hears_of_its_own_listings_only() {
    let Stage { app, seller, buyer, ticket, .. } = Stage::set(1).await;
    let another = seller.list(json!({ "price": PRICE })).await.expect(201);
    let mut page = open(&app, &ticket).await;
    let mut both = app.client().listen(&live(&[&ticket, &another])).await;
    both.expect("ticket").await;
    buyer.hold(&another).await.expect(201);
    while both.expect("ticket").await["status"] != "held" {}
    page.hears_nothing_for(SOON).await;
}

/// The page was rendered before its stream began: what happened in between is told first.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_just_come_hears_how_things_stand() {
    let stage = Stage::set(1).await;
    let order = stage.buyer.hold(&stage.ticket).await.expect(201);
    stage.shows(0, "held").await;
    stage.buyer.cancel(&order).await.expect(204);
    stage.shows(1, "open").await;
    let shown = stage.buyer.get(&format!("/api/tickets/{}", id(&stage.ticket))).await.expect(200);
    let due = async || {
        let mut page = stage.app.client().listen(&live(&[&stage.ticket])).await;
        assert_eq!(page.headers()["cache-control"], "no-store");
        assert_eq!(page.headers()["x-accel-buffering"], "no");
        assert!(page.headers().contains_key("x-request-id"));
        let news = page.expect("ticket").await;
        assert_eq!(page.retry, Some(1000));
        news
    };
    // Once, as it is now, however much has happened.
    let good = |news: &Value| news["version"] == shown["version"];
    let news = eventually("the last news is told", due, good).await;
    assert_eq!((&news["status"], &news["available"]), (&json!("open"), &json!(1)), "{news}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_hears_what_was_missed() {
    let Stage { app, buyer, ticket, .. } = Stage::set(1).await;
    let page = open(&app, &ticket).await;
    let last_id = page.last_id.clone();
    drop(page);
    let mut page = app.client().listen(&back(&ticket, &last_id)).await;
    page.hears_nothing_for(SOON).await;
    drop(page);
    buyer.hold(&ticket).await.expect(201);
    buyer.sees_ticket(&ticket, json!({ "status": "held" })).await;
    let mut page = app.client().listen(&back(&ticket, &last_id)).await;
    hears(&mut page, Instant::now(), "held", 0).await;
    assert_ne!(page.last_id, last_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_missed_too_much_reloads() {
    let Stage { app, ticket, .. } = Stage::set(1).await;
    let page = open(&app, &ticket).await;
    let last_id = page.last_id.clone();
    drop(page);
    gossip(&app, 2_500).await;
    for last_id in [&last_id, "1-0", "yesterday"] {
        let mut page = app.client().listen(&back(&ticket, last_id)).await;
        assert_eq!(page.expect("reload").await, json!({}), "{last_id}");
        // Once: from there on it knows again where it is.
        let mut page = app.client().listen(&back(&ticket, &page.last_id)).await;
        page.hears_nothing_for(SOON).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_redis_forgets_pages_reload_and_go_on() {
    let Stage { mut app, buyer, ticket, .. } = Stage::set(1).await;
    let mut page = open(&app, &ticket).await;
    app.lose_redis();
    app.start_redis();
    bus::listens(&app).await;
    page.expect("reload").await;
    buyer.hold(&ticket).await.expect(201);
    while page.expect("ticket").await["status"] != "held" {}
}

/// A page must learn that it has to poll: its stream ends, and it gets no other.
#[tokio::test(flavor = "multi_thread")]
async fn without_redis_there_are_no_streams() {
    let Stage { mut app, ticket, .. } = Stage::set(1).await;
    let mut page = open(&app, &ticket).await;
    app.stop_redis();
    assert_eq!(page.next().await, None, "the stream ends when Redis has been away for a while");
    let refused = app.client().send(&live(&[&ticket])).await;
    assert_eq!(refused.status, 503, "{refused}");
    app.start_redis();
    let head = Request { method: reqwest::Method::HEAD, ..live(&[&ticket]) };
    let again = async || app.client().exchange(&head).await.status;
    eventually("streams are back with Redis", again, |status| *status == 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_itself() {
    let app = App::start_with([("live_seconds", "2")]).await;
    let Stage { app, ticket, .. } = Stage::set_in(app, 1).await;
    let mut page = open(&app, &ticket).await;
    let start = Instant::now();
    let comments = page.comments;
    assert_eq!(page.next().await, None);
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert!(page.comments > comments, "its last words say how far it came");
    assert_eq!(page.retry, Some(250), "and to come back soon");
    let mut page = app.client().listen(&back(&ticket, &page.last_id)).await;
    assert_eq!(page.next().await, None, "and there was nothing new");
}

/// A listing that is quiet while others are not: its pages come back with an id that is known.
#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_page_does_not_fall_behind() {
    let app = App::start_with([("live_seconds", "2")]).await;
    let Stage { app, ticket, .. } = Stage::set_in(app, 1).await;
    let mut page = open(&app, &ticket).await;
    gossip(&app, 1_500).await;
    tokio::time::sleep(SOON).await;
    assert_eq!(page.next().await, None);
    gossip(&app, 1_500).await;
    let mut page = app.client().listen(&back(&ticket, &page.last_id)).await;
    assert_eq!(page.next().await, None, "nothing was missed, so nothing is reloaded");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_pages_hear_the_same() {
    let mut around = Surroundings::prepare().await;
    around.limits.streams_per_client = 200;
    let stage = Stage::set_in(App::start_in(around).await, 1).await;
    let Stage { app, buyer, ticket, .. } = stage;
    known(&app).await;
    let request = live(&[&ticket]);
    // More than an instance serves in all.
    let pages = (0..200).map(|_| async {
        let mut page = app.client().listen(&request).await;
        page.expect("ticket").await;
        page
    });
    let pages = futures::future::join_all(pages).await;
    buyer.hold(&ticket).await.expect(201);
    let heard = pages.into_iter().map(async |mut page| page.expect("ticket").await);
    for news in futures::future::join_all(heard).await {
        assert_eq!(news["status"], "held", "{news}");
    }
}
