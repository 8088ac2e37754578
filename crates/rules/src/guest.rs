//! What holders tell of who comes with a ticket.

use crate::{Verdict, text};

/// Checks the name of a guest.
///
/// # Errors
/// The sentence for who typed it.
pub fn name(name: &str) -> Verdict {
    text::line(name, 80, "Enter the name in 1 to 80 characters, on one line")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_letters() {
        for (text, good) in [
            ("", false),
            (" \t ", false),
            ("Li", true),
            (" Zoë Ångström ", true),
            ("Αθηνά\n", true),
            ("Ann\nLee", false),
            ("Ann\u{0}", false),
            ("\u{3164}", false),
            ("Ann\u{202e}eeL", false),
        ] {
            assert_eq!(name(text).is_ok(), good, "{text:?}");
        }
        assert!(name(&"é".repeat(80)).is_ok() && name(&"é".repeat(81)).is_err());
    }
}
