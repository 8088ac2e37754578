//! Passwords: which are taken, and their hashes: argon2id, with the parameters that OWASP's Password Storage Cheat Sheet recommends
//! (19 MiB, 2 passes, 1 lane).
//!
//! That keeps an instance busy for some 20 milliseconds without a break, so nobody else may be in it
//! meanwhile: see [`alone`].

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, anyhow};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use boxoffice_kernel::Problem;
use icu_normalizer::ComposingNormalizerBorrowed;
use scopeguard::defer;
use send_wrapper::SendWrapper;
use spin_sdk::time::sleep;
use spin_sdk::wit_bindgen::{backpressure_dec, backpressure_inc, yield_async};

/// The passwords of 8 and more characters among the 20,000 that are used most, in lower case and sorted:
/// 8,300 of Royce Williams's list, which Django refuses too. They are what others try first.
const COMMON: &str = include_str!("common-passwords.txt");
/// How many different characters a password has at least.
const MIN_DIFFERENT: usize = 4;

/// KiB of memory that one hash takes.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| anyhow!("argon2's parameters: {error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// How often an instance looks whether it has answered the others.
const PAUSE: Duration = Duration::from_millis(1);

thread_local! {
    /// How many requests are at work in this instance that compute no hash.
    static QUICK: Cell<usize> = const { Cell::new(0) };
}

/// Answers a request that is quick. To be around the routes of all who compute no hash.
pub(crate) async fn beside_others(request: Request, next: Next) -> Response {
    QUICK.set(QUICK.get() + 1);
    defer! { QUICK.set(QUICK.get() - 1) }
    next.run(request).await
}

/// Runs `compute` when those are answered who are in this instance already. Others are sent to
/// other instances until it is done: hosts give requests to none that says it can take no more.
async fn alone<T>(compute: impl FnOnce() -> Result<T>) -> Result<T> {
    backpressure_inc();
    defer! { backpressure_dec() }
    // Hosts find out when they get a chance to, and this is the last for a while.
    SendWrapper::new(yield_async()).await;
    while QUICK.get() > 0 {
        SendWrapper::new(sleep(PAUSE)).await;
    }
    compute()
}

/// Checks a new password of the account of `email`, beyond its length (ASVS 5.0, 6.2.4 and 6.2.11).
///
/// # Errors
/// The sentence for who typed it.
fn rule(password: &str, email: &str) -> Result<(), &'static str> {
    let password = normalized(password).to_lowercase();
    let different: BTreeSet<char> = password.chars().collect();
    let name = email.split('@').next().unwrap_or_default();
    if different.len() < MIN_DIFFERENT {
        return Err("This password repeats a few characters; choose one with more different ones");
    }
    if password == email || password == name || password == "boxoffice" {
        return Err("Others would try your address or our name first; choose another password");
    }
    let common: Vec<&str> = COMMON.lines().collect();
    if common.binary_search(&password.as_str()).is_ok() {
        return Err("Many people use this password, so others try it first; choose another");
    }
    Ok(())
}

/// Refuses a new password of the account of `email` that others try first.
pub(crate) fn check(password: &str, email: &str) -> Result<(), Problem> {
    rule(password, email).map_err(|message| Problem::invalid_field("password", message))
}

/// Returns the characters that `password` stands for, however a keyboard composes them (NFKC, as NIST
/// SP 800-63B, 3.1.1.2, has it): the same password is the same on another device.
fn normalized(password: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfkc().normalize(password)
}

/// The PHC string to store for `password`, with a random salt.
pub(crate) async fn hash(password: &str) -> Result<String> {
    alone(|| hash_at_once(&normalized(password))).await
}

fn hash_at_once(password: &str) -> Result<String> {
    let hash = argon2()?.hash_password(password.as_bytes());
    Ok(hash.map_err(|error| anyhow!("hashing a password: {error}"))?.to_string())
}

/// Whether `password` is the one that `stored` was made from. Older programs made hashes of passwords as
/// they were typed.
pub(crate) async fn matches(password: &str, stored: &str) -> Result<bool> {
    alone(|| {
        let normalized = normalized(password);
        let is_normal = normalized == password;
        Ok(matches_at_once(&normalized, stored)?
            || (!is_normal && matches_at_once(password, stored)?))
    })
    .await
}

fn matches_at_once(password: &str, stored: &str) -> Result<bool> {
    let hash = PasswordHash::new(stored).map_err(|error| anyhow!("a stored hash: {error}"))?;
    Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok())
}

/// Takes as long as checking a password does, so that the time to answer does not tell whether an
/// address has an account.
pub(crate) async fn pretend(password: &str) -> Result<()> {
    hash(password).await.map(drop)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn what_others_try_first_is_no_password() {
        let email = "ada.lovelace@example.com";
        let refused = |password: &str| rule(password, email).is_err();
        for password in [
            "password",
            "PASSWORD",
            "12345678",
            "qwertyui",
            "        ",
            "aaaaaaaaaaaa",
            "abababab",
            email,
            "Ada.Lovelace",
            "boxoffice",
            "Boxoffice",
            "ｐａｓｓｗｏｒｄ",
        ] {
            assert!(refused(password), "{password}");
        }
        for password in ["correct horse battery", "pässwörter-17", "ada.lovelace plays", "пароль12"]
        {
            assert!(!refused(password), "{password}");
        }
    }

    #[test]
    fn common_passwords_can_be_found() {
        let common: Vec<&str> = COMMON.lines().collect();
        assert!(common.is_sorted() && common.len() > 3_000, "{}", common.len());
        assert!(common.iter().all(|password| password.len() >= 8));
    }

    #[test]
    fn a_password_is_the_same_however_it_is_composed() {
        let [composed, decomposed] = ["p\u{e4}ssw\u{f6}rter", "pa\u{308}sswo\u{308}rter"];
        assert_eq!(normalized(composed), normalized(decomposed));
        assert_eq!(normalized("ﬁsh"), "fish");
    }

    #[test]
    fn only_the_password_matches_its_hash() {
        let stored = hash_at_once("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(matches_at_once("correct horse", &stored).unwrap());
        assert!(!matches_at_once("incorrect horse", &stored).unwrap());
        assert_ne!(stored, hash_at_once("correct horse").unwrap(), "salted");
        matches_at_once("x", "not a hash").unwrap_err();
    }
}
