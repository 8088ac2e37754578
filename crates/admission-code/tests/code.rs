//! What a verifier reads of what a signer has signed, and what it refuses.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use boxoffice_admission_code::turning::SLOTS;
use boxoffice_admission_code::{
    CHARACTERS, Code, KeyError, Shown, Signer, Slot, TURNING_CHARACTERS, Turning, Unreadable,
    Verifier,
};
use boxoffice_contract::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The key of RFC 8032, section 7.1, test 1 (also RFC 8037, appendix A), as openssl writes it.
const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
    -----END PRIVATE KEY-----\n";

/// The text of [`code`], which was made with other programs: Python for the layout and base45, and
/// `openssl pkeyutl -sign -rawin` for the signature.
const GOLDEN: &str = "W502AJFQ7M20%20000000000W502AJFQ7M20%20000000000+B1000P+036WNCSQMICHQ3*TH.D\
    AB3VH3 :MB*IZFOSVBBEB5DO1+UEPH0FBCJE5R68R5WW1B0C6LGE9V1EPBABRN8EV9EW8I480PPL4D-JHE0";

/// Where the parts of a code end: the version, the fields, the key's id, the signature.
const ENDS: [usize; 4] = [1, 37, 41, 105];

fn code() -> Code {
    Code {
        ticket_id: "01980f3c-0000-7000-8000-000000000001".parse().unwrap(),
        admission_id: "01980f3c-0000-7000-8000-00000000000a".parse().unwrap(),
        generation: 7,
    }
}

/// What is read of `code` if it does not turn.
fn still(code: Code) -> Shown {
    Shown { code, slot: None }
}

/// The first slot of [`turning`].
fn first() -> Slot {
    Slot::at(Timestamp::parse("2030-03-01T00:00:00Z").unwrap())
}

/// What a holder's device makes codes of.
fn turning() -> Turning {
    Signer::from_pem(PEM).unwrap().sign_turning(&code(), first())
}

/// A signer whose private key is `byte`, 32 times.
fn signer(byte: u8) -> Signer {
    let start = STANDARD.decode("MC4CAQAwBQYDK2VwBCIEIA==").unwrap();
    let der = STANDARD.encode([start.as_slice(), &[byte; 32]].concat());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");
    Signer::from_pem(&pem).unwrap()
}

fn verifier(signers: &[&Signer]) -> Verifier {
    let keys: Vec<_> = signers.iter().map(|signer| signer.public()).collect();
    Verifier::from_jwks(&json!({ "keys": keys }).to_string()).unwrap()
}

fn golden() -> Verifier {
    verifier(&[&Signer::from_pem(PEM).unwrap()])
}

/// Returns a set of one key with these 32 bytes.
fn set_of(key: &[u8]) -> String {
    let x = URL_SAFE_NO_PAD.encode(key);
    json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": x }] }).to_string()
}

#[test]
fn a_code_has_the_text_that_other_programs_make() {
    let signer = Signer::from_pem(PEM).unwrap();
    assert_eq!(signer.sign(&code()), GOLDEN);
    assert_eq!(GOLDEN.len(), CHARACTERS);
    assert_eq!(golden().read(GOLDEN), Ok(still(code())));
}

#[test]
fn a_secret_is_what_other_programs_make() {
    let signer = Signer::from_pem(PEM).unwrap();
    let code = code();
    let parts: [&[u8]; 2] = [code.admission_id.0.as_bytes(), &code.generation.to_be_bytes()];
    let secret = u128::from_be_bytes(signer.secret("transfer", &parts));
    assert_eq!(secret, 0xe78e_adc7_9f18_f05a_fb68_e5bc_4696_6e4a);
}

#[test]
fn the_public_key_is_written_as_the_standard_has_it() {
    let public = serde_json::to_value(Signer::from_pem(PEM).unwrap().public()).unwrap();
    let expected = json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        "use": "sig",
        "alg": "EdDSA",
    });
    assert_eq!(public, expected);
}

#[test]
fn each_code_comes_back_as_it_was_signed() {
    let (signer, verifier) = (signer(1), verifier(&[&signer(1)]));
    for generation in [0, 1, 255, 256, u32::MAX] {
        for first in ["00", "05", "32", "ff"] {
            let ticket_id = format!("{first}980f3c-0000-4000-8000-000000000001").parse().unwrap();
            let code = Code { ticket_id, generation, ..code() };
            let text = signer.sign(&code);
            assert_eq!(text.len(), CHARACTERS);
            assert!(text.ends_with('0'), "white space at the end is never part of a code");
            assert_eq!(verifier.read(&text), Ok(still(code)), "{text:?}");
        }
    }
}

