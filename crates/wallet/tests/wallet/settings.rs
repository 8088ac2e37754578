//! Checks that errors name the wrong setting, and how to correct it.

use boxoffice_wallet::{Apple, Error, Google};
use rcgen::KeyPair;
use rsa::PrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::{DecodePrivateKey as _, LineEnding};

use crate::sample::{
    ACCOUNT, APPLE, Authority, ISSUER, KEYS, NOW, ORIGIN, PASS_TYPE, TEAM, apple, pass,
};

/// An operator's settings for Apple.
#[derive(Clone)]
struct Settings {
    pass_type: String,
    team: String,
    certificate: String,
    key: String,
    intermediate: String,
}

impl Settings {
    fn good() -> Self {
        Self {
            pass_type: PASS_TYPE.to_owned(),
            team: TEAM.to_owned(),
            certificate: APPLE.certificate.clone(),
            key: KEYS[0].clone(),
            intermediate: APPLE.authority.pem.clone(),
        }
    }

    fn read(&self) -> Result<Apple, Error> {
        let Self { pass_type, team, certificate, key, intermediate } = self;
        Apple::from_pem(pass_type, team, certificate, key, intermediate)
    }
}

/// Returns a block that looks like an encrypted key.
fn encrypted(head: &str) -> String {
    format!("-----BEGIN {head}-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END {head}-----\n")
}

fn pkcs1() -> String {
    let key = PrivateKey::from_pkcs8_pem(&KEYS[0]).unwrap();
    key.to_pkcs1_pem(LineEnding::LF).unwrap().to_string()
}

#[test]
fn each_wrong_setting_of_apple_is_named() {
    let good = Settings::good();
    let other = Authority::new("Another Authority");
    let elliptic = KeyPair::generate().unwrap().serialize_pem();
    let cut = APPLE.certificate.replace("-----END CERTIFICATE-----", "");
    let on_one_line = APPLE.certificate.replace('\n', " ");
    let certificate =
        |certificate: &str| Settings { certificate: certificate.to_owned(), ..good.clone() };
    let key = |key: &str| Settings { key: key.to_owned(), ..good.clone() };
    let intermediate = |pem: &str| Settings { intermediate: pem.to_owned(), ..good.clone() };
    for (settings, words) in [
        (
            Settings { pass_type: "ticket".to_owned(), ..good.clone() },
            "the pass type cannot be \"ticket\"",
        ),
        (
            Settings { team: "Test Ltd".to_owned(), ..good.clone() },
            "the team cannot be \"Test Ltd\"",
        ),
        (certificate(""), "the pass certificate is not a certificate in PEM"),
        (certificate("MIIDdz"), "the pass certificate is not a certificate in PEM"),
        (certificate(&cut), "the pass certificate is not a certificate in PEM"),
        (certificate(&on_one_line), "keep its lines"),
        (certificate(&KEYS[0]), "openssl x509 -inform der"),
        (intermediate(""), "the intermediate certificate is not a certificate in PEM"),
        (key(""), "the private key is not an RSA key in PEM"),
        (key(&APPLE.certificate), "the private key is not an RSA key in PEM"),
        (key(&elliptic), "the private key is not an RSA key in PEM"),
        (key(&KEYS[0].replace("MII", "MIJ")), "openssl pkey -in FILE"),
        (key(&encrypted("ENCRYPTED PRIVATE KEY")), "the private key is encrypted"),
        (key(&encrypted("RSA PRIVATE KEY")), "take its passphrase off"),
        (key(&KEYS[1]), "the private key does not belong to the pass certificate"),
        (intermediate(&other.pem), "the intermediate certificate is \"Another Authority, G9\""),
        (
            certificate(&APPLE.authority.issue("pass.example.other", TEAM, &KEYS[0])),
            "is for the pass type \"pass.example.other\"",
        ),
        (
            certificate(&APPLE.authority.issue(PASS_TYPE, "OTHER00001", &KEYS[0])),
            "is for the team \"OTHER00001\", the setting says \"TEST000001\"",
        ),
    ] {
        let error = settings.read().err().unwrap().to_string();
        assert!(error.contains(words), "{error:?} lacks {words:?}");
        assert!(!error.contains("MII"), "it tells of the key: {error}");
    }
}

#[test]
fn pem_is_read_as_tools_write_it() {
    let good = Settings::good();
    let bag = format!("Bag Attributes\n    friendlyName: Test\n{}\n{}", KEYS[0], APPLE.certificate);
    for settings in [
        good.clone(),
        Settings { key: pkcs1(), ..good.clone() },
        Settings { key: KEYS[0].replace('\n', "\\n"), ..good.clone() },
        Settings { certificate: APPLE.certificate.replace('\n', "\r\n"), ..good.clone() },
        Settings {
            certificate: format!("{}{}", APPLE.certificate, APPLE.authority.pem),
            ..good.clone()
        },
        Settings { certificate: bag.clone(), key: bag, ..good },
    ] {
        settings.read().unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn a_certificate_signs_only_while_it_is_valid() {
    // 2026-01-01 to 2030-01-01.
    let (from, until) = (1_767_225_600, 1_893_456_000);
    for now in [from, NOW, until] {
        apple().pkpass(&pass(), now).unwrap();
    }
    for now in [from - 1, until + 1] {
        let error = apple().pkpass(&pass(), now).unwrap_err().to_string();
        let words =
            "the pass certificate is valid from 2026-01-01T00:00:00Z to 2030-01-01T00:00:00Z";
        assert!(error.contains(words), "{error}");
        assert!(error.contains("renew it"), "{error}");
    }
}

#[test]
fn each_wrong_setting_of_google_is_named() {
    for (issuer, account, key, origin, words) in [
        ("", ACCOUNT, KEYS[0].as_str(), ORIGIN, "the issuer id cannot be \"\""),
        ("BCR2DN4T", ACCOUNT, &KEYS[0], ORIGIN, "the issuer id cannot be \"BCR2DN4T\""),
        (ISSUER, "wallet", &KEYS[0], ORIGIN, "client_email"),
        (ISSUER, ACCOUNT, "", ORIGIN, "the service account's key is not an RSA key in PEM"),
        (ISSUER, ACCOUNT, &APPLE.certificate, ORIGIN, "openssl pkey"),
        (ISSUER, ACCOUNT, &KEYS[0], "tickets.example", "such as https://tickets.example"),
    ] {
        let error = Google::new(issuer, account, key, origin).err().unwrap().to_string();
        assert!(error.contains(words), "{error:?} lacks {words:?}");
    }
    Google::new(ISSUER, ACCOUNT, &KEYS[0].replace('\n', "\\n"), "https://tickets.example/")
        .unwrap_or_else(|error| panic!("{error}"));
}
