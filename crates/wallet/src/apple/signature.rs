//! Signs the manifest by CMS (RFC 5652), as Apple's "Building a Pass" says.

use std::time::Duration;

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use sha2::{Digest, Sha256};
use x509_cert::attr::Attribute;
use x509_cert::der::asn1::{Any, OctetString, SetOfVec};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::oid::db::rfc5911::{
    ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA, ID_SIGNING_TIME,
};
use x509_cert::der::oid::db::rfc5912::{ID_SHA_256, RSA_ENCRYPTION};
use x509_cert::der::{self, DateTime, Encode, EncodeValue, Tagged};
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Time;

use super::certificate::Identity;
use crate::Error;

/// Signs `manifest` at `now_unix`. Returns a detached signature in DER, with both certificates.
///
/// # Errors
/// [`Error::Internal`].
pub(super) fn detached(
    identity: &Identity,
    manifest: &[u8],
    now_unix: i64,
) -> Result<Vec<u8>, Error> {
    let attributes = attributes(manifest, now_unix).map_err(Error::internal)?;
    // What is signed is the set itself, not the field that holds it (RFC 5652, 5.4).
    let signed = attributes.to_der().map_err(Error::internal)?;
    let signature = identity.key.sign(&signed)?;
    message(identity, attributes, signature).map_err(Error::internal)
}

/// Returns the attributes that are signed in place of the manifest (RFC 5652, 11).
fn attributes(manifest: &[u8], now_unix: i64) -> der::Result<SetOfVec<Attribute>> {
    let digest = OctetString::new(Sha256::digest(manifest).to_vec())?;
    SetOfVec::try_from(vec![
        attribute(ID_CONTENT_TYPE, &ID_DATA)?,
        attribute(ID_SIGNING_TIME, &time(now_unix)?)?,
        attribute(ID_MESSAGE_DIGEST, &digest)?,
    ])
}

fn attribute(oid: ObjectIdentifier, value: &(impl EncodeValue + Tagged)) -> der::Result<Attribute> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![Any::encode_from(value)?])? })
}

/// Returns a time in the form of its year: `UTCTime` until 2049 (RFC 5652, 11.3).
fn time(unix: i64) -> der::Result<Time> {
    let since = Duration::from_secs(u64::try_from(unix).unwrap_or(0));
    Ok(DateTime::from_unix_duration(since)?.into())
}

/// Returns the message that holds `signature`, in DER.
fn message(
    identity: &Identity,
    attributes: SetOfVec<Attribute>,
    signature: Vec<u8>,
) -> der::Result<Vec<u8>> {
    let sha256 = AlgorithmIdentifierOwned { oid: ID_SHA_256, parameters: None };
    let rsa = AlgorithmIdentifierOwned { oid: RSA_ENCRYPTION, parameters: Some(Any::null()) };
    let certificate = identity.certificate.tbs_certificate();
    let signer = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: certificate.issuer().clone(),
            serial_number: certificate.serial_number().clone(),
        }),
        digest_alg: sha256.clone(),
        signed_attrs: Some(attributes),
        signature_algorithm: rsa,
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let chain = [&identity.certificate, &identity.intermediate];
    let chain = chain.map(|certificate| CertificateChoices::Certificate(certificate.clone()));
    let data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![sha256])?,
        // Detached: the manifest stands beside the signature, not in it.
        encap_content_info: EncapsulatedContentInfo { econtent_type: ID_DATA, econtent: None },
        certificates: Some(CertificateSet::try_from(chain.to_vec())?),
        crls: None,
        signer_infos: SignerInfos::try_from(vec![signer])?,
    };
    ContentInfo { content_type: ID_SIGNED_DATA, content: Any::encode_from(&data)? }.to_der()
}
