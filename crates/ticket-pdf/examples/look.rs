#![allow(missing_docs, clippy::unwrap_used)]
use boxoffice_ticket_pdf::*;
fn main() {
    for (i, code) in ["T1.Zm9vYmFyYmF6cXV4", "https://tickets.example.org/t/0198f2a4-61c7-7b0e-9d2f-1c5a77b1e9d3.MEUCIQDk0b3T8K3vXq9cYxZJr2m1p6n4"].into_iter().enumerate() {
    let text = std::fs::read_to_string(format!("/tmp/qr{i}.txt")).unwrap();
    let size = text.lines().count();
    let dark: Vec<bool> = text.lines().flat_map(|l| l.chars().map(|c| c == '#').collect::<Vec<_>>()).collect();
    let qr = Qr::new(size, &dark).unwrap();
    let a = Ticket { title: "Nordlichter im Herbst: Kammerorchester Zürich", when: Some("Friday, 14 November 2025, 20:00"), venue: Some("Großer Saal der Tonhalle"), city: Some("Zürich"), holder: "ada.lovelace@example.org", position: (1, 3), price: Some("CHF 45.00"), order: "7F3K-29QD", admission: "0198f2a4-61c7", code, qr };
    let b = Ticket { title: "Ταξίδι στ' αστέρια", venue: Some("Μέγαρο Μουσικής"), city: Some("Αθήνα"), when: Some("Σάββατο 3 Ιανουαρίου 2026, 21:30"), position: (2, 3), ..a };
    let long = "Щедрик і зимові пісні та дуже довга назва концерту, яка не закінчується ніколи і ніде, бо її автор писав і писав, доки не забракло місця на аркуші паперу, а потім іще трохи, для певності та спокою душі";
    let c = Ticket { title: long, venue: Some(long), city: Some(&long[..100]), when: Some("субота, 3 січня 2026 р., 21:30"), holder: "averyveryverylongnameofapersonwhowritesmuch@subdomain.of.a.long.example.org", position: (3, 3), admission: "0198f2a4-61c7-7b0e-9d2f-1c5a77b1e9d3", ..a };
    let d = Ticket { title: "שלום עולם 日本 😀 Ångström Vậy AVATAR To. Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", venue: None, city: None, price: None, admission: "", code: "", ..a };
    for (n, p) in [("a4", Page::A4), ("phone", Page::Phone)] {
        let t = std::time::Instant::now();
        let one = draw(&[a], p, "Boxoffice", &Words::ENGLISH).unwrap();
        println!("{n} {i}: {} bytes, {:?}", one.len(), t.elapsed());
        let t = std::time::Instant::now();
        for _ in 0..20 { draw(&[a], p, "Boxoffice", &Words::ENGLISH).unwrap(); }
        println!("  each {:?}", t.elapsed() / 20);
        std::fs::write(format!("/tmp/look-{n}-{i}.pdf"), draw(&[a, b, c, d], p, "Boxoffice", &Words::ENGLISH).unwrap()).unwrap();
    }
    }
}
