//! What a browser lets an authenticator sign: `clientDataJSON` (5.8.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{Invalid, Site};

/// Decodes a member in base64url.
pub(crate) fn decoded(text: &str, what: &'static str) -> Result<Vec<u8>, Invalid> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Invalid::Unreadable(what))
}

/// As much of it as is checked. Browsers may add members.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    #[serde(default)]
    top_origin: Option<String>,
}

/// What was signed for.
pub(crate) struct ClientData {
    members: Members,
    /// SHA-256 of it, which is part of what is signed.
    pub(crate) digest: [u8; 32],
}

impl ClientData {
    pub(crate) fn read(encoded: &str) -> Result<Self, Invalid> {
        let bytes = decoded(encoded, "clientDataJSON")?;
        let members =
            serde_json::from_slice(&bytes).map_err(|_| Invalid::Unreadable("clientDataJSON"))?;
        Ok(Self { members, digest: Sha256::digest(&bytes).into() })
    }

    /// Checks what it was made for, which challenge it answers, and which page asked.
    pub(crate) fn check(&self, kind: &str, challenge: &str, site: &Site) -> Result<(), Invalid> {
        let members = &self.members;
        if members.kind != kind {
            return Err(Invalid::Type);
        }
        if members.challenge != challenge {
            return Err(Invalid::Challenge);
        }
        // The shop's pages ask for themselves: they are never inside another's.
        if members.cross_origin || members.top_origin.is_some() || !site.admits(&members.origin) {
            return Err(Invalid::Origin);
        }
        Ok(())
    }
}

/// Returns the challenge that `client_data_json` answers, to find out whether it was asked.
///
/// # Errors
/// [`Invalid::Unreadable`].
pub fn challenge(client_data_json: &str) -> Result<String, Invalid> {
    Ok(ClientData::read(client_data_json)?.members.challenge)
}
