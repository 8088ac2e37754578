//! Codes that turn: what a holder's device makes them of, and which of them a door takes.

use boxoffice_admission_code::{Slot, Turning};
use boxoffice_contract::Timestamp;
use boxoffice_tests::person::listing;
use boxoffice_tests::{App, Person, check, get, id, row};
use serde_json::{Value, json};

/// A shop in which a buyer has a ticket whose code turns, for an event that begins in so many seconds.
struct Stage {
    app: App,
    seller: Person,
    buyer: Person,
    ticket: Value,
    order: Value,
    admission: Value,
}

impl Stage {
    async fn set(starts_in: i64) -> Self {
        let app = App::start().await;
        let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
        let listing = json!({
            "quantity": 5, "startsAt": app.time(starts_in), "timeZone": "Europe/Zurich",
            "turningCodes": true,
        });
        let ticket = seller.list(listing).await.expect(201);
        let order = buyer.buy(&ticket, 1).await;
        let admission = buyer.admissions(&order, 1).await.remove(0);
        Self { app, seller, buyer, ticket, order, admission }
    }

    fn path(&self) -> String {
        format!("/api/admissions/{}", id(&self.admission))
    }

    /// What `holder`'s device gets.
    async fn turning(&self, holder: &Person) -> Turning {
        let shown = holder.get(&self.path()).await.expect(200);
        let part = |name: &str| shown["turning"][name].as_str().unwrap();
        Turning::from_parts(part("token"), part("seed")).unwrap()
    }

    /// The code of so many seconds from now.
    fn code(&self, turning: &Turning, seconds: i64) -> Value {
        let now = Timestamp::parse(&self.app.time(seconds)).unwrap();
        json!(turning.code(Slot::at(now)).unwrap())
    }

    async fn verdict(&self, code: &Value) -> Value {
        self.seller.scans(&self.ticket, "North", code).await["verdict"].clone()
    }
}

#[tokio::test]
async fn a_code_that_turns_lets_its_holder_in_and_a_picture_of_it_nobody() {
    let stage = Stage::set(3600).await;
    let Stage { app, seller, buyer, admission, .. } = &stage;
    assert_eq!(admission.get("code"), None, "{admission:#}");
    assert_eq!(admission.get("turning"), None, "lists do without: {admission:#}");
    let shown = buyer.get(&stage.path()).await.expect(200);
    assert_eq!((shown.get("code"), &shown["wallets"]), (None, &Value::Null), "{shown:#}");
    let opens = Timestamp::parse(&app.time(3600 - 12 * 3600)).unwrap();
    let [from, until] = ["opensAt", "closesAt"]
        .map(|name| Timestamp::parse(shown["turning"][name].as_str().unwrap()).unwrap());
    assert_eq!(Slot::at(opens).begins(), from);
    assert_eq!(until, from.plus_seconds(24 * 3600));
    seller
        .get(&format!("/api/door/{}", id(&stage.ticket)))
        .await
        .shows(200, json!({ "turns": true }));

    let turning = stage.turning(buyer).await;
    for (seconds, verdict) in [(-90, "stale"), (-60, "stale"), (90, "stale"), (0, "admitted")] {
        let code = stage.code(&turning, seconds);
        assert_eq!(stage.verdict(&code).await, verdict, "{seconds}");
    }
    let code = stage.code(&turning, 0);
    assert_eq!(stage.verdict(&code).await, "used");
    app.advance(90);
    assert_eq!(stage.verdict(&code).await, "stale");
    assert_eq!(stage.verdict(&stage.code(&turning, 0)).await, "used");
    app.audit().await;
}

/// A door that was without a network tells later what it decided then, by the code of that time.
#[tokio::test]
async fn what_a_door_decided_in_time_counts_later() {
    let stage = Stage::set(3600).await;
    let Stage { app, seller, buyer, ticket, .. } = &stage;
    let turning = stage.turning(buyer).await;
    let (code, at) = (stage.code(&turning, 0), app.time(0));
    app.advance(7200);
    let tell = async |scan: Value| {
        let path = format!("/api/door/{}/scans", id(ticket));
        let told = json!({ "door": "North", "scans": [scan] });
        seller.post(&path, told).await.expect(200)["results"][0]["verdict"].clone()
    };
    let scan = |of: Value| {
        let mut scan = json!({ "id": uuid::Uuid::now_v7(), "code": code });
        scan.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
        scan
    };
    assert_eq!(tell(scan(json!({}))).await, "stale", "somebody shows a picture now");
    assert_eq!(tell(scan(json!({ "at": app.time(-3600) }))).await, "stale");
    assert_eq!(tell(scan(json!({ "at": at, "admitted": true }))).await, "admitted");
    app.audit().await;
}

