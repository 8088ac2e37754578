use crate::sources::mail::smtp::reply::{Extensions, Reply};

/// The longest reply that is kept, in bytes.
const LIMIT: usize = 64 * 1024;
/// The longest reply as a log has it, in characters: a code, a blank and a text.
const SHOWN: usize = 304;

/// Reads what a mail server says.
///
/// A reply is the same whether it comes at once or byte by byte. What is kept of it is one line of bounded
/// length. What follows it is left for the next.
pub fn smtp(data: &[u8]) {
    if data.len() > LIMIT {
        return;
    }
    let mut whole = data.to_vec();
    let at_once = Reply::take(&mut whole);
    let mut buffer = Vec::new();
    let mut piecewise = Ok(None);
    let mut used = 0;
    for byte in data {
        buffer.push(*byte);
        used += 1;
        piecewise = Reply::take(&mut buffer);
        if !matches!(piecewise, Ok(None)) {
            break;
        }
    }
    assert_eq!(at_once.is_err(), piecewise.is_err(), "{at_once:?} {piecewise:?}");
    match at_once {
        Err(why) => assert!(!why.is_empty() && !why.contains(char::is_control), "{why:?}"),
        Ok(None) => assert_eq!(whole, data),
        Ok(Some(reply)) => {
            assert_eq!(piecewise, Ok(Some(reply.clone())));
            assert_eq!((whole.as_slice(), buffer.len()), (&data[used..], 0));
            assert!((200..600).contains(&reply.code) && !reply.lines.is_empty());
            assert!(!(reply.is_positive() && reply.is_transient()));
            let shown = reply.to_string();
            assert!(shown.chars().count() <= SHOWN, "{shown:?}");
            assert!(!shown.contains(char::is_control), "{shown:?}");
            greeted(&reply);
        }
    }
}

/// Reads a reply as the answer to `EHLO`. What the server can do is said after its name, in any order and in
/// any capitals.
fn greeted(reply: &Reply) {
    let answer = |lines: Vec<String>| Extensions::of(&Reply { code: reply.code, lines });
    let (name, rest) = reply.lines.split_at(1);
    let backwards: Vec<String> = rest.iter().rev().cloned().collect();
    let lower = |lines: &[String]| lines.iter().map(|line| line.to_ascii_lowercase()).collect();
    let said = Extensions::of(reply);
    for extension in ["STARTTLS", "SMTPUTF8"] {
        let has = said.has(extension);
        assert!(!answer(name.to_vec()).has(extension), "{name:?} is the server's name");
        assert_eq!(answer([name, &backwards].concat()).has(extension), has);
        assert_eq!(answer(lower(&reply.lines)).has(extension), has);
        let is_there = |line: &String| line.to_ascii_uppercase().contains(extension);
        assert!(!has || rest.iter().any(is_there), "{rest:?} says nothing of {extension}");
    }
    for mechanism in ["PLAIN", "LOGIN"] {
        let has = said.logs_in_by(mechanism);
        assert!(!answer(name.to_vec()).logs_in_by(mechanism), "{name:?} is the server's name");
        assert_eq!(answer(lower(&reply.lines)).logs_in_by(mechanism), has);
    }
}
