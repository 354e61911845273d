//! The seam for data keys: what entries are sealed with, itself sealed under a master key that no store ever has.

use std::fmt;

use super::Answer;
use crate::hex;

/// Keeps data keys.
///
/// A data key is of use to nobody who has not its master key. What it sealed may be in the store, in an archive or on its way there, so no key
/// ever goes: not with a room that is deleted, not with a user who is erased (no user's id is in it, see [`WrappedKey::scope`]). A backup
/// has all that the entries in it need. What is said of atomicity, of being away and of errors at [`super::Store`] is true here too.
pub trait KeyStore: Send + Sync {
    /// A data key by its id.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Corrupt`].
    fn data_key(&self, id: DataKeyId) -> Answer<'_, Option<WrappedKey>>;

    /// The data key of a scope.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Corrupt`].
    fn data_key_of(&self, scope: String) -> Answer<'_, Option<WrappedKey>>;

    /// Keeps a data key unless its scope has one, and gives the one that the scope has then. Of many who put one for a scope at the same
    /// time, all are given the same. It is on disk when this answers.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Full`], [`super::StoreError::Uncertain`], [`super::StoreError::Corrupt`].
    fn put_data_key(&self, key: WrappedKey) -> Answer<'_, WrappedKey>;

    /// All data keys in the order of their ids, beginning behind `after`.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Corrupt`].
    fn data_keys(&self, after: Option<DataKeyId>, limit: usize) -> Answer<'_, Vec<WrappedKey>>;

    /// Puts data keys under other master keys, in one transaction: each that is still as its `before` says; how many those were. Nothing else
    /// of a data key can be changed.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Full`], [`super::StoreError::Uncertain`].
    fn rewrap_data_keys(&self, keys: Vec<Rewrap>) -> Answer<'_, u64>;

    /// One data key of each master key under which there is any, in the order of the master keys' ids. Takes no longer for many keys.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`], [`super::StoreError::Corrupt`].
    fn data_key_masters(&self) -> Answer<'_, Vec<WrappedKey>>;
}

/// Which data key: random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DataKeyId(pub [u8; Self::BYTES]);

impl DataKeyId {
    /// How many.
    pub const BYTES: usize = 16;
}

impl fmt::Display for DataKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// A data key as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrappedKey {
    /// Which.
    pub id: DataKeyId,
    /// What it is for, one key each: a room's text, with a pseudonym in the place of a user's id.
    pub scope: String,
    /// Id of the master key.
    pub master: String,
    /// The data key, sealed under that.
    pub wrapped: Vec<u8>,
}

/// A data key that is put under another master key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rewrap {
    /// As it was read.
    pub before: WrappedKey,
    /// As it shall be: the same id and scope.
    pub now: WrappedKey,
}
