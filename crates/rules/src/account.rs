//! What people sign up and sign in with.

use crate::{Verdict, text, unless};

/// The longest address that RFC 5321 allows, in bytes.
const MAX_ADDRESS: usize = 254;
/// The longest path that a letter's link goes on to.
const MAX_NEXT: usize = 500;

/// Checks an e-mail address; blanks around it do not matter.
///
/// # Errors
/// The sentence for who typed it.
pub fn email(text: &str) -> Verdict {
    let address = text.trim();
    let good = address.len() <= MAX_ADDRESS
        && address.split_once('@').is_some_and(|(user, host)| is_user(user) && is_host(host));
    unless(good, "Enter an e-mail address such as ada@example.com")
}

/// Checks a password. Lengths are as OWASP's Authentication Cheat Sheet has them: long enough counts,
/// composition does not.
///
/// # Errors
/// The sentence for who typed it.
pub fn password(password: &str) -> Verdict {
    let good = (8..=128).contains(&password.chars().count());
    unless(good, "Enter a password of 8 to 128 characters")
}

/// Checks a code that a letter has brought, without blanks.
///
/// # Errors
/// The sentence for who typed it.
pub fn code(text: &str) -> Verdict {
    let good = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    unless(good, "Enter the six digits in the e-mail")
}

/// Checks the path that a letter's link goes on to: one that every browser takes for a page of the shop.
///
/// # Errors
/// The sentence for who sent it.
pub fn next(text: &str) -> Verdict {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_local = text.starts_with('/') && !text.starts_with("//");
    let good = is_plain && is_local && text.len() <= MAX_NEXT;
    unless(good, "Give the path of a page of the shop, such as /orders")
}

/// Checks a code of an authenticator app, without blanks.
///
/// # Errors
/// The sentence for who typed it.
pub fn app_code(text: &str) -> Verdict {
    let good = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    unless(good, "Enter the six digits that your authenticator app shows")
}

/// Checks a recovery code, without blanks: 16 characters of Base32, with or without dashes.
///
/// # Errors
/// The sentence for who typed it.
pub fn recovery_code(text: &str) -> Verdict {
    let is_in_alphabet =
        |letter: char| letter.is_ascii_alphabetic() || ('2'..='7').contains(&letter);
    let letters = text.chars().filter(|letter| *letter != '-');
    let good =
        letters.clone().count() == 16 && letters.clone().all(is_in_alphabet) && text.len() <= 40;
    unless(good, "Enter a recovery code, such as abcd-efgh-ijkl-mnop")
}

/// Checks what a passkey is called.
///
/// # Errors
/// The sentence for who typed it.
pub fn passkey_name(name: &str) -> Verdict {
    text::line(name, 60, "Enter a name of 1 to 60 characters, such as My phone")
}

/// What may stand before the `@`: as HTML has it for `input type=email`.
fn is_user(user: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    (1..=64).contains(&user.len()) && user.bytes().all(plain)
}

/// A domain, or an address of a host in brackets.
fn is_host(host: &str) -> bool {
    let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match literal {
        Some(address) => is_address(address),
        None => host.split('.').all(is_label),
    }
}

/// Whether it is the address of a host. A browser leaves that to the service: reading one would make
/// what it downloads some kilobytes larger.
fn is_address(text: &str) -> bool {
    cfg!(not(feature = "services")) || text.parse::<std::net::IpAddr>().is_ok()
}

fn is_label(label: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(plain)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_name_and_a_domain() {
        let long_label = format!("ada@{}.com", "a".repeat(63));
        let too_long_label = format!("ada@{}.com", "a".repeat(64));
        let long_user = format!("{}@example.com", "a".repeat(64));
        let too_long_user = format!("{}@example.com", "a".repeat(65));
        let too_long = format!("ada@{}example.com", "a.".repeat(120));
        for (address, good) in [
            ("ada@example.com", true),
            (" ada@example.com ", true),
            ("ada@localhost", true),
            ("ada.o'neil+tickets@mail.example.co.uk", true),
            ("ada@[127.0.0.1]", true),
            ("ada@[2001:db8::1]", true),
            (&long_label, true),
            (&long_user, true),
            ("", false),
            ("ada", false),
            ("@example.com", false),
            ("ada@", false),
            ("a b@example.com", false),
            ("a@b@example.com", false),
            ("ada@exam ple.com", false),
            ("ada@-example.com", false),
            ("ada@example-.com", false),
            ("ada@example..com", false),
            ("ada@example.com.", false),
            ("ada@[127.0.0.256]", cfg!(not(feature = "services"))),
            ("ada@[127.0.0.1", false),
            ("ada@exa_mple.com", false),
            ("ада@example.com", false),
            ("ada@пример.рф", false),
            ("ada@example.com\u{0}", false),
            (&too_long_label, false),
            (&too_long_user, false),
            (&too_long, false),
        ] {
            assert_eq!(email(address).is_ok(), good, "{address:?}");
        }
    }

    #[test]
    fn a_way_on_stays_in_the_shop() {
        let long = format!("/{}", "x".repeat(MAX_NEXT));
        for (path, good) in [
            ("/", true),
            ("/orders?page=2&x=%20", true),
            ("", false),
            ("orders", false),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("/a\\b", false),
            ("/a b", false),
            ("/\t/evil.example", false),
            ("https://evil.example/", false),
            (&long, false),
        ] {
            assert_eq!(next(path).is_ok(), good, "{path:?}");
        }
    }

    #[test]
    fn passwords_are_counted_in_characters() {
        for (text, good) in [("1234567", false), ("12345678", true), ("пароль12", true)] {
            assert_eq!(password(text).is_ok(), good, "{text}");
        }
        assert!(password(&"x".repeat(128)).is_ok() && password(&"x".repeat(129)).is_err());
    }
}
