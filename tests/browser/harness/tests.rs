//! Whether the harness notices what it is there to notice.

use serde_json::json;

use super::Window;

/// A window with this page, which is nobody's shop.
async fn window_with(page: &str) -> Window {
    let window = Window::open("nobody", String::new(), &[]).await;
    window.goes_elsewhere(&format!("data:text/html,<!doctype html>{page}")).await;
    window
}

#[tokio::test]
async fn what_a_page_does_wrong_is_noticed() {
    let policy = "<meta http-equiv=content-security-policy content=\"style-src 'none'\">";
    let pages = [
        ("<script>throw new Error('lost')</script>".to_owned(), "lost"),
        ("<script>Promise.reject(new Error('broken'))</script>".to_owned(), "broken"),
        ("<script>console.error('said')</script>".to_owned(), "said"),
        (format!("{policy}<p style=color:red>"), "policy violation: style-src-attr"),
        ("<img src=http://127.0.0.1:9/none.png>".to_owned(), "none.png"),
    ];
    for (page, due) in &pages {
        let window = window_with(page).await;
        let complaints = window.complaints().await;
        window.close().await;
        assert!(
            complaints.iter().any(|complaint| complaint.contains(due)),
            "{page}: {complaints:?}"
        );
    }
}

#[tokio::test]
async fn what_is_expected_is_no_complaint_and_everything_else_is() {
    let window =
        window_with("<img src=http://127.0.0.1:9/a.png><img src=http://127.0.0.1:9/b.png>").await;
    window.expects_failure("a.png");
    let complaints = window.complaints().await;
    window.close().await;
    assert!(complaints.len() == 1 && complaints[0].contains("b.png"), "{complaints:?}");
}

#[tokio::test]
async fn things_are_found_by_the_names_that_people_know_them_by() {
    let window = window_with(
        "<label for=a>First  name (optional)</label><input id=a>\
         <label>Last name <input></label>\
         <button aria-label=Close>x</button> <a href=/x>A <b>bold</b> link</a>\
         <button hidden>Gone</button><h2>Heading</h2>\
         <div id=other><button>Twice</button></div><button>Twice</button>",
    )
    .await;
    window.fill("First name", "Ann").await;
    window.fill("Last name", "Lee").await;
    assert_eq!(window.value("First name").await, "Ann");
    for (name, is_there) in
        [("Close", true), ("A bold link", true), ("Gone", false), ("Clo", false)]
    {
        assert_eq!(window.has(name).await, is_there, "{name}");
    }
    window.sees_heading("Heading").await;
    window.click_in("#other", "Twice").await;
    assert_eq!(window.run("return document.activeElement.parentElement.id").await, "other");
    window.close().await;
}

#[tokio::test]
async fn a_focus_that_cannot_be_seen_is_noticed() {
    let focus = include_str!("focus.js");
    for (style, is_seen) in [("outline:2px solid red", true), ("outline:none", false)] {
        let window =
            window_with(&format!("<style>button:focus{{{style}}}</style><button>Buy</button>"))
                .await;
        window.press(&fantoccini::key::Key::Tab).await;
        let found = window.run(focus).await;
        window.close().await;
        assert_eq!(found["name"], "Buy");
        assert_eq!(found["fault"].is_null(), is_seen, "{style}: {found}");
    }
}

#[tokio::test]
async fn what_sticks_out_of_a_page_is_noticed() {
    let window =
        window_with("<meta name=viewport content=width=device-width><p style=width:400px>wide")
            .await;
    window.is(320, 600).await;
    let narrow = window.run(include_str!("../too_wide.js")).await;
    window.is(768, 600).await;
    let wide = window.run(include_str!("../too_wide.js")).await;
    window.close().await;
    assert!(narrow[0].as_str().is_some_and(|text| text.starts_with("<p")), "{narrow}");
    assert_eq!(wide, json!([]));
}
