//! What each form says to what is wrong with it. Nothing that was typed is lost.

use boxoffice_tests::person::{PASSWORD, listing};
use boxoffice_tests::{App, id, post};
use serde_json::{Value, json};

use super::browser::{Browser, Form, embedded};

/// The fields that a form's errors are about; empty for those about the whole.
fn fields(form: &Value) -> Vec<&str> {
    let errors = form["errors"].as_array().unwrap_or_else(|| panic!("no form: {form:#}"));
    errors.iter().map(|error| error["field"].as_str().unwrap_or_default()).collect()
}

#[tokio::test]
async fn signing_in_and_up_say_what_is_wrong() {
    let app = App::start().await;
    Browser::signed_up(&app, "taken@example.com").await;
    let browser = Browser::at(&app);
    for (path, kind, email, password, status, due) in [
        ("/sign-up", "signUp", "nobody", "short", 400, vec!["email", "password"]),
        ("/sign-up", "signUp", "taken@example.com", PASSWORD, 409, vec!["email"]),
        ("/sign-in", "signIn", "taken@example.com", "wrong horse battery", 401, vec![""]),
        ("/sign-in", "signIn", "", "", 400, vec!["email", "password"]),
    ] {
        let form = browser.form(path, path).await.with("email", email).with("password", password);
        let page = browser.send(&form).await;
        assert_eq!(page.status, status, "{page}");
        let state = embedded(&page);
        let form = &state["page"][kind]["form"];
        let mut wrong = fields(form);
        wrong.sort_unstable();
        assert_eq!(wrong, due, "{state:#}");
        assert_eq!(form["values"]["email"], email, "what was typed stays");
        assert!(
            password.is_empty() || !page.text.contains(password),
            "a password does not come back"
        );
        assert!(page.text.contains("role=\"alert\""), "{page}");
        assert_eq!(page.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn what_is_listed_is_checked_all_at_once_and_kept() {
    let app = App::start().await;
    let seller = Browser::signed_up(&app, "wrong@example.com").await;
    let form = seller.form("/tickets/new", "/tickets/new").await;
    let wrong = form
        .clone()
        .with("price", "cheap")
        .with("currency", "EUR")
        .with("quantity", "two")
        .with("startsAt", "2030-06-12T20:30")
        .with("city", &"x".repeat(101))
        .with("resaleCap", "half")
        .with("transferLimit", "101")
        .with("turningCodes", "true")
        .with("description", "a \"quoted\" <b>text</b>\nof two lines");
    let page = seller.send(&wrong).await;
    assert_eq!(page.status, 400, "{page}");
    let state = embedded(&page);
    let shown = &state["page"]["sell"]["form"];
    let wrong = ["title", "price", "quantity", "city", "timeZone", "resaleCap", "transferLimit"];
    assert_eq!(fields(shown), wrong, "{state:#}");
    assert_eq!(shown["values"]["description"], "a \"quoted\" <b>text</b>\nof two lines");
    assert_eq!(shown["values"]["price"], "cheap");
    let good = Form::on(&page, "/tickets/new").with("title", "Kites").with("currency", "EUR");
    for (price, complaint) in
        [("45.123", "2 decimals"), ("0", "from €0.50 to"), ("-1", "such as 45.00")]
    {
        let answer = seller.send(&good.clone().with("price", price)).await;
        let state = embedded(&answer);
        let message = state["page"]["sell"]["form"]["errors"][0]["message"].to_string();
        assert!(message.contains(complaint), "{price}: {message}");
    }
    let german = seller.in_language("de-DE");
    let good = good.with("price", "1.045,50").with("quantity", "1").with("city", "");
    let good = good.with("timeZone", "").with("startsAt", "").with("key", "k-1");
    let good = good.with("resaleCap", "").with("transferLimit", "0");
    let undated = german.send(&good.clone().with("turningCodes", "true")).await;
    let state = embedded(&undated);
    let form = &state["page"]["sell"]["form"];
    assert_eq!((undated.status, fields(form)), (400, vec!["turningCodes"]), "{state:#}");
    assert_eq!(Form::on(&undated, "/tickets/new").value("turningCodes"), "true", "it stays ticked");
    let good = good.with("asksNames", "true").with("turningCodes", "");
    let listed = german.send(&good).await;
    let api = format!("/api{}", listed.header("location"));
    let ticket = app.client().get(&api).await.expect(200);
    assert_eq!((&ticket["price"], &ticket["currency"]), (&json!(104_550), &json!("EUR")));
    assert_eq!((&ticket["resaleCap"], &ticket["transferLimit"]), (&json!(100), &json!(0)));
    assert_eq!((&ticket["asksNames"], &ticket["turningCodes"]), (&json!(true), &json!(false)));
    let edit = format!("{}/edit", listed.header("location"));
    let form = german.form(&edit, &edit).await;
    assert_eq!(form.value("asksNames"), "true");
    let form = form.with("currency", "EUR").with("startsAt", "2030-06-12T20:30");
    let form = form.with("timeZone", "Europe/Zurich").with("asksNames", "");
    let saved = german.send(&form.with("turningCodes", "true")).await;
    assert_eq!(saved.status, 303, "{saved}");
    let ticket = app.client().get(&api).await.expect(200);
    assert_eq!((&ticket["asksNames"], &ticket["turningCodes"]), (&json!(false), &json!(true)));
}

#[tokio::test]
async fn those_whose_session_ended_lose_nothing() {
    let app = App::start().await;
    let form =
        Browser::signed_up(&app, "a@example.com").await.form("/tickets/new", "/tickets/new").await;
    let form = form.with("title", "A long story").with("price", "45").with("currency", "EUR");
    let page = Browser::at(&app).send(&form).await;
    assert_eq!(page.status, 401, "{page}");
    assert!(page.text.contains("Sign in again in another tab"), "{page}");
    assert_eq!(embedded(&page)["page"]["sell"]["form"]["values"]["title"], "A long story");
}

#[tokio::test]
async fn a_listing_is_edited_by_who_has_seen_it_as_it_is() {
    let app = App::start().await;
    let seller = Browser::signed_up(&app, "editor@example.com").await;
    let form = seller.form("/tickets/new", "/tickets/new").await;
    let form = form.with("title", "Kites").with("price", "45").with("currency", "EUR");
    let form = form.with("startsAt", "2030-06-12T20:30").with("timeZone", "Europe/Zurich");
    let ticket = seller.send(&form).await.header("location").to_owned();
    let edit = format!("{ticket}/edit");
    let page = seller.page(&edit).await;
    let state = embedded(&page);
    let values = &state["page"]["sell"]["form"]["values"];
    assert_eq!(
        (&values["price"], &values["startsAt"]),
        (&json!("45.00"), &json!("2030-06-12T20:30"))
    );
    let form = Form::on(&page, &edit).with("currency", "EUR").with("timeZone", "Europe/Zurich");
    let saved = seller.send(&form.clone().with("title", "Kites II")).await;
    assert_eq!(saved.header("location"), ticket, "{saved}");
    let page = seller.follow(&saved).await;
    assert!(
        page.text.contains("Your changes are saved.") && page.text.contains("Kites II"),
        "{page}"
    );
    // The first form is of a version that is no more.
    let stale = form.clone().with("title", "Kites III").with("key", "stale-1");
    let page = seller.send(&stale).await;
    assert_eq!(page.status, 412, "{page}");
    assert!(page.text.contains("Kites III"), "{page}");
    let again = Form::on(&page, &edit).with("currency", "EUR").with("timeZone", "Europe/Zurich");
    assert_eq!(seller.send(&again).await.status, 303, "who has been told may insist");

    let other = Browser::signed_up(&app, "other@example.com").await;
    assert_eq!(other.open(&edit).await.status, 403);
    let form = seller.form(&edit, &edit).await;
    let form = form.with("currency", "EUR").with("timeZone", "Europe/Zurich");
    let api = app.client().get(&format!("/api{ticket}")).await.expect(200);
    app.sign_up().await.hold(&api).await.expect(201);
    app.client().sees_ticket(&api, json!({ "status": "held" })).await;
    // The hold has changed the version, but nothing that the form was filled with.
    let saved = seller.send(&form.with("title", "Kites IV")).await;
    assert_eq!(saved.header("location"), ticket, "{saved}");
    assert!(seller.follow(&saved).await.text.contains("Kites IV"));
    let page = seller.page(&edit).await;
    assert_eq!(embedded(&page)["page"]["sell"]["locked"], json!(null), "{page}");
    let withdraw = format!("{ticket}/withdraw");
    let form = Form::on(&seller.page("/listings").await, &withdraw);
    let withdrawn = seller.send(&form).await;
    assert_eq!(withdrawn.header("location"), "/listings", "{withdrawn}");
    let page = seller.page(&edit).await;
    assert!(page.text.contains("This listing is withdrawn."), "{page}");
}

/// A field shows no seconds, nor which of two hours is meant when clocks go back.
#[tokio::test]
async fn a_start_that_is_not_changed_stays_as_exact_as_it_was() {
    let app = App::start().await;
    let seller = Browser::signed_up(&app, "exact@example.com").await;
    for (start, zone, shown) in [
        ("2030-10-27T01:30:00Z", json!("Europe/Zurich"), "Europe/Zurich"),
        ("2030-06-12T18:30:45.25Z", json!("Europe/Zurich"), "Europe/Zurich"),
        ("2030-06-12T18:30:00Z", json!(null), "UTC"),
        ("2030-06-12T18:30:00Z", json!("US/Pacific"), "US/Pacific"),
    ] {
        let wish = listing(json!({ "startsAt": start, "timeZone": zone }));
        let ticket = seller.exchange(post("/api/tickets", wish)).await.expect(201);
        let path = format!("/tickets/{}", id(&ticket));
        let edit = format!("{path}/edit");
        let page = seller.page(&edit).await;
        assert!(page.text.contains(&format!("value=\"{shown}\"")), "{zone} can be chosen: {page}");
        let form = Form::on(&page, &edit).with("currency", "EUR").with("timeZone", shown);
        assert_eq!(seller.send(&form.with("title", "Another")).await.status, 303);
        let exact = json!({ "title": "Another", "startsAt": start, "timeZone": zone });
        app.client().get(&format!("/api{path}")).await.shows(200, exact);
        let form = seller.form(&edit, &edit).await.with("currency", "EUR");
        let form = form.with("timeZone", "Europe/Zurich").with("startsAt", "2030-06-13T20:00");
        assert_eq!(seller.send(&form).await.status, 303);
        let moved = json!({ "startsAt": "2030-06-13T18:00:00Z", "timeZone": "Europe/Zurich" });
        app.client().get(&format!("/api{path}")).await.shows(200, moved);
    }
}

#[tokio::test]
async fn a_listing_is_withdrawn_and_stays_with_its_seller() {
    let app = App::start().await;
    let seller = Browser::signed_up(&app, "withdrawer@example.com").await;
    let form = seller.form("/tickets/new", "/tickets/new").await;
    let form = form.with("title", "Kites").with("price", "45").with("currency", "EUR");
    let ticket = seller.send(&form).await.header("location").to_owned();
    let form = seller.form("/listings", &format!("{ticket}/withdraw")).await;
    let withdrawn = seller.send(&form).await;
    let page = seller.follow(&withdrawn).await;
    assert!(
        page.text.contains("Your listing is off sale.") && page.text.contains("Kites"),
        "{page}"
    );
    assert!(!Browser::at(&app).page("/").await.text.contains("Kites"));
}

#[tokio::test]
async fn the_race_is_lost_politely() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({ "title": "The last one", "city": "Basel" })).await.expect(201);
    seller.list(json!({ "title": "Another one", "city": "basel" })).await.expect(201);
    let path = format!("/tickets/{}", id(&ticket));
    let (first, second) = (
        Browser::signed_up(&app, "one@example.com").await,
        Browser::signed_up(&app, "two@example.com").await,
    );
    let action = format!("{path}/hold");
    let (one, two) = (first.form(&path, &action).await, second.form(&path, &action).await);
    assert_eq!(first.send(&one).await.status, 303);
    let lost = second.send(&two).await;
    assert_eq!(lost.status, 409, "{lost}");
    let said = "Someone else just reserved this ticket. You haven't been charged.";
    let state = embedded(&lost);
    assert_eq!(state["notice"]["text"], said, "{state:#}");
    assert_eq!(state["page"]["ticket"]["card"]["sale"], "held");
    assert_eq!(state["page"]["ticket"]["others"][0]["title"], "Another one");
    assert_eq!(state["here"], path);
    let again = first.send(&one.with("key", "another")).await;
    assert!(
        again.header("location").ends_with("/checkout"),
        "one's own hold is in the way: {again}"
    );
    let many = second.form(&path, "/sign-out").await;
    let wrong = second.send(&many.sent_to(&action).with("quantity", "two")).await;
    assert_eq!(fields(&embedded(&wrong)["page"]["ticket"]["hold"]), ["quantity"]);
}
