use std::fmt::Write as _;

use boxoffice_kernel::signature::{Refusal, verify};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::input::lines;
use crate::sources::payments::stripe::event::Event;

const SECRET: &str = "whsec_test";
const NOW: i64 = 1_898_596_800;

/// Reads an event that claims to be Stripe's: the header with the signatures, and the body.
///
/// No header makes up for a signature. What was signed is accepted for five minutes, and never with
/// another body. An event that is read means the same each time.
pub fn webhook(data: &[u8]) {
    let [header, body] = lines(data);
    let header = str::from_utf8(header).ok();
    // With a secret that signs nothing here: libFuzzer may learn what the other has signed.
    assert!(verify(header, body, "whsec_other", NOW).is_err(), "nobody signed it");
    let code = code(body);
    let signed = format!("t={NOW},v1={code}");
    let at = |body: &[u8], now| verify(Some(&signed), body, SECRET, now);
    assert_eq!(at(body, NOW), Ok(()));
    assert_eq!(at(&[body, b" "].concat(), NOW), Err(Refusal::Wrong));
    assert_eq!(at(body, NOW + 301), Err(Refusal::Old));
    assert_eq!(verify(Some(&signed), body, "", NOW), Err(Refusal::Wrong));
    // What a stranger adds to a header neither helps nor lets it be read otherwise.
    if let Some(header) = header {
        let later = format!("t={},{header},v1={code}", NOW + 1);
        assert!(verify(Some(&later), body, SECRET, NOW).is_err(), "{later:?}");
    }
    let Ok(body) = str::from_utf8(body) else { return };
    if let Ok(event) = Event::parse(body) {
        let news = || format!("{:?}", event.news().map_err(|error| error.to_string()));
        assert_eq!(news(), news());
    }
}

/// Returns Stripe's signature of a body.
fn code(body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key of any length");
    let mac = mac.chain_update(NOW.to_string()).chain_update(b".").chain_update(body);
    let mut code = String::new();
    for byte in mac.finalize().into_bytes() {
        write!(code, "{byte:02x}").expect("writing to a string cannot fail");
    }
    code
}
