use crate::sources::mail::smtp::reply::Reply;

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
        }
    }
}
