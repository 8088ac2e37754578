//! Checks the links of Google Wallet.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boxoffice_wallet::Pass;
use boxoffice_wallet::google::LONGEST_LINK;
use rsa::PrivateKey;
use rsa::pkcs1::EncodeRsaPublicKey as _;
use rsa::pkcs8::DecodePrivateKey as _;
use serde_json::{Value, json};

use crate::sample::{ACCOUNT, ISSUER, KEYS, NOW, ORIGIN, bare, google, pass, verifies};
use crate::schema::Field;
use crate::schema::Kind::{self, List, Object, OneOf, Text, Time, Whole};
use crate::schema::Need::{Optional, Required};
use crate::schema::check;

/// Source: the Google Wallet API's reference, "Google Wallet API JWT". Other kinds of passes are left
/// out.
const JWT: &[Field] = &[
    Field("iss", Required, Text),
    Field("aud", Required, OneOf(&["google"])),
    Field("typ", Required, OneOf(&["savetowallet"])),
    Field("iat", Required, Whole),
    Field("origins", Required, List(&Text)),
    Field(
        "payload",
        Required,
        Object(&[
            Field("eventTicketClasses", Required, List(&Object(CLASS))),
            Field("eventTicketObjects", Required, List(&Object(OBJECT))),
        ]),
    ),
];

/// `EventTicketClass`, with the fields that the reference marks as required. Labels, pictures and
/// modules are left out.
const CLASS: &[Field] = &[
    Field("id", Required, Text),
    Field("issuerName", Required, Text),
    Field("reviewStatus", Required, OneOf(&["UNDER_REVIEW", "DRAFT"])),
    Field("eventName", Required, LOCALIZED),
    Field("eventId", Optional, Text),
    Field(
        "venue",
        Optional,
        Object(&[Field("name", Required, LOCALIZED), Field("address", Required, LOCALIZED)]),
    ),
    Field(
        "dateTime",
        Optional,
        Object(&[
            Field("doorsOpen", Optional, Time),
            Field("start", Optional, Time),
            Field("end", Optional, Time),
        ]),
    ),
    Field("finePrint", Optional, LOCALIZED),
    Field("homepageUri", Optional, Object(&[Field("uri", Required, Text)])),
    Field("countryCode", Optional, Text),
    Field("hexBackgroundColor", Optional, Text),
];

/// `EventTicketObject`.
const OBJECT: &[Field] = &[
    Field("id", Required, Text),
    Field("classId", Required, Text),
    Field("state", Required, OneOf(&["ACTIVE", "COMPLETED", "EXPIRED", "INACTIVE"])),
    Field("barcode", Optional, Object(BARCODE)),
    Field("ticketHolderName", Optional, Text),
    Field("ticketNumber", Optional, Text),
    Field("ticketType", Optional, LOCALIZED),
    Field("reservationInfo", Optional, Object(&[Field("confirmationCode", Optional, Text)])),
    Field(
        "validTimeInterval",
        Optional,
        Object(&[Field("start", Optional, DATE), Field("end", Optional, DATE)]),
    ),
];

/// `Barcode`, with the values of `BarcodeType`.
const BARCODE: &[Field] = &[
    Field(
        "type",
        Required,
        OneOf(&[
            "AZTEC",
            "CODE_39",
            "CODE_128",
            "CODABAR",
            "DATA_MATRIX",
            "EAN_8",
            "EAN_13",
            "ITF_14",
            "PDF_417",
            "QR_CODE",
            "UPC_A",
            "TEXT_ONLY",
        ]),
    ),
    Field("value", Required, Text),
    Field("alternateText", Optional, Text),
];

/// `LocalizedString` with its `TranslatedString`.
const LOCALIZED: Kind = Object(&[Field(
    "defaultValue",
    Required,
    Object(&[Field("language", Required, Text), Field("value", Required, Text)]),
)]);

/// `DateTime`.
const DATE: Kind = Object(&[Field("date", Required, Time)]);

/// Returns the claims of a link, once they are known to be signed and as documented.
pub(crate) fn claims(link: &str) -> Value {
    assert!(link.len() < LONGEST_LINK, "{} characters", link.len());
    let jwt = link.strip_prefix("https://pay.google.com/gp/v/save/").unwrap();
    let parts: Vec<_> = jwt.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{jwt}") };
    let decode = |part| URL_SAFE_NO_PAD.decode(part).unwrap();
    let header: Value = serde_json::from_slice(&decode(header)).unwrap();
    assert_eq!(header, json!({ "alg": "RS256", "typ": "JWT" }));

    let key = PrivateKey::from_pkcs8_pem(&KEYS[0]).unwrap();
    let key = key.as_public_key().to_pkcs1_der().unwrap();
    let (signed, _) = jwt.rsplit_once('.').unwrap();
    assert!(verifies(key.as_bytes(), signed.as_bytes(), &decode(signature)));
    assert!(!verifies(key.as_bytes(), &signed.as_bytes()[1..], &decode(signature)));

    let claims = serde_json::from_slice(&decode(claims)).unwrap();
    check("jwt", &claims, &Object(JWT));
    claims
}

