//! Sealed data outside of a store, with its wrapped data key beside it: what an archive holds.

use tidings_core::{
    RoomKey, StoreError,
    store::{DataKeyId, WrappedKey},
};
use tidings_protocol::{EntryId, Json};

use crate::{
    data_keys::data_key,
    envelope::{self, Kept},
    keyring::Keyring,
};

/// The data key that opens data as a store keeps it; none for what is not sealed.
pub fn key_of(data: &Json) -> Option<DataKeyId> {
    match envelope::look(data) {
        Kept::Sealed(envelope) => Some(envelope.key),
        _ => None,
    }
}

/// Data as its publisher sent it, from how a store keeps it; none when that is the same.
///
/// # Errors
/// [`StoreError::Sealed`] names the master key that is missing; [`StoreError::Corrupt`] when the data key is not the one, or anything was changed.
pub fn open_apart(
    keyring: &Keyring,
    key: Option<&WrappedKey>,
    room: &RoomKey,
    entry: EntryId,
    data: &Json,
) -> Result<Option<Json>, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(what.to_owned());
    let envelope = match envelope::look(data) {
        Kept::AsItIs => return Ok(None),
        Kept::Escaped(data) => return Ok(Some(data)),
        Kept::Damaged => return Err(corrupt("what stands there is no sealed data")),
        Kept::Sealed(envelope) => envelope,
    };
    let key =
        key.filter(|key| key.id == envelope.key).ok_or_else(|| corrupt("its data key is not with it"))?;
    let key = data_key(key.id, &keyring.unwrap(key)?)?;
    let opened = envelope.open(&key, &room.to_string(), entry).and_then(|text| envelope::parse(&text));
    opened
        .map(Some)
        .ok_or_else(|| corrupt("sealed data is not as it was written, or not where it was written"))
}
