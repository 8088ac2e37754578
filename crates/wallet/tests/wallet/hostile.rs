//! Checks that hostile texts are carried or shortened.

use boxoffice_wallet::{Error, Pass};

use crate::apple::pass_json;
use crate::google::{claims, class_and_object};
use crate::sample::{NOW, apple, google, pass};

/// Returns hostile texts, each with the start that a pass has to keep.
fn texts() -> Vec<(String, &'static str)> {
    vec![
        (r#"He said "no"; \ and </script>"#.to_owned(), r#"He said "no"; \"#),
        ("a\u{0}b\u{1b}[31m\r\n\u{85}c".to_owned(), "a b [31m"),
        ("x".repeat(10_000), "xxxxxxxxx"),
        ("\"".repeat(10_000), "\"\"\"\"\"\"\"\"\""),
        ("\u{1}".repeat(10_000), ""),
        ("🎟️👩‍👩‍👧‍👦🇨🇭".repeat(500), "🎟"),
        ("\u{202e}\u{2066}e\u{301}\u{feff}".repeat(900), "\u{202e}"),
        ("\u{10ffff}".repeat(10_000), "\u{10ffff}"),
        ("{{title}}%s%n$(id)`id`'; DROP TABLE".to_owned(), "{{title}}%s"),
    ]
}

fn with(text: &str) -> Pass<'_> {
    Pass {
        title: text,
        venue: Some(text),
        city: Some(text),
        holder: text,
        organization: text,
        ..pass()
    }
}

#[test]
fn any_text_goes_on_a_pass_of_apple() {
    for (text, part) in texts() {
        let pass = with(&text);
        // A pass whose every text is empty is not as documented, but it is made.
        if part.is_empty() {
            apple().pkpass(&pass, NOW).unwrap();
            continue;
        }
        let json = pass_json(&apple().pkpass(&pass, NOW).unwrap());
        let title = json["eventTicket"]["primaryFields"][0]["value"].as_str().unwrap();
        assert!(title.starts_with(part), "{title}");
        assert!(title.len() <= 500 && !title.contains(char::is_control));
        let full = text.len() <= 500;
        assert_eq!(title.ends_with('…'), !full, "{title}");
    }
}

#[test]
fn any_text_goes_into_a_link_of_google() {
    for (text, part) in texts() {
        let link = google().link(&with(&text), NOW).unwrap();
        assert!(link.len() < 1800 && link.is_ascii());
        if part.is_empty() {
            continue;
        }
        let claims = claims(&link);
        let title = &class_and_object(&claims).0["eventName"]["defaultValue"]["value"];
        let title = title.as_str().unwrap();
        let start: String = part.chars().take(3).collect();
        assert!(title.starts_with(&start) && !title.contains(char::is_control), "{title}");
    }
}

#[test]
fn a_code_and_an_order_are_never_changed() {
    let code = "é\"\u{1}🎟";
    let pass = Pass { code, order: code, ..pass() };
    let json = pass_json(&apple().pkpass(&pass, NOW).unwrap());
    assert_eq!(json["barcodes"][0]["message"], code);
    assert_eq!(json["barcodes"][0]["messageEncoding"], "utf-8");
    let claims = claims(&google().link(&pass, NOW).unwrap());
    let (_, object) = class_and_object(&claims);
    assert_eq!(object["barcode"]["value"], code);
    assert_eq!(object["reservationInfo"]["confirmationCode"], code);
}

#[test]
fn invalid_times_are_named() {
    for time in ["", "soon", "2027-06-12", "2027-06-12T20:30:00", "9999999-01-01T00:00:00Z"] {
        for pass in
            [Pass { starts_at: Some(time), ..pass() }, Pass { expires_at: Some(time), ..pass() }]
        {
            assert!(matches!(apple().pkpass(&pass, NOW), Err(Error::Time(_))), "{time}");
            assert!(matches!(google().link(&pass, NOW), Err(Error::Time(_))), "{time}");
        }
    }
}

#[test]
fn any_clock_gives_an_answer() {
    for now in [i64::MIN, -1, 0, i64::MAX] {
        assert!(matches!(apple().pkpass(&pass(), now), Err(Error::NotValidNow { .. })), "{now}");
        drop(google().link(&pass(), now));
    }
}
