//! Money and dates as visitors write them, in the event's time zone.

use serde_json::json;

use crate::acts::{Stage, page_of};
use crate::harness::in_shop;

#[tokio::test]
async fn money_and_dates_follow_the_visitors_language() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "price": 123_450 })).await;
        let window = shop.window("visitor").await;
        let spoken = [
            ("en-US,en", ["€1,234.50", "Wed, Jun 12, 2030", "8:30 PM"]),
            ("en-GB,en", ["€1,234.50", "Wed, 12 Jun 2030", "20:30"]),
            ("de-DE,de;q=0.9,en;q=0.5", ["1.234,50\u{a0}€", "Mi., 12.06.2030", "20:30"]),
            ("fr-FR", ["1\u{202f}234,50\u{a0}€", "juin 2030", "20:30"]),
            ("tlh,*;q=0.1", ["1,234.50", "Jun 12, 2030", "8:30 PM"]),
        ];
        for (languages, shown) in spoken {
            window.speaks(languages).await;
            window.go(&page_of(&stage.ticket)).await;
            let page = window.text().await;
            for text in shown {
                // Kinds of blanks are the locale's own business.
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(page.contains(&text), "{languages}: {text:?} is not in {page}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_time_is_told_with_the_time_zone_of_the_event() {
    in_shop(async |shop| {
        let stage = Stage::set(
            shop,
            json!({ "startsAt": "2030-11-12T01:00:00Z", "timeZone": "America/New_York" }),
        )
        .await;
        let bob = &stage.window;
        bob.go(&page_of(&stage.ticket)).await;
        for shown in ["Mon, Nov 11, 2030", "8:00 PM", "EST, New York"] {
            bob.sees(shown).await;
        }
        let machine = bob.run("return document.querySelector('main time').dateTime").await;
        assert_eq!(machine, "2030-11-12T01:00:00Z");
    })
    .await;
}

#[tokio::test]
async fn yen_have_no_cents() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "price": 4500, "currency": "JPY" })).await;
        stage.window.go(&page_of(&stage.ticket)).await;
        stage.window.sees("¥4,500").await;
        stage.window.sees_no("4,500.00").await;
    })
    .await;
}

#[tokio::test]
async fn sellers_write_times_by_the_clocks_at_the_venue() {
    in_shop(async |shop| {
        let seller = shop.sign_up().await;
        let ann = shop.window_of("Ann", &seller).await;
        ann.go("/tickets/new").await;
        ann.fill_date("Begins", "07012030", "0830PM").await;
        ann.choose("Time zone of the venue", "Europe/Zurich").await;
        ann.sells("The Paper Kites", "45.00").await;
        ann.sees_heading("The Paper Kites").await;
        ann.sees("8:30").await;
        let tickets = seller.get("/api/tickets").await.expect(200);
        assert_eq!(tickets["items"][0]["startsAt"], "2030-07-01T18:30:00Z");
        let edit = format!("{}/edit", ann.path().await);
        ann.go(&edit).await;
        assert_eq!(ann.value("Begins").await, "2030-07-01T20:30");
        assert_eq!(ann.value("Time zone of the venue").await, "Europe/Zurich");
    })
    .await;
}
