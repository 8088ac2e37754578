//! What operators get of Apple to make passes, made for this run.

use getrandom::SysRng;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256,
    date_time_ymd,
};
use rsa::PrivateKey;
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};

const PASS_TYPE: &str = "pass.com.example.ticket";
const TEAM: &str = "TEST000001";

/// A key, a certificate for it, and the certificate of its issuer.
pub struct Wallet {
    /// The private key.
    pub key: String,
    certificate: String,
    authority: String,
}

impl Wallet {
    /// Makes all three. They are good as the shop's clock has it in suites.
    ///
    /// # Panics
    /// When the machine gives no random numbers.
    pub fn make() -> Self {
        let key = PrivateKey::new(&mut SysRng, 2048).unwrap();
        let key = key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Test Developer Relations");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own = KeyPair::generate().unwrap();
        let authority = params.self_signed(&own).unwrap().pem();
        let issuer = Issuer::new(params, own);
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2030, 1, 1);
        params.not_after = date_time_ymd(2032, 1, 1);
        let user_id = vec![0, 9, 2342, 19_200_300, 100, 1, 1];
        params.distinguished_name.push(DnType::CustomDnType(user_id), PASS_TYPE);
        params.distinguished_name.push(DnType::OrganizationalUnitName, TEAM);
        let pair = KeyPair::from_pkcs8_pem_and_sign_algo(&key, &PKCS_RSA_SHA256).unwrap();
        let certificate = params.signed_by(&pair, &issuer).unwrap().pem();
        Self { key, certificate, authority }
    }

    /// The shop's variables for passes of Apple's.
    pub fn variables(&self) -> [(&'static str, &str); 5] {
        [
            ("apple_pass_type", PASS_TYPE),
            ("apple_team", TEAM),
            ("apple_certificate", &self.certificate),
            ("apple_key", &self.key),
            ("apple_issuer", &self.authority),
        ]
    }
}
