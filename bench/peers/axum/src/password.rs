//! Passwords: argon2id with the shop's parameters (19 MiB, 2 passes, 1 lane), on threads that serve
//! nobody else, as many at once as there are cores.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

#[derive(Clone)]
pub(crate) struct Hasher(Arc<Semaphore>);

impl Hasher {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(cores)))
    }

    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        let _place = self.0.acquire().await?;
        spawn_blocking(move || {
            let hash = argon2()?.hash_password(password.as_bytes());
            Ok(hash.map_err(|error| anyhow!("hashing a password: {error}"))?.to_string())
        })
        .await?
    }

    /// Whether `password` is the one that `stored` was made from; where there is none, it takes as
    /// long to say no.
    pub(crate) async fn matches(&self, password: String, stored: Option<String>) -> Result<bool> {
        let Some(stored) = stored else {
            return self.hash(password).await.map(|_| false);
        };
        let _place = self.0.acquire().await?;
        spawn_blocking(move || {
            let hash = PasswordHash::new(&stored).map_err(|error| anyhow!("a hash: {error}"))?;
            Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok())
        })
        .await?
    }
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| anyhow!("argon2's parameters: {error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}
