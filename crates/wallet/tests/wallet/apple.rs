//! Checks each file of a `.pkpass`.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use cms::cert::CertificateChoices;
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{SignedData, SignerIdentifier};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::der::asn1::{ObjectIdentifier, OctetString};
use x509_cert::der::oid::db::{rfc5911, rfc5912};
use x509_cert::der::{Decode as _, DecodePem as _, Encode as _};
use x509_cert::time::Time;

use crate::sample::{APPLE, NOW, PASS_TYPE, TEAM, apple, bare, pass, verifies};
use crate::schema::Field;
use crate::schema::Kind::{Colour, Flag, List, Object, OneOf, Text, Time as Moment, Whole};
use crate::schema::Need::{Optional, Required};
use crate::schema::check;

/// The top level of `pass.json`. Sources: Apple's "Wallet Passes", object `Pass`, and the "PassKit
/// Package Format Reference", chapter "Top-Level Keys". Keys for other styles are left out.
const PASS: &[Field] = &[
    Field("description", Required, Text),
    Field("formatVersion", Required, Whole),
    Field("organizationName", Required, Text),
    Field("passTypeIdentifier", Required, Text),
    Field("serialNumber", Required, Text),
    Field("teamIdentifier", Required, Text),
    Field("appLaunchURL", Optional, Text),
    Field("authenticationToken", Optional, Text),
    Field("webServiceURL", Optional, Text),
    Field("expirationDate", Optional, Moment),
    Field("voided", Optional, Flag),
    Field("relevantDate", Optional, Moment),
    Field("maxDistance", Optional, Whole),
    Field("eventTicket", Required, Object(FIELDS)),
    Field("barcodes", Required, List(&Object(BARCODE))),
    Field("backgroundColor", Optional, Colour),
    Field("foregroundColor", Optional, Colour),
    Field("labelColor", Optional, Colour),
    Field("groupingIdentifier", Optional, Text),
    Field("logoText", Optional, Text),
    Field("suppressStripShine", Optional, Flag),
    Field("sharingProhibited", Optional, Flag),
];

/// `Pass.Barcodes`; "Barcode Dictionary Keys".
const BARCODE: &[Field] = &[
    Field("altText", Optional, Text),
    Field(
        "format",
        Required,
        OneOf(&[
            "PKBarcodeFormatQR",
            "PKBarcodeFormatPDF417",
            "PKBarcodeFormatAztec",
            "PKBarcodeFormatCode128",
        ]),
    ),
    Field("message", Required, Text),
    Field("messageEncoding", Required, OneOf(&["iso-8859-1", "utf-8"])),
];

/// `PassFields`; "Pass Structure Dictionary Keys".
const FIELDS: &[Field] = &[
    Field("headerFields", Optional, List(&Object(FIELD))),
    Field("primaryFields", Optional, List(&Object(FIELD))),
    Field("secondaryFields", Optional, List(&Object(FIELD))),
    Field("auxiliaryFields", Optional, List(&Object(FIELD))),
    Field("backFields", Optional, List(&Object(FIELD))),
];

/// `PassFieldContent`; "Field Dictionary Keys" with the keys of dates.
const FIELD: &[Field] = &[
    Field("key", Required, Text),
    Field("value", Required, Text),
    Field("attributedValue", Optional, Text),
    Field("changeMessage", Optional, Text),
    Field("label", Optional, Text),
    Field("dateStyle", Optional, STYLE),
    Field("timeStyle", Optional, STYLE),
    Field("ignoresTimeZone", Optional, Flag),
    Field("isRelative", Optional, Flag),
];

const STYLE: crate::schema::Kind = OneOf(&[
    "PKDateStyleNone",
    "PKDateStyleShort",
    "PKDateStyleMedium",
    "PKDateStyleLong",
    "PKDateStyleFull",
]);

/// Returns the files of a pass, by name.
pub(crate) fn unpacked(pkpass: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(pkpass)).unwrap();
    (0..zip.len())
        .map(|index| {
            let mut file = zip.by_index(index).unwrap();
            let mut data = Vec::new();
            file.read_to_end(&mut data).unwrap();
            (file.name().unwrap().into_owned(), data)
        })
        .collect()
}

