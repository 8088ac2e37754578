//! Development keys, made once for each data folder.
//!
//! No secret of the shop has a default, so a developer's copy makes its own at random. They are
//! kept as a variables file: a flat TOML file of strings, which `spin up --variable @FILE` takes
//! as it is.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::{EncodePrivateKey, KeypairBytes, spki::der::pem::LineEnding};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{Problem, folder};

/// The file's name in the data folder.
pub const FILE: &str = "variables.toml";

/// What the payment sandbox's keys begin with. Stripe's own never do.
pub const SANDBOX_KEY_PREFIX: &str = "sk_test_sandbox_";

/// The keys by which services know each other's events.
const EVENTS: &str = "event_keys";

/// The key that signs the codes of tickets, and its public half.
const ADMISSIONS: [&str; 2] = ["admission_signing_key", "admission_public_keys"];

const HEADER: &str = "\
# Variables of this copy of the shop, created at random at its first start.
# The keys are for development only; anybody who can read them can sign in as any user.
# `boxoffice up` reads this file; with Spin: spin up --variable @THIS_FILE

";

/// The variables file of a data folder.
#[derive(Debug)]
pub struct Keys {
    /// Where the file is.
    pub path: PathBuf,
    /// What it says.
    pub variables: BTreeMap<String, String>,
    /// Whether it was made just now.
    pub made: bool,
}

/// Reads the variables file of a data folder, having made it if it was missing.
///
/// `sandbox` is the base URL that a new file gives for the payment sandbox.
pub fn ensure(data: &Path, sandbox: &str) -> Result<Keys, Problem> {
    folder::prepare(data)?;
    let path = data.join(FILE);
    let made = !path.exists() && make(&path, sandbox)?;
    let mut variables = read(&path)?;
    if !made {
        complete(&path, &mut variables, sandbox)?;
    }
    warn_if_others_can_read(&path);
    Ok(Keys { path, variables, made })
}

/// Reads a variables file: TOML whose values are all strings.
pub fn read(path: &Path) -> Result<BTreeMap<String, String>, Problem> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Problem::new(
            format!("the variables file {} cannot be read: {error}", path.display()),
            "name an existing file that this user may read",
        )
    })?;
    toml::from_str(&text).map_err(|error| {
        Problem::new(
            format!("the variables file {} is not flat TOML of strings: {error}", path.display()),
            "write one line `name = \"value\"` for each variable",
        )
    })
}

fn make(path: &Path, sandbox: &str) -> Result<bool, Problem> {
    let write = || -> anyhow::Result<bool> {
        let variables = toml::to_string(&fresh(sandbox)?)?;
        Ok(folder::write_once(path, &format!("{HEADER}{variables}"))?)
    };
    write().map_err(|error| {
        Problem::new(
            format!("the variables file {} cannot be made: {error}", path.display()),
            "make its folder writable, or name another one with --data",
        )
    })
}

/// Adds what a file lacks that an older program made. What it says stays as it is.
fn complete(
    path: &Path,
    variables: &mut BTreeMap<String, String>,
    sandbox: &str,
) -> Result<(), Problem> {
    // A pair of keys belongs together: half of one is left for the shop to complain of.
    let has_pair = ADMISSIONS.iter().any(|name| variables.contains_key(*name));
    let pair = ADMISSIONS.iter().filter(|_| !has_pair);
    let names: Vec<&str> = pair.copied().chain([EVENTS]).collect();
    if names.iter().all(|name| variables.contains_key(*name)) {
        return Ok(());
    }
    let write = |variables: &mut BTreeMap<String, String>| -> anyhow::Result<()> {
        let mut fresh = fresh(sandbox)?;
        let missing: BTreeMap<_, _> = names
            .into_iter()
            .filter(|name| !variables.contains_key(*name))
            .filter_map(|name| Some((name.to_owned(), fresh.remove(name)?)))
            .collect();
        let mut text = std::fs::read_to_string(path)?;
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&toml::to_string(&missing)?);
        folder::replace(path, &text)?;
        variables.extend(missing);
        Ok(())
    };
    write(variables).map_err(|error| {
        Problem::new(
            format!("the variables file {} cannot be completed: {error}", path.display()),
            "make its folder writable, or name another one with --data",
        )
    })
}

/// New keys, and everything else that the shop has no default for.
fn fresh(sandbox: &str) -> anyhow::Result<BTreeMap<&'static str, String>> {
    let (sessions, admissions) = (signing_key()?, signing_key()?);
    let mut random = [0; 24];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let api_key = format!("{SANDBOX_KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
    let webhook_secret = webhook_secret()?;
    Ok(BTreeMap::from([
        ("auth_signing_key", private_pem(&sessions)?),
        ("session_public_keys", public_keys(&sessions)),
        (ADMISSIONS[0], private_pem(&admissions)?),
        (ADMISSIONS[1], public_keys(&admissions)),
        (EVENTS, event_key()?),
        ("stripe_api_base", sandbox.to_owned()),
        ("stripe_api_key", api_key),
        ("stripe_webhook_secret", webhook_secret),
    ]))
}

/// A new key for events, with its name.
fn event_key() -> io::Result<String> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    Ok(format!("dev:{}", URL_SAFE_NO_PAD.encode(key)))
}

/// A new key, for sessions or for tickets.
fn signing_key() -> io::Result<SigningKey> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(io::Error::other)?;
    Ok(SigningKey::from_bytes(&seed))
}

