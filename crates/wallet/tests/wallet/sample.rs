//! Makes a sample pass, and keys and certificates for one run.

use std::sync::LazyLock;

use boxoffice_wallet::{Apple, Google, Pass};
use getrandom::SysRng;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256,
    date_time_ymd,
};
use rsa::PrivateKey;
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};

pub(crate) const PASS_TYPE: &str = "pass.example.boxoffice.ticket";
pub(crate) const TEAM: &str = "TEST000001";
pub(crate) const ISSUER: &str = "3388000000012345678";
pub(crate) const ACCOUNT: &str = "wallet@boxoffice-test.iam.gserviceaccount.com";
pub(crate) const ORIGIN: &str = "https://tickets.example";
/// 2027-03-04T05:06:07Z.
pub(crate) const NOW: i64 = 1_804_136_767;

/// The object identifier of a user id in names (RFC 4519, 2.39).
const UID: [u64; 7] = [0, 9, 2342, 19_200_300, 100, 1, 1];

/// Two pairs of keys.
pub(crate) static KEYS: LazyLock<[String; 2]> = LazyLock::new(|| {
    [(); 2].map(|()| {
        let key = PrivateKey::new(&mut SysRng, 2048).unwrap();
        key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
    })
});

/// A certificate authority.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.distinguished_name.push(DnType::OrganizationalUnitName, "G9");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// Issues a certificate as Apple's are, valid from 2026 to 2030.
    pub(crate) fn issue(&self, pass_type: &str, team: &str, key_pem: &str) -> String {
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2030, 1, 1);
        let name = &mut params.distinguished_name;
        name.push(DnType::CustomDnType(UID.to_vec()), pass_type);
        name.push(DnType::CommonName, format!("Pass Type ID: {pass_type}"));
        name.push(DnType::OrganizationalUnitName, team);
        let key = KeyPair::from_pkcs8_pem_and_sign_algo(key_pem, &PKCS_RSA_SHA256).unwrap();
        params.signed_by(&key, &self.issuer).unwrap().pem()
    }
}

/// An account with Apple: its certificate, and the issuer's.
pub(crate) struct Account {
    pub(crate) authority: Authority,
    pub(crate) certificate: String,
}

/// The account of the first key.
pub(crate) static APPLE: LazyLock<Account> = LazyLock::new(|| {
    let authority = Authority::new("Test Developer Relations");
    let certificate = authority.issue(PASS_TYPE, TEAM, &KEYS[0]);
    Account { authority, certificate }
});

pub(crate) fn apple() -> Apple {
    Apple::from_pem(PASS_TYPE, TEAM, &APPLE.certificate, &KEYS[0], &APPLE.authority.pem).unwrap()
}

pub(crate) fn google() -> Google {
    Google::new(ISSUER, ACCOUNT, &KEYS[0], ORIGIN).unwrap()
}

/// Returns an ordinary pass with every field.
pub(crate) fn pass() -> Pass<'static> {
    Pass {
        admission_id: "0197f7a0-5b1c-7c3e-9a42-6f0d1e2b3c4d",
        ticket_id: "0197f79f-1111-7222-8333-444455556666",
        title: "The Paper Kites at the Old Mill",
        venue: Some("Old Mill"),
        city: Some("Basel"),
        starts_at: Some("2027-06-12T20:30:00.25+02:00"),
        expires_at: Some("2027-06-13T04:00:00+02:00"),
        holder: "Ada Lovelace",
        position: (1, 2),
        order: "0197f7a0-aaaa-7bbb-8ccc-ddddeeeeffff",
        code: "BX7K-M2PQ-9RTV-4CWZ",
        organization: "Boxoffice",
        url: "https://tickets.example/orders/0197f7a0-aaaa-7bbb-8ccc-ddddeeeeffff",
        is_void: false,
    }
}

/// Returns a void pass without its optional fields.
pub(crate) fn bare() -> Pass<'static> {
    Pass {
        venue: None,
        city: None,
        starts_at: None,
        expires_at: None,
        holder: "",
        is_void: true,
        ..pass()
    }
}

/// Verifies an RSA signature with another library than the one that signs.
pub(crate) fn verifies(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key)
        .verify(message, signature)
        .is_ok()
}
