use boxoffice_contract::AdmissionId;
use boxoffice_kernel::http::page::{read_cursor, write_cursor};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a cursor of each list's kind.
///
/// One that is accepted leads to the same place when it is written and read again. No place holds
/// U+0000, which Postgres would fail on.
pub fn cursor(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    check::<Value>(text);
    check::<AdmissionId>(text);
    check::<(i64, AdmissionId)>(text);
    check::<(Option<i64>, String, AdmissionId)>(text);
    // What clients send is seldom base64, so the text is also tried as what a cursor holds.
    if let Ok(position) = serde_json::from_str::<Value>(text) {
        check::<Value>(&write_cursor(&position).expect("it is JSON"));
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