#[test]
fn a_code_of_another_event_says_which() {
    let other =
        Code { ticket_id: "01980f3c-0000-7000-8000-000000000002".parse().unwrap(), ..code() };
    let (ours, theirs) = (signer(1).sign(&code()), signer(1).sign(&other));
    let verifier = verifier(&[&signer(1)]);
    assert_eq!(verifier.read(&theirs), Ok(still(other)));
    assert_ne!(verifier.read(&ours).unwrap().code.ticket_id, other.ticket_id);
}

#[test]
fn a_code_with_any_bit_changed_is_refused() {
    let verifier = golden();
    let bytes = base45::decode(GOLDEN).unwrap();
    assert_eq!(bytes.len(), ENDS[3]);
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let expected = match ENDS.iter().position(|end| bit / 8 < *end).unwrap() {
            0 => Unreadable::OtherVersion,
            2 => Unreadable::UnknownKey,
            _ => Unreadable::Forged,
        };
        assert_eq!(verifier.read(&base45::encode(&changed)), Err(expected), "bit {bit}");
    }
}

#[test]
fn a_code_with_any_character_changed_is_refused() {
    let verifier = golden();
    for at in 0..CHARACTERS {
        let mut changed = GOLDEN.as_bytes().to_vec();
        changed[at] = if changed[at] == b'7' { b'8' } else { b'7' };
        verifier.read(str::from_utf8(&changed).unwrap()).unwrap_err();
    }
}

/// The last two characters stand for one byte, but can say 2,024. A careless decoder takes what is
/// above 255 for a byte as well.
#[test]
fn a_second_text_of_the_same_code_is_refused() {
    let alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let start = &GOLDEN[..CHARACTERS - 2];
    let ends = alphabet.chars().flat_map(|one| alphabet.chars().map(move |two| (one, two)));
    let read: Vec<String> = ends
        .map(|(one, two)| format!("{start}{one}{two}"))
        .filter(|text| golden().read(text).is_ok())
        .collect();
    assert_eq!(read, [GOLDEN]);
}

/// The order of the group (RFC 8032, section 5.1) added to the second half of a signature makes a
/// second one that careless verifiers take.
#[test]
fn a_second_signature_for_the_same_code_is_refused() {
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let mut bytes = base45::decode(GOLDEN).unwrap();
    let mut carry = 0;
    for (at, byte) in bytes[73..].iter_mut().enumerate() {
        let term = u16::from_str_radix(&order[2 * at..2 * at + 2], 16).unwrap();
        let [high, low] = (u16::from(*byte) + term + carry).to_be_bytes();
        (carry, *byte) = (high.into(), low);
    }
    assert_eq!(golden().read(&base45::encode(&bytes)), Err(Unreadable::Forged));
}

#[test]
fn what_another_key_signs_under_the_name_of_a_known_one_is_forged() {
    let mut bytes = base45::decode(signer(1).sign(&code())).unwrap();
    let known = base45::decode(signer(2).sign(&code())).unwrap();
    bytes[37..41].copy_from_slice(&known[37..41]);
    let text = base45::encode(&bytes);
    assert_eq!(verifier(&[&signer(2), &signer(1)]).read(&text), Err(Unreadable::Forged));
}

#[test]
fn a_retired_key_is_read_while_the_set_has_it() {
    let (old, new) = (signer(1), signer(2));
    let (before, after) = (old.sign(&code()), new.sign(&code()));
    let rotating = verifier(&[&new, &old]);
    assert_eq!(
        (rotating.read(&before), rotating.read(&after)),
        (Ok(still(code())), Ok(still(code())))
    );
    let rotated = verifier(&[&new]);
    assert_eq!(rotated.read(&before), Err(Unreadable::UnknownKey));
    assert_eq!(rotated.read(&after), Ok(still(code())));
}

#[test]
fn no_garbage_is_read_and_none_panics() {
    let verifier = golden();
    for length in 0..=300 {
        for character in ["0", "W", ":", "w", " ", "\0", "é", "漢", "🎫"] {
            verifier.read(&character.repeat(length)).unwrap_err();
        }
        let noise = noise(length);
        verifier.read(&noise).unwrap_err();
        verifier.read(&GOLDEN.repeat(2)[..length.min(2 * CHARACTERS)]).err().map_or_else(
            || assert_eq!(length, CHARACTERS),
            |error| assert_eq!(error, Unreadable::Garbage),
        );
    }
    // As many bytes as a code has, with a character across the end of it.
    for text in [format!("é{}", &GOLDEN[2..]), format!("x漢{}", &GOLDEN[2..])] {
        assert_eq!(verifier.read(&text), Err(Unreadable::Garbage));
    }
}