/// A new secret for webhooks, which begins as Stripe's do.
///
/// # Errors
/// When the system gives no random numbers.
pub fn webhook_secret() -> io::Result<String> {
    let mut random = [0; 24];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(format!("whsec_{}", URL_SAFE_NO_PAD.encode(random)))
}

/// The private key as `openssl genpkey -algorithm ed25519` writes it: PKCS#8 version 1, that is
/// without the public key, which older readers refuse.
fn private_pem(key: &SigningKey) -> anyhow::Result<String> {
    let key = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
    let pem = key
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|error| anyhow::anyhow!("the key cannot be written as PEM: {error}"))?;
    Ok(pem.to_string())
}

/// The public key as a JWK set (RFC 7517, RFC 8037).
fn public_keys(key: &SigningKey) -> String {
    let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    let kid = thumbprint(&x);
    json!({ "keys": [
        { "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": "EdDSA" }
    ]})
    .to_string()
}

/// The key's RFC 7638 thumbprint: SHA-256 of its required members in lexical order.
fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(members))
}

fn warn_if_others_can_read(path: &Path) {
    let mode = std::fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o077 != 0 {
        let path = path.display();
        tracing::warn!("others may read the keys in {path}: run `chmod 600 {path}`");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use ed25519_dalek::pkcs8::DecodePrivateKey;
    use serde_json::Value;

    use super::*;

    const SANDBOX: &str = "http://127.0.0.1:3001";

    #[test]
    fn a_new_file_is_private_and_complete() {
        let data = tempfile::tempdir().unwrap();
        let keys = ensure(data.path(), SANDBOX).unwrap();
        assert!(keys.made);
        let mode = std::fs::metadata(&keys.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let names: Vec<_> = keys.variables.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "admission_public_keys",
                "admission_signing_key",
                "auth_signing_key",
                "event_keys",
                "session_public_keys",
                "stripe_api_base",
                "stripe_api_key",
                "stripe_webhook_secret"
            ]
        );
        assert_eq!(keys.variables["stripe_api_base"], SANDBOX);
        assert!(keys.variables["stripe_api_key"].starts_with(SANDBOX_KEY_PREFIX));
    }

    #[test]
    fn a_second_call_keeps_the_file() {
        let data = tempfile::tempdir().unwrap();
        let first = ensure(data.path(), SANDBOX).unwrap();
        let second = ensure(data.path(), "http://127.0.0.1:9").unwrap();
        assert!(!second.made);
        assert_eq!(second.variables, first.variables);
    }

    #[test]
    fn a_file_of_an_older_program_gets_what_it_lacks() {
        let data = tempfile::tempdir().unwrap();
        let Keys { path, mut variables, .. } = ensure(data.path(), SANDBOX).unwrap();
        let added = [ADMISSIONS[0], ADMISSIONS[1], EVENTS];
        for name in added {
            variables.remove(name).unwrap();
        }
        std::fs::write(&path, toml::to_string(&variables).unwrap()).unwrap();
        let completed = ensure(data.path(), SANDBOX).unwrap().variables;
        assert!(added.iter().all(|name| completed.contains_key(*name)));
        assert!(variables.iter().all(|(name, value)| completed[name] == *value));
        assert_eq!(ensure(data.path(), SANDBOX).unwrap().variables, completed);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn two_folders_have_different_keys() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (a, b) = (ensure(a.path(), SANDBOX).unwrap(), ensure(b.path(), SANDBOX).unwrap());
        for name in [
            "admission_signing_key",
            "admission_public_keys",
            "auth_signing_key",
            "event_keys",
            "session_public_keys",
            "stripe_api_key",
            "stripe_webhook_secret",
        ] {
            assert_ne!(a.variables[name], b.variables[name], "{name}");
        }
    }

    #[test]
    fn the_private_key_and_the_public_one_agree() {
        let data = tempfile::tempdir().unwrap();
        let variables = ensure(data.path(), SANDBOX).unwrap().variables;
        let private = SigningKey::from_pkcs8_pem(&variables["auth_signing_key"]).unwrap();
        let set: Value = serde_json::from_str(&variables["session_public_keys"]).unwrap();
        let [jwk] = &set["keys"].as_array().unwrap()[..] else { panic!("{set}") };
        let x = URL_SAFE_NO_PAD.decode(jwk["x"].as_str().unwrap()).unwrap();
        assert_eq!(x, private.verifying_key().as_bytes());
        assert_eq!(jwk["kid"], thumbprint(jwk["x"].as_str().unwrap()));
        assert_eq!((&jwk["kty"], &jwk["crv"]), (&json!("OKP"), &json!("Ed25519")));
        assert_eq!((&jwk["use"], &jwk["alg"]), (&json!("sig"), &json!("EdDSA")));
    }

    /// The example key pair of RFC 8037, appendix A, as openssl would write it.
    #[test]
    fn the_pem_is_what_openssl_writes() {
        let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = SigningKey::from_bytes(&seed.try_into().unwrap());
        assert_eq!(
            private_pem(&key).unwrap(),
            "-----BEGIN PRIVATE KEY-----\n\
             MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
             -----END PRIVATE KEY-----\n"
        );
    }

    /// The example of RFC 8037, appendix A.3.
    #[test]
    fn the_thumbprint_is_that_of_the_standard() {
        assert_eq!(
            thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn a_file_with_other_values_than_strings_is_a_problem_that_names_it() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join(FILE);
        std::fs::write(&path, "hold_seconds = 900\n").unwrap();
        let problem = read(&path).unwrap_err();
        assert!(problem.what.contains(FILE) && problem.what.contains("hold_seconds"), "{problem}");
    }
}
