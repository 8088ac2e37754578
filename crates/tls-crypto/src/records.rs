//! Sealing and opening records.

use std::marker::PhantomData;

use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aead::{AeadCore, AeadInOut, KeyInit};
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter,
    MessageEncrypter, Nonce, OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload,
    Tls12AeadAlgorithm, Tls13AeadAlgorithm, UnsupportedOperationError, make_tls12_aad,
    make_tls13_aad,
};
use rustls::{ConnectionTrafficSecrets, ContentType, Error, ProtocolVersion};

/// How long a tag is, in bytes.
const TAG: usize = 16;
/// How long the part of a nonce is that TLS 1.2 sends with AES-GCM, in bytes.
const EXPLICIT: usize = 8;
/// The longest text of a record, in bytes (RFC 5246, 6.2.1).
const LONGEST: usize = 1 << 14;

/// A cipher that seals with a nonce of 12 bytes and a tag of 16.
pub(crate) trait Cipher:
    AeadInOut + AeadCore<NonceSize = U12, TagSize = U16> + KeyInit + Send + Sync + 'static
{
}

impl Cipher for aes_gcm::Aes128Gcm {}
impl Cipher for aes_gcm::Aes256Gcm {}
impl Cipher for chacha20poly1305::ChaCha20Poly1305 {}

/// A cipher as rustls has it.
pub(crate) struct Aead<C>(PhantomData<fn() -> C>);

impl<C> Aead<C> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<C: Cipher> Aead<C> {
    fn cipher(key: &AeadKey) -> C {
        C::new_from_slice(key.as_ref()).expect("rustls gives keys of the length that it was told")
    }
}

impl<C: Cipher> Tls13AeadAlgorithm for Aead<C> {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Tls13(Self::cipher(&key), iv))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Tls13(Self::cipher(&key), iv))
    }

    fn key_len(&self) -> usize {
        C::key_size()
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

impl<C: Cipher> Tls12AeadAlgorithm for Aead<C> {
    fn encrypter(&self, key: AeadKey, iv: &[u8], explicit: &[u8]) -> Box<dyn MessageEncrypter> {
        // As in TLS 1.3: the sequence number changes the explicit part, so that no nonce comes twice.
        let iv = Iv::copy(&[iv, explicit].concat());
        Box::new(Tls12Sealing(Self::cipher(&key), iv))
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        let mut salt = [0; 4];
        salt.copy_from_slice(iv);
        Box::new(Tls12Opening(Self::cipher(&key), salt))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape { enc_key_len: C::key_size(), fixed_iv_len: 4, explicit_nonce_len: EXPLICIT }
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: &[u8],
        _: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

/// Seals or opens records of TLS 1.3.
struct Tls13<C>(C, Iv);

impl<C: Cipher> MessageEncrypter for Tls13<C> {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        number: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let Self(cipher, iv) = self;
        let length = message.payload.len() + 1 + TAG;
        let mut payload = PrefixedPayload::with_capacity(length);
        payload.extend_from_chunks(&message.payload);
        payload.extend_from_slice(&message.typ.to_array());
        let nonce = Nonce::new(iv, number).0;
        seal(cipher, nonce, &make_tls13_aad(length), &mut payload, 0)?;
        // Every record says that it is of TLS 1.2: RFC 8446, 5.2.
        let (kind, version) = (ContentType::ApplicationData, ProtocolVersion::TLSv1_2);
        Ok(OutboundOpaqueMessage::new(kind, version, payload))
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        length + 1 + TAG
    }
}

impl<C: Cipher> MessageDecrypter for Tls13<C> {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        number: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let Self(cipher, iv) = self;
        let known = make_tls13_aad(message.payload.len());
        let length = open(cipher, Nonce::new(iv, number).0, &known, &mut message.payload)?;
        message.payload.truncate(length);
        message.into_tls13_unpadded_message()
    }
}

/// Seals records of TLS 1.2, with a part of the nonce before each.
struct Tls12Sealing<C>(C, Iv);

impl<C: Cipher> MessageEncrypter for Tls12Sealing<C> {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        number: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let Self(cipher, iv) = self;
        let length = message.payload.len();
        let nonce = Nonce::new(iv, number).0;
        let mut payload = PrefixedPayload::with_capacity(EXPLICIT + length + TAG);
        payload.extend_from_slice(&nonce[nonce.len() - EXPLICIT..]);
        payload.extend_from_chunks(&message.payload);
        let known = make_tls12_aad(number, message.typ, message.version, length);
        seal(cipher, nonce, &known, &mut payload, EXPLICIT)?;
        Ok(OutboundOpaqueMessage::new(message.typ, message.version, payload))
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        EXPLICIT + length + TAG
    }
}

/// Opens records of TLS 1.2.
struct Tls12Opening<C>(C, [u8; 4]);

impl<C: Cipher> MessageDecrypter for Tls12Opening<C> {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        number: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let Self(cipher, salt) = self;
        let (kind, version) = (message.typ, message.version);
        let Some((explicit, sealed)) = message.payload.split_at_mut_checked(EXPLICIT) else {
            return Err(Error::DecryptError);
        };
        let length = sealed.len().checked_sub(TAG).ok_or(Error::DecryptError)?;
        if length > LONGEST {
            return Err(Error::PeerSentOversizedRecord);
        }
        let mut nonce = [0; 12];
        nonce[..4].copy_from_slice(salt);
        nonce[4..].copy_from_slice(explicit);
        open(cipher, nonce, &make_tls12_aad(number, kind, version, length), sealed)?;
        Ok(message.into_plain_message_range(EXPLICIT..EXPLICIT + length))
    }
}

/// Seals what `payload` holds from `start` on, and adds the tag.
fn seal<C: Cipher>(
    cipher: &C,
    nonce: [u8; 12],
    known: &[u8],
    payload: &mut PrefixedPayload,
    start: usize,
) -> Result<(), Error> {
    let text = &mut payload.as_mut()[start..];
    let tag = cipher.encrypt_inout_detached(&nonce.into(), known, text.into());
    payload.extend_from_slice(&tag.map_err(|_| Error::EncryptError)?);
    Ok(())
}

/// Opens `sealed`, which ends in its tag, where it is; returns how long the text is.
fn open<C: Cipher>(
    cipher: &C,
    nonce: [u8; 12],
    known: &[u8],
    sealed: &mut [u8],
) -> Result<usize, Error> {
    let (text, tag) = sealed.split_last_chunk_mut::<TAG>().ok_or(Error::DecryptError)?;
    let length = text.len();
    cipher
        .decrypt_inout_detached(&nonce.into(), known, text.into(), &(*tag).into())
        .map_err(|_| Error::DecryptError)?;
    Ok(length)
}
