//! What an authenticator says of itself, and of a credential that it has made (6.1).

use sha2::{Digest, Sha256};

use crate::Invalid;

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;
/// The bytes of the model's id, which nothing here depends on.
const MODEL: usize = 16;
/// The longest id of a credential, in bytes (7.1, step 23).
const MAX_ID: usize = 1023;

/// The authenticator's data, taken apart.
pub(crate) struct AuthenticatorData<'a> {
    relying_party: &'a [u8],
    flags: u8,
    pub(crate) sign_count: u32,
    /// A new credential's id and public key.
    pub(crate) credential: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> AuthenticatorData<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Invalid> {
        Self::parse(bytes).ok_or(Invalid::Unreadable("authenticatorData"))
    }

    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (relying_party, rest) = bytes.split_at_checked(32)?;
        let (flags, rest) = rest.split_first()?;
        let (sign_count, mut rest) = rest.split_at_checked(4)?;
        let sign_count = u32::from_be_bytes(sign_count.try_into().ok()?);
        let mut credential = None;
        if flags & HAS_CREDENTIAL != 0 {
            let (_, after) = rest.split_at_checked(MODEL)?;
            let (length, after) = after.split_at_checked(2)?;
            let length = usize::from(u16::from_be_bytes(length.try_into().ok()?));
            let (id, after) = after.split_at_checked(length)?;
            let after_key = after_item(after)?;
            let key = after.get(..after.len() - after_key.len())?;
            rest = after_key;
            credential = Some((id, key)).filter(|_| (1..=MAX_ID).contains(&length));
            credential?;
        }
        if flags & HAS_EXTENSIONS != 0 {
            rest = after_item(rest)?;
        }
        let data = Self { relying_party, flags: *flags, sign_count, credential };
        rest.is_empty().then_some(data)
    }

    /// Checks for which relying party it is, and that somebody was there who showed who they are.
    pub(crate) fn check(&self, relying_party: &str) -> Result<(), Invalid> {
        if self.relying_party != Sha256::digest(relying_party).as_slice() {
            return Err(Invalid::RelyingParty);
        }
        let needed = USER_PRESENT | USER_VERIFIED;
        if self.flags & needed != needed {
            return Err(Invalid::UserNotVerified);
        }
        if self.is_backed_up() && self.flags & BACKUP_ELIGIBLE == 0 {
            return Err(Invalid::Flags);
        }
        Ok(())
    }

    const fn is_backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }
}

/// Returns what follows the first item of CBOR in `bytes`.
fn after_item(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    ciborium::from_reader::<ciborium::Value, _>(&mut rest).ok()?;
    Some(rest)
}
