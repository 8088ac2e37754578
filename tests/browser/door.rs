//! A door's camera, and its sound.

use boxoffice_tests::id;
use fantoccini::key::Key;
use serde_json::json;

use crate::acts::Stage;
use crate::harness::{Film, Window, in_shop};
use crate::tickets::{code_of, is_fine, scans, sold};

/// Seconds that the code is held before the camera, of the seconds that the film takes. The pause is
/// longer than a code has to be out of view, and both together longer than it rests.
const SHOWN: usize = 4;
const FILM: usize = 6;

/// The colour of the frame around what the camera sees.
const FRAME: &str = "getComputedStyle(document.querySelector('[data-part=sight]')).borderTopColor";
/// What the camera sees is on the page, and moves.
const PLAYS: &str = "(() => {
    const video = document.querySelector('.sight video');
    return video.checkVisibility() && !video.paused && video.videoWidth > 0;
})()";

/// Counts the tones that pages play, in `window.tones`.
const COUNT_TONES: &str = "window.tones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...at) {
        window.tones += 1;
        return start.apply(this, at);
    };";

fn door_of(stage: &Stage) -> String {
    format!("/door/{}", id(&stage.ticket))
}

async fn says(window: &Window, text: &str) {
    window.sees(text).await;
    assert!(!window.has("Scan with the camera").await, "nothing to press that cannot work");
}

#[tokio::test]
async fn a_camera_reads_the_code_of_a_ticket() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 2).await;
        let film = Film::of(&code_of(&stage.buyer, &tickets[0]).await, SHOWN, FILM);
        let ann = shop.window_that_sees("Ann", &stage.seller, &film).await;
        ann.on_every_page(COUNT_TONES).await;
        ann.go(&door_of(&stage)).await;
        ann.sees("0 of 2 are in").await;
        ann.sees("No picture leaves this device.").await;
        ann.click("Scan with the camera").await;
        ann.sees("Come in").await;
        ann.sees("1 of 2 are in").await;
        ann.waits_for("the picture goes on beside the verdict", PLAYS).await;
        ann.waits_for("the frame is green", &format!("{FRAME} === 'rgb(10, 102, 56)'")).await;
        // A phone's keyboard would hide the picture.
        ann.waits_for("no keyboard", "document.getElementById('code').inputMode === 'none'").await;

        ann.sees("Already in").await;
        ann.sees("1 of 2 are in").await;
        ann.waits_for("the frame is amber", &format!("{FRAME} === 'rgb(255, 184, 28)'")).await;
        ann.waits_for("both verdicts were heard", "window.tones >= 2").await;
        is_fine(&ann, "door-camera").await;
        ann.is(320, 700).await;
        ann.waits_for("it is not too wide", "document.body.scrollWidth <= 320").await;

        ann.run("window.track = document.querySelector('.sight video').srcObject.getTracks()[0]")
            .await;
        ann.click("Stop the camera").await;
        ann.waits_for("the camera is off", "window.track.readyState === 'ended'").await;
        ann.waits_for("its picture is gone", "!document.querySelector('.sight').checkVisibility()")
            .await;
        assert!(ann.has("Scan with the camera").await);
        // Codes are typed as before.
        ann.fill("Ticket code", "not a ticket").await;
        ann.press(&Key::Enter).await;
        ann.sees("Not a ticket").await;
    })
    .await;
}

#[tokio::test]
async fn a_camera_that_stays_on_one_code_lets_one_person_in_once() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 1).await;
        let film = Film::of(&code_of(&stage.buyer, &tickets[0]).await, 1, 1);
        let ann = shop.window_that_sees("Ann", &stage.seller, &film).await;
        ann.on_every_page(COUNT_TONES).await;
        ann.go(&door_of(&stage)).await;
        ann.click("Scan with the camera").await;
        ann.sees("Come in").await;
        // Longer than a code rests after it was reported.
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        ann.sees("Come in").await;
        assert_eq!(ann.run("return window.tones").await, json!(1));
    })
    .await;
}

