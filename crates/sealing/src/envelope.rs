//! How sealed data stands in a store: as a JSON text, `"tidings.sealed:…"`, so that it fits wherever data does.
//!
//! Behind the colon, in base64 (URL alphabet, no padding): a byte with the version, 1; the data key's id, 16 bytes; the nonce, 12; the
//! ciphertext; the tag, 16. Authenticated with it are version and key id, the entry's id, and its place, which is its room's text: an entry
//! that is moved to another place does not open there.
//!
//! Data that only looks so cannot be mistaken for it: what a publisher sends in this form is kept as `"tidings.plain:…"`, with its own text
//! behind the colon, and comes back as it was.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tidings_core::store::DataKeyId;
use tidings_protocol::{EntryId, Json};
use zeroize::Zeroizing;

use crate::cipher::{Cipher, Refused};

const VERSION: u8 = 1;
const HEAD_BYTES: usize = 1 + DataKeyId::BYTES;

/// What both reserved forms begin with.
const RESERVED: &str = "\"tidings.";
const SEALED: &str = "\"tidings.sealed:";
const PLAIN: &str = "\"tidings.plain:";

/// A data key that is ready for use.
pub(crate) struct DataKey {
    pub(crate) id: DataKeyId,
    pub(crate) cipher: Cipher,
}

/// What there is in an entry's data as the store has it.
#[derive(Clone, PartialEq, Debug)]
pub enum Kept<'a> {
    /// The publisher's data.
    AsItIs,
    /// The publisher's data, which stood behind an escape.
    Escaped(Json),
    /// Sealed data.
    Sealed(Envelope<'a>),
    /// Something in the reserved form that was never written there.
    Damaged,
}

/// Sealed data, of which nothing was opened yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope<'a> {
    /// The data key that it was sealed with.
    pub key: DataKeyId,
    text: &'a str,
}

/// Whether data has one of the reserved forms, and so must not be kept as it is.
pub fn is_reserved(data: &Json) -> bool {
    data.as_str().starts_with(RESERVED) && [SEALED, PLAIN].iter().any(|form| data.as_str().starts_with(form))
}

/// Data that looks like ours, in the form in which it may be kept: [`Kept::Escaped`].
pub fn escape(data: &Json) -> Option<Json> {
    let rest = data.as_str().strip_prefix('"')?;
    parse(format!("{PLAIN}{rest}").as_bytes())
}

/// What an entry's data is, as the store has it. Costs a look at the first bytes where nothing is sealed.
pub fn look(data: &Json) -> Kept<'_> {
    let text = data.as_str();
    if !text.starts_with(RESERVED) {
        return Kept::AsItIs;
    }
    if let Some(rest) = text.strip_prefix(PLAIN) {
        return parse(format!("\"{rest}").as_bytes()).map_or(Kept::Damaged, Kept::Escaped);
    }
    let Some(rest) = text.strip_prefix(SEALED) else { return Kept::AsItIs };
    rest.strip_suffix('"').and_then(Envelope::of).map_or(Kept::Damaged, Kept::Sealed)
}

impl<'a> Envelope<'a> {
    /// Reads no more than the data key's id.
    fn of(text: &'a str) -> Option<Self> {
        // 24 letters are 18 bytes: the head and one more.
        let head = URL_SAFE_NO_PAD.decode(text.get(..24)?).ok()?;
        let (version, key) = (head.first()?, head.get(1..HEAD_BYTES)?);
        let key = DataKeyId(key.try_into().ok()?);
        (*version == VERSION).then_some(Self { key, text })
    }

    /// The data, as text; none when it was changed, moved, or sealed with another key.
    pub(crate) fn open(&self, key: &DataKey, place: &str, entry: EntryId) -> Option<Zeroizing<Vec<u8>>> {
        let bytes = URL_SAFE_NO_PAD.decode(self.text).ok()?;
        let sealed = bytes.get(HEAD_BYTES..)?;
        key.cipher.open(&context(self.key, place, entry), sealed)
    }
}

/// Seals an entry's data.
pub(crate) fn seal(key: &DataKey, place: &str, entry: EntryId, data: &Json) -> Result<Json, Refused> {
    let mut bytes = Vec::with_capacity(HEAD_BYTES + data.as_str().len() + crate::cipher::EXTRA_BYTES);
    bytes.push(VERSION);
    bytes.extend_from_slice(&key.id.0);
    key.cipher.seal(&context(key.id, place, entry), data.as_str().as_bytes(), &mut bytes)?;
    let mut text = String::with_capacity(SEALED.len() + bytes.len() * 4 / 3 + 5);
    text.push_str(SEALED);
    URL_SAFE_NO_PAD.encode_string(&bytes, &mut text);
    text.push('"');
    parse(text.as_bytes()).ok_or(Refused)
}

/// JSON that was JSON before.
pub(crate) fn parse(text: &[u8]) -> Option<Json> {
    serde_json::from_slice(text).ok()
}

/// What is authenticated with the data: all of a fixed length but the place at the end, so that no two contexts have one text.
fn context(key: DataKeyId, place: &str, entry: EntryId) -> Vec<u8> {
    let mut context = Vec::with_capacity(HEAD_BYTES + 16 + 32);
    context.push(VERSION);
    context.extend_from_slice(&key.0);
    context.extend_from_slice(&entry.bytes());
    context.extend_from_slice(place.as_bytes());
    context
}

#[cfg(test)]
mod tests;
