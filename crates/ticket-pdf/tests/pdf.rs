//! What others read in a PDF of tickets.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use boxoffice_ticket_pdf::{Error, Page, Qr, Ticket, Words, draw};
use lopdf::content::Content;
use lopdf::{Dictionary, Document, Object};

const MODULES: usize = 33;

/// Returns a pattern with as many edges as a QR code has.
fn modules() -> Vec<bool> {
    (0..MODULES * MODULES).map(|at| (at * at / 7 + at / 3) % 2 == 0).collect()
}

fn ticket(dark: &[bool]) -> Ticket<'_> {
    Ticket {
        title: "Nordlichter im Herbst",
        when: Some("Friday, 14 November 2025, 20:00"),
        venue: Some("Großer Saal"),
        city: Some("Zürich"),
        holder: "ada@example.org",
        name: Some("Ada Lovelace"),
        position: (1, 3),
        price: Some("CHF 45.00"),
        order: "7F3K-29QD",
        admission: "0198f2a4-61c7",
        code: "T1.Zm9vYmFyYmF6cXV4",
        qr: Qr::new(MODULES, dark).unwrap(),
    }
}

fn drawn(tickets: &[Ticket<'_>], page: Page) -> Vec<u8> {
    draw(tickets, page, "Boxoffice", &Words::ENGLISH).unwrap()
}

fn parsed(tickets: &[Ticket<'_>], page: Page) -> Document {
    Document::load_mem(&drawn(tickets, page)).unwrap()
}

fn dictionary<'a>(document: &'a Document, object: &'a Object) -> &'a Dictionary {
    document.dereference(object).unwrap().1.as_dict().unwrap()
}

/// Returns the words of a page, whatever stands between them.
fn words(document: &Document, page: u32) -> String {
    let text = document.extract_text(&[page]).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_ticket_has_a_page_of_its_format() {
    let dark = modules();
    for (page, size) in [(Page::A4, [595.0, 842.0]), (Page::Phone, [360.0, 780.0])] {
        let document = parsed(&[ticket(&dark), ticket(&dark), ticket(&dark)], page);
        let pages = document.get_pages();
        assert_eq!(pages.len(), 3);
        for id in pages.values() {
            let page = document.get_dictionary(*id).unwrap();
            let bounds = page.get(b"MediaBox").unwrap().as_array().unwrap();
            let bounds: Vec<_> = bounds.iter().map(|edge| edge.as_float().unwrap()).collect();
            assert_eq!(bounds, [0.0, 0.0, size[0], size[1]]);
        }
    }
}

#[test]
fn every_text_can_be_copied() {
    let dark = modules();
    let greek = Ticket {
        title: "Η νύχτα των αστεριών",
        venue: Some("Μέγαρο Μουσικής"),
        city: Some("Αθήνα"),
        name: Some("Υπατία"),
        position: (2, 3),
        ..ticket(&dark)
    };
    let cyrillic = Ticket {
        title: "Щедрик і зимові пісні",
        venue: Some("Національна філармонія"),
        city: Some("Київ"),
        name: None,
        position: (3, 3),
        ..ticket(&dark)
    };
    for page in [Page::A4, Page::Phone] {
        let document = parsed(&[ticket(&dark), greek, cyrillic], page);
        let pages = [
            ["Nordlichter im Herbst", "Großer Saal, Zürich", "1 of 3", "Name Ada Lovelace"],
            [greek.title, "Μέγαρο Μουσικής, Αθήνα", "2 of 3", "Name Υπατία"],
            [cyrillic.title, "Національна філармонія, Київ", "3 of 3", "Holder"],
        ];
        for (number, texts) in (1..).zip(pages) {
            let words = words(&document, number);
            let common =
                ["Boxoffice", "ada@example.org", "CHF 45.00", "7F3K-29QD", "0198f2a4-61c7"];
            for text in texts.into_iter().chain(common).chain([Words::ENGLISH.instruction]) {
                assert!(words.contains(text), "{text} in {words}");
            }
        }
    }
}

#[test]
fn it_is_tagged_and_says_its_language_and_title() {
    let dark = modules();
    let document = parsed(&[ticket(&dark)], Page::A4);
    let catalog = document.catalog().unwrap();
    let marks = dictionary(&document, catalog.get(b"MarkInfo").unwrap());
    assert!(marks.get(b"Marked").unwrap().as_bool().unwrap());
    assert_eq!(catalog.get(b"Lang").unwrap().as_str().unwrap(), b"en");
    let preferences = dictionary(&document, catalog.get(b"ViewerPreferences").unwrap());
    assert!(preferences.get(b"DisplayDocTitle").unwrap().as_bool().unwrap());
    let information = dictionary(&document, document.trailer.get(b"Info").unwrap());
    assert_eq!(information.get(b"Title").unwrap().as_str().unwrap(), b"Nordlichter im Herbst");

    let mut roles = Vec::new();
    let mut alternatives = Vec::new();
    for object in document.objects.values() {
        let Ok(element) = object.as_dict() else { continue };
        if let Ok(role) = element.get(b"S").and_then(Object::as_name) {
            roles.push(String::from_utf8_lossy(role).into_owned());
        }
        if let Ok(alternative) = element.get(b"Alt").and_then(Object::as_str) {
            alternatives.push(alternative);
        }
    }
    dictionary(&document, catalog.get(b"StructTreeRoot").unwrap());
    for role in ["Document", "Sect", "H1", "P", "Figure", "L", "LI", "Lbl", "LBody"] {
        assert!(roles.iter().any(|has| has == role), "{role} in {roles:?}");
    }
    assert_eq!(alternatives, [b"Ticket code"]);
}

#[test]
fn every_font_is_embedded() {
    let dark = modules();
    let document = parsed(&[ticket(&dark)], Page::A4);
    let descriptors: Vec<_> = document
        .objects
        .values()
        .filter_map(|object| object.as_dict().ok())
        .filter(|object| object.has_type(b"FontDescriptor"))
        .collect();
    assert_eq!(descriptors.len(), 2);
    for descriptor in descriptors {
        let file = descriptor.get(b"FontFile2").unwrap();
        document.dereference(file).unwrap().1.as_stream().unwrap();
    }
}

/// Returns the corners of the rectangles that are filled while the code's transform is in force.
fn rectangles(document: &Document) -> Vec<[f32; 4]> {
    let page = *document.get_pages().get(&1).unwrap();
    let content = Content::decode(&document.get_page_content(page)).unwrap();
    let mut found = Vec::new();
    let mut corners: Vec<[f32; 2]> = Vec::new();
    let after_last = content.operations.iter().rposition(|operation| operation.operator == "cm");
    for operation in &content.operations[after_last.unwrap()..] {
        let numbers = || operation.operands.iter().map(|operand| operand.as_float().unwrap());
        match operation.operator.as_str() {
            "re" => {
                let [x, y, width, height]: [f32; 4] =
                    numbers().collect::<Vec<_>>().try_into().unwrap();
                found.push([x, y, x + width, y + height]);
            }
            "m" | "l" => corners.push(numbers().collect::<Vec<_>>().try_into().unwrap()),
            "h" => {
                let [x, y] = corners[0];
                let [right, bottom] = corners[2];
                found.push([x, y, right, bottom]);
                corners.clear();
            }
            _ => {}
        }
    }
    found
}

#[test]
fn the_code_is_drawn_module_by_module() {
    let dark = modules();
    for page in [Page::A4, Page::Phone] {
        let mut seen = vec![false; MODULES * MODULES];
        for [left, top, right, bottom] in rectangles(&parsed(&[ticket(&dark)], page)) {
            for y in top as usize..bottom as usize {
                for x in left as usize..right as usize {
                    seen[y * MODULES + x] = true;
                }
            }
        }
        assert_eq!(seen, dark);
    }
}

#[test]
fn equal_tickets_give_equal_bytes() {
    let dark = modules();
    let tickets = [ticket(&dark), Ticket { position: (2, 3), ..ticket(&dark) }];
    assert_eq!(drawn(&tickets, Page::A4), drawn(&tickets, Page::A4));
    assert_ne!(drawn(&tickets, Page::A4), drawn(&tickets[..1], Page::A4));
}

#[test]
fn any_text_gives_a_pdf() {
    let dark = modules();
    let long = "Ein langes Wort ".repeat(625);
    let texts = [
        "",
        " ",
        "\u{0}\u{1}\u{8}\u{1b}\u{7f}\u{85}\u{9f}",
        "a\u{0}b\r\nc\td",
        "😀 👩\u{200d}👩\u{200d}👧 🏳\u{fe0f}\u{200d}🌈 🇨🇭",
        "שלום עולם",
        "مرحبا بالعالم",
        "\u{202e}right to left\u{202c} \u{2066}x\u{2069}",
        "日本語のタイトル",
        "नमस्ते दुनिया",
        "Z\u{351}\u{36b}\u{343}\u{36a}\u{302}a\u{363}\u{327}l\u{489}go",
        "\u{301}\u{301}\u{301}",
        "\u{feff}\u{fffe}\u{ffff}\u{e000}\u{10ffff}\u{fdd0}",
        "(\\) <</Type>> endstream \\u0000 &amp; <x> ]]>",
        &long,
        &"W".repeat(10_000),
        &"\u{301}".repeat(10_000),
        &"\u{200b}".repeat(10_000),
        &"😀".repeat(10_000),
    ];
    for text in texts {
        for page in [Page::A4, Page::Phone] {
            let ticket = Ticket {
                title: text,
                when: Some(text),
                venue: Some(text),
                city: Some(text),
                holder: text,
                name: Some(text),
                price: Some(text),
                order: text,
                admission: text,
                code: text,
                ..ticket(&dark)
            };
            let pdf = draw(&[ticket], page, text, &Words::ENGLISH).unwrap();
            assert_eq!(Document::load_mem(&pdf).unwrap().get_pages().len(), 1, "{text:?}");
        }
    }
}

#[test]
fn what_the_font_lacks_is_copied_as_what_it_is() {
    let dark = modules();
    let hebrew = Ticket { title: "שלום", ..ticket(&dark) };
    let document = parsed(&[hebrew], Page::A4);
    let page = *document.get_pages().get(&1).unwrap();
    let content = Content::decode(&document.get_page_content(page)).unwrap();
    let texts: Vec<_> = content
        .operations
        .iter()
        .flat_map(|operation| &operation.operands)
        .filter_map(|operand| operand.as_dict().ok()?.get(b"ActualText").ok())
        .map(|text| lopdf::decode_text_string(text).unwrap())
        .collect();
    assert_eq!(texts, [hebrew.title]);
}

#[test]
fn a_ticket_is_small() {
    let dark = modules();
    for page in [Page::A4, Page::Phone] {
        let bytes = drawn(&[ticket(&dark)], page).len();
        assert!(bytes < 60_000, "{bytes} bytes");
        let ten = drawn(&[ticket(&dark); 10], page).len();
        assert!(ten < bytes + 9 * 8_000, "{ten} bytes");
    }
}

#[test]
fn nothing_and_no_code_are_errors() {
    assert!(matches!(draw(&[], Page::A4, "", &Words::ENGLISH), Err(Error::NoTickets)));
    let dark = vec![true; 178 * 178];
    for size in [0, 1, 17, 20, 22, 178, 181, usize::MAX] {
        let modules = dark.get(..size.saturating_mul(size)).unwrap_or(&dark);
        assert!(matches!(Qr::new(size, modules), Err(Error::Code)), "{size}");
    }
    for count in [0, 440, 442] {
        assert!(matches!(Qr::new(21, &dark[..count]), Err(Error::Code)), "{count}");
    }
    assert!(Qr::new(21, &dark[..441]).is_ok());
    assert!(Qr::new(177, &dark[..177 * 177]).is_ok());
}