#[tokio::test]
async fn the_camera_can_be_used_by_whoever_came_by_a_link() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 1).await;
        let film = Film::of(&code_of(&stage.buyer, &tickets[0]).await, SHOWN, FILM);
        let ann = shop.window_that_sees("Ann", &stage.seller, &film).await;
        // The page before it may not use the camera, and a document keeps its policy.
        ann.go("/listings").await;
        ann.click("Door The Paper Kites").await;
        ann.arrives_at(&door_of(&stage)).await;
        ann.is_alive().await;
        ann.click("Scan with the camera").await;
        ann.sees("Come in").await;
        ann.click("Undo the last entry").await;
        ann.sees("The entry is undone.").await;
        ann.waits_for("the picture goes on", PLAYS).await;
        // Nor does the next page have what the door may do.
        ann.click("Boxoffice").await;
        ann.arrives_at("/").await;
        ann.is_alive().await;
        let allowed = "document.featurePolicy?.allowsFeature('camera') ?? false";
        ann.waits_for("the camera is not allowed", &format!("!({allowed})")).await;
    })
    .await;
}

#[tokio::test]
async fn a_door_works_where_the_camera_is_refused() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 1).await;
        let code = code_of(&stage.buyer, &tickets[0]).await;
        let film = Film::of(&code, SHOWN, FILM).refused();
        let ann = shop.window_that_sees("Ann", &stage.seller, &film).await;
        ann.go(&door_of(&stage)).await;
        ann.click("Scan with the camera").await;
        ann.sees("The camera is not allowed on this page. Type the code, use a hand-held scanner")
            .await;
        assert!(ann.has("Scan with the camera").await, "it may be allowed now");
        is_fine(&ann, "door-camera-refused").await;
        ann.fill("Ticket code", &code).await;
        ann.click("Check").await;
        ann.sees("Come in").await;
    })
    .await;
}

#[tokio::test]
async fn a_door_says_that_a_camera_needs_https() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "quantity": 9 })).await;
        let ann = shop.window_without_tls("Ann", &stage.seller).await;
        // Headers that only a secure page may have are ignored, as Chromium tells.
        ann.expects("", "Cross-Origin-Opener-Policy header has been ignored");
        ann.go(&door_of(&stage)).await;
        says(&ann, "The camera needs a page that is opened over HTTPS. Type the code").await;
        is_fine(&ann, "door-camera-insecure").await;
    })
    .await;
}

#[tokio::test]
async fn a_door_sounds_until_it_is_told_not_to() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "quantity": 9 })).await;
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.on_every_page(COUNT_TONES).await;
        ann.go(&door_of(&stage)).await;
        let scan = async |text: &str, tones: u32| {
            ann.run("document.getElementById('code').focus()").await;
            scans(&ann, text).await;
            ann.waits_for("it was typed", "document.getElementById('code').value === ''").await;
            ann.sees("Not a ticket").await;
            let heard = format!("window.tones === {tones}");
            ann.waits_for(&format!("{tones} tones were heard"), &heard).await;
        };
        scan("a", 1).await;
        scan("b", 2).await;
        ann.click("Sound").await;
        scan("c", 2).await;
        ann.refresh().await;
        ann.waits_for("the device remembers", "!document.querySelector('[role=switch]').checked")
            .await;
        scan("d", 0).await;
        ann.click("Sound").await;
        scan("e", 1).await;
    })
    .await;
}

#[tokio::test]
async fn a_door_without_scripts_has_no_camera_and_no_sound_to_switch() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "quantity": 9 })).await;
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.without_scripts().await;
        ann.go(&door_of(&stage)).await;
        ann.sees("Ticket code").await;
        assert!(!ann.has("Scan with the camera").await);
        assert!(!ann.has("Sound").await);
    })
    .await;
}
