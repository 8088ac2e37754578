use boxoffice_rules::amount::{Writing, read, units};
use boxoffice_rules::text::tidied;
use boxoffice_rules::{Verdict, account, listing};

use crate::input::texts;

type Rule = fn(&str) -> Verdict;

/// The longest text of each rule, in characters.
const RULES: [(Rule, usize); 4] = [
    (listing::title, 200),
    (listing::venue, 200),
    (listing::city, 100),
    (listing::description, 5_000),
];

/// Reads an amount and a text, a line and the rest.
///
/// A text that is accepted has a bounded length and characters of one direction, some of them seen; it
/// is accepted again as it was stored. An amount is the same when it is written and read again. An
/// address can stand in a header of a letter.
pub fn text(data: &[u8]) {
    let Some([amount, text]) = texts(data) else { return };
    for digits in 0..=3 {
        for point in ['.', ','] {
            let writing = Writing { digits, marks: ["€", "EUR"], point };
            let Ok(minor) = read(amount, &writing) else { continue };
            assert!(minor >= 0, "{amount:?} is {minor}");
            let written = units(minor, digits);
            let again = read(&written, &Writing { point: '.', ..writing });
            assert_eq!(again, Ok(minor), "{amount:?}");
        }
    }
    let stored = tidied(text);
    assert_eq!(tidied(&stored), stored, "it changes when it is stored again");
    for (rule, most) in RULES {
        if rule(&stored).is_ok() {
            assert!((1..=most).contains(&stored.chars().count()), "{stored:?}");
            assert!(!stored.contains(turns), "{stored:?} changes its direction");
            assert!(!stored.contains('\0') && stored.contains(is_seen), "{stored:?}");
            assert_eq!(stored.trim(), stored);
        }
    }
    if listing::title(&stored).is_ok() {
        assert_eq!(stored.lines().count(), 1, "{stored:?} is one line");
    }
    if account::email(&stored).is_ok() {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>,;\"()\\".contains(&byte);
        assert!(stored.bytes().all(is_plain) && stored.len() <= 254, "{stored:?}");
        assert_eq!(stored.matches('@').count(), 1, "{stored:?}");
    }
}

/// Whether a character sets the direction of others.
fn turns(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// Whether a character leaves a mark; less exact than the rule, which it is compared with.
fn is_seen(letter: char) -> bool {
    !letter.is_whitespace() && !letter.is_control() && !('\u{200b}'..='\u{200f}').contains(&letter)
}
