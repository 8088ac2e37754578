//! What every text that strangers read must be: composed (NFC), seen, and of one direction.
//!
//! | rule | what it prevents |
//! |---|---|
//! | composed | two spellings of one word, of which searches find one |
//! | seen | a link or a row without a word on it |
//! | of one direction | a title that turns around what stands beside it, such as a price |
//! | without private characters | a text that means something else on each device |

#[cfg(feature = "services")]
use icu_normalizer::ComposingNormalizerBorrowed;

use crate::{Verdict, is_of_length, unless};

/// Checks a text of one line with 1 to `max` characters; `complaint` says so.
pub(crate) fn line(text: &str, max: usize, complaint: &'static str) -> Verdict {
    let breaks = |letter: char| letter.is_control() || is_line_end(letter);
    checked(text, max, complaint)?;
    unless(!text.trim().contains(breaks), "Write this on one line, without control characters")
}

/// Checks the same of a text that may have several lines.
pub(crate) fn lines(text: &str, max: usize, complaint: &'static str) -> Verdict {
    let wild = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    checked(text, max, complaint)?;
    unless(!text.contains(wild), "Leave out control characters")
}

fn checked(text: &str, max: usize, complaint: &'static str) -> Verdict {
    unless(is_of_length(text, max), complaint)?;
    if let Some((_, complaint)) = DIRECTIONS.iter().find(|(letter, _)| text.contains(*letter)) {
        return Err(complaint);
    }
    unless(!text.contains(is_private), "Leave out private characters: each device shows others")?;
    unless(text.contains(is_seen), "Write something that can be seen")
}

/// Makes a table of characters, each with the sentence that refuses it by its number and its name.
macro_rules! directions {
    ($($letter:literal $number:literal $name:literal;)+) => {
        [$((
            $letter,
            concat!(
                "Leave out the invisible character ", $number, " (", $name, "), which changes the \
                 direction of the text",
            ),
        ),)+]
    };
}

/// The characters that set the direction of what follows them (`Bidi_Control` of Unicode).
const DIRECTIONS: [(char, &str); 12] = directions! {
    '\u{61c}' "U+061C" "Arabic letter mark";
    '\u{200e}' "U+200E" "left-to-right mark";
    '\u{200f}' "U+200F" "right-to-left mark";
    '\u{202a}' "U+202A" "left-to-right embedding";
    '\u{202b}' "U+202B" "right-to-left embedding";
    '\u{202c}' "U+202C" "pop directional formatting";
    '\u{202d}' "U+202D" "left-to-right override";
    '\u{202e}' "U+202E" "right-to-left override";
    '\u{2066}' "U+2066" "left-to-right isolate";
    '\u{2067}' "U+2067" "right-to-left isolate";
    '\u{2068}' "U+2068" "first strong isolate";
    '\u{2069}' "U+2069" "pop directional isolate";
};

const fn is_line_end(letter: char) -> bool {
    matches!(letter, '\u{2028}' | '\u{2029}')
}

/// Whether a character has no meaning of its own in Unicode: private ones and noncharacters.
const fn is_private(letter: char) -> bool {
    let number = letter as u32;
    matches!(letter,
        '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{f0000}'..='\u{10ffff}')
        || number & 0xfffe == 0xfffe
}

/// Whether a character leaves a mark on paper. Those that do not are blanks, controls, the blank of
/// Braille, and `Default_Ignorable_Code_Point` of Unicode, to which the fillers of Hangul belong.
fn is_seen(letter: char) -> bool {
    let is_ignorable = matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}');
    !is_ignorable && letter != '\u{2800}' && !letter.is_whitespace() && !letter.is_control()
}

/// Returns `text` composed (NFC), without blanks around it: as it is stored, and as searches compare it.
#[cfg(feature = "services")]
#[must_use]
pub fn tidied(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text.trim()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLAINT: &str = "Give 1 to 20 characters";

    #[test]
    fn something_can_be_seen_of_a_text() {
        for unseen in [
            "\u{200b}",
            "\u{2800}",
            "\u{3164}",
            "\u{ad}",
            "\u{115f}\u{1160}",
            "\u{ffa0}",
            "\u{feff}\u{2060}",
            "\u{2800} \u{200d}",
            "\u{e0041}",
        ] {
            for rule in [line, lines] {
                let said = rule(unseen, 20, COMPLAINT).err().unwrap_or_default();
                assert!(said.contains("can be seen"), "{unseen:?}: {said}");
            }
        }
        for blank in ["", " ", "\u{a0}\u{3000}"] {
            assert_eq!(line(blank, 20, COMPLAINT), Err(COMPLAINT), "{blank:?}");
        }
        for seen in [
            "A",
            "Ж",
            "李",
            "한",
            "עברית",
            "👩‍👩‍👧",
            "🏴\u{e0067}\u{e0062}\u{e007f}",
            "می\u{200c}خواهم",
            "★",
        ] {
            assert_eq!(line(seen, 20, COMPLAINT), Ok(()), "{seen:?}");
        }
    }

    #[test]
    fn a_text_has_one_direction() {
        for (letter, sentence) in DIRECTIONS {
            let number = format!("U+{:04X} (", u32::from(letter));
            assert!(sentence.contains(&number), "{sentence}");
            for rule in [line, lines] {
                assert_eq!(rule(&format!("Abba {letter}gnp"), 20, COMPLAINT), Err(sentence));
            }
        }
    }

    #[test]
    fn private_characters_mean_nothing_to_others() {
        for letter in ['\u{e000}', '\u{f8ff}', '\u{f0000}', '\u{10fffd}', '\u{fdd0}', '\u{ffff}'] {
            let said = line(&format!("A{letter}"), 20, COMPLAINT).err().unwrap_or_default();
            assert!(said.contains("private"), "{letter:?}: {said}");
        }
        assert_eq!(line("A\u{fffd}", 20, COMPLAINT), Ok(()));
    }

    #[test]
    fn lines_end_only_where_they_may() {
        for end in ['\n', '\r', '\t', '\u{85}', '\u{2028}', '\u{2029}', '\u{b}', '\0'] {
            let text = format!("Row 7{end}Seat 2");
            let said = line(&text, 20, COMPLAINT).err().unwrap_or_default();
            assert!(said.contains("one line"), "{end:?}: {said}");
            let may = matches!(end, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}');
            assert_eq!(lines(&text, 20, COMPLAINT).is_ok(), may, "{end:?}");
        }
        assert_eq!(line("Row 7\n", 20, COMPLAINT), Ok(()), "what is trimmed does not count");
    }

    #[cfg(feature = "services")]
    #[test]
    fn a_text_is_stored_composed() {
        for (typed, stored) in [
            (" Beyonce\u{301} ", "Beyonc\u{e9}"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
            ("\u{212b}", "\u{c5}"),
            ("Ⅳ", "Ⅳ"),
        ] {
            assert_eq!(tidied(typed), stored);
        }
    }
}
