//! What must hold of each letter.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod fields;
mod odd;
mod page;

use boxoffice_letters::sample::{SHOP, letters, setting};
use boxoffice_letters::{Enclosed, Letter, Rendered, Setting, render};
use page::Page;

/// All letters, as they are sent.
fn all() -> Vec<(Letter, Rendered)> {
    let write = |letter: Letter| (letter.clone(), render(&letter, &setting()));
    letters().into_iter().map(write).collect()
}

#[test]
fn each_letter_is_whole() {
    for (letter, rendered) in all() {
        let kind = letter.kind();
        page::check(&rendered, SHOP);
        for form in [&rendered.subject, &rendered.text, &rendered.html] {
            for hole in ["{}", "Some(", "None", "TODO", "  :", "..", "undefined"] {
                assert!(!form.contains(hole), "{kind}: {hole:?} in\n{form}");
            }
        }
    }
}

#[test]
fn both_forms_say_what_happened() {
    let said: [(&str, &[&str]); 16] = [
        ("verify_address", &["482913", "/verify?token=abc-DEF_1"]),
        ("reset_password", &["/reset?token=abc-DEF_1", "30 minutes"]),
        ("password_changed", &["01.06.2027, 12:00 (UTC)", "Firefox on Linux", "/forgotten"]),
        ("new_device", &["Safari on iPhone", "203.0.113.7", "/sessions"]),
        ("sign_in", &["482913", "/sign-in/link?token=abc-DEF_1", "15 minutes"]),
        ("confirm_address", &["482913", "/account/address?token=abc-DEF_1"]),
        ("address_changed", &["/account/undo?token=abc-DEF_1", "08.06.2027", "203.0.113.7"]),
        ("export_ready", &["08.06.2027, 12:00 (UTC)", "/account/export/9"]),
        ("account_deleted", &["is deleted", "last e-mail"]),
        ("factors_changed", &["01.06.2027, 12:00 (UTC)", "Firefox on Linux", "/sessions"]),
        (
            "order_confirmed",
            &["Kites: live", "12.06.2027, 20:30 (CEST, Zurich)", "90,00", "0000-0007"],
        ),
        ("ticket_sold", &["Kites: live", "90,00", "/sales"]),
        ("order_refunded", &["Kites: live", "90,00", "no longer valid"]),
        (
            "hold_ending",
            &["Kites: live", "01.06.2027, 14:03 (CEST, Zurich)", "0000-0007", "0007/checkout"],
        ),
        ("event_moved", &["Old Mill, Basel", "/orders/00000000-0000-0000-0000-000000000007"]),
        ("ticket_transferred", &["ada@", "/admissions/8/accept?key=xyz", "05.06.2027"]),
    ];
    let written = all();
    assert_eq!(written.len(), said.len());
    for ((letter, rendered), (kind, facts)) in written.iter().zip(said) {
        assert_eq!(letter.kind(), kind);
        for fact in facts {
            assert!(rendered.text.contains(fact), "{kind}: no {fact} in\n{}", rendered.text);
        }
    }
}

#[test]
fn links_sign_in_who_has_no_password() {
    let guest = Setting { opens: Some("abc-DEF_1".to_owned()), ..setting() };
    for letter in letters() {
        let kind = letter.kind();
        let text = render(&letter, &guest).text;
        let is_about_own = matches!(
            letter,
            Letter::OrderConfirmed(_)
                | Letter::OrderRefunded(_)
                | Letter::TicketSold(_)
                | Letter::HoldEnding(_)
                | Letter::EventMoved(_)
        );
        let signs_in = text.contains("/sign-in/link?token=abc-DEF_1&next=%2F");
        assert_eq!(signs_in, is_about_own, "{kind}:\n{text}");
        assert!(!render(&letter, &setting()).text.contains("&next="), "{kind}");
    }
}

#[test]
fn a_letter_about_a_date_brings_it_for_calendars() {
    for (letter, rendered) in all() {
        let has_one = matches!(letter, Letter::OrderConfirmed(_) | Letter::EventMoved(_));
        assert_eq!(rendered.calendar.is_some(), has_one, "{}", letter.kind());
        let Some(calendar) = rendered.calendar else { continue };
        let unfolded = calendar.replace("\r\n ", "");
        for line in [
            "UID:00000000-0000-0000-0000-000000000007@boxoffice",
            "SEQUENCE:3",
            "DTSTART:20270612T183000Z",
            "URL:https://tickets.example/orders/00000000-0000-0000-0000-000000000007",
        ] {
            assert!(unfolded.contains(&format!("\r\n{line}\r\n")), "{line} is not in\n{unfolded}");
        }
    }
}

