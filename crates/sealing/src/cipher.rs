//! The primitive: AES-256-GCM-SIV (RFC 8452). Unlike GCM it forgives a nonce that comes twice, which random ones may.

use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand,
};
use zeroize::Zeroizing;

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes of the tag behind the ciphertext.
const TAG_BYTES: usize = 16;
/// Bytes by which something grows that is sealed.
pub(crate) const EXTRA_BYTES: usize = NONCE_LEN + TAG_BYTES;

/// A key's bytes, overwritten when they are no longer needed.
pub(crate) type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// The library refused, which only a broken build or a broken machine brings about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Refused;

/// A key that is ready for use. The library overwrites it when it is dropped.
pub(crate) struct Cipher(LessSafeKey);

impl Cipher {
    pub(crate) fn new(key: &KeyBytes) -> Result<Self, Refused> {
        let key = UnboundKey::new(&AES_256_GCM_SIV, &key[..]).map_err(|_| Refused)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Writes the nonce, the ciphertext and the tag behind what `out` has.
    pub(crate) fn seal(&self, context: &[u8], plain: &[u8], out: &mut Vec<u8>) -> Result<(), Refused> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| Refused)?;
        self.seal_with(nonce, context, plain, out)
    }

    fn seal_with(
        &self,
        nonce: [u8; NONCE_LEN],
        context: &[u8],
        plain: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Refused> {
        out.reserve(EXTRA_BYTES + plain.len());
        out.extend_from_slice(&nonce);
        let begin = out.len();
        out.extend_from_slice(plain);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(context), &mut out[begin..]);
        let Ok(tag) = tag else {
            out.truncate(begin);
            return Err(Refused);
        };
        out.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// What was sealed with this key in this context; none for anything else.
    pub(crate) fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut bytes = Zeroizing::new(rest.to_vec());
        let length = self.0.open_in_place(nonce, Aad::from(context), &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }
}

/// A new key.
pub(crate) fn fresh_key() -> Result<KeyBytes, Refused> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    rand::fill(&mut key[..]).map_err(|_| Refused)?;
    Ok(key)
}

#[cfg(test)]
mod tests;
