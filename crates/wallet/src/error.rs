//! Names what is wrong, and how the operator mends it.

use crate::text::short;

/// The reason why no pass was made. If a setting is wrong, the message says how to correct it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting has an impossible value.
    #[error("{name} cannot be {value:?}: {hint}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it has to hold.
        hint: &'static str,
    },
    /// A certificate cannot be read.
    #[error(
        "{0} is not a certificate in PEM: convert Apple's file, \
         `openssl x509 -inform der -in FILE.cer -out FILE.pem`, and keep its lines"
    )]
    Certificate(&'static str),
    /// A private key cannot be read.
    #[error(
        "{0} is not an RSA key in PEM: write it as PKCS #8, \
         `openssl pkey -in FILE -out FILE.pem`, and keep its lines"
    )]
    Key(&'static str),
    /// A private key is encrypted.
    #[error("{0} is encrypted: take its passphrase off, `openssl pkey -in FILE -out FILE.pem`")]
    EncryptedKey(&'static str),
    /// The private key and the certificate are not a pair.
    #[error(
        "the private key does not belong to the pass certificate: export both from the same entry \
         of the keychain, or request a certificate for this key"
    )]
    KeyMismatch,
    /// The certificate is for another pass type or team.
    #[error(
        "the pass certificate is for the {what} {found:?}, the setting says {wanted:?}: \
         correct the setting, or use the certificate of that {what}"
    )]
    OtherPasses {
        /// Pass type or team.
        what: &'static str,
        /// What the certificate says.
        found: String,
        /// What the setting says.
        wanted: String,
    },
    /// The intermediate certificate is not of the pass certificate's issuer.
    #[error(
        "the pass certificate was issued by {issuer:?}, the intermediate certificate is \
         {subject:?}: download the one of the issuer from Apple's page of certificate authorities"
    )]
    OtherIssuer {
        /// The issuer of the pass certificate.
        issuer: String,
        /// The subject of the intermediate certificate.
        subject: String,
    },
    /// A certificate has expired, or is not valid yet.
    #[error(
        "{name} is valid from {from} to {until}, not now: renew it in Apple's developer account, \
         or set this machine's clock"
    )]
    NotValidNow {
        /// The certificate.
        name: &'static str,
        /// When its validity begins.
        from: String,
        /// When its validity ends.
        until: String,
    },
    /// A time of the pass is not RFC 3339.
    #[error("{0:?} is not a date and time such as 2027-05-01T19:30:00+02:00 (RFC 3339)")]
    Time(String),
    /// An id of the pass has characters that Google Wallet refuses.
    #[error("the id {0:?} is not made of letters, digits, '.', '_' and '-'")]
    Id(String),
    /// A link would be too long, even with the shortest texts.
    #[error(
        "the link would have {0} characters: give a shorter order and code, or a key of 2048 bits"
    )]
    LinkTooLong(usize),
    /// The pass cannot be signed or packed.
    #[error("the pass cannot be made: {0}")]
    Internal(String),
}

impl Error {
    /// Makes the error of the setting `name`, with the start of its value.
    pub(crate) fn setting(name: &'static str, value: &str, hint: &'static str) -> Self {
        Self::Setting { name, value: short(value, 60), hint }
    }

    /// Wraps an error that no setting explains.
    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }
}
