//! Makes a pass of Apple Wallet: a zip of `pass.json`, icons, a manifest and a signature.
//!
//! Sources: Apple's "Wallet Passes", and the archived "PassKit Package Format Reference".
//!
//! | module | holds |
//! |---|---|
//! | `certificate` | reading certificates, and checking that they belong together |
//! | `pass` | `pass.json` |
//! | `signature` | the signature of the manifest |

mod certificate;
mod pass;
mod signature;

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use sha1::{Digest, Sha1};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use self::certificate::Identity;
use crate::key::Key;
use crate::{Error, Pass};

/// The media type of a pass.
pub const MEDIA_TYPE: &str = "application/vnd.apple.pkpass";

const ICON: &[u8] = include_bytes!("../../icons/icon.png");
const ICON_2X: &[u8] = include_bytes!("../../icons/icon@2x.png");

/// A signer of passes of one type, with Apple's certificate for it.
pub struct Apple {
    pass_type: String,
    team: String,
    identity: Identity,
}

impl Apple {
    /// Reads the settings, which Apple's developer account provides.
    ///
    /// `pass_type` is the pass type identifier, and `team` the team identifier. `certificate_pem` is
    /// the certificate of the pass type. `key_pem` is its RSA key, in PKCS #8 or PKCS #1. `wwdr_pem`
    /// is its issuer's certificate ("Worldwide Developer Relations").
    ///
    /// # Errors
    /// Names the setting that cannot be read or does not fit the others, and how to correct it.
    pub fn from_pem(
        pass_type: &str,
        team: &str,
        certificate_pem: &str,
        key_pem: &str,
        wwdr_pem: &str,
    ) -> Result<Self, Error> {
        if !pass_type.starts_with("pass.") {
            let hint = "it is the pass type identifier, such as pass.com.example.ticket";
            return Err(Error::setting("the pass type", pass_type, hint));
        }
        let is_team = team.len() == 10
            && team.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if !is_team {
            let hint = "it is the team identifier, ten capital letters and digits";
            return Err(Error::setting("the team", team, hint));
        }
        let key = Key::from_pem("the private key", key_pem)?;
        let identity = Identity::new(key, certificate_pem, wwdr_pem)?;
        identity.check_subject(pass_type, team)?;
        Ok(Self { pass_type: pass_type.to_owned(), team: team.to_owned(), identity })
    }

    /// Returns `pass` as a `.pkpass`, signed at `now_unix`, in seconds since 1970.
    ///
    /// The same pass at the same time has the same bytes.
    ///
    /// # Errors
    /// [`Error::NotValidNow`] if a certificate has expired, [`Error::Time`] for a time of the pass.
    pub fn pkpass(&self, pass: &Pass<'_>, now_unix: i64) -> Result<Vec<u8>, Error> {
        self.identity.check_time(now_unix)?;
        let json = pass::json(&self.pass_type, &self.team, pass)?;
        let mut files: Vec<(&str, &[u8])> =
            vec![("icon.png", ICON), ("icon@2x.png", ICON_2X), ("pass.json", &json)];
        let manifest = manifest(&files)?;
        let signature = signature::detached(&self.identity, &manifest, now_unix)?;
        files.push(("manifest.json", &manifest));
        files.push(("signature", &signature));
        zipped(&files).map_err(Error::internal)
    }
}

/// Returns `manifest.json`: each file's name and its SHA-1, which the format demands.
fn manifest(files: &[(&str, &[u8])]) -> Result<Vec<u8>, Error> {
    let digests: BTreeMap<_, _> = files.iter().map(|(name, data)| (name, sha1(data))).collect();
    serde_json::to_vec(&digests).map_err(Error::internal)
}

fn sha1(data: &[u8]) -> String {
    Sha1::digest(data).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns a zip of `files`. They are stored: to deflate them saves a kilobyte, and takes a library.
fn zipped(files: &[(&str, &[u8])]) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, data) in files {
        zip.start_file(*name, options)?;
        zip.write_all(data)?;
    }
    Ok(zip.finish()?.into_inner())
}
