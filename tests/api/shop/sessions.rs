//! Where people see where they are signed in, and end it.

use boxoffice_tests::{App, Person, eventually, post};
use serde_json::json;

use super::browser::{Browser, Form};

/// Someone who signs in to the account of `kites@example.com` by a program of this name.
async fn signs_in(app: &App, agent: &str) -> Person {
    let body =
        json!({ "email": "kites@example.com", "password": boxoffice_tests::person::PASSWORD });
    let answer =
        app.client().send(&post("/api/users/signIn", body).header("user-agent", agent)).await;
    app.client().signed_in_by(answer, 200)
}

async fn is_out(person: &Person) {
    let status = async || person.get("/api/orders").await.status;
    eventually("the session is refused", status, |status| *status == 401).await;
}

#[tokio::test]
async fn one_sees_where_one_is_signed_in_and_ends_it() {
    let app = App::start().await;
    let browser = Browser::signed_up(&app, "kites@example.com").await;
    let alone = browser.page("/sessions").await;
    assert!(alone.text.contains("This browser") && !alone.text.contains("/end-others"), "{alone}");
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let (one, two) = (signs_in(&app, firefox).await, signs_in(&app, "curl/8.5.0").await);
    let page = browser.page("/sessions").await;
    for text in
        ["Firefox on Linux", "curl", "End all others", "Last seen", "From the machine of this shop"]
    {
        assert!(page.text.contains(text), "{text}: {page}");
    }
    let rows: Vec<&str> = page.text.split("<li").collect();
    let row = rows.iter().find(|row| row.contains("Firefox on Linux")).unwrap();
    let action = row.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let ended = browser.send(&Form::on(&page, &action)).await;
    assert_eq!(ended.header("location"), "/sessions", "{ended}");
    let page = browser.follow(&ended).await;
    assert!(page.text.contains("You are signed out there."), "{page}");
    assert!(!page.text.contains("Firefox on Linux"), "{page}");
    is_out(&one).await;
    let ended = browser.send(&Form::on(&page, "/sessions/end-others")).await;
    let page = browser.follow(&ended).await;
    assert!(page.text.contains("This browser") && !page.text.contains("curl"), "{page}");
    is_out(&two).await;
}

#[tokio::test]
async fn a_page_of_an_ended_session_asks_to_sign_in() {
    let app = App::start().await;
    let browser = Browser::signed_up(&app, "kites@example.com").await;
    let page = browser.page("/orders").await;
    assert!(page.text.contains("My tickets"), "{page}");
    let other = signs_in(&app, "curl/8.5.0").await;
    other.send(&boxoffice_tests::delete("/api/users/sessions")).await.expect(204);
    // Some page may believe in the session for two seconds, and another not: they would lead to each
    // other without end.
    let entrance = browser.open("/sign-in?next=%2Forders").await;
    assert_eq!(entrance.status, 200, "{entrance}");
    let look = async || {
        let page = browser.open("/orders").await;
        assert_ne!(page.status, 401, "a service knew it sooner than the page: {page}");
        page
    };
    let sent = eventually("the page asks to sign in", look, |page| page.status == 303).await;
    assert!(sent.header("location").starts_with("/sign-in"), "{sent}");
}