/// Returns characters of base45, which are the same at each call.
fn noise(length: usize) -> String {
    let bytes: Vec<u8> =
        (0_u64..).flat_map(|block| Sha256::digest(block.to_be_bytes())).take(length).collect();
    base45::encode(bytes).chars().take(length).collect()
}

#[test]
fn a_text_is_read_in_lower_case_and_with_white_space_around_it() {
    let lower = GOLDEN.to_lowercase();
    for text in [&lower, &format!("{GOLDEN}\r\n"), &format!("\t  {lower} \n\u{a0}")] {
        assert_eq!(golden().read(text), Ok(still(code())), "{text:?}");
    }
    let lower = TURNING_GOLDEN.to_lowercase();
    for text in [&lower, &format!("  {TURNING_GOLDEN}\r\n")] {
        assert_eq!(golden().read(text).unwrap().slot, Some(first().later(7)), "{text:?}");
    }
    let (start, end) = GOLDEN.split_at(80);
    assert_eq!(golden().read(&format!("{start} {end}")), Err(Unreadable::Garbage));
}

/// The text of the code of [`turning`] for its eighth slot, which was made with other programs: Python
/// for layout, chain and base45, and `openssl pkeyutl -sign -rawin` for the signatures.
const TURNING_GOLDEN: &str = "IB02AJFQ7M20%20000000000W502AJFQ7M20%20000000000+B1000+*0J:O/CGPHD7:CK1FCDF-\
    7NQJGN0QLBL36W19SJ.O.TBZ6AG9FC4WC0CUOK6GU92N+D3FCHMW72R79ZATP1A-HG%J0IINR8X-ROCT-1522U\
    .IEQDII2PP.DW6ACL8G:2+/SXA14/AD:R+6085H-GKG*MV5760";

#[test]
fn a_code_that_turns_has_the_text_that_other_programs_make() {
    let text = turning().code(first().later(7)).unwrap();
    assert_eq!(text, TURNING_GOLDEN);
    assert_eq!(text.len(), TURNING_CHARACTERS);
    let shown = Shown { code: code(), slot: Some(first().later(7)) };
    assert_eq!(golden().read(TURNING_GOLDEN), Ok(shown));
}

#[test]
fn a_device_makes_a_code_of_its_own_for_each_slot_and_none_outside() {
    let whole = turning();
    // The device has these two, and no key.
    let device = Turning::from_parts(&whole.token(), &whole.seed()).unwrap();
    let (start, end) = device.window();
    assert_eq!((start, end), (first(), first().later(SLOTS)));
    let mut before = String::new();
    for slots in [0, 1, 1500, SLOTS - 1] {
        let slot = first().later(slots);
        let text = device.code(slot).unwrap();
        assert_eq!(golden().read(&text).unwrap().slot, Some(slot));
        assert_ne!(std::mem::replace(&mut before, text.clone()), text);
    }
    assert_eq!(device.code(end), None);
    let earlier = Slot::at(Timestamp::parse("2030-02-28T23:59:59.999Z").unwrap());
    assert_eq!(device.code(earlier), None);
    let (token, seed) = (whole.token(), whole.seed());
    for (token, seed) in [
        (&token[4..], &seed[..]),
        (&token, &seed[4..]),
        (&"A".repeat(token.len()), &seed),
        ("", ""),
        ("é", "%"),
    ] {
        assert!(Turning::from_parts(token, seed).is_none(), "{token}");
    }
}

#[test]
fn a_code_that_turns_counts_in_its_slot_and_next_to_it() {
    let at = |seconds: i64| first().later(7).begins().plus_seconds(seconds);
    let shown = golden().read(&turning().code(first().later(7)).unwrap()).unwrap();
    for (seconds, is_live) in [(-31, false), (-30, true), (0, true), (59, true), (60, false)] {
        assert_eq!(shown.is_live(true, at(seconds)), is_live, "{seconds}");
        assert_eq!(shown.is_live(false, at(seconds)), is_live, "{seconds}: it is old in any case");
    }
    assert!(still(code()).is_live(false, at(0)));
    assert!(!still(code()).is_live(true, at(0)), "a picture from before the codes turned");
}

#[test]
fn a_code_that_turns_is_another_for_each_generation_day_and_key() {
    let base = turning();
    let signer = Signer::from_pem(PEM).unwrap();
    let next = Code { generation: 8, ..code() };
    for other in [
        signer.sign_turning(&next, first()),
        signer.sign_turning(&code(), first().later(SLOTS)),
        self::signer(1).sign_turning(&code(), first()),
    ] {
        assert_ne!(other.seed(), base.seed());
        // The seed of one ticket does not make the codes of another.
        let mixed = Turning::from_parts(&other.token(), &base.seed()).unwrap();
        let text = mixed.code(other.window().0).unwrap();
        verifier(&[&signer, &self::signer(1)]).read(&text).unwrap_err();
    }
}

