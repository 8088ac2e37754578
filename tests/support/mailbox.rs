//! Reading the shop's letters.

use boxoffice_mailbox::{Mailbox, Message};

use crate::wait::eventually;

/// Nobody's address, from which a shop of the suites writes.
const FROM: &str = "Boxoffice <letters@boxoffice.example>";

/// The variables by which a shop sends its letters to `mailbox`.
pub fn variables(mailbox: &Mailbox) -> [(&'static str, String); 3] {
    [
        ("smtp_url", mailbox.smtp_url()),
        ("mail_from", FROM.to_owned()),
        ("smtp_allowed", format!("tcp://{}", mailbox.smtp_address())),
    ]
}

/// The letters that have come to an address, the oldest first.
pub fn letters_to(mailbox: &Mailbox, address: &str) -> Vec<Message> {
    let mut letters = mailbox.messages();
    letters.retain(|letter| letter.to.iter().any(|to| to == address));
    letters
}

/// Waits until so many letters have come to an address, and returns them.
///
/// # Panics
/// When fewer come within twenty seconds, or more have come.
pub async fn receives(mailbox: &Mailbox, address: &str, count: usize) -> Vec<Message> {
    let what = format!("{address} gets {count} letters");
    let look = async || letters_to(mailbox, address);
    let letters = eventually(&what, look, |letters| letters.len() >= count).await;
    let subjects: Vec<_> = letters.iter().map(|letter| &letter.subject).collect();
    assert_eq!(letters.len(), count, "{address} gets {subjects:?}");
    letters
}

/// The path, with its query, of the first link in a letter to a page below `path`.
///
/// # Panics
/// When there is no such link.
pub fn link(letter: &Message, path: &str) -> String {
    let words = letter.text.split_whitespace();
    let paths = words.filter_map(|word| {
        let (_, rest) = word.split_once("://")?;
        Some(&rest[rest.find('/')?..])
    });
    let mut found = paths.filter(|link| link.starts_with(path));
    found.next().unwrap_or_else(|| panic!("no link to {path} in\n{}", letter.text)).to_owned()
}

/// The code of six digits in a letter.
///
/// # Panics
/// When it has no code.
pub fn code(letter: &Message) -> String {
    let mut words = letter.text.split_whitespace();
    let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    words.find(is_code).unwrap_or_else(|| panic!("no code in\n{}", letter.text)).to_owned()
}
