//! `/api/door…`: who comes in, and who may say so.

use boxoffice_admission_code::Verifier;
use boxoffice_contract::OrderId;
use boxoffice_contract::orders::number;
use boxoffice_tests::{App, Person, Request, check, delete, eventually, get, id, post, row};
use serde_json::{Value, json};
use uuid::Uuid;

const NOBODYS: &str = "01980f3c-0000-7000-8000-000000000000";

/// A shop in which a buyer has tickets for one of a seller's two events.
struct Stage {
    app: App,
    seller: Person,
    buyer: Person,
    ticket: Value,
    other: Value,
    admissions: Vec<Value>,
}

impl Stage {
    async fn set(quantity: i64) -> Self {
        let app = App::start().await;
        let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
        let listing =
            json!({ "quantity": 5, "startsAt": app.time(86_400), "timeZone": "Europe/Zurich" });
        let ticket = seller.list(listing).await.expect(201);
        let other = seller.list(json!({ "title": "Another evening" })).await.expect(201);
        let order = buyer.buy(&ticket, quantity).await;
        let admissions = buyer.admissions(&order, usize::try_from(quantity).unwrap()).await;
        Self { app, seller, buyer, ticket, other, admissions }
    }

    fn door(&self) -> String {
        format!("/api/door/{}", id(&self.ticket))
    }

    fn scan(&self, door: &str, scans: Value) -> Request {
        post(format!("{}/scans", self.door()), json!({ "door": door, "scans": scans }))
    }

    /// Makes a link for staff, and returns its key.
    async fn staff(&self, name: &str) -> (Value, String) {
        let path = format!("{}/staff", self.door());
        let staff = self.seller.post(&path, json!({ "name": name })).await.expect(201);
        let (address, key) = staff["link"].as_str().unwrap().split_once("?key=").unwrap();
        assert!(address.ends_with(&format!("/door/{}", id(&self.ticket))), "{staff:#}");
        (staff.clone(), key.to_owned())
    }
}

fn by_staff(request: Request, key: &str) -> Request {
    request.header("x-door-key", key)
}

#[tokio::test]
async fn a_code_lets_one_person_in_once() {
    let stage = Stage::set(2).await;
    let Stage { app, seller, ticket, admissions, .. } = &stage;
    let code = &admissions[0]["code"];
    let first = Uuid::now_v7();
    let scan = stage.scan("North", json!([{ "id": first, "code": code }]));
    let admitted = json!({ "id": first, "verdict": "admitted", "admissionId": admissions[0]["id"], "number": 1, "of": 2 });
    seller.send(&scan).await.shows(200, json!({ "results": [admitted] }));
    // The same scan again, because the answer got lost.
    seller.send(&scan).await.shows(200, json!({ "results": [admitted] }));
    app.advance(60);
    let again = seller.scans(ticket, "South", code).await;
    let first_entry = json!({ "at": app.time(0), "door": "North" });
    assert_eq!(again["verdict"], "used", "{again:#}");
    assert_eq!(again["first"]["door"], first_entry["door"], "{again:#}");
    assert_ne!(again["first"]["at"], first_entry["at"], "a minute ago: {again:#}");
    let counts = json!({ "counts": { "valid": 1, "used": 1 }, "isOrganizer": true, "title": ticket["title"] });
    seller.get(&stage.door()).await.shows(200, counts);
    app.audit().await;
}

#[tokio::test]
async fn what_is_no_ticket_gets_one_word() {
    let stage = Stage::set(1).await;
    let Stage { seller, ticket, other, admissions, .. } = &stage;
    let code = admissions[0]["code"].as_str().unwrap();
    let mut forged = code.to_owned();
    let last = if forged.pop() == Some('A') { 'B' } else { 'A' };
    forged.push(last);
    for (text, verdict) in [
        ("", "invalid"),
        ("hello", "invalid"),
        ("https://example.com/ticket/7", "invalid"),
        (&"A".repeat(158), "invalid"),
        (&"Ж".repeat(79), "invalid"),
        (&forged, "invalid"),
        (&code.to_lowercase(), "admitted"),
    ] {
        let seen = seller.scans(ticket, "North", &json!(text)).await;
        assert_eq!(seen["verdict"], verdict, "{text:?}: {seen:#}");
    }
    let elsewhere = seller.scans(other, "North", &json!(code)).await;
    assert_eq!(elsewhere["verdict"], "otherEvent", "{elsewhere:#}");
}

