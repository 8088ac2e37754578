use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boxoffice_contract::AdmissionId;
use boxoffice_kernel::http::page::{read_cursor, write_cursor};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads a cursor of each kind that lists have.
///
/// One that is accepted leads to the same place when it is written and read again. No place holds
/// U+0000, which Postgres would fail on.
pub fn cursor(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    // A mutation is seldom base64, so the text is also tried as what a cursor holds.
    for cursor in [text, &URL_SAFE_NO_PAD.encode(text)] {
        check::<AdmissionId>(cursor);
        check::<(i64, AdmissionId)>(cursor);
        check::<(Option<i64>, String, AdmissionId)>(cursor);
    }
}

fn check<T: DeserializeOwned + Serialize>(text: &str) {
    let Ok(position) = read_cursor::<T>(text) else { return };
    let written = write_cursor(&position).expect("what was read can be written");
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    assert!(written.bytes().all(is_plain), "{written:?} needs to be escaped in a link");
    let again = read_cursor::<T>(&written).expect("what was written can be read");
    let json = serde_json::to_string(&position).expect("it is JSON");
    assert_eq!(json, serde_json::to_string(&again).expect("it is JSON"));
    assert!(!json.contains("\\u0000"), "{json}");
}