#[test]
fn a_code_that_turns_with_any_bit_changed_is_refused() {
    let verifier = golden();
    let bytes = base45::decode(TURNING_GOLDEN).unwrap();
    assert_eq!(bytes.len(), 141);
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let expected = match bit / 8 {
            0 => Unreadable::OtherVersion,
            57..61 => Unreadable::UnknownKey,
            _ => Unreadable::Forged,
        };
        assert_eq!(verifier.read(&base45::encode(&changed)), Err(expected), "bit {bit}");
    }
    // The version of the other kind does not make a code of the other kind.
    for (text, version, length) in [(GOLDEN, 2, 105), (TURNING_GOLDEN, 1, 141)] {
        let mut changed = base45::decode(text).unwrap();
        assert_eq!(changed.len(), length);
        changed[0] = version;
        assert_eq!(verifier.read(&base45::encode(&changed)), Err(Unreadable::OtherVersion));
    }
}

#[test]
fn what_is_no_key_is_explained() {
    let error = Signer::from_pem("hunter2").unwrap_err().to_string();
    assert!(error.contains("Ed25519 key in PKCS#8 PEM") && !error.contains("hunter2"), "{error}");
    let error = |set: &str| Verifier::from_jwks(set).unwrap_err();
    assert!(matches!(error("hunter2"), KeyError::NotSet(_)));
    assert!(matches!(error(r#"{"keys":[{"crv":"Ed25519"}]}"#), KeyError::NotSet(_)));
    assert!(matches!(error(r#"{"keys":[]}"#), KeyError::Empty));
    assert!(matches!(error(r#"{"keys":[{"kty":"OKP","crv":"Ed25519"}]}"#), KeyError::Invalid(0)));
    assert!(matches!(error(&set_of(&[1; 31])), KeyError::Invalid(0)));
}

#[test]
fn keys_of_other_kinds_are_passed_over() {
    let others = [
        json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" }),
        json!({ "kty": "OKP", "crv": "X25519", "x": "AAAA" }),
        json!({ "kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA" }),
    ];
    let set = |keys: &[Value]| json!({ "keys": keys }).to_string();
    assert!(matches!(Verifier::from_jwks(&set(&others)).unwrap_err(), KeyError::Empty));
    let ours = serde_json::to_value(Signer::from_pem(PEM).unwrap().public()).unwrap();
    let verifier = Verifier::from_jwks(&set(&[&others[..], &[ours]].concat())).unwrap();
    assert_eq!(verifier.read(GOLDEN), Ok(still(code())));
}

/// The neutral point, and one of order four: anybody can sign for these.
#[test]
fn a_key_that_anybody_can_sign_for_is_refused() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    for weak in [neutral, [0; 32]] {
        assert!(matches!(Verifier::from_jwks(&set_of(&weak)), Err(KeyError::Invalid(0))));
    }
}

#[test]
fn a_secret_depends_on_the_key_the_purpose_and_each_part() {
    let base = signer(1).secret("transfer", &[b"one", b"two"]);
    assert_eq!(base, signer(1).secret("transfer", &[b"one", b"two"]));
    for other in [
        signer(2).secret("transfer", &[b"one", b"two"]),
        signer(1).secret("door", &[b"one", b"two"]),
        signer(1).secret("transfer", &[b"two", b"one"]),
        signer(1).secret("transfer", &[b"onet", b"wo"]),
        signer(1).secret("transfer", &[b"onetwo"]),
        signer(1).secret("transferone", &[b"two"]),
        signer(1).secret("transfer", &[b"one", b"two", b""]),
    ] {
        assert_ne!(base, other);
    }
}

/// The holder of a code has a signature of the key. It gives away no secret, not even one whose
/// purpose and parts imitate the code.
#[test]
fn a_code_gives_away_no_secret() {
    let signer = signer(1);
    let bytes = base45::decode(signer.sign(&code())).unwrap();
    let (body, signature) = bytes.split_at(41);
    let shown = &Sha256::digest(signature)[..16];
    let imitations: [(&str, &[&[u8]]); 4] = [
        ("", &[]),
        ("", &[body]),
        ("boxoffice admission v1\0", &[body]),
        ("boxoffice admission v1\0", &[&body[..1], &body[1..]]),
    ];
    for (purpose, parts) in imitations {
        assert_ne!(signer.secret(purpose, parts), shown);
    }
}

#[test]
fn a_signer_does_not_print_its_private_key() {
    let shown = format!("{:?}", signer(0xab));
    assert!(!shown.contains("171, 171") && !shown.to_lowercase().contains("abab"), "{shown}");
}
