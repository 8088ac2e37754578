//! Texts that people typed.

use boxoffice_rules::isolated;
use unicode_segmentation::UnicodeSegmentation;

/// How many characters of such a text a letter shows.
const MAX: usize = 300;
/// How many characters a subject may have (RFC 5322, 2.1.1, where a line has that many).
const MAX_SUBJECT: usize = 78;
/// How many characters [`isolated`] may add.
const ISOLATES: usize = 2;
/// Where a text goes on.
const MORE: &str = "…";
/// Neither seen nor heard. A host's name cannot hold it (RFC 5892, A.1), unlike blanks of no width,
/// which browsers leave out.
const NOT_A_LINK: char = '\u{200c}';

/// A text of one line that somebody else wrote: without controls, and with nothing that a mail program
/// would make a link of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Theirs(String);

impl Theirs {
    pub(crate) fn new(text: &str) -> Self {
        Self(cut(&unlinked(&one_line(text)), MAX))
    }

    /// Returns the text for use among other words.
    pub(crate) fn isolated(&self) -> String {
        isolated(&self.0)
    }
}

/// Returns a subject that consists of `ours` and as much of `theirs` as there is room for.
pub(crate) fn subject(ours: &str, theirs: &str) -> String {
    let room = MAX_SUBJECT.saturating_sub(ours.chars().count() + ISOLATES);
    let theirs = isolated(&cut(&unlinked(&one_line(theirs)), room));
    format!("{ours}{theirs}").trim().to_owned()
}

/// Returns `text` in one line, with one blank wherever it has some.
fn one_line(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let words = words.map(|word| word.replace(turns, "")).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a character sets the direction of what follows it (`Bidi_Control` of Unicode).
const fn turns(letter: char) -> bool {
    matches!(letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns `text` so that no mail program takes a part of it for an address to follow.
fn unlinked(text: &str) -> String {
    let mut unlinked = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut before = None;
    while let Some(letter) = letters.next() {
        unlinked.push(letter);
        let after = letters.peek().copied();
        if parts(before, letter, after) {
            unlinked.push(NOT_A_LINK);
        }
        before = Some(letter);
    }
    unlinked
}

/// Whether `letter` parts a name of a host, or a scheme and what follows it.
fn parts(before: Option<char>, letter: char, after: Option<char>) -> bool {
    let is_of_name = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    // Times and network addresses stay as they are.
    let is_figure = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_digit());
    match letter {
        // As in IDNA: other full stops count as well.
        '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}' => {
            is_of_name(before) && is_of_name(after) && !(is_figure(before) && is_figure(after))
        }
        ':' => is_of_name(before) && after.is_some_and(|letter| !letter.is_whitespace()),
        '/' => before == Some('/'),
        '@' => true,
        _ => false,
    }
}

/// Returns `text`, or as many of its characters as fit into `max` with a sign that there are more.
fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut room = max.saturating_sub(MORE.chars().count());
    let fits = |seen: &&str| {
        let length = seen.chars().count();
        let fits = length <= room;
        room = room.saturating_sub(length);
        fits
    };
    let kept: String = text.graphemes(true).take_while(fits).collect();
    format!("{}{MORE}", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> String {
        Theirs::new(text).0.replace(NOT_A_LINK, "|")
    }

    #[test]
    fn a_text_is_one_line_without_controls() {
        assert_eq!(seen(" Kites\r\nBcc: all\t\u{2028}live \0 "), "Kites Bcc: all live");
        assert_eq!(seen("\u{202e}evil\u{2069}"), "evil");
        assert_eq!(seen("\u{200e} \u{200f}"), "");
    }

    #[test]
    fn nothing_in_it_becomes_a_link() {
        for (text, unlinked) in [
            ("https://evil.example/a", "https:|//|evil.|example/a"),
            ("www.evil.example", "www.|evil.|example"),
            ("mailto:me@evil.example", "mailto:|me@|evil.|example"),
            ("evil。example", "evil。|example"),
            ("tel:+41", "tel:|+41"),
            ("St. Gallen, 7.30 pm: Kites... live", "St. Gallen, 7.30 pm: Kites... live"),
            ("203.0.113.7", "203.0.113.7"),
            ("http://203.0.113.7", "http:|//|203.0.113.7"),
            ("A.", "A."),
        ] {
            assert_eq!(seen(text), unlinked);
        }
    }

    #[test]
    fn a_subject_ends_between_two_characters() {
        assert_eq!(subject("Your tickets: ", "Kites"), "Your tickets: Kites");
        assert_eq!(subject("Your tickets: ", "a\r\nb"), "Your tickets: a b");
        let long = subject("Your tickets: ", &"👩‍👩‍👧‍👦".repeat(30));
        assert!(long.chars().count() <= MAX_SUBJECT && long.ends_with("👩‍👩‍👧‍👦…"), "{long}");
        let right = subject("Your tickets: ", &"שלום ".repeat(40));
        assert!(right.chars().count() <= MAX_SUBJECT && right.ends_with("…\u{2069}"), "{right}");
        let wild = subject("Your tickets: ", &format!("a{}", "\u{301}".repeat(500)));
        assert_eq!(wild, "Your tickets: …");
    }
}
