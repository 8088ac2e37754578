//! Hashes, and codes made of them.

use std::marker::PhantomData;

use hmac::{Hmac, KeyInit, Mac};
use rustls::crypto::hash::{self, HashAlgorithm};
use rustls::crypto::hmac as codes;
use sha2::{Digest, Sha256, Sha384};

/// A hash function as rustls has it.
pub(crate) struct Hash<D>(HashAlgorithm, PhantomData<fn() -> D>);

pub(crate) static SHA256: Hash<Sha256> = Hash(HashAlgorithm::SHA256, PhantomData);
pub(crate) static SHA384: Hash<Sha384> = Hash(HashAlgorithm::SHA384, PhantomData);

impl<D: Digest + Clone + Send + Sync + 'static> hash::Hash for Hash<D> {
    fn start(&self) -> Box<dyn hash::Context> {
        Box::new(Running(D::new()))
    }

    fn hash(&self, data: &[u8]) -> hash::Output {
        hash::Output::new(&D::digest(data))
    }

    fn output_len(&self) -> usize {
        <D as Digest>::output_size()
    }

    fn algorithm(&self) -> HashAlgorithm {
        self.0
    }
}

/// A hash that is being made.
struct Running<D>(D);

impl<D: Digest + Clone + Send + Sync + 'static> hash::Context for Running<D> {
    fn fork_finish(&self) -> hash::Output {
        hash::Output::new(&self.0.clone().finalize())
    }

    fn fork(&self) -> Box<dyn hash::Context> {
        Box::new(Self(self.0.clone()))
    }

    fn finish(self: Box<Self>) -> hash::Output {
        hash::Output::new(&self.0.finalize())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

/// HMAC with a hash function, as rustls has it.
pub(crate) struct Code<D>(PhantomData<fn() -> D>);

pub(crate) static HMAC_SHA256: Code<Sha256> = Code(PhantomData);
pub(crate) static HMAC_SHA384: Code<Sha384> = Code(PhantomData);

/// HMAC with a key.
struct Keyed<M>(M);

macro_rules! codes {
    ($($digest:ty),+) => {$(
        impl codes::Hmac for Code<$digest> {
            fn with_key(&self, key: &[u8]) -> Box<dyn codes::Key> {
                let keyed = Hmac::<$digest>::new_from_slice(key);
                Box::new(Keyed(keyed.expect("HMAC takes keys of any length (RFC 2104)")))
            }

            fn hash_output_len(&self) -> usize {
                <$digest as Digest>::output_size()
            }
        }

        impl codes::Key for Keyed<Hmac<$digest>> {
            fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> codes::Tag {
                let mut mac = self.0.clone();
                mac.update(first);
                for part in middle {
                    mac.update(part);
                }
                mac.update(last);
                codes::Tag::new(&mac.finalize().into_bytes())
            }

            fn tag_len(&self) -> usize {
                <$digest as Digest>::output_size()
            }
        }
    )+};
}

codes!(Sha256, Sha384);
