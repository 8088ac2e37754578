//! Letters with odd texts in each place that people fill in.

use boxoffice_letters::render;
use boxoffice_letters::sample::{SHOP, letters, setting};
use proptest::prelude::*;

use crate::fields::{fill, places};
use crate::page;

/// Texts of all scripts, and what is made to break something.
fn odd() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        any::<String>(),
        "[\\PC]{0,400}",
        Just("\r\nBcc: you@evil.example\r\n\r\n".to_owned()),
        Just("\u{2068}\u{202e}שלום\u{2069}".to_owned()),
        Just("https://evil.example/".to_owned()),
        Just("<b onload='x'>&amp;<!--".to_owned()),
        Just("\u{200b}\u{feff}\u{301}\u{301}".to_owned()),
        Just("漢字".repeat(60)),
        Just("x".repeat(500)),
    ];
    proptest::collection::vec(parts, 1..4).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_text_leaves_a_letter_whole(text in odd(), locale in any::<String>()) {
        let setting = boxoffice_letters::Setting { locale: Some(locale), ..setting() };
        for mut letter in letters() {
            for place in 0..places(&letter) {
                fill(&mut letter, place, &text);
            }
            page::check(&render(&letter, &setting), SHOP);
        }
    }
}