#[tokio::test]
async fn many_are_told_at_once_and_each_gets_its_verdict() {
    let stage = Stage::set(4).await;
    let Stage { app, seller, admissions, .. } = &stage;
    let code = |at: usize| admissions[at]["code"].clone();
    let new = Uuid::now_v7;
    let later = app.time(3_600);
    let scans = json!([
        { "id": new(), "code": code(3) },
        { "id": new(), "code": code(1), "at": app.time(0) },
        { "id": new(), "code": "nonsense" },
        { "id": new(), "code": code(3) },
        { "id": new(), "admissionId": admissions[0]["id"] },
        { "id": new(), "admissionId": NOBODYS },
        // A clock that is fast.
        { "id": new(), "code": code(2), "at": later },
    ]);
    let answer = seller.send(&stage.scan("North", scans.clone())).await.expect(200);
    let verdicts: Vec<&str> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["verdict"].as_str().unwrap())
        .collect();
    let due = ["admitted", "admitted", "invalid", "used", "admitted", "invalid", "admitted"];
    assert_eq!(verdicts, due);
    for (result, scan) in
        answer["results"].as_array().unwrap().iter().zip(scans.as_array().unwrap())
    {
        assert_eq!(result["id"], scan["id"]);
    }
    let guests = seller.get(&format!("{}/guests", stage.door())).await.expect(200);
    for guest in guests["items"].as_array().unwrap() {
        let entry = json!({ "at": app.time(0), "door": "North" });
        assert_eq!((&guest["status"], &guest["entry"]), (&json!("used"), &entry), "{guests:#}");
    }
    app.audit().await;
}

#[tokio::test]
async fn an_entry_can_be_taken_back() {
    let stage = Stage::set(1).await;
    let Stage { app, seller, ticket, admissions, .. } = &stage;
    let scan = Uuid::now_v7();
    let code = &admissions[0]["code"];
    seller.send(&stage.scan("North", json!([{ "id": scan, "code": code }]))).await.expect(200);
    let undo = format!("{}/scans/{scan}", stage.door());
    let other = app.sign_up().await;
    other.delete(&undo).await.expect(403);
    let request = delete(&undo).key("undo");
    seller.send(&request).await.expect(204);
    assert!(seller.send(&request).await.is_replay());
    seller.delete(&undo).await.expect(404);
    assert_eq!(seller.scans(ticket, "North", code).await["verdict"], "admitted");
    seller.delete(&format!("{}/scans/{NOBODYS}", stage.door())).await.expect(404);
    seller.delete(&format!("{}/scans/x", stage.door())).await.expect(404);
    app.audit().await;
}

/// Of two doors one let in and undid it: what the other was told before stays so, however often it
/// tells of the same scan.
#[tokio::test]
async fn a_scan_that_is_told_again_is_answered_as_before() {
    let stage = Stage::set(1).await;
    let Stage { app, seller, ticket, admissions, .. } = &stage;
    let code = &admissions[0]["code"];
    let [north, south] = [Uuid::now_v7(), Uuid::now_v7()];
    let tell = |door: &str, scan: Uuid| stage.scan(door, json!([{ "id": scan, "code": code }]));
    let verdict = async |request: Request| {
        seller.send(&request).await.expect(200)["results"][0]["verdict"].clone()
    };
    assert_eq!(verdict(tell("North", north)).await, "admitted");
    assert_eq!(verdict(tell("South", south)).await, "used");
    seller.delete(&format!("{}/scans/{north}", stage.door())).await.expect(204);
    assert_eq!(verdict(tell("South", south)).await, "used");
    assert_eq!(verdict(tell("North", north)).await, "admitted");
    let counts = json!({ "counts": { "valid": 1, "used": 0 } });
    seller.get(&stage.door()).await.shows(200, counts);
    assert_eq!(seller.scans(ticket, "South", code).await["verdict"], "admitted");
    app.audit().await;
}

