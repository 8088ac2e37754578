use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boxoffice_contract::UserId;
use boxoffice_contract::mail::Category;
use uuid::Uuid;

use crate::input::{altered, texts};
use crate::keys::Keys;
use crate::sources::mail::token::{PURPOSE, message, parted, written};

/// Reads the token of a link to unsubscribe: a place, an account, and a token, a line each.
///
/// A token has one spelling. No token is good that no service of ours has made, nor one of ours with one
/// character changed, nor for another category.
pub fn unsubscribe(data: &[u8]) {
    let Some([place, account, token]) = texts(data) else { return };
    let key = |byte: u8| format!("k1:{}", URL_SAFE_NO_PAD.encode([byte; 32]));
    let keys = |byte: u8| Keys::parse(&key(byte), "required").expect("our keys are valid");
    let (ours, theirs) = (keys(1), keys(2));
    let is_good = |keys: &Keys, token: &str| {
        parted(token).is_some_and(|(account, category, code)| {
            keys.opens(PURPOSE, &message(account, category), code)
        })
    };
    if let Some((account, category, code)) = parted(token) {
        assert_eq!(written(account, category, code), token);
    }
    // By a key that signs nothing here: libFuzzer learns from comparisons what the others have signed.
    assert!(!is_good(&keys(3), token), "nobody made {token:?}");
    let number = |sum: u128, byte| sum.wrapping_mul(31).wrapping_add(u128::from(byte));
    let account = UserId(Uuid::from_u128(account.bytes().fold(0, number)));
    let code = |keys: &Keys| keys.seal(PURPOSE, &message(account, Category::Sales));
    let code = code(&ours).expect("there is a key");
    let made = written(account, Category::Sales, &code);
    assert!(is_good(&ours, &made) && !is_good(&theirs, &made));
    assert!(!is_good(&ours, &written(account, Category::Reminders, &code)));
    let place = place.parse().unwrap_or(place.len());
    if let Some(other) = altered(&made, place, '0') {
        assert!(!is_good(&ours, &other), "{other:?} is not {made:?}");
    }
}