#[test]
fn without_a_date_there_is_no_calendar_and_no_word_of_one() {
    for mut letter in letters() {
        fields::change_event(&mut letter, |event| event.starts_at = None);
        let rendered = render(&letter, &setting());
        assert_eq!(rendered.calendar, None);
        assert!(!rendered.text.contains("calendar"), "{}", rendered.text);
        page::check(&rendered, SHOP);
    }
}

#[test]
fn a_confirmation_says_what_it_encloses() {
    for (enclosed, says) in [
        (Enclosed::Nothing, "not in this"),
        (Enclosed::Tickets, "the attached file"),
        (Enclosed::Turning, "every 30 seconds"),
    ] {
        let mut letters = letters();
        let confirmed = letters.iter_mut().find_map(|letter| match letter {
            Letter::OrderConfirmed(confirmed) => Some(confirmed),
            _ => None,
        });
        confirmed.unwrap().enclosed = enclosed;
        let confirmed = letters.iter().find(|letter| letter.kind() == "order_confirmed");
        let text = render(confirmed.unwrap(), &setting()).text.replace('\n', " ");
        assert!(text.contains(says), "{enclosed:?}: {text}");
    }
}

#[test]
fn a_letter_that_one_can_do_without_says_how() {
    let link = "/mail/unsubscribe?token=abc.sales.k1.def";
    let setting = Setting { unsubscribe: Some(link.to_owned()), ..setting() };
    for letter in letters() {
        let rendered = render(&letter, &setting);
        page::check(&rendered, SHOP);
        let url = format!("{SHOP}{link}");
        assert!(rendered.text.contains(&url), "{}", rendered.text);
        assert!(rendered.html.contains(&url), "{}", rendered.html);
        let is_essential = !matches!(letter.kind(), "ticket_sold" | "hold_ending");
        assert_eq!(rendered.is_essential, is_essential, "{}", letter.kind());
    }
}

#[test]
fn each_language_has_its_own_way_with_amounts_and_dates() {
    for (locale, said) in [
        ("de-CH", ["€\u{a0}90.00", "12.06.2027"]),
        ("en-US", ["€90.00", "Jun 12, 2027"]),
        ("fr-FR", ["90,00\u{a0}€", "12 juin 2027"]),
        ("no language", ["€90.00", "Jun 12, 2027"]),
    ] {
        let mut setting = setting();
        setting.locale = Some(locale.to_owned());
        let confirmed = letters().into_iter().find(|letter| letter.kind() == "order_confirmed");
        let text = render(&confirmed.unwrap(), &setting).text.replace('\u{202f}', "\u{a0}");
        for fact in said {
            assert!(text.contains(fact), "{locale}: no {fact} in\n{text}");
        }
    }
}

#[test]
fn what_others_typed_is_text_and_nothing_else() {
    let evil =
        "<script>alert(1)</script><a href=\"https://evil.example\">\r\nBcc: you@evil.example";
    for letter in letters() {
        for place in 0..fields::places(&letter) {
            let mut letter = letter.clone();
            fields::fill(&mut letter, place, evil);
            let rendered = render(&letter, &setting());
            page::check(&rendered, SHOP);
            assert!(!rendered.html.contains("<script"), "{}", rendered.html);
            let page = Page::read(&rendered.html);
            assert!(page.words.contains("<script>alert(1)"), "it is quoted: {}", page.words);
            assert!(!page.words.contains("evil.example"), "a link: {}", page.words);
        }
    }
}

#[test]
fn what_is_read_from_right_to_left_turns_only_itself_around() {
    for letter in letters() {
        for place in 0..fields::places(&letter) {
            let mut letter = letter.clone();
            fields::fill(&mut letter, place, "שלום");
            let text = render(&letter, &setting()).text;
            for (_, after) in text.match_indices("שלום").map(|(at, _)| text.split_at(at)) {
                let end = after.find(['\u{2069}', '\n']).map(|at| &after[at..]);
                let is_isolated = end.is_some_and(|end| end.starts_with('\u{2069}'));
                assert!(is_isolated, "not isolated in\n{text}");
            }
        }
    }
}
