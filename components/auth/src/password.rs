//! Passwords: argon2id, with the parameters that OWASP's Password Storage Cheat Sheet recommends
//! (19 MiB, 2 passes, 1 lane).

use anyhow::{Result, anyhow};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

/// KiB of memory that one hash takes.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| anyhow!("argon2's parameters: {error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The PHC string to store for `password`, with a random salt.
pub(crate) fn hash(password: &str) -> Result<String> {
    let hash = argon2()?.hash_password(password.as_bytes());
    Ok(hash.map_err(|error| anyhow!("hashing a password: {error}"))?.to_string())
}

/// Whether `password` is the one that `stored` was made from.
pub(crate) fn matches(password: &str, stored: &str) -> Result<bool> {
    let hash = PasswordHash::new(stored).map_err(|error| anyhow!("a stored hash: {error}"))?;
    Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok())
}

/// Takes as long as checking a password does, so that the time to answer does not tell whether an
/// address has an account.
pub(crate) fn pretend(password: &str) -> Result<()> {
    hash(password).map(drop)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn only_the_password_matches_its_hash() {
        let stored = hash("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(matches("correct horse", &stored).unwrap());
        assert!(!matches("incorrect horse", &stored).unwrap());
        assert_ne!(stored, hash("correct horse").unwrap(), "salted");
        matches("x", "not a hash").unwrap_err();
    }
}
