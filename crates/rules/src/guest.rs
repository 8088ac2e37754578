//! What holders tell of who comes with a ticket.

use crate::{Verdict, is_of_length, unless};

/// Checks the name of a guest.
///
/// # Errors
/// The sentence for who typed it.
pub fn name(text: &str) -> Verdict {
    let good = is_of_length(text, 80) && !text.trim().contains(char::is_control);
    unless(good, "Enter the name in 1 to 80 characters, on one line")
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
        ] {
            assert_eq!(name(text).is_ok(), good, "{text:?}");
        }
        assert!(name(&"é".repeat(80)).is_ok() && name(&"é".repeat(81)).is_err());
    }
}