/// Returns `pass.json` of a pass, once it is known to be as documented.
pub(crate) fn pass_json(pkpass: &[u8]) -> Value {
    let json: Value = serde_json::from_slice(&unpacked(pkpass)["pass.json"]).unwrap();
    check("pass", &json, &Object(PASS));
    json
}

#[test]
fn a_pass_has_these_files_and_no_others() {
    let files = unpacked(&apple().pkpass(&pass(), NOW).unwrap());
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["icon.png", "icon@2x.png", "manifest.json", "pass.json", "signature"]);
}

#[test]
fn icons_are_pictures_of_the_sizes_that_apple_names() {
    let files = unpacked(&apple().pkpass(&pass(), NOW).unwrap());
    for (name, side) in [("icon.png", 29_u32), ("icon@2x.png", 58)] {
        let (head, rest) = files[name].split_at(16);
        assert_eq!(head, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
        assert_eq!(rest[..8], [side.to_be_bytes(), side.to_be_bytes()].concat());
    }
}

#[test]
fn the_manifest_has_the_sha1_of_each_other_file() {
    let mut files = unpacked(&apple().pkpass(&pass(), NOW).unwrap());
    let manifest = files.remove("manifest.json").unwrap();
    files.remove("signature");
    let listed: BTreeMap<String, String> = serde_json::from_slice(&manifest).unwrap();
    let hex =
        |data: &Vec<u8>| Sha1::digest(data).iter().map(|byte| format!("{byte:02x}")).collect();
    let expected: BTreeMap<String, String> =
        files.iter().map(|(name, data)| (name.clone(), hex(data))).collect();
    assert_eq!(listed, expected);
}

#[test]
fn the_same_pass_at_the_same_time_has_the_same_bytes() {
    let apple = apple();
    let first = apple.pkpass(&pass(), NOW).unwrap();
    assert!(first == apple.pkpass(&pass(), NOW).unwrap());
    assert!(first != apple.pkpass(&pass(), NOW + 1).unwrap());
}

#[test]
fn the_signature_is_of_the_manifest_and_brings_its_certificates() {
    let files = unpacked(&apple().pkpass(&pass(), NOW).unwrap());
    let message = ContentInfo::from_der(&files["signature"]).unwrap();
    assert_eq!(message.content_type, rfc5911::ID_SIGNED_DATA);
    let data: SignedData = message.content.decode_as().unwrap();
    assert_eq!(data.version, CmsVersion::V1);
    assert_eq!(data.encap_content_info.econtent_type, rfc5911::ID_DATA);
    assert!(data.encap_content_info.econtent.is_none(), "it is not detached");

    let pems = [&APPLE.certificate, &APPLE.authority.pem];
    let [own, intermediate] = pems.map(|pem| Certificate::from_pem(pem).unwrap());
    let mut chain: Vec<_> = [&own, &intermediate].map(|one| one.to_der().unwrap()).into();
    let mut brought = Vec::new();
    for one in data.certificates.unwrap().0.iter() {
        let CertificateChoices::Certificate(one) = one else { panic!("another kind of it") };
        brought.push(one.to_der().unwrap());
    }
    chain.sort();
    brought.sort();
    assert!(brought == chain);

    let signers = data.signer_infos.0.as_slice();
    let [signer] = signers else { panic!("{} signers", signers.len()) };
    assert_eq!(signer.digest_alg.oid, rfc5912::ID_SHA_256);
    assert_eq!(signer.signature_algorithm.oid, rfc5912::RSA_ENCRYPTION);
    let SignerIdentifier::IssuerAndSerialNumber(id) = &signer.sid else { panic!("another id") };
    assert_eq!(id.issuer, *intermediate.tbs_certificate().subject());
    assert_eq!(id.serial_number, *own.tbs_certificate().serial_number());

    let attributes = signer.signed_attrs.as_ref().unwrap();
    let value = |oid| attributes.iter().find(|one| one.oid == oid).unwrap().values.get(0).unwrap();
    let digest: OctetString = value(rfc5911::ID_MESSAGE_DIGEST).decode_as().unwrap();
    assert_eq!(digest.as_bytes(), Sha256::digest(&files["manifest.json"]).as_slice());
    let kind: ObjectIdentifier = value(rfc5911::ID_CONTENT_TYPE).decode_as().unwrap();
    assert_eq!(kind, rfc5911::ID_DATA);
    let time: Time = value(rfc5911::ID_SIGNING_TIME).decode_as().unwrap();
    assert!(matches!(time, Time::UtcTime(_)));
    assert_eq!(time.to_unix_duration().as_secs(), NOW.unsigned_abs());

    let key = &own.tbs_certificate().subject_public_key_info().subject_public_key;
    let signed = attributes.to_der().unwrap();
    assert!(verifies(key.raw_bytes(), &signed, signer.signature.as_bytes()));
    assert!(!verifies(key.raw_bytes(), &files["manifest.json"], signer.signature.as_bytes()));
}

#[test]
fn a_pass_says_all_that_there_is_to_say() {
    let json = pass_json(&apple().pkpass(&pass(), NOW).unwrap());
    for (pointer, value) in [
        ("/formatVersion", Value::from(1)),
        ("/passTypeIdentifier", PASS_TYPE.into()),
        ("/teamIdentifier", TEAM.into()),
        ("/serialNumber", pass().admission_id.into()),
        ("/groupingIdentifier", pass().ticket_id.into()),
        ("/organizationName", "Boxoffice".into()),
        ("/description", "Ticket for The Paper Kites at the Old Mill".into()),
        ("/relevantDate", "2027-06-12T20:30:00+02:00".into()),
        ("/expirationDate", "2027-06-13T04:00:00+02:00".into()),
        ("/barcodes/0/format", "PKBarcodeFormatQR".into()),
        ("/barcodes/0/message", pass().code.into()),
        ("/barcodes/0/messageEncoding", "iso-8859-1".into()),
        ("/barcodes/0/altText", pass().code.into()),
        ("/eventTicket/primaryFields/0/value", pass().title.into()),
        ("/eventTicket/secondaryFields/0/value", "2027-06-12T20:30:00+02:00".into()),
        ("/eventTicket/secondaryFields/0/ignoresTimeZone", true.into()),
        ("/eventTicket/secondaryFields/1/value", "Old Mill".into()),
        ("/eventTicket/auxiliaryFields/0/value", "Ada Lovelace".into()),
        ("/eventTicket/auxiliaryFields/1/value", "1 of 2".into()),
        ("/eventTicket/backFields/0/value", "Old Mill, Basel".into()),
        ("/eventTicket/backFields/1/value", pass().order.into()),
        ("/eventTicket/backFields/3/value", pass().url.into()),
    ] {
        assert_eq!(json.pointer(pointer), Some(&value), "{pointer}");
    }
    assert!(json.get("voided").is_none());
}

#[test]
fn the_keys_of_fields_are_unique_in_a_pass() {
    let json = pass_json(&apple().pkpass(&pass(), NOW).unwrap());
    let groups = json["eventTicket"].as_object().unwrap().values();
    let keys: Vec<_> = groups
        .flat_map(|group| group.as_array().unwrap())
        .map(|field| field["key"].as_str().unwrap())
        .collect();
    let mut unique = keys.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), keys.len(), "{keys:?}");
}

#[test]
fn what_is_not_known_is_left_out_and_a_void_pass_says_so() {
    let bare = bare();
    let json = pass_json(&apple().pkpass(&bare, NOW).unwrap());
    assert_eq!(json["voided"], true);
    for name in ["relevantDate", "expirationDate"] {
        assert!(json.get(name).is_none(), "{name}");
    }
}

#[test]
fn only_short_codes_are_written_below_the_qr_code() {
    let code = "x".repeat(200);
    let json =
        pass_json(&apple().pkpass(&boxoffice_wallet::Pass { code: &code, ..pass() }, NOW).unwrap());
    assert_eq!(json["barcodes"][0]["message"], code);
    assert!(json["barcodes"][0].get("altText").is_none());
}
