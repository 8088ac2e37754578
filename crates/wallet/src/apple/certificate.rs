//! Reading certificates, and whether they fit each other.

use x509_cert::Certificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::oid::db::rfc4519::{ORGANIZATIONAL_UNIT_NAME, UID};
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::name::Name;
use x509_cert::spki::EncodePublicKey as _;
use x509_cert::time::{Time, Validity};

use crate::Error;
use crate::key::{Key, block, unescaped};

const PASS: &str = "the pass certificate";
const INTERMEDIATE: &str = "the intermediate certificate";

/// A key, its certificate, and the certificate of its issuer.
pub(super) struct Identity {
    pub(super) key: Key,
    pub(super) certificate: Certificate,
    pub(super) intermediate: Certificate,
}

impl Identity {
    /// Reads both certificates, and checks that all three belong together.
    ///
    /// # Errors
    /// [`Error::Certificate`], [`Error::KeyMismatch`], [`Error::OtherIssuer`].
    pub(super) fn new(key: Key, certificate: &str, intermediate: &str) -> Result<Self, Error> {
        let certificate = read(PASS, certificate)?;
        let intermediate = read(INTERMEDIATE, intermediate)?;
        let public = key.public().to_public_key_der().map_err(Error::internal)?;
        let certified = certificate.tbs_certificate().subject_public_key_info().to_der();
        if certified.map_err(Error::internal)? != public.as_bytes() {
            return Err(Error::KeyMismatch);
        }
        // By their words: a name may be written in more than one type of string.
        let issuer = words(certificate.tbs_certificate().issuer());
        let subject = words(intermediate.tbs_certificate().subject());
        if issuer != subject {
            return Err(Error::OtherIssuer { issuer, subject });
        }
        Ok(Self { key, certificate, intermediate })
    }

    /// Checks that the certificate is for this type of pass, and for this team.
    ///
    /// Apple writes the type into the user id of the subject, and the team into its unit.
    ///
    /// # Errors
    /// [`Error::OtherPasses`].
    pub(super) fn check_subject(&self, pass_type: &str, team: &str) -> Result<(), Error> {
        for (what, oid, wanted) in
            [("pass type", UID, pass_type), ("team", ORGANIZATIONAL_UNIT_NAME, team)]
        {
            let found = subject(&self.certificate, oid).unwrap_or_default();
            if found != wanted {
                let (found, wanted) = (found.to_owned(), wanted.to_owned());
                return Err(Error::OtherPasses { what, found, wanted });
            }
        }
        Ok(())
    }

    /// Checks that both certificates are valid at `now_unix`.
    ///
    /// # Errors
    /// [`Error::NotValidNow`].
    pub(super) fn check_time(&self, now_unix: i64) -> Result<(), Error> {
        check_validity(PASS, self.certificate.tbs_certificate().validity(), now_unix)?;
        check_validity(INTERMEDIATE, self.intermediate.tbs_certificate().validity(), now_unix)
    }
}

/// Reads the first certificate of `pem`.
///
/// # Errors
/// [`Error::Certificate`] with `name`.
fn read(name: &'static str, pem: &str) -> Result<Certificate, Error> {
    let wrong = || Error::Certificate(name);
    let pem = unescaped(pem);
    let block = block(&pem, "CERTIFICATE").ok_or_else(wrong)?;
    let (_, der) = x509_cert::der::pem::decode_vec(block.as_bytes()).map_err(|_| wrong())?;
    let certificate = Certificate::from_der(&der).map_err(|_| wrong())?;
    // Written with other bytes than it was read from, it would lose its issuer's signature.
    let is_same = certificate.to_der().is_ok_and(|again| again == der);
    if is_same { Ok(certificate) } else { Err(wrong()) }
}

/// Returns the part `oid` of the name that the certificate is for.
fn subject(certificate: &Certificate, oid: ObjectIdentifier) -> Option<&str> {
    text(certificate.tbs_certificate().subject().iter().find(|part| part.oid == oid)?)
}

/// Returns the words of a name. Its `Display` adds a table of all object identifiers, 100 kB.
fn words(name: &Name) -> String {
    name.iter().filter_map(text).collect::<Vec<_>>().join(", ")
}

fn text(part: &AttributeTypeAndValue) -> Option<&str> {
    std::str::from_utf8(part.value.value()).ok()
}

fn check_validity(name: &'static str, validity: &Validity, now_unix: i64) -> Result<(), Error> {
    let [from, until] = [validity.not_before, validity.not_after];
    let unix = |time: Time| i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    if (unix(from)..=unix(until)).contains(&now_unix) {
        return Ok(());
    }
    let (from, until) = (from.to_string(), until.to_string());
    Err(Error::NotValidNow { name, from, until })
}