#[tokio::test]
async fn only_the_organizer_and_staff_are_at_the_door() {
    let stage = Stage::set(1).await;
    let Stage { app, seller, other, admissions, .. } = &stage;
    let (nobody, stranger) = (app.client(), app.sign_up().await);
    let (staff, key) = stage.staff("North").await;
    let door = stage.door();
    let scan =
        stage.scan("North", json!([{ "id": Uuid::now_v7(), "code": admissions[0]["code"] }]));
    let foreign = format!("/api/door/{}", id(other));
    for person in [&nobody, &stranger] {
        check(
            person,
            [
                row("the door", get(&door), 403),
                row("guests", get(format!("{door}/guests")), 403),
                row("keys", get(format!("{door}/keys")), 403),
                row("changes", get(format!("{door}/changes")), 403),
                row("scans", scan.clone(), 403),
                row("no key", by_staff(get(&door), "nonsense"), 403),
                row(
                    "a made-up key",
                    by_staff(get(&door), &format!("{}.{}", id(&staff), "0".repeat(32))),
                    403,
                ),
                row("another door", by_staff(get(&foreign), &key), 403),
                row("no door", by_staff(get(format!("/api/door/{NOBODYS}")), &key), 404),
            ],
        )
        .await;
    }
    let staff_path = format!("{door}/staff");
    nobody.post(&staff_path, json!({ "name": "South" })).await.expect(401);
    nobody.get(&staff_path).await.expect(401);
    stranger.post(&staff_path, json!({ "name": "South" })).await.expect(403);
    stranger.get(&staff_path).await.expect(403);
    nobody.send(&by_staff(get(&door), &key)).await.shows(200, json!({ "isOrganizer": false }));
    for path in ["guests", "keys", "changes"] {
        nobody.send(&by_staff(get(format!("{door}/{path}")), &key)).await.expect(200);
    }
    let by_cookie = get(&door).header("cookie", format!("door_key={key}"));
    nobody.send(&by_cookie).await.expect(200);
    nobody.get(&format!("{door}/doubles")).await.expect(401);
    stranger.get(&format!("{door}/doubles")).await.expect(403);
    let admitted = nobody.send(&by_staff(scan, &key)).await.expect(200);
    assert_eq!(admitted["results"][0]["verdict"], "admitted");
    let listed = seller.get(&staff_path).await.expect(200);
    assert_eq!(listed, json!([staff]));
    let end = format!("{staff_path}/{}", id(&staff));
    stranger.delete(&end).await.expect(403);
    seller.delete(&end).await.expect(204);
    seller.delete(&end).await.expect(204);
    nobody.send(&by_staff(get(&door), &key)).await.expect(403);
    assert_eq!(seller.get(&staff_path).await.expect(200), json!([]));
}

#[tokio::test]
async fn a_link_for_staff_ends_by_itself() {
    let stage = Stage::set(1).await;
    let (_, key) = stage.staff("North").await;
    let door = by_staff(get(stage.door()), &key);
    let nobody = stage.app.client();
    stage.app.advance(7 * 86_400 - 1);
    nobody.send(&door).await.expect(200);
    stage.app.advance(1);
    nobody.send(&door).await.expect(403);
}

