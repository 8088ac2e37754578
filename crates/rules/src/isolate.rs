//! Texts of others within sentences of ours.
//!
//! Where such a text is an element of its own, the style sheet isolates it (`unicode-bidi`). Within a
//! string, such as a document's title, these functions do.

/// Returns `text` for use within a sentence. A text with letters that are read from right to left is
/// put between Unicode's isolates, or it would turn around the words and figures beside it.
#[must_use]
pub fn isolated(text: &str) -> String {
    if text.contains(is_right_to_left) {
        format!("\u{2068}{text}\u{2069}")
    } else {
        text.to_owned()
    }
}

/// Whether a character is of the blocks for scripts that are read from right to left.
fn is_right_to_left(letter: char) -> bool {
    matches!(letter,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_turns_nothing_around_but_itself() {
        for text in ["Old Mill, Basel", "Ψυχή", "李荣浩", "7 × 3"] {
            assert_eq!(isolated(text), text);
        }
        for text in ["עברית", "فيروز 2027", "Live: שלום"] {
            assert_eq!(isolated(text), format!("\u{2068}{text}\u{2069}"));
        }
    }
}
