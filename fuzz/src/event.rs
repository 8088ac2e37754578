use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::input::{altered, texts};
use crate::keys::Keys;

/// Reads an event from the bus: a place, a key and the event, a line each.
///
/// Nothing is accepted that no service of ours has signed; what one has signed is accepted, and is not
/// any more with one character changed.
pub fn event(data: &[u8]) {
    let Some([place, keys, event]) = texts(data) else { return };
    let key = |byte: u8| format!("k1:{}", URL_SAFE_NO_PAD.encode([byte; 32]));
    let read = |keys: &str| Keys::parse(keys, "required").expect("our keys are valid");
    let (ours, theirs) = (read(&key(1)), read(&key(2)));
    // By a key that signs nothing here: libFuzzer learns from comparisons what the others have signed.
    assert!(!read(&key(3)).accept(event), "nobody signed {event:?}");
    if event.ends_with('}') {
        let signed = ours.sign(event.to_owned());
        assert!(ours.accept(&signed), "{signed:?}");
        assert!(!theirs.accept(&signed) && !ours.accept(&theirs.sign(event.to_owned())));
        if let Some(other) = altered(&signed, number(place), '0') {
            assert!(!ours.accept(&other), "{other:?} is not {signed:?}");
        }
        if let Ok(Value::Object(before)) = serde_json::from_str(event)
            && !before.is_empty()
        {
            let after: Value = serde_json::from_str(&signed).expect("a code leaves it JSON");
            let kept = before.iter().filter(|(name, _)| *name != "mac");
            assert!(kept.into_iter().all(|(name, value)| after[name] == *value), "{signed:?}");
        }
    } else {
        assert!(!ours.accept(&ours.sign(event.to_owned())), "{event:?} is no event");
    }
    // The operator's, not a stranger's: it is read, or explained.
    if let Err(error) = Keys::parse(keys, "required") {
        assert!(format!("{error:#}").starts_with("event_keys: "), "{error:#}");
    }
}

fn number(text: &str) -> usize {
    text.parse().unwrap_or(text.len())
}
