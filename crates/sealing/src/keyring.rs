//! The master keys: the first seals, all of them open. They are in the settings and in memory, and nowhere else.

use std::fmt;

use tidings_core::{
    StoreError,
    store::{DataKeyId, WrappedKey},
};
use tidings_settings::{Secret, encryption_key};
use zeroize::Zeroizing;

use crate::cipher::{Cipher, KEY_BYTES, KeyBytes};

/// In front of a wrapped key, for a form that may come after this one.
const VERSION: u8 = 1;

/// All master keys that there are.
#[derive(Default)]
pub struct Keyring {
    masters: Vec<Master>,
}

struct Master {
    id: String,
    cipher: Cipher,
}

/// Why a data key cannot be had. Names master keys by their ids, which give nothing away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// `security.encryption_keys` has no key with this id.
    Missing(String),
    /// The key with this id is another one than that which sealed it, or what the store has was changed.
    Wrong(String),
    /// There is no key to seal with.
    NoKey,
    /// The cryptographic library refused.
    Refused,
}

impl Keyring {
    /// The keys of `security.encryption_keys`, in their order.
    ///
    /// # Errors
    /// A sentence that names no key: one is not `<id>:<base64 of 32 bytes>`.
    pub fn new(keys: &[Secret]) -> Result<Self, String> {
        let master = |key: &Secret| {
            let (id, bytes) = encryption_key(key).ok_or(
                "security.encryption_keys: expected ID:KEY, where KEY is 32 bytes in base64 (`openssl rand -base64 32` makes one)",
            )?;
            let cipher = Cipher::new(&Zeroizing::new(bytes))
                .map_err(|_| "security.encryption_keys: the cryptographic library refuses a key")?;
            Ok(Master { id: id.to_owned(), cipher })
        };
        let masters: Result<Vec<Master>, &str> = keys.iter().map(master).collect();
        Ok(Self { masters: masters? })
    }

    /// Whether there is no key, so that nothing can be sealed.
    pub fn is_empty(&self) -> bool {
        self.masters.is_empty()
    }

    /// Id of the key that seals.
    pub fn first(&self) -> Option<&str> {
        self.masters.first().map(|master| &*master.id)
    }

    /// Whether a data key can be opened with the keys that there are.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn check(&self, key: &WrappedKey) -> Result<(), Trouble> {
        self.unwrap(key).map(drop)
    }

    /// The same data key, sealed by the first master key; none when it is already.
    ///
    /// # Errors
    /// Why it cannot be opened.
    pub fn rewrap(&self, key: &WrappedKey) -> Result<Option<WrappedKey>, Trouble> {
        if self.first() == Some(&key.master) {
            return Ok(None);
        }
        let bytes = self.unwrap(key)?;
        self.wrap(key.id, key.scope.clone(), &bytes).map(Some)
    }

    pub(crate) fn wrap(&self, id: DataKeyId, scope: String, key: &KeyBytes) -> Result<WrappedKey, Trouble> {
        let master = self.masters.first().ok_or(Trouble::NoKey)?;
        let mut wrapped = vec![VERSION];
        let context = context(id, &master.id, &scope);
        master.cipher.seal(&context, &key[..], &mut wrapped).map_err(|_| Trouble::Refused)?;
        Ok(WrappedKey { id, scope, master: master.id.clone(), wrapped })
    }

    pub(crate) fn unwrap(&self, key: &WrappedKey) -> Result<KeyBytes, Trouble> {
        let missing = || Trouble::Missing(key.master.clone());
        let master = self.masters.iter().find(|master| master.id == key.master).ok_or_else(missing)?;
        let sealed = key.wrapped.strip_prefix(&[VERSION]);
        let context = context(key.id, &key.master, &key.scope);
        let opened = sealed.and_then(|sealed| master.cipher.open(&context, sealed));
        let opened = opened.filter(|bytes| bytes.len() == KEY_BYTES);
        let opened = opened.ok_or_else(|| Trouble::Wrong(key.master.clone()))?;
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        bytes.copy_from_slice(&opened);
        Ok(bytes)
    }
}

/// What is authenticated with a data key: another room's would not open in its place.
fn context(id: DataKeyId, master: &str, scope: &str) -> Vec<u8> {
    let mut context = b"tidings data key".to_vec();
    context.push(VERSION);
    context.extend_from_slice(&id.0);
    // Ids have 32 letters at most.
    context.push(master.len() as u8);
    context.extend_from_slice(master.as_bytes());
    context.extend_from_slice(scope.as_bytes());
    context
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.masters.iter().map(|master| &master.id)).finish()
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(id) => write!(
                f,
                "it is sealed under the master key {id}, which security.encryption_keys does not have: add it again, behind the first"
            ),
            Self::Wrong(id) => write!(
                f,
                "the master key {id} in security.encryption_keys does not open it: give the key that had this id when it was sealed"
            ),
            Self::NoKey => f.write_str("security.encryption_keys is empty, so nothing can be sealed"),
            Self::Refused => f.write_str("the cryptographic library refused"),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<Trouble> for StoreError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused => Self::Unavailable(trouble.to_string()),
            trouble => Self::Sealed(trouble.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