#[tokio::test]
async fn what_a_door_sends_is_checked() {
    let stage = Stage::set(1).await;
    let new = || json!({ "id": Uuid::now_v7(), "code": "x" });
    let twin = new();
    let many: Vec<Value> = (0..101).map(|_| new()).collect();
    let both = json!({ "id": Uuid::now_v7(), "code": "x", "admissionId": NOBODYS });
    let long = json!({ "id": Uuid::now_v7(), "code": "x".repeat(513) });
    let staff = |name: &str| post(format!("{}/staff", stage.door()), json!({ "name": name }));
    check(
        &stage.seller,
        [
            row("no door", stage.scan("", json!([new()])), 400).fields(["door"]),
            row("no scans", stage.scan("North", json!([])), 400).fields(["scans"]),
            row("too many", stage.scan("North", json!(many)), 400).fields(["scans"]),
            row("two things", stage.scan("North", json!([both])), 400).fields(["scans"]),
            row("nothing", stage.scan("North", json!([{ "id": Uuid::now_v7() }])), 400)
                .fields(["scans"]),
            row("a long code", stage.scan("North", json!([long])), 400).fields(["scans"]),
            row("one id", stage.scan("North", json!([twin, twin])), 400).fields(["scans"]),
            row("no id", stage.scan("North", json!([{ "code": "x" }])), 400).fields(["scans"]),
            row("no name", staff(" "), 400).fields(["name"]),
            row("a long name", staff(&"x".repeat(61)), 400).fields(["name"]),
            row("a limit", get(format!("{}/guests?limit=1001", stage.door())), 400)
                .fields(["limit"]),
            row("a time", get(format!("{}/changes?since=today", stage.door())), 400)
                .fields(["since"]),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_door_has_so_many_links_and_no_more() {
    let stage = Stage::set(1).await;
    for number in 0..50 {
        stage.staff(&format!("Door {number}")).await;
    }
    let staff = format!("{}/staff", stage.door());
    stage.seller.post(&staff, json!({ "name": "One more" })).await.refuses(409, "too_many");
}

#[tokio::test]
async fn guests_come_in_pages() {
    let stage = Stage::set(5).await;
    let guests = format!("{}/guests?limit=2", stage.door());
    let mut seen = Vec::new();
    let mut next = guests;
    loop {
        let answer = stage.seller.get(&next).await;
        let link = answer.header("link").to_owned();
        seen.extend(answer.expect(200)["items"].as_array().unwrap().clone());
        let Some((address, _)) = link.trim_start_matches('<').split_once('>') else { break };
        next = address.to_owned();
    }
    let ids: Vec<&str> = seen.iter().map(id).collect();
    let due: Vec<&str> = stage.admissions.iter().map(id).collect();
    assert_eq!(ids, due);
    let seller = &stage.seller;
    seller.scans(&stage.ticket, "North", &stage.admissions[0]["code"]).await;
    let counts = async || seller.get(&stage.door()).await;
    eventually("one is in", counts, |door| door.body["counts"]["used"] == 1).await;
}

/// What a door without a network has: the keys, and of each admission no more than it takes to decide
/// and to find a guest by the order's number.
#[tokio::test]
async fn a_door_gets_what_it_needs_without_a_network() {
    let stage = Stage::set(2).await;
    let Stage { app, seller, admissions, .. } = &stage;
    let answer = seller.get(&format!("{}/keys", stage.door())).await;
    assert_eq!(answer.header("content-type"), "application/jwk-set+json");
    let verifier = Verifier::from_jwks(&answer.text).unwrap();
    let code = verifier.read(admissions[0]["code"].as_str().unwrap()).unwrap().code;
    assert_eq!((code.admission_id.to_string().as_str(), code.generation), (id(&admissions[0]), 1));
    let private = |member: &str| app.variables["admission_public_keys"].contains(member);
    assert!(!private("\"d\"") && !answer.text.contains("\"d\""), "{answer}");

    let guests = seller.get(&format!("{}/guests", stage.door())).await.expect(200);
    let order: OrderId = admissions[0]["orderId"].as_str().unwrap().parse().unwrap();
    let due = json!({
        "id": admissions[1]["id"], "generation": 1, "status": "valid", "order": number(order),
        "number": 2, "of": 2,
    });
    assert_eq!(guests["items"][1], due);
}

/// Asks what has changed since `since`, with the entity tag of the last answer.
fn changes(stage: &Stage, since: &Value, tag: &str) -> Request {
    let since = since.as_str().unwrap();
    get(format!("{}/changes?since={since}", stage.door())).header("if-none-match", tag)
}

#[tokio::test]
async fn doors_hear_of_each_others_scans() {
    let stage = Stage::set(3).await;
    let Stage { app, seller, ticket, admissions, .. } = &stage;
    app.advance(60);
    let begin = seller.get(&format!("{}/changes", stage.door())).await.expect(200);
    assert_eq!((&begin["reload"], &begin["guests"]), (&json!(false), &json!([])));
    let nothing = seller.send(&changes(&stage, &begin["since"], "\"x\"")).await;
    let tag = nothing.header("etag").to_owned();
    assert_eq!(nothing.expect(200)["guests"], json!([]));
    assert_eq!(seller.send(&changes(&stage, &begin["since"], &tag)).await.status, 304);

    app.advance(1);
    seller.scans(ticket, "North", &admissions[1]["code"]).await;
    let one = seller.send(&changes(&stage, &begin["since"], &tag)).await;
    let tag = one.header("etag").to_owned();
    let one = one.expect(200);
    let [guest] = one["guests"].as_array().unwrap().as_slice() else { panic!("{one:#}") };
    let seen = (&guest["id"], &guest["status"], &guest["entry"]["door"]);
    assert_eq!(seen, (&admissions[1]["id"], &json!("used"), &json!("North")));
    assert_eq!(seller.send(&changes(&stage, &begin["since"], &tag)).await.status, 304);
    // What has changed shortly before is told again, in case a slower replica changed it.
    let again = seller.send(&changes(&stage, &one["since"], &tag)).await;
    let tag = again.header("etag").to_owned();
    assert_eq!(again.expect(200)["guests"], one["guests"]);
    assert_eq!(seller.send(&changes(&stage, &one["since"], &tag)).await.status, 304);
    app.advance(60);
    seller.scans(ticket, "South", &admissions[2]["code"]).await;
    let two = seller.send(&changes(&stage, &one["since"], &tag)).await.expect(200);
    let later = seller.send(&changes(&stage, &two["since"], &tag)).await.expect(200);
    let [guest] = later["guests"].as_array().unwrap().as_slice() else { panic!("{later:#}") };
    assert_eq!(guest["id"], admissions[2]["id"]);
}

/// A scan of a door that let somebody in without asking.
fn by_itself(code: &Value, scan: Uuid, at: &str) -> Value {
    json!([{ "id": scan, "code": code, "at": at, "admitted": true }])
}

#[tokio::test]
async fn who_came_in_twice_is_told_to_the_organizer() {
    let stage = Stage::set(2).await;
    let Stage { app, seller, admissions, .. } = &stage;
    let code = &admissions[0]["code"];
    let [north, south] = [Uuid::now_v7(), Uuid::now_v7()];
    let doubles = async || seller.get(&format!("{}/doubles", stage.door())).await.expect(200);
    let (at, later) = (app.time(0), app.time(60));
    app.advance(120);
    let verdict = async |door: &str, scans: Value| {
        seller.send(&stage.scan(door, scans)).await.expect(200)["results"][0]["verdict"].clone()
    };
    assert_eq!(verdict("North", by_itself(code, north, &at)).await, "admitted");
    assert_eq!(doubles().await, json!({ "items": [] }));
    for _ in 0..2 {
        assert_eq!(verdict("South", by_itself(code, south, &later)).await, "used");
    }
    let order: OrderId = admissions[0]["orderId"].as_str().unwrap().parse().unwrap();
    let double = json!({
        "id": south, "admissionId": admissions[0]["id"], "order": number(order), "number": 1, "of": 2,
        "verdict": "used", "entry": { "at": later, "door": "South" },
        "first": { "at": at, "door": "North" },
    });
    assert_eq!(doubles().await, json!({ "items": [double] }));
    let counts = json!({ "counts": { "valid": 1, "used": 1 } });
    seller.get(&stage.door()).await.shows(200, counts.clone());
    app.audit().await;

    let undo = format!("{}/scans/{south}", stage.door());
    seller.delete(&undo).await.expect(204);
    assert_eq!(doubles().await, json!({ "items": [] }));
    seller.delete(&undo).await.expect(404);
    seller.get(&stage.door()).await.shows(200, counts);
}

/// A door that waited for an answer in vain lets in by itself, and says so with the repeat.
#[tokio::test]
async fn what_a_door_decided_meanwhile_is_kept_with_a_repeat() {
    let stage = Stage::set(1).await;
    let Stage { app, seller, ticket, admissions, .. } = &stage;
    let code = &admissions[0]["code"];
    seller.scans(ticket, "North", code).await;
    let scan = Uuid::now_v7();
    let asked = stage.scan("South", json!([{ "id": scan, "code": code, "at": app.time(0) }]));
    assert_eq!(seller.send(&asked).await.expect(200)["results"][0]["verdict"], "used");
    let doubles = format!("{}/doubles", stage.door());
    seller.get(&doubles).await.shows(200, json!({ "items": [] }));
    let told = stage.scan("South", by_itself(code, scan, &app.time(0)));
    assert_eq!(seller.send(&told).await.expect(200)["results"][0]["verdict"], "used");
    let listed = seller.get(&doubles).await.expect(200);
    assert_eq!(listed["items"][0]["id"], json!(scan), "{listed:#}");
    app.audit().await;
}

/// The old holder came in by a door that had not heard of the new one, who may still enter.
#[tokio::test]
async fn a_code_that_was_void_elsewhere_is_told_as_such() {
    let stage = Stage::set(1).await;
    let Stage { app, seller, admissions, .. } = &stage;
    let receiver = app.sign_up().await;
    let path = format!("/api/admissions/{}", id(&admissions[0]));
    let body = json!({ "email": receiver.account["email"] });
    let begun = stage.buyer.post(&format!("{path}/transfer"), body).await.expect(200);
    let (_, token) = begun["transfer"]["link"].as_str().unwrap().split_once("?token=").unwrap();
    receiver.post(&format!("{path}/accept"), json!({ "token": token })).await.expect(200);
    let scans = by_itself(&admissions[0]["code"], Uuid::now_v7(), &app.time(0));
    let told = seller.send(&stage.scan("North", scans)).await.expect(200);
    assert_eq!(told["results"][0]["verdict"], "void", "{told:#}");
    let listed = seller.get(&format!("{}/doubles", stage.door())).await.expect(200);
    let double = &listed["items"][0];
    assert_eq!((&double["verdict"], double.get("first")), (&json!("void"), None), "{listed:#}");
    seller.get(&stage.door()).await.shows(200, json!({ "counts": { "valid": 1, "used": 0 } }));
    app.audit().await;
}
