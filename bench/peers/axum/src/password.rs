//! Passwords: argon2id with the shop's parameters (19 MiB, 2 passes, 1 lane), on threads that do
//! nothing else, as many as there are cores: the runtime's own for work that blocks are many, and
//! each would keep the memory of a hash.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, anyhow};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::oneshot;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

type Job = Box<dyn FnOnce() + Send>;

/// Clones share the threads.
#[derive(Clone)]
pub(crate) struct Hasher(Sender<Job>);

impl Hasher {
    pub(crate) fn new() -> Self {
        let (sender, jobs) = channel();
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let jobs = Arc::clone(&jobs);
            std::thread::spawn(move || work(&jobs));
        }
        Self(sender)
    }

    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        self.run(move || {
            let hash = argon2()?.hash_password(password.as_bytes());
            Ok(hash.map_err(|error| anyhow!("hashing a password: {error}"))?.to_string())
        })
        .await
    }

    /// Whether `password` is the one that `stored` was made from; where there is none, it takes as
    /// long to say no.
    pub(crate) async fn matches(&self, password: String, stored: Option<String>) -> Result<bool> {
        let Some(stored) = stored else {
            return self.hash(password).await.map(|_| false);
        };
        self.run(move || {
            let hash = PasswordHash::new(&stored).map_err(|error| anyhow!("a hash: {error}"))?;
            Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok())
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (tell, told) = oneshot::channel();
        // Nobody hears it if whoever asked has gone.
        let job = Box::new(move || drop(tell.send(job())));
        self.0.send(job).ok().context("the threads that hash have ended")?;
        told.await.context("a thread that hashes has ended")?
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        job();
    }
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| anyhow!("argon2's parameters: {error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}