#[tokio::test]
async fn the_receivers_device_gets_codes_of_its_own() {
    let stage = Stage::set(3600).await;
    let Stage { app, buyer, .. } = &stage;
    let old = stage.turning(buyer).await;
    let receiver = app.sign_up().await;
    let body = json!({ "email": receiver.account["email"] });
    let path = stage.path();
    let begun = buyer.post(&format!("{path}/transfer"), body).await.expect(200);
    let link = begun["transfer"]["link"].as_str().unwrap();
    let token = link.split_once("?token=").unwrap().1;
    receiver.post(&format!("{path}/accept"), json!({ "token": token })).await.expect(200);
    let new = stage.turning(&receiver).await;
    assert_ne!(new.seed(), old.seed());
    assert_eq!(stage.verdict(&stage.code(&old, 0)).await, "void");
    assert_eq!(stage.verdict(&stage.code(&new, 0)).await, "admitted");
}

#[tokio::test]
async fn a_code_that_turns_is_on_no_paper() {
    let stage = Stage::set(86_400).await;
    let file = |ending: &str| get(format!("{}.{ending}", stage.path()));
    check(&stage.buyer, [row("paper", file("pdf"), 409).code("turns")]).await;
}

/// Pictures and papers from before the organizer had the codes turn are worth nothing from then on, and
/// good again once the codes stay as they are.
#[tokio::test]
async fn an_organizer_may_change_it_at_any_time() {
    let stage = Stage::set(3600).await;
    let Stage { app, seller, buyer, ticket, order, .. } = &stage;
    let turning = stage.turning(buyer).await;
    let change = async |turns: bool| {
        let path = format!("/api/tickets/{}", id(ticket));
        let listed = seller.get(&path).await.expect(200);
        let wish = listing(json!({
            "quantity": 5, "startsAt": listed["startsAt"], "timeZone": "Europe/Zurich",
            "turningCodes": turns,
        }));
        seller.put(&path, wish).await.expect(200);
        let door = format!("/api/door/{}", id(ticket));
        seller.sees(&door, json!({ "turns": turns })).await;
    };
    change(false).await;
    let still = buyer.admissions(order, 1).await.remove(0);
    assert!(still["code"].is_string(), "{still:#}");
    change(true).await;
    assert_eq!(stage.verdict(&still["code"]).await, "stale");
    change(false).await;
    app.advance(90);
    assert_eq!(stage.verdict(&stage.code(&turning, -90)).await, "stale");
    assert_eq!(stage.verdict(&still["code"]).await, "admitted");
}

#[tokio::test]
async fn a_device_gets_the_next_codes_before_the_first_end() {
    let stage = Stage::set(3600).await;
    let first = stage.turning(&stage.buyer).await;
    stage.app.advance(12 * 3600 + 1800);
    let next = stage.turning(&stage.buyer).await;
    assert_ne!(first.window(), next.window());
    // Both work: one page was loaded again, and the other was not.
    for turning in [&next, &first] {
        let verdict = stage.verdict(&stage.code(turning, 0)).await;
        assert!(verdict == "admitted" || verdict == "used", "{verdict}");
    }
}

/// An older program takes a listing's newest version over without the columns that it does not know.
#[tokio::test]
async fn what_an_older_program_has_left_out_is_asked_for() {
    let stage = Stage::set(3600).await;
    let Stage { app, seller, ticket, .. } = &stage;
    let door = format!("/api/door/{}", id(ticket));
    seller.sees(&door, json!({ "turns": true })).await;
    let sql = "UPDATE admissions_listings SET version = version + 1, turning_codes = 0";
    assert_eq!(app.tamper(sql).await, 1);
    let path = format!("/api/tickets/{}", id(ticket));
    let change = listing(json!({
        "quantity": 5, "startsAt": ticket["startsAt"], "timeZone": "Europe/Zurich",
        "turningCodes": true,
    }));
    seller.put(&path, change).await.expect(200);
    for _ in 0..2 {
        seller.get(&door).await.shows(200, json!({ "turns": true }));
    }
    app.audit().await;
}
