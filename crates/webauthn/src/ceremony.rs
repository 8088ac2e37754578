//! The checks of a new credential (7.1) and of a proof by one (7.2).
//!
//! Attestation is not asked for: which model an authenticator is does not matter here. A statement that
//! comes all the same is not read.

use boxoffice_contract::factors::{Assertion, Attestation};
use ciborium::Value;

use crate::authenticator_data::AuthenticatorData;
use crate::client_data::{ClientData, decoded};
use crate::key::PublicKey;
use crate::{Invalid, Site};

/// What every credential's type is.
const PUBLIC_KEY: &str = "public-key";

/// What was asked: by whom, and with which challenge.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The shop.
    pub site: &'a Site,
    /// The challenge, in base64url.
    pub challenge: &'a str,
}

/// A credential that is good to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Its id.
    pub id: Vec<u8>,
    /// Its public key, as the authenticator wrote it (COSE).
    pub public_key: Vec<u8>,
    /// How many times it has signed.
    pub sign_count: u32,
}

/// A proof that is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    /// How many times the credential has signed, to keep.
    pub sign_count: u32,
}

/// Checks a credential that a browser has made.
///
/// # Errors
/// Why it is refused.
pub fn register(asked: Asked<'_>, made: &Attestation) -> Result<Credential, Invalid> {
    let client_data = ClientData::read(&made.response.client_data_json)?;
    client_data.check("webauthn.create", asked.challenge, asked.site)?;
    let object = decoded(&made.response.attestation_object, "attestationObject")?;
    let data = data_of(&object).ok_or(Invalid::Unreadable("attestationObject"))?;
    let data = AuthenticatorData::read(&data)?;
    data.check(&asked.site.id)?;
    let (id, key) = data.credential.ok_or(Invalid::Unreadable("the credential"))?;
    if made.kind != PUBLIC_KEY || decoded(&made.id, "the credential's id")? != id {
        return Err(Invalid::Type);
    }
    PublicKey::read(key)?;
    let (id, public_key) = (id.to_vec(), key.to_vec());
    Ok(Credential { id, public_key, sign_count: data.sign_count })
}

/// Checks a proof by the credential whose public key this is, and which has signed `sign_count` times.
///
/// # Errors
/// Why it is refused.
pub fn check(
    asked: Asked<'_>,
    public_key: &[u8],
    sign_count: u32,
    assertion: &Assertion,
) -> Result<Proven, Invalid> {
    let response = &assertion.response;
    if assertion.kind != PUBLIC_KEY {
        return Err(Invalid::Type);
    }
    let client_data = ClientData::read(&response.client_data_json)?;
    client_data.check("webauthn.get", asked.challenge, asked.site)?;
    let bytes = decoded(&response.authenticator_data, "authenticatorData")?;
    let data = AuthenticatorData::read(&bytes)?;
    data.check(&asked.site.id)?;
    let signature = decoded(&response.signature, "the signature")?;
    let message = [bytes.as_slice(), &client_data.digest].concat();
    PublicKey::read(public_key)?.verify(&message, &signature)?;
    // An authenticator without a counter says 0 each time.
    if (data.sign_count, sign_count) != (0, 0) && data.sign_count <= sign_count {
        return Err(Invalid::Counter);
    }
    Ok(Proven { sign_count: data.sign_count })
}

/// Finds the authenticator's data in an attestation object (6.5).
fn data_of(object: &[u8]) -> Option<Vec<u8>> {
    let mut rest = object;
    let members = ciborium::from_reader::<Value, _>(&mut rest).ok()?.into_map().ok()?;
    let is_it = |key: &Value| key.as_text() == Some("authData");
    let data = members.into_iter().find(|(key, _)| is_it(key)).map(|(_, value)| value);
    data.filter(|_| rest.is_empty())?.into_bytes().ok()
}