/// Returns the class and the object of claims.
pub(crate) fn class_and_object(claims: &Value) -> (&Value, &Value) {
    let one = |name: &str| {
        let list = claims["payload"][name].as_array().unwrap();
        assert_eq!(list.len(), 1, "{name}");
        &list[0]
    };
    (one("eventTicketClasses"), one("eventTicketObjects"))
}

#[test]
fn a_link_says_all_that_there_is_to_say() {
    let claims = claims(&google().link(&pass(), NOW).unwrap());
    assert_eq!(claims["iss"], ACCOUNT);
    assert_eq!(claims["iat"], NOW);
    assert_eq!(claims["origins"], json!([ORIGIN]));
    let (class, object) = class_and_object(&claims);
    let class_id = format!("{ISSUER}.{}", pass().ticket_id);
    for (value, pointer, expected) in [
        (class, "/id", class_id.as_str()),
        (class, "/issuerName", "Boxoffice"),
        (class, "/eventName/defaultValue/value", pass().title),
        (class, "/venue/name/defaultValue/value", "Old Mill"),
        (class, "/venue/address/defaultValue/value", "Basel"),
        (class, "/dateTime/start", "2027-06-12T20:30:00+02:00"),
        (object, "/id", &format!("{ISSUER}.{}", pass().admission_id)),
        (object, "/classId", &class_id),
        (object, "/state", "ACTIVE"),
        (object, "/barcode/type", "QR_CODE"),
        (object, "/barcode/value", pass().code),
        (object, "/ticketHolderName", "Ada Lovelace"),
        (object, "/ticketNumber", "1 of 2"),
        (object, "/reservationInfo/confirmationCode", pass().order),
    ] {
        assert_eq!(value.pointer(pointer), Some(&expected.into()), "{pointer}");
    }
}

#[test]
fn a_link_with_room_says_when_the_ticket_is_valid() {
    let short = Pass { title: "Gig", venue: None, city: None, order: "12", ..pass() };
    let claims = claims(&google().link(&short, NOW).unwrap());
    let (_, object) = class_and_object(&claims);
    let interval = json!({
        "start": { "date": "2027-03-04T05:06:07Z" },
        "end": { "date": "2027-06-13T04:00:00+02:00" },
    });
    assert_eq!(object["validTimeInterval"], interval);
}

#[test]
fn what_is_not_known_is_left_out_and_a_void_ticket_is_inactive() {
    let claims = claims(&google().link(&bare(), NOW).unwrap());
    let (class, object) = class_and_object(&claims);
    assert_eq!(object["state"], "INACTIVE");
    for name in ["venue", "dateTime"] {
        assert!(class.get(name).is_none(), "{name}");
    }
}

#[test]
fn a_venue_has_both_a_name_and_an_address() {
    for (venue, city, name, address) in [
        (Some("Old Mill"), Some("Basel"), "Old Mill", "Basel"),
        (Some("Old Mill"), None, "Old Mill", "Old Mill"),
        (None, Some("Basel"), "Basel", "Basel"),
    ] {
        let link = google().link(&Pass { venue, city, ..pass() }, NOW).unwrap();
        let claims = claims(&link);
        let venue = &class_and_object(&claims).0["venue"];
        assert_eq!(venue["name"]["defaultValue"]["value"], name);
        assert_eq!(venue["address"]["defaultValue"]["value"], address);
    }
}

#[test]
fn ordinary_titles_are_carried_whole() {
    for title in [
        "Gig",
        "The Paper Kites at the Old Mill",
        "Beethoven: Sinfonie Nr. 9, Sinfonieorchester Basel",
        "冬の花火大会と音楽の夕べ",
    ] {
        let claims = claims(&google().link(&Pass { title, ..pass() }, NOW).unwrap());
        assert_eq!(class_and_object(&claims).0["eventName"]["defaultValue"]["value"], title);
    }
}

#[test]
fn what_cannot_be_shortened_is_named() {
    let order = "1".repeat(2000);
    let error = google().link(&Pass { order: &order, ..pass() }, NOW).unwrap_err().to_string();
    assert!(error.contains("shorter order and code"), "{error}");
    for id in ["", "a b", "a/b", "ä"] {
        for pass in [Pass { ticket_id: id, ..pass() }, Pass { admission_id: id, ..pass() }] {
            let error = google().link(&pass, NOW).unwrap_err().to_string();
            assert!(error.contains(&format!("the id {id:?}")), "{error}");
        }
    }
}
